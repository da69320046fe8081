"""What changed from one report to another."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from buildtool.answers.comparing import compare, require_growth
from buildtool.answers.saved_report import read_report
from buildtool.core.errors import BudgetError, ConfigError
from buildtool.core.values import Change, Comparison
from buildtool.report.page_rendering import render_page
from buildtool.workflow.diff_step import markdown
from tests.browser import browsing

GOLDEN = Path(__file__).parent / "golden"


def kernel(op: str, type_: str, source: str) -> dict[str, Any]:
    return {
        "op": op,
        "device": "CPU",
        "label": "",
        "class": f"{op}Op<{type_}>",
        "types": {"T": [f"DT_{type_.upper()}"]},
        "source": source,
    }


def row(name: str, size: int) -> dict[str, Any]:
    return {"name": name, "size": size, "detail": ""}


OLD: dict[str, Any] = {
    "schema_version": 1,
    "target": "pi",
    "tensorflow_version": "2.14.1",
    "tree_digest": "a" * 64,
    "models": [{"name": "m", "sha256": "1" * 64}],
    "ops": [{"op": "Relu"}, {"op": "Gone"}],
    "kernels": [kernel("Relu", "float", "k/relu.cc"), kernel("Gone", "float", "k/gone.cc")],
    "flags": {"defines": ["A"], "compile": ["-Os"], "link": []},
    "size": {
        "archive": 9_000,
        "linked": 5_000,
        "stripped": 2_000,
        "gzip": 1_000,
        "xz": 900,
        "dependencies": [row("tensorflow kernels", 700), row("nsync", 10)],
        "ops": [row("Relu", 500), row("Gone", 200)],
        "files": [row("k/relu.cc or c/relu.cc", 500), row("k/gone.cc", 200), row("n.c", 10)],
    },
}


def newer() -> dict[str, Any]:
    """Relu has grown, one op came with a type of its own, and one went."""
    new = copy.deepcopy(OLD)
    new["tree_digest"] = "b" * 64
    new["ops"] = [{"op": "Relu"}, {"op": "New|*"}]
    new["kernels"][1] = kernel("New|*", "int32", "k/new.cc")
    new["flags"]["compile"] = ["-O2"]
    size = new["size"]
    size |= {"stripped": 2_900, "archive": 9_900}
    size["dependencies"] = [row("tensorflow kernels", 1_600), row("nsync", 10)]
    size["ops"] = [row("Relu", 600), row("New|*", 1_000)]
    size["files"] = [row("k/relu.cc or c/relu.cc", 600), row("k/new.cc", 1_000), row("n.c", 10)]
    return new


@pytest.fixture
def comparison(tmp_path: Path) -> Callable[..., Comparison]:
    """Compares two contents of report.json."""

    def run(old: Any, new: Any) -> Comparison:
        paths = [tmp_path / "old.json", tmp_path / "new.json"]
        for path, values in zip(paths, (old, new), strict=True):
            path.write_text(json.dumps(values), encoding="utf-8")
        return compare(*map(read_report, paths), before="the build before", after="pi")

    return run


def test_what_grew_most_comes_first(comparison: Callable[..., Comparison]) -> None:
    found = comparison(OLD, newer())
    sizes = {each.kind: each.changes for each in found.sizes}
    assert sizes["op"] == (
        Change(name="New|*", before=None, after=1_000),
        Change(name="Relu", before=500, after=600),
        Change(name="Gone", before=200, after=None),
    )
    assert sizes["dependency"] == (Change(name="tensorflow kernels", before=700, after=1_600),)
    assert [change.name for change in sizes["kernel"]] == [
        "New|*Op<int32>",
        "ReluOp<float>",
        "GoneOp<float>",
    ]
    assert sizes["type"] == (
        Change(name="int32", before=None, after=1_000),
        Change(name="float", before=700, after=600),
    )
    assert found.grown == 900
    assert not found.same


def test_names_flags_and_tree(comparison: Callable[..., Comparison]) -> None:
    found = comparison(OLD, newer())
    names = {each.kind: (each.came, each.went) for each in found.names}
    assert names["op"] == (("New|*",), ("Gone",))
    assert names["kernel"][0] == ("New|*Op<int32> (New|* on CPU)",)
    assert names["flag of compile"] == (("-O2",), ("-Os",))
    assert "flag of defines" not in names
    assert found.tree == f"TensorFlow 2.14.1 ({'a' * 12}) became TensorFlow 2.14.1 ({'b' * 12})"


def test_nothing_differs(comparison: Callable[..., Comparison]) -> None:
    found = comparison(OLD, OLD)
    assert (found.same, found.sizes, found.names, found.grown) == (True, (), (), 0)


def test_a_report_of_an_older_release_has_no_flags(comparison: Callable[..., Comparison]) -> None:
    older = {name: value for name, value in OLD.items() if name != "flags"}
    found = comparison(older, newer())
    assert found.unknown[0].startswith("flags: the build before was written by an older release")
    assert not any(each.kind.startswith("flag") for each in found.names)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("{", "is not JSON"),
        ("[]", "it says no version"),
        ('{"schema_version": 7}', "it says schema_version 7, and 1 can be read"),
        ('{"schema_version": true}', "it says schema_version True"),
        ('{"schema_version": 1, "size": null}', "sizes were not measured"),
        ('{"schema_version": 1, "size": {"stripped": 1}}', "is damaged"),
        (json.dumps(OLD | {"kernels": [1]}), "is damaged"),
    ],
)
def test_what_is_no_report(tmp_path: Path, content: str, what: str) -> None:
    path = tmp_path / "report.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError) as failure:
        read_report(path)
    assert what in str(failure.value)
    assert failure.value.problems[0].todo
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_report(tmp_path / "none.json")


def test_growth_that_is_allowed_and_that_is_not(comparison: Callable[..., Comparison]) -> None:
    found = comparison(OLD, newer())
    require_growth(found, 900, where="diff:pi")
    with pytest.raises(BudgetError) as failure:
        require_growth(found, 899, where="diff:pi")
    text = str(failure.value)
    assert "has grown by 900 bytes against the build before; 'grow' allows 899" in text
    assert "+1,000  k/new.cc" in text
    assert "k/gone.cc" not in text
    require_growth(comparison(newer(), OLD), 0, where="diff:pi")


def test_the_pages(
    comparison: Callable[..., Comparison], golden: Callable[[Path, str], None]
) -> None:
    older = {name: value for name, value in OLD.items() if name != "flags"}
    found = comparison(older, newer())
    golden(GOLDEN / "diff.txt", render_page("diff.txt.j2", found=found, most=1))
    page = render_page("diff.md.j2", filters={"md": markdown}, found=found, most=1)
    golden(GOLDEN / "diff.md", page)
    page = render_page("diff.html.j2", change=found, most=1, opened=True)
    golden(GOLDEN / "diff.html", page)
    same = dataclasses.replace(comparison(OLD, OLD), before="linux")
    golden(GOLDEN / "same.txt", render_page("diff.txt.j2", found=same, most=1))


def test_nothing_is_shown_of_what_does_not_differ(comparison: Callable[..., Comparison]) -> None:
    found = comparison(OLD, OLD)
    page = render_page("diff.html.j2", change=found, most=1, opened=True)
    assert "<p>Nothing differs.</p>" in page
    assert "<table" not in page


@pytest.mark.parametrize("dark", [False, True])
def test_the_page_fits_on_a_phone(
    comparison: Callable[..., Comparison], tmp_path: Path, dark: bool
) -> None:
    page = tmp_path / "diff.html"
    found = comparison(OLD, newer())
    page.write_text(render_page("diff.html.j2", change=found, most=15, opened=True), "utf-8")
    with browsing(tmp_path) as browser:
        browser.open(page, width=360, dark=dark)
        assert browser.value("document.documentElement.scrollWidth") == 360
        assert browser.value(
            "[...document.querySelectorAll('.scroll')].every((each) => "
            "each.scrollWidth <= each.clientWidth)"
        )
        assert browser.asked == [page.as_uri()]
