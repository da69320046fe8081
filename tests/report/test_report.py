from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from buildtool.core.errors import Problem
from buildtool.core.values import (
    BuildPlan,
    Change,
    Comparison,
    FileKind,
    LibraryFacts,
    LinkWay,
    ModelCheck,
    ModelInfo,
    Names,
    NodeRef,
    OpUse,
    OutputCheck,
    PlannedFile,
    Registration,
    SelectedKernel,
    SizeChanges,
    SizeContributor,
    SizeLimit,
    SizeReport,
    TensorInfo,
    TypeConstraint,
    VerificationReport,
)
from buildtool.report.pages import Report, json_values, write_report

GOLDEN = Path(__file__).parent / "golden"
VOID = {"meta", "br"}

MODEL = ModelInfo(
    name="digits <i>&'\"{{ x }}",
    path=Path("/somewhere/digits.pb"),
    sha256="ab" * 32,
    inputs=(TensorInfo(name="x:0", dtype="DT_FLOAT", shape=(-1, 64)),),
    outputs=(TensorInfo(name="y:0", dtype="DT_FLOAT", shape=None),),
    node_count=9,
)
KERNEL = SelectedKernel(
    registration=Registration(
        op="MatMul",
        device="CPU",
        kernel_class="BatchMatMulOp<CPUDevice, float, float, float, true>",
        source="tensorflow/core/kernels/matmul_op_real.cc",
        line=21,
        constraints=(TypeConstraint(attr="T", types=("DT_FLOAT",)),),
    ),
    reason="digits: node 'dense/MatMul'",
)
PLAN = BuildPlan(
    target="pi",
    tensorflow_version="2.14.1",
    tree_digest="cd" * 32,
    models=(MODEL,),
    defines=(),
    compile_flags=(),
    link_flags=(),
    ops=(("MatMul", "tensorflow/core/ops/math_ops.cc"),),
    kernels=(KERNEL,),
    types=("DT_FLOAT",),
    files=tuple(
        PlannedFile(root="tensorflow", path=f"{kind.value}.cc", kind=kind, reason="", required=True)
        for kind in (FileKind.KERNEL, FileKind.RUNTIME)
    ),
    notes=("oneDNN is off",),
)
VERIFIED = VerificationReport(
    target="pi",
    checked_members=398,
    machine="arm, 32 bits",
    needed_libraries=("libstdc++.so.6", "libc.so.6"),
    oldest_glibc=(2, 34),
    planned_kernels=1,
    registered_kernels=3,
    registered_ops=2,
    missing=(),
    surplus=("_Arg on CPU", "_Retval on CPU"),
    protobuf_prefix="ours",
    renamed_symbols=6745,
    models=(
        ModelCheck(
            model=MODEL.name,
            sha256=MODEL.sha256,
            inputs="seeded from the model's SHA-256",
            reference="tensorflow 2.14.1",
            compared=True,
            outputs=(
                OutputCheck(
                    name="y:0",
                    dtype="DT_FLOAT",
                    shape=(1, 10),
                    elements=10,
                    max_absolute=2.98e-8,
                    max_relative=8.79e-8,
                    tolerance=1e-4,
                ),
            ),
            timings={"run": 42.1},
            peak_kib=26208,
        ),
    ),
)
SIZE = SizeReport(
    target="pi",
    archive=25_809_550,
    linked=6_400_000,
    stripped=2_912_908,
    gzip=1_300_000,
    xz=900_804,
    dependencies=(
        SizeContributor(name="tensorflow runtime", size=1_453_978, detail="198 objects"),
        SizeContributor(name="nsync", size=10_448, detail="11 objects"),
    ),
    files=(SizeContributor(name="a.cc", size=208_237, detail="tensorflow kernels"),),
    ops=(SizeContributor(name="MatMul", size=208_237, detail="matmul_op_real.cc"),),
    limits=(SizeLimit(name="stripped", most=4_000_000, where="targets/pi.yaml:3"),),
)
GOOD = Report(plan=PLAN, verification=VERIFIED, size=SIZE, timings={"build": 183.5})
PROBLEM = Problem(where="a.cc:1", what="the <class> is missing", todo="compile it")
BAD = replace(
    GOOD,
    verification=replace(
        VERIFIED,
        missing=("MatMul on CPU",),
        notes=("not compared: tensorflow is not installed",),
        problems=(PROBLEM,),
        models=(
            replace(
                VERIFIED.models[0],
                compared=False,
                reference="not compared: tensorflow is not installed",
                outputs=(
                    replace(
                        VERIFIED.models[0].outputs[0],
                        max_absolute=None,
                        max_relative=None,
                        outside=2,
                    ),
                ),
            ),
        ),
    ),
    problems=(Problem(where="pi", what="over budget"),),
)
PLANNED = Report(plan=PLAN)
NOT_RUN = replace(GOOD, verification=replace(VERIFIED, models=(), not_run="no such machine here"))
EMULATED = replace(
    GOOD,
    verification=replace(
        VERIFIED,
        machine="arm64, iOS",
        needed_libraries=("/usr/lib/libc++.1.dylib",),
        oldest_glibc=(),
        minimum_os="12.0",
        constructors=214,
        emulated="an emulator of its machine code",
        protobuf_prefix="",
        notes=("a folder stands in for Apple's SDK",),
    ),
)
LIBRARY = LibraryFacts(
    name="libtensorflow_inference.so",
    size=2_900_000,
    needed=("libc.so", "liblog.so"),
    exports=14,
    page_size=16384,
    level=21,
    ndk="r14b",
)
LIBRARIES = replace(
    NOT_RUN,
    verification=replace(
        VERIFIED,
        checked_members=0,
        models=(),
        not_run="no such machine here",
        libraries=(LIBRARY, replace(LIBRARY, name="libold.so", needed=(), level=0, ndk="")),
    ),
)
DEVICE = replace(
    GOOD,
    verification=replace(
        VERIFIED,
        libraries=(replace(LIBRARY, name="runner"),),
        oldest_glibc=(),
        protobuf_prefix="",
        device="Pixel 3, Android 11 (adb)",
    ),
)
CASES = {
    "device": DEVICE,
    "good": GOOD,
    "bad": BAD,
    "planned": PLANNED,
    "emulated": EMULATED,
    "libraries": LIBRARIES,
}


