from __future__ import annotations

from pathlib import Path

import pytest

from buildtool.backends.bazel.trimming import trim_groups
from buildtool.core.errors import ConfigError

TEXT = """# ü: two bytes
filegroup(
    name = "one",
    srcs = [
        "a.cc",  # needed by ä
        "a.h",
        "b.cc",
        ":headers",
    ] + select({
        ":fast": ["c.cc", "c.h", "d.cc"],
        "//conditions:default": [],
    }),
)
filegroup(name = "two", srcs = ["b.cc", "e.c"] + glob(["*.cc"], exclude = ["b.cc"]))
filegroup(name = "other", srcs = ["b.cc"])
"""


def test_only_sources_that_are_written_out_go() -> None:
    found = trim_groups(TEXT, ["one", "two"], {"a.cc", "d.cc"}, path="BUILD")
    assert found.text == TEXT.replace('        "b.cc",\n', "").replace('"c.cc", ', "").replace(
        '["b.cc", "e.c"]', "[]"
    )
    assert (found.kept, found.dropped) == (("a.cc", "d.cc"), ("b.cc", "c.cc", "e.c"))
    assert found.globs == ("two",)


def test_what_no_group_has_is_added_to_the_first() -> None:
    found = trim_groups(TEXT, ["two", "one"], {"a.cc", "y.cc", "x.cc"}, path="BUILD")
    assert found.added == ("x.cc", "y.cc")
    assert 'srcs = ["x.cc", "y.cc"] + [] + glob(' in found.text


def test_a_comment_goes_with_its_line() -> None:
    text = trim_groups(TEXT, ["one"], set(), path="BUILD").text
    assert "needed by" not in text
    assert '":fast": ["c.h", ]' in text


def test_all_kept_is_the_same_text() -> None:
    names = {"a.cc", "b.cc", "c.cc", "d.cc", "e.c"}
    assert trim_groups(TEXT, ["one", "two"], names, path="BUILD").text == TEXT


def test_twice_is_once() -> None:
    once = trim_groups(TEXT, ["one", "two"], {"a.cc", "x.cc"}, path="BUILD")
    again = trim_groups(once.text, ["one", "two"], {"a.cc", "x.cc"}, path="BUILD")
    assert again.text == once.text
    assert (again.dropped, again.added) == ((), ())


def test_labels_go_if_they_are_named() -> None:
    names = {"a.cc", "b.cc", "c.cc", "d.cc"}
    found = trim_groups(TEXT, ["one"], names, path="BUILD", drop={":headers", "//other:one"})
    assert found.text == TEXT.replace('        ":headers",\n', "")
    assert found.dropped == (":headers",)


def test_groups_that_are_not_there() -> None:
    with pytest.raises(ConfigError) as failure:
        trim_groups(TEXT, ["one", "three", "four"], set(), path="core/BUILD")
    assert [str(each).splitlines()[0] for each in failure.value.problems] == [
        "core/BUILD: has no target 'three' with srcs",
        "core/BUILD: has no target 'four' with srcs",
    ]
    with pytest.raises(ConfigError, match="BUILD:1: cannot be read"):
        trim_groups("x(", ["one"], set(), path="BUILD")


@pytest.mark.real_tree
def test_groups_of_214(real_tree: Path) -> None:
    path = real_tree / "tensorflow/core/kernels/BUILD"
    groups = ["portable_core_ops", "portable_extended_ops_group1", "portable_extended_ops_group2"]
    found = trim_groups(path.read_text("utf-8"), groups, {"relu_op.cc"}, path=str(path))
    assert found.kept == ("relu_op.cc",)
    assert len(found.dropped) > 200
    assert found.globs == ()
