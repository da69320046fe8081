"""What a library says of itself, which kernels are seen in it, and whether a model runs on it."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from buildtool.answers.file_identity import Held, held, identify, identify_files, settled
from buildtool.answers.model_fit import Fit, fit, fit_planned
from buildtool.backends.fingerprint_object import fingerprint_source
from buildtool.binary.code_files import read_code
from buildtool.binary.loaded_texts import Texts
from buildtool.core.errors import ConfigError
from buildtool.core.fingerprint import (
    SYMBOL,
    NewerFingerprintError,
    find_fingerprints,
    fingerprint_text,
)
from buildtool.core.release import UNKNOWN, tool_release
from buildtool.core.render import c_string
from buildtool.core.run import Command, run
from buildtool.core.values import KernelCatalogue, ModelInfo
from buildtool.plan.build_plan import fingerprint_of
from tests.answers.test_explaining import (
    CATALOGUE,
    NO_OP,
    PLAN,
    RELU,
    RELU_GRAD,
    SQUARE,
    kernel,
    use,
)

LD64 = next(
    (f for n in ("", "-19", "-16", "-15", "-14") if (f := shutil.which(f"ld64.lld{n}"))), ""
)
GOLDEN = Path(__file__).parent / "golden"


def start(folder: Path, *argv: str | Path) -> None:
    run(Command(argv=tuple(map(str, argv)), cwd=folder), what=str(argv[0]))


def model(name: str, digit: str) -> ModelInfo:
    return ModelInfo(name=name, path=Path(), sha256=digit * 64, inputs=(), outputs=(), node_count=1)


MODELED = dataclasses.replace(
    PLAN, tree_digest="d" * 64, models=(model("digits", "1"), model('odd "name"\n?', "2"))
)
MARK = fingerprint_of(MODELED)


def test_what_is_written_is_found() -> None:
    text = fingerprint_text(MARK).encode()
    assert find_fingerprints(b"\x7fELF" + text + b"\0" + text + b"\0rest") == (MARK,)
    assert (MARK.target, MARK.release, MARK.tree) == ("pi", "2.14.1", "d" * 16)
    assert [each.name for each in MARK.models] == ["digits", 'odd "name"??']


def test_it_is_small_whatever_models_there_are() -> None:
    many = [model("n" * 300, f"{number % 10}") for number in range(40)]
    found = fingerprint_of(dataclasses.replace(MODELED, models=tuple(many)))
    text = fingerprint_text(found)
    assert len(text) < 640
    assert found.more == 34
    assert find_fingerprints(text.encode() + b"\0") == (found,)


def test_damaged_ones_are_none_and_newer_ones_are_told() -> None:
    text = fingerprint_text(MARK).encode()
    assert find_fingerprints(text) == ()  # without its end
    assert find_fingerprints(text.replace(b"end\n", b"") + b"\0") == ()
    assert find_fingerprints(text.replace(b"plan ", b"play ") + b"\0") == ()
    with pytest.raises(NewerFingerprintError, match="2"):
        find_fingerprints(text.replace(b"print 1\n", b"print 2\nwhatever\n") + b"\0")


def test_the_plan_decides_it_and_the_place_does_not() -> None:
    other = dataclasses.replace(MODELED, defines=("B",))
    assert fingerprint_of(other).plan != MARK.plan
    assert fingerprint_of(dataclasses.replace(MODELED)) == MARK


def test_golden(golden: Callable[[Path, str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    assert MARK.tool == tool_release() != UNKNOWN
    monkeypatch.setattr("buildtool.core.fingerprint.tool_release", lambda: "0.0.0")
    golden(GOLDEN / "fingerprint.cc.golden", fingerprint_source(MODELED))


# Compilers with their linkers; each drops what nothing refers to, and all symbols.
ELF = [
    pytest.param(("g++", "-fuse-ld=bfd"), "x86_64", id="gcc"),
    pytest.param(("g++", "-fuse-ld=gold"), "x86_64", id="gold"),
    pytest.param(("clang++", "-fuse-ld=lld"), "x86_64", id="lld"),
    pytest.param(("clang++", "-fuse-ld=lld", "-flto"), "x86_64", id="lto"),
    pytest.param(("arm-linux-gnueabihf-g++",), "arm", id="arm"),
    pytest.param(("aarch64-linux-gnu-g++",), "aarch64", id="aarch64"),
]


def made_library(folder: Path, compiler: Sequence[str], *archiver: str) -> Path:
    (folder / f"{SYMBOL}.cc").write_text(fingerprint_source(MODELED), encoding="utf-8")
    (folder / "used.cc").write_text("int used() { return 0; }\n", encoding="utf-8")
    flags = ("-fPIC", "-ffunction-sections", "-fdata-sections", "-fvisibility=hidden", "-c")
    for name in (SYMBOL, "used"):
        start(folder, *compiler, *flags, f"{name}.cc")
    start(folder, *archiver, "libx.a", f"{SYMBOL}.o", "used.o")
    return folder / "libx.a"


@pytest.mark.parametrize("shared", [False, True], ids=["program", "shared"])
@pytest.mark.parametrize("whole", [False, True], ids=["asked", "whole"])
@pytest.mark.parametrize(("compiler", "machine"), ELF)
def test_it_stays_in_what_is_linked_and_stripped(
    tmp_path: Path, compiler: tuple[str, ...], machine: str, whole: bool, shared: bool
) -> None:
    if shutil.which(compiler[0]) is None:
        pytest.skip("a cross compiler is not installed")
    no_lto = [flag for flag in compiler if flag != "-flto"]
    made_library(tmp_path, [*no_lto, "-fno-lto"], "ar", "qcs")
    (tmp_path / "app.cc").write_text("int used(); int main() { return used(); }\n")
    around = ["-Wl,--whole-archive", "libx.a", "-Wl,--no-whole-archive"]
    taken = around if whole else ["libx.a", f"-Wl,-u,{SYMBOL}"]
    kind = ["-shared", "-fPIC"] if shared else []
    argv = [*compiler, *kind, "-O2", "app.cc", *taken, "-Wl,--gc-sections", "-s", "-o", "app"]
    start(tmp_path, *argv)
    (code,) = read_code(tmp_path / "app")
    assert machine in code.kind
    assert identify(code).fingerprints == (MARK,)
    (library,) = read_code(tmp_path / "libx.a")
    assert identify(library).fingerprints == (MARK,)


@pytest.mark.skipif(not LD64, reason="needs LLVM's linker for Mach-O")
@pytest.mark.parametrize("whole", [False, True], ids=["asked", "whole"])
def test_it_stays_in_what_apples_linkers_link(tmp_path: Path, whole: bool) -> None:
    target = ("clang++", "--target=arm64-apple-ios12")
    made_library(tmp_path, target, "llvm-ar", "qcs")
    taken = ["-force_load", "libx.a"] if whole else ["libx.a", "-u", f"_{SYMBOL}"]
    linker = [LD64, "-arch", "arm64", "-platform_version", "ios", "12.0", "12.0"]
    argv = [*linker, "-dylib", "-dead_strip", *taken, "-o", "app.dylib"]
    start(tmp_path, *argv)
    start(tmp_path, "llvm-strip", "app.dylib")
    (code,) = read_code(tmp_path / "app.dylib")
    assert identify(code).fingerprints == (MARK,)


SEEN = (
    *(each.encode() for each in ("NoOp", "Relu", "ReluGrad", "ReluOp<CPUDevice,float >")),
    b"UnaryOp<CPUDevice, float>",
    b"tensorflow/core/framework/op_kernel.cc",
)


def test_kernels_are_seen_by_the_texts_of_their_classes() -> None:
    found = held(Texts(SEEN), CATALOGUE)
    # Spaces do not count, and a class of one op alone shows it though its name is not there.
    assert set(found.shown) == {RELU, SQUARE}
    assert found.classes == (
        ("Relu", "ReluOp<CPUDevice, float>"),
        ("Square", "UnaryOp<CPUDevice, float>"),
    )
    assert {"NoOp", "Relu", "ReluGrad"} <= found.ops
    assert "LRNGrad" not in found.ops


def test_texts_that_may_be_others_are_not_sure() -> None:
    grad = "ReluGradOp<CPUDevice, float>"
    assert RELU_GRAD.kernel_class == grad
    named = dataclasses.replace(NO_OP, kernel_class="NoOp")
    catalogue = dataclasses.replace(CATALOGUE, kernels=(RELU, RELU_GRAD, named))
    found = held(Texts([b"NoOp", b"Relu", b"LeakyReluOp<CPUDevice, float>"]), catalogue)
    assert found.shown == ()
    assert set(found.unsure) == {RELU, named}


def test_a_known_plan_settles_what_is_not_sure() -> None:
    found = Held(shown=(RELU, SQUARE), unsure=(NO_OP, RELU_GRAD), ops=frozenset(["Relu"]))
    assert set(settled(found, PLAN).shown) == {RELU, NO_OP}
    assert settled(found, PLAN).unsure == ()


def fitted(*uses: object, exact: bool = True, catalogue: KernelCatalogue = CATALOGUE) -> Fit:
    return fit(uses, held(Texts(SEEN), catalogue), catalogue, exact=exact)  # type: ignore[arg-type]  # uses of any kind


def test_a_model_runs_where_all_its_kernels_are() -> None:
    assert fitted(use("Relu", "a", T="DT_FLOAT")) == Fit(served=1)


@pytest.mark.parametrize(
    ("op", "type_", "said"),
    [
        ("Relu", "DT_DOUBLE", "op Relu with T=double: it has kernels for T: float"),
        ("ReluGrad", "DT_FLOAT", "op ReluGrad with T=float: it has no kernel of it, only the name"),
        ("LRNGrad", "DT_FLOAT", "op LRNGrad with T=float: it has no kernel of it"),
    ],
)
def test_what_a_model_lacks_is_said_with_its_node(op: str, type_: str, said: str) -> None:
    found = fitted(use(op, "a", T=type_), use("Relu", "b", T="DT_FLOAT"))
    assert (found.served, found.lacking) == (1, (op,))
    (problem,) = found.problems
    assert (problem.where, problem.what) == ("m: node 'a'", said)


def test_with_another_tree_a_class_may_be_called_otherwise() -> None:
    found = fitted(use("Relu", "a", T="DT_DOUBLE"), use("LRNGrad", "b", T="DT_FLOAT"), exact=False)
    assert (found.unsure, found.lacking) == (("Relu",), ("LRNGrad",))


def test_what_the_runtime_asks_for_is_no_fault() -> None:
    assert fitted(use("Square", added="in case", T="DT_DOUBLE")).problems == ()


def test_kernels_of_lite_are_told_by_the_plan() -> None:
    add = dataclasses.replace(kernel("ADD"), label="version 1")
    uses = [
        dataclasses.replace(use(op, "n"), label=f"version {number}")
        for op, number in (("ADD", 1), ("ADD", 2), ("MUL", 1))
    ]
    found = fit_planned(uses, [add])
    assert (found.served, found.lacking) == (1, ("ADD", "MUL"))
    assert [problem.what for problem in found.problems] == [
        "op ADD, version 2: it has version 1",
        "op MUL, version 1: it has no kernel of it",
    ]


def test_a_library_without_tensorflow_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.c").write_text('const char* a = "nothing of it";\n')
    argv = ["cc", "-shared", "-fPIC", "-s", "-o", "a.so", "a.c"]
    start(tmp_path, *argv)
    with pytest.raises(ConfigError, match="no text in it is TensorFlow's"):
        identify_files(tmp_path / "a.so")


def test_a_foreign_library_is_read_by_its_texts(tmp_path: Path) -> None:
    texts = [*(text.decode() for text in SEEN), "2.14.1", "1.3.1"]
    rows = "".join(f'  "{text}",\n' for text in texts)
    (tmp_path / "a.c").write_text(f"const char* const texts[] = {{\n{rows}}};\n")
    argv = ["cc", "-O2", "-shared", "-fPIC", "-s", "-o", "a.so", "a.c"]
    start(tmp_path, *argv)
    found = identify(read_code(tmp_path / "a.so")[0])
    assert (found.fingerprints, found.runtimes) == ((), ("TensorFlow",))
    assert found.releases == ("1.3.1", "2.14.1")
    assert set(held(found.texts, CATALOGUE).shown) == {RELU, SQUARE}


def test_a_fingerprint_of_a_later_release_is_told(tmp_path: Path) -> None:
    later = fingerprint_text(MARK).replace("print 1\n", "print 7\n")
    (tmp_path / "a.c").write_text(f"const char a[] = {c_string(later)};\n")
    start(tmp_path, "cc", "-c", "a.c")
    with pytest.raises(
        ConfigError, match="later release of this tool: its fingerprint has format 7"
    ):
        identify(read_code(tmp_path / "a.o")[0])
