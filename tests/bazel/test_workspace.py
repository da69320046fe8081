from __future__ import annotations

from pathlib import Path

import pytest
import starlark

from buildtool.core.errors import ConfigError
from buildtool.core.render import starlark_string
from buildtool.tools.bazel.workspace_file import entries, insert, read_text

TEXT = """workspace(name = "org_tensorflow")

# Uncomment and update the paths:
#sdk_repository(
#    name = "androidsdk",
#)
load("//x:y.bzl", other = "thing")
thing(
    name = "two",
    path = "/a \\"b\\"",
    level = 23,
    flag = True,
    label = X + "y",
)
native.thing(name = "three")
"""


def test_only_real_calls_are_entries() -> None:
    found = entries(TEXT, {"thing", "sdk_repository"}, path="W")
    assert [(each.name, each.where) for each in found] == [("two", "W:8"), ("three", "W:15")]
    assert found[0].attributes == {"path": '/a "b"', "level": 23}
    assert found[0].computed == ("flag", "label")


def test_a_file_that_is_no_starlark_names_the_line() -> None:
    with pytest.raises(ConfigError, match="W:2: cannot be read"):
        entries("a = 1\nthing(\n", {"thing"}, path="W")


@pytest.mark.parametrize("text", [TEXT, "", "a = 1", "a = 1\r\nb = 2\r\n", "# ü\n\n\n"])
def test_a_part_is_put_in_once_and_taken_out_again(text: str) -> None:
    once = insert(text, "x = 1\n", "part", path="W")
    assert insert(once, "x = 1\n", "part", path="W") == once
    assert once.startswith(text)
    other = insert(once, "x = 2\ny = 3\n", "part", path="W")
    assert "x = 2" in other
    assert "x = 1" not in other
    assert other.count("# >>> buildtool: part") == 1
    assert insert(other, "", "part", path="W").rstrip("\r\n") == text.rstrip("\r\n")
    if "\r\n" in text:
        assert "\n" not in once.replace("\r\n", "")


def test_a_files_line_ends_are_kept_if_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "WORKSPACE"
    path.write_bytes(b'thing(\r\n    name = "a",\r\n)\r\nthing(name = "b")\r\n')
    text = read_text(path, newline="")
    assert text.encode() == path.read_bytes()
    assert [each.where for each in entries(text, {"thing"}, path="W")] == ["W:1", "W:4"]
    assert "\n" not in insert(text, "x = 1\ny = 2", "part", path="W").replace("\r\n", "")
    assert "\r" not in read_text(path)


def test_two_parts_and_what_users_wrote_behind_them_stay() -> None:
    text = insert(insert("a = 1\n", "x = 1", "one", path="W"), "y = 1", "two", path="W")
    text += "b = 2\n"
    changed = insert(text, "x = 9", "one", path="W")
    assert changed == text.replace("x = 1", "x = 9")


def test_our_own_part_is_no_entry_of_the_users() -> None:
    text = insert(TEXT, 'thing(name = "ours")', "part", path="W") + 'thing(name = "last")\n'
    found = entries(text, {"thing"}, path="W", own="part")
    assert [each.name for each in found] == ["two", "three", "last"]
    line = text.splitlines().index('thing(name = "last")') + 1
    assert found[-1].where == f"W:{line}"


@pytest.mark.parametrize(
    "text",
    [
        "# >>> buildtool: part\nx = 1\n",
        "# <<< buildtool: part\n# >>> buildtool: part\n",
        2 * "# >>> buildtool: part\n# <<< buildtool: part\n",
    ],
)
def test_broken_marks_are_an_error(text: str) -> None:
    with pytest.raises(ConfigError, match=r"W:1: the marks of 'part' are broken"):
        insert(text, "x = 2", "part", path="W")


NASTY = [
    "/plain",
    "/with space/it's",
    '/"quoted"',
    "/back\\slash\\n",
    "/ü/漢",
    "a\tb\nc\x01d",
    "{%}",
]


@pytest.mark.parametrize("text", NASTY)
def test_string_literals_mean_what_they_say(text: str) -> None:
    module = starlark.Module()
    source = f"x = {starlark_string(text)}\n"
    dialect, names = starlark.Dialect.standard(), starlark.Globals.standard()
    starlark.eval(module, starlark.parse("x", source, dialect), names)
    assert module["x"] == text
