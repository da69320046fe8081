"""The map of a program's bytes: what it is made of, and how it is walked in a real browser."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from buildtool.core.values import (
    BuildPlan,
    FileKind,
    LinkWay,
    PlannedFile,
    Registration,
    SelectedKernel,
    SizeContributor,
    SizeReport,
    TypeConstraint,
)
from buildtool.report.byte_trees import NO_TYPE, Branch, page_data
from buildtool.report.pages import Report, write_report
from tests.browser import Browser, browsing

CORE = "tensorflow/core"


def kernel(op: str, source: str, *types: str) -> SelectedKernel:
    constraints = (TypeConstraint(attr="T", types=types),) if types else ()
    registration = Registration(
        op=op,
        device="CPU",
        kernel_class=f"{op}Op<{', '.join(types)}>",
        source=f"{CORE}/kernels/{source}",
        line=7,
        constraints=constraints,
    )
    return SelectedKernel(registration=registration, reason=f"used by m, for {op}")


def linked(path: str, asked_by: str = "", root: str = "tensorflow") -> PlannedFile:
    return PlannedFile(
        root=root,
        path=path,
        kind=FileKind.RUNTIME,
        reason="starts by itself",
        required=False,
        symbol=f"needed_of({path})" if asked_by else "",
        asked_by=asked_by,
    )


PLAN = BuildPlan(
    target="pi",
    tensorflow_version="2.14.1",
    tree_digest="cd" * 32,
    models=(),
    defines=(),
    compile_flags=(),
    link_flags=(),
    ops=(),
    kernels=(
        kernel("Relu", "relu_op.cc", "DT_FLOAT"),
        kernel("Relu6", "relu_op.cc", "DT_INT32", "DT_FLOAT"),
        kernel("MatMul", "matmul.cc", "DT_FLOAT"),
        kernel("NoOp", "no_op.cc"),
    ),
    types=("DT_FLOAT",),
    files=(),
)
LINKED = (
    linked(f"{CORE}/kernels/relu_op.cc"),
    linked(f"{CORE}/framework/tensor.cc", f"tensorflow:{CORE}/kernels/relu_op.cc"),
    linked(f"{CORE}/graph/tensor.cc", f"tensorflow:{CORE}/framework/tensor.cc"),
    linked("absl/strings/cord.cc", f"tensorflow:{CORE}/graph/tensor.cc", root="abseil"),
)


def line(name: str, size: int, group: str) -> SizeContributor:
    return SizeContributor(name=name, size=size, detail=group)


FILES = (
    line("linker tables", 30_000, ""),
    line(f"{CORE}/kernels/relu_op.cc", 20_000, "tensorflow kernels"),
    line(f"{CORE}/framework/tensor.cc or {CORE}/graph/tensor.cc", 15_000, "tensorflow runtime"),
    line(f"{CORE}/kernels/matmul.cc", 12_000, "tensorflow kernels"),
    line(f"{CORE}/framework/types.cc", 9_000, "tensorflow runtime"),
    line(f"{CORE}/graph/graph.cc", 5_000, "tensorflow runtime"),
    line("abseil: absl/strings/cord.cc", 4_000, "abseil"),
    line("abseil: absl/strings/match.cc", 3_000, "abseil"),
    line(f"{CORE}/kernels/no_op.cc", 1_000, "tensorflow kernels"),
)
SIZE = SizeReport(
    target="pi",
    archive=900_000,
    linked=200_000,
    stripped=100_000,
    gzip=50_000,
    xz=40_000,
    dependencies=(),
    files=FILES,
    ops=(),
)
REPORT = Report(
    plan=PLAN,
    size=SIZE,
    linked=LINKED,
    link_ways=(LinkWay(tool="flags alone", lines=("cd dist", "$CXX " + "-Wl,--long-word" * 20)),),
)


def tree(by: str, report: Report = REPORT) -> Any:
    assert report.size is not None
    data = page_data(report.plan, report.size, report.linked)
    return next((view.tree for view in data["views"] if view.noun == by), None)


def test_folders_that_hold_one_thing_are_not_walked() -> None:
    kernels = Branch("tensorflow kernels", (1, 3, 8))
    runtime = Branch("tensorflow runtime", (Branch("framework", (2, 4)), 5))
    assert tree("dependency") == Branch("program", (0, kernels, runtime, Branch("abseil", (6, 7))))


def test_a_file_stands_under_all_its_kernels_and_types_together() -> None:
    relu = Branch("Relu, Relu6", (1,))
    matmul, no_op = Branch("MatMul", (3,)), Branch("NoOp", (8,))
    assert tree("kernel") == Branch("kernels", (relu, matmul, no_op))
    types = (Branch("float, int32", (relu,)), Branch("float", (matmul,)), Branch(NO_TYPE, (no_op,)))
    assert tree("type") == Branch("kernels", types)


def test_kernels_without_types_have_no_map_by_type() -> None:
    plan = dataclasses.replace(PLAN, kernels=PLAN.kernels[-1:])
    report = dataclasses.replace(REPORT, plan=plan)
    assert tree("type", report) is None
    assert tree("kernel", report) is not None
    none = dataclasses.replace(plan, kernels=())
    assert tree("kernel", dataclasses.replace(REPORT, plan=none)) is None


def test_each_file_knows_who_asked_for_it() -> None:
    data = page_data(PLAN, SIZE, LINKED)
    assert [file.asked_by for file in data["files"]] == [-1, 0, 1, 2]
    assert data["parts"][2].files == (1, 2)
    assert data["parts"][1].kernels == (0, 1)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browsing(tmp_path_factory.mktemp("browser")) as found:
        yield found


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(tmp_path_factory.mktemp("report"), REPORT)[-1]


def texts(browser: Browser, what: str) -> Any:
    return browser.value(f"[...document.querySelectorAll('{what}')].map((each) => each.innerText)")


def focused(browser: Browser) -> str:
    return str(browser.value("document.activeElement.getAttribute('aria-label')"))


def test_it_is_walked_by_keyboard(browser: Browser, page: Path) -> None:
    browser.open(page)
    # The last of what comes before the map is the button that shares out by type.
    browser.value("document.querySelector('#views button:last-child').focus()")
    browser.press("Tab")
    assert focused(browser) == "tensorflow kernels, 33.0 kB, 33.0 % of the program, 3 parts"
    browser.press("ArrowRight")
    assert focused(browser) != "tensorflow kernels, 33.0 kB, 33.0 % of the program, 3 parts"
    browser.press("ArrowLeft", "Enter")
    assert texts(browser, "#crumbs li") == ["program", "tensorflow kernels"]
    assert focused(browser) == "relu_op.cc, 20.0 kB, 20.0 % of the program"
    browser.press("Enter")
    told = texts(browser, "#told")[0]
    assert "20,000 bytes, 20.0 % of the stripped program" in told
    assert "Relu6Op<DT_INT32, DT_FLOAT> of Relu6 on CPU (T: int32, float): used by m" in told
    browser.press("Escape")
    assert texts(browser, "#crumbs li") == ["program"]
    assert focused(browser).startswith("tensorflow kernels")
    browser.press("Escape")
    assert texts(browser, "#crumbs li") == ["program"]
    browser.press("Tab")
    assert browser.value("document.activeElement.id") == "rows"


def test_the_breadcrumb_and_the_table_walk_too(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.value("[...document.querySelectorAll('#parts button')][2].click()")
    assert texts(browser, "#crumbs li") == ["program", "tensorflow runtime"]
    browser.value("document.querySelector('#parts button').click()")
    assert texts(browser, "#crumbs li") == ["program", "tensorflow runtime", "framework"]
    browser.value("document.querySelector('#parts button').click()")
    told = texts(browser, "#told")[0]
    assert "measured together" in told
    asked = f"{CORE}/framework/tensor.cc defines needed_of({CORE}/framework/tensor.cc)"
    assert asked in " ".join(told.split())
    assert f"{CORE}/kernels/relu_op.cc: starts by itself" in told
    browser.value("document.querySelector('#crumbs button').click()")
    assert texts(browser, "#crumbs li") == ["program"]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_map_and_the_table_say_the_same(browser: Browser, page: Path, number: int) -> None:
    browser.open(page)
    browser.value(f"document.querySelectorAll('#views button')[{number}].click()")
    cells = browser.value(
        "[...document.querySelectorAll('#map button')].map((each) => each.node.size)"
    )
    rows = texts(browser, "#parts td.number:nth-child(2)")
    assert [f"{size:,}" for size in cells] == rows
    assert sum(cells) == (99_000 if number == 0 else 33_000)
    areas = browser.value(
        "[...document.querySelectorAll('#map > button')]"
        ".map((each) => each.offsetWidth * each.offsetHeight)"
    )
    assert areas == sorted(areas, reverse=True)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [320, 1200])
def test_it_fits_and_can_be_read(browser: Browser, page: Path, width: int, dark: bool) -> None:
    browser.asked.clear()
    browser.open(page, width=width, dark=dark)
    assert browser.value("document.documentElement.scrollWidth") <= width
    assert min(browser.value(CONTRASTS)) >= 4.5  # of WCAG 2.2, level AA
    assert browser.asked == [page.as_uri()]
    assert browser.errors == []


# The contrast of text with what is behind it, by WCAG 2.2, of each button of the page.
CONTRASTS = """
[...document.querySelectorAll("main button, main a, main p, main td")].map((each) => {
  const light = (colour) => {
    const parts = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255);
    const [r, g, b] = parts.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let behind = each;
  while (getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)") {
    behind = behind.parentElement;
  }
  const both = [getComputedStyle(each).color, getComputedStyle(behind).backgroundColor].map(light);
  return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
})"""