def _texts(folder: Path, report: Report) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in write_report(folder, report)}


def test_what_was_not_run_is_not_called_proved(tmp_path: Path) -> None:
    texts = _texts(tmp_path, NOT_RUN)
    values = json.loads(texts["report.json"])
    assert (values["proved"], values["verification"]["not_run"]) == (None, "no such machine here")
    assert "NOT RUN: every object" in texts["report.txt"]
    assert "PROVED" not in texts["report.txt"]
    assert "Not run: every object" in texts["report.html"]


class _Checker(HTMLParser):
    """Fails on tags that do not match, and collects what the page refers to and says."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.references: list[str] = []
        self.words: list[str] = []
        self.scripts: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in {"src", "href"}:
                self.references.append(value or "")
            if name == "id":
                self.ids.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        (self.scripts if self.open[-1:] == ["script"] else self.words).append(data)


def _page(text: str) -> _Checker:
    checker = _Checker()
    checker.feed(text)
    checker.close()
    assert checker.open == []
    return checker


def _without_shared(page: str) -> str:
    """A page without what stands in all pages with a map."""
    page = re.sub(r":root { --c0:.*?(?=</style>)", "[style of the map]\n", page, flags=re.DOTALL)
    page = re.sub(r"/\*\nCopyright.*?(?=</script>)", "[d3-hierarchy]\n", page, flags=re.DOTALL)
    return re.sub(r'"use strict";.*?(?=</script>)', "[the map]\n", page, flags=re.DOTALL)


@pytest.mark.parametrize("case", CASES)
def test_all_forms(tmp_path: Path, case: str, golden: Callable[[Path, str], None]) -> None:
    texts = _texts(tmp_path, CASES[case])
    texts["report.html"] = _without_shared(texts["report.html"])
    for form in ("txt", "json", "html"):
        golden(GOLDEN / f"{case}.{form}", texts[f"report.{form}"])


@pytest.mark.parametrize("case", CASES)
def test_the_page_stands_alone_and_is_well_formed(tmp_path: Path, case: str) -> None:
    text = _texts(tmp_path, CASES[case])["report.html"]
    page = _page(text)
    assert {at.removeprefix("#") for at in page.references} <= set(page.ids)
    assert "url(" not in text
    assert "@import" not in text
    assert text.count("<script") == (3 if CASES[case].size else 0)
    assert len(page.ids) == len(set(page.ids))
    assert "prefers-color-scheme: dark" in text
    assert '<html lang="en">' in text


def test_what_users_wrote_is_only_text_in_the_page(tmp_path: Path) -> None:
    text = _texts(tmp_path, GOOD)["report.html"]
    assert "<i>" not in text
    words = "".join(_page(text).words)
    assert MODEL.name in words
    assert "BatchMatMulOp<CPUDevice, float, float, float, true>" in words


def test_no_text_of_a_file_can_end_what_it_stands_in(tmp_path: Path) -> None:
    name = "</script><script>alert(1)//\"'\x1b[31m\u202e"
    model = replace(MODEL, name=name)
    use = OpUse(op=name, nodes=(NodeRef(model=name, function=name, node=name),))
    registration = replace(KERNEL.registration, op=name, kernel_class=name, source=name)
    kernel = SelectedKernel(registration=registration, reason=name)
    file = PlannedFile(
        root="tensorflow", path=name, kind=FileKind.KERNEL, reason=name, required=True, symbol=name
    )
    plan = replace(PLAN, models=(model,), kernels=(kernel,), uses=(use,))
    contributor = SizeContributor(name=name, size=5, detail=name)
    report = Report(
        plan=plan,
        size=replace(SIZE, files=(contributor,), dependencies=(contributor,)),
        linked=(file,),
        link_ways=(LinkWay(tool=name, lines=(name, name)),),
    )
    texts = _texts(tmp_path, report)
    page = _page(texts["report.html"])
    shown = name.replace("\x1b", "\\x1b").replace("\u202e", "\\u202e")
    assert texts["report.html"].count("<script") == 3
    assert "".join(page.words).count(shown) >= 8
    data = json.loads(page.scripts[0])
    assert data["parts"] == [[shown, 5, shown, [0], [0]]]
    assert data["files"] == [[shown, shown, shown, -1]]
    assert data["kernels"][0][0] == shown
    for text in (texts["report.html"], texts["report.txt"]):
        assert not re.search(r"[\x00-\x08\x0b-\x1f\u202e]", text)


def test_the_page_tells_what_changed_since_the_build_before(
    tmp_path: Path, golden: Callable[[Path, str], None]
) -> None:
    changes = (
        Change(name="<b>new</b>", before=None, after=900),
        Change(name="old", before=300, after=None),
    )
    found = Comparison(
        before="the build before",
        after="this build",
        totals=(Change(name="stripped", before=2_000, after=2_600),),
        sizes=(SizeChanges(kind="op", changes=changes),),
        names=(Names(kind="op", came=("<b>new</b>",), went=("old",)),),
        tree="",
        unknown=("flags: none",),
    )
    asked = []

    def change() -> Comparison:
        asked.append((tmp_path / "report.json").is_file())
        return found

    write_report(tmp_path, GOOD, change=change)
    assert asked == [True]
    text = (tmp_path / "report.html").read_text("utf-8")
    _page(text)
    golden(GOLDEN / "changed.html", _without_shared(text))
    write_report(tmp_path, GOOD, change=lambda: "is damaged")
    words = " ".join(_page((tmp_path / "report.html").read_text("utf-8")).words)
    assert "Not compared: its report is damaged." in words


def test_the_page_says_how_it_ended(tmp_path: Path) -> None:
    def words(report: Report) -> str:
        return "".join(_page(_texts(tmp_path, report)["report.html"]).words)

    assert (
        "Proved: the library registers what was planned, and every model's outputs agree"
        in words(GOOD)
    )
    bad = words(BAD)
    assert "Failed: 2 problems" in bad
    assert "a.cc:1: the <class> is missing" in bad
    assert "pi: over budget" in bad
    assert "2 of 10" in bad
    assert "Not verified" in words(PLANNED)


def test_bars_are_shares_of_the_largest(tmp_path: Path) -> None:
    text = _texts(tmp_path, GOOD)["report.html"]
    assert 'style="width: 100.0%"' in text
    assert 'style="width: 0.7%"' in text  # nsync: 10,448 of 1,453,978


def test_what_varies_stands_only_in_the_timings(tmp_path: Path) -> None:
    assert GOOD.verification is not None
    slower = replace(GOOD.verification.models[0], timings={"run": 99.9}, peak_kib=1)
    other = replace(
        GOOD, verification=replace(VERIFIED, models=(slower,)), timings={"build": 777.0}
    )
    first, second = _texts(tmp_path, GOOD), _texts(tmp_path, other)
    assert first["report.txt"] == second["report.txt"]
    assert first["report.html"] == second["report.html"]
    one, two = json.loads(first["report.json"]), json.loads(second["report.json"])
    assert one.pop("timings") != two.pop("timings")
    assert one == two


def test_an_unchanged_report_is_left_alone(tmp_path: Path) -> None:
    paths = write_report(tmp_path, GOOD)
    before = [path.stat().st_mtime_ns for path in paths]
    assert [path.stat().st_mtime_ns for path in write_report(tmp_path, GOOD)] == before
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in paths}


def test_json_is_strict_and_holds_no_path_of_this_machine() -> None:
    values = json_values(GOOD)
    text = json.dumps(values, allow_nan=False)
    assert "/somewhere" not in text
    assert values["schema_version"] == 1
    assert values["proved"] is True
    assert json_values(BAD)["proved"] is False
    assert json_values(PLANNED)["proved"] is None
    over = replace(GOOD, problems=(Problem(where="pi", what="over budget"),))
    assert json_values(over)["proved"] is False


def test_a_run_without_comparison_does_not_claim_one(tmp_path: Path) -> None:
    check = replace(VERIFIED.models[0], compared=False)
    report = replace(GOOD, verification=replace(VERIFIED, models=(check,)))
    assert (
        "its outputs were not compared with TensorFlow's" in _texts(tmp_path, report)["report.txt"]
    )


def test_a_report_names_the_models_that_were_not_compared(tmp_path: Path) -> None:
    (model,) = VERIFIED.models
    models = (model, replace(model, model="mine", compared=False, reference="not compared: why"))
    text = _texts(tmp_path, replace(GOOD, verification=replace(VERIFIED, models=models)))
    assert (
        "every model's outputs agree with TensorFlow's own, but for those of mine, which ran and "
        "were not compared"
    ) in " ".join(text["report.txt"].split())


def test_budgets_of_all_sizes(tmp_path: Path) -> None:
    limits = [("archive", 51_619_100), ("linked", 8_000_000), ("compressed", 1_300_000)]
    others = tuple(SizeLimit(name=name, most=most, where="t.yaml:9") for name, most in limits)
    report = replace(GOOD, size=replace(SIZE, limits=(*SIZE.limits, *others)))
    texts = _texts(tmp_path, report)
    for line in (
        "  budget                  4,000,000 bytes  72.8 % of it used",
        "  budget: archive        51,619,100 bytes  50.0 % of it used",
        "  budget: program, linked    8,000,000 bytes  80.0 % of it used",
        "  budget: stripped, gzip -9    1,300,000 bytes  100.0 % of it used",
    ):
        assert line in texts["report.txt"].splitlines()
    assert "<td>budget: archive (50.0 % used)</td>" in texts["report.html"]
    size = json.loads(texts["report.json"])["size"]
    assert size["budget"] == 4_000_000
    assert size["budgets"] == {"stripped": 4_000_000, **dict(limits)}
