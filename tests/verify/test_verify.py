"""The whole stage on small real binaries; the fake runner stands for emulator and program."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from buildtool.core.errors import ExitCode, ToolError, VerificationError
from buildtool.core.values import (
    BuildPlan,
    ElfExpectation,
    ModelInfo,
    Registration,
    SelectedKernel,
    TensorInfo,
    TypeConstraint,
)
from buildtool.model.textformat import encode
from buildtool.verify import Allowance, ModelRun, VerificationInput, require_proof, verify
from tests.limits import HANG

Make = Callable[..., Path]
Play = Callable[[Path, dict[str, Any]], None]

MODEL = ModelInfo(
    name="m",
    path=Path("m.pb"),
    sha256=hashlib.sha256(b"m").hexdigest(),
    inputs=(TensorInfo(name="x:0", dtype="DT_FLOAT", shape=(-1, 2)),),
    outputs=(TensorInfo(name="y:0", dtype="DT_FLOAT", shape=(-1, 2)),),
    node_count=3,
)
RELU = Registration(
    op="Relu",
    device="CPU",
    kernel_class="ReluOp<CPUDevice, float>",
    source="tensorflow/core/kernels/relu_op.cc",
    line=5,
    constraints=(TypeConstraint(attr="T", types=("DT_FLOAT",)),),
)
PLAN = BuildPlan(
    target="pi",
    tensorflow_version="2.14.1",
    tree_digest="0",
    models=(MODEL,),
    defines=(),
    compile_flags=(),
    link_flags=(),
    ops=(("Relu", "tensorflow/core/ops/nn_ops.cc"),),
    kernels=(SelectedKernel(registration=RELU, reason="test"),),
    types=("DT_FLOAT",),
    files=(),
)
RELU_LINE = {
    "kernel": "Relu",
    "device": "CPU",
    "label": "",
    "priority": 0,
    "constraints": [{"attr": "T", "types": ["float"], "values": []}],
}
ONE_TWO = "0000803f00000040"
GOOD: dict[str, Any] = {
    "--session": {"lines": [{"session": True}]},
    "--kernels": {"lines": [{"op": "Relu"}, RELU_LINE]},
    "--run": {
        "lines": [
            {"output": "y:0", "dtype": "float", "shape": [1, 2]},
            {"timings": {"run": 2.0}, "peak_kib": 7},
        ],
        "files": [ONE_TWO],
    },
}
ALLOWANCE = Allowance(share=1e-4)
MAIN = "int main(void) { return 0; }"


@pytest.fixture
def artefact(
    tmp_path: Path,
    compile_c: Make,
    make_archive: Make,
    emulator: tuple[str, ...],
    bare_python: str,
) -> VerificationInput:
    """An artefact that a Python without TensorFlow finds good, once the runner plays GOOD."""
    library = make_archive("libtf.a", compile_c("relu_op.cc.o", "int a;", "-c"))
    return VerificationInput(
        plan=PLAN,
        libraries=(library,),
        program=compile_c("runner", MAIN),
        expectation=ElfExpectation(machine=platform.machine(), bits=64),
        folder=tmp_path / "verify",
        cache=tmp_path / "cache",
        emulator=emulator,
        models=(ModelRun(model=MODEL, graph=Path("m.pb"), allowance=ALLOWANCE),),
        timeout=HANG,
        python=bare_python,
    )


def test_good_without_tensorflow(artefact: VerificationInput, play: Play) -> None:
    play(artefact.program, GOOD)
    report = verify(artefact)
    require_proof(report)
    assert report.problems == ()
    assert report.notes == ("not compared: tensorflow is not installed",)
    assert (report.checked_members, report.registered_kernels, report.registered_ops) == (1, 1, 1)
    assert "libc.so.6" in report.needed_libraries
    (check,) = report.models
    assert (check.compared, check.reference) == (False, "not compared: tensorflow is not installed")
    assert check.outputs[0].shape == (1, 2)
    assert (check.timings, check.peak_kib) == ({"run": 2.0}, 7)


@pytest.mark.wheel
def test_an_op_that_only_the_library_has(
    artefact: VerificationInput, play: Play, tmp_path: Path
) -> None:
    play(artefact.program, GOOD)
    text = """node { name: 'x' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } }
      node { name: 'y' op: 'GatherTree' input: 'x' }"""
    graph = tmp_path / "m.pb"
    graph.write_bytes(encode(text, "GraphDef"))
    item = ModelRun(model=replace(MODEL, path=graph), graph=graph, allowance=ALLOWANCE)
    report = verify(replace(artefact, models=(item,), python=""))
    assert report.problems == ()
    (check,) = report.models
    assert not check.compared
    assert check.reference.startswith("not compared: tensorflow ")
    assert check.reference.endswith(" has no op GatherTree")


def test_no_session_factory_stops_and_says_why(artefact: VerificationInput, play: Play) -> None:
    refused = {"code": 1, "stderr": "runner: NOT_FOUND: No session factory registered for ..."}
    play(artefact.program, {**GOOD, "--session": refused, "--kernels": {"lines": []}})
    report = verify(artefact)
    (problem,) = report.problems
    assert "No session factory registered" in problem.what
    assert "-Wl,--whole-archive" in problem.todo
    with pytest.raises(VerificationError) as caught:
        require_proof(report)
    assert caught.value.exit_code == ExitCode.FAILED_VERIFICATION


def test_a_missing_kernel_does_not_keep_the_model_from_running(
    artefact: VerificationInput, play: Play
) -> None:
    play(artefact.program, {**GOOD, "--kernels": {"lines": [{"op": "Relu"}]}})
    report = verify(artefact)
    (problem,) = report.problems
    assert problem.where == "tensorflow/core/kernels/relu_op.cc:5"
    assert "registers nothing" in problem.todo
    assert len(report.models) == 1


def test_selection_without_effect(artefact: VerificationInput, play: Play) -> None:
    many = [{**RELU_LINE, "kernel": f"Op{number}"} for number in range(50)]
    play(artefact.program, {**GOOD, "--kernels": {"lines": [{"op": "Relu"}, RELU_LINE, *many]}})
    (problem,) = verify(artefact).problems
    assert "the selection had no effect: 50 kernels that it does not name" in problem.what


def test_outputs_that_are_not_finite(artefact: VerificationInput, play: Play) -> None:
    play(artefact.program, {**GOOD, "--run": {**GOOD["--run"], "files": ["0000c07f00000040"]}})
    (problem,) = verify(artefact).problems
    assert problem.where == "m: output 'y:0'"
    assert problem.what == "1 of 2 elements are not finite"


def test_an_output_of_another_shape(artefact: VerificationInput, play: Play) -> None:
    line = {"output": "y:0", "dtype": "float", "shape": [2, 1]}
    play(artefact.program, {**GOOD, "--run": {"lines": [line], "files": [ONE_TWO]}})
    (problem,) = verify(artefact).problems
    assert problem.what == "is DT_FLOAT (2, 1), not DT_FLOAT (-1, 2)"


def test_one_failing_model_does_not_keep_the_others_from_running(
    artefact: VerificationInput, play: Play
) -> None:
    play(artefact.program, GOOD)
    unfit = replace(MODEL, name="n", outputs=(replace(MODEL.outputs[0], name="z:0"),))
    models = (ModelRun(model=unfit, graph=Path("n.pb"), allowance=ALLOWANCE), *artefact.models)
    report = verify(replace(artefact, models=models))
    assert [check.model for check in report.models] == ["m"]
    (problem,) = report.problems
    assert problem.what == "gave the outputs y:0 instead of z:0"


def test_a_run_that_hangs(artefact: VerificationInput, play: Play) -> None:
    play(artefact.program, {**GOOD, "--run": {"sleep": 60}})
    (problem,) = verify(replace(artefact, timeout=2)).problems
    assert problem.where == "runner, running m"
    assert "did not end within 2 s" in problem.what


def test_a_wrong_member(artefact: VerificationInput, play: Play) -> None:
    play(artefact.program, GOOD)
    pi = ElfExpectation(machine="arm", bits=32, arm_architecture=10, hard_float=True)
    problems = verify(replace(artefact, expectation=pi)).problems
    assert len(problems) == 2
    assert problems[0].where == f"{artefact.libraries[0]}: relu_op.cc.o"
    assert problems[1].where == str(artefact.program)


def test_a_program_whose_c_library_is_for_a_newer_core(
    artefact: VerificationInput, play: Play, compile_c: Make, make_archive: Make
) -> None:
    """Debian's cross compiler links ARMv7 start-up objects into a program for the ARMv6."""
    v6 = ("--target=arm-linux-gnueabihf", "-march=armv6k", "-mfpu=vfp", "-mfloat-abi=hard", "-marm")
    member = compile_c("relu_op.cc.o", "int a(void) { return 1; }", "-c", *v6, compiler="clang")
    program = compile_c("program", MAIN, compiler="arm-linux-gnueabihf-gcc")
    play(program, GOOD)
    zero = ElfExpectation(machine="arm", bits=32, arm_architecture=9, hard_float=True)
    library = make_archive("zero.a", member)
    report = verify(replace(artefact, libraries=(library,), program=program, expectation=zero))
    assert report.problems == ()
    assert any("every member of the library is right" in note for note in report.notes)
    assert any("is compiled for ARMv7" in note for note in report.notes)


def test_a_program_for_a_newer_glibc_than_the_devices(
    artefact: VerificationInput, play: Play
) -> None:
    play(artefact.program, GOOD)
    plain = verify(artefact)
    assert plain.oldest_glibc > (2, 2)
    machine = platform.machine()
    old = ElfExpectation(machine=machine, bits=64, glibc=(2, 2))
    report = verify(replace(artefact, expectation=old))
    newest = ".".join(map(str, plain.oldest_glibc))
    (problem,) = report.problems
    assert problem.where == str(artefact.program)
    assert problem.what.startswith(f"asks for glibc {newest}; the target's devices have 2.2 (")
    assert f"@GLIBC_{newest}" in problem.what
    with pytest.raises(VerificationError):
        require_proof(report)
    same = ElfExpectation(machine=machine, bits=64, glibc=plain.oldest_glibc)
    assert verify(replace(artefact, expectation=same)).problems == ()


def test_a_runner_that_is_not_there(artefact: VerificationInput, tmp_path: Path) -> None:
    (problem,) = verify(replace(artefact, program=tmp_path / "none")).problems
    assert problem.what == "the runner was not linked"


def test_a_library_that_is_not_there(artefact: VerificationInput, tmp_path: Path) -> None:
    (problem,) = verify(replace(artefact, libraries=(tmp_path / "none.a",))).problems
    assert "cannot be read: No such file" in problem.what


def test_an_empty_library(artefact: VerificationInput, play: Play, tmp_path: Path) -> None:
    play(artefact.program, GOOD)
    (tmp_path / "empty.a").write_bytes(b"!<arch>\n")
    problems = verify(
        replace(artefact, libraries=(*artefact.libraries, tmp_path / "empty.a"))
    ).problems
    assert problems[0].what == "is empty"


def test_the_emulator_is_missing(artefact: VerificationInput) -> None:
    with pytest.raises(ToolError) as caught:
        verify(replace(artefact, emulator=("qemu-arm-that-is-not-there", "-L", "/x")))
    assert "the emulator 'qemu-arm-that-is-not-there' is not installed" in str(caught.value)
    assert "apt-get install qemu-user-static" in str(caught.value)
    assert caught.value.exit_code == ExitCode.MISSING_TOOL


# ---- against TensorFlow's own outputs


def _reference(folder: Path, *files: str, version: str = "2.99", code: int = 0) -> str:
    """A Python that pretends to have TensorFlow and gives these outputs."""
    folder.mkdir(exist_ok=True)
    lines = [json.dumps({"output": "y:0", "dtype": "float", "shape": [1, 2]})]
    (folder / "files.json").write_text(json.dumps(files), encoding="utf-8")
    script = folder / "python"
    script.write_text(
        f"#!/usr/bin/env python3\nimport json, pathlib, sys\n"
        f"if '--version' in sys.argv: print({version!r}); sys.exit()\n"
        f"out = pathlib.Path(sys.argv[sys.argv.index('--out') + 1])\n"
        f"here = pathlib.Path({str(folder)!r})\n"
        f"with (here / 'calls').open('a') as calls: calls.write('x')\n"
        f"for n, text in enumerate(json.loads((here / 'files.json').read_text())):\n"
        f"    (out / f'{{n}}.bin').write_bytes(bytes.fromhex(text))\n"
        f"print({lines[0]!r})\n"
        f"if {code}: print('reference: bad indices', file=sys.stderr)\n"
        f"sys.exit({code})\n",
        encoding="utf-8",
    )
    script.chmod(0o755)
    return str(script)


def test_equal_outputs_are_proved_and_the_reference_is_kept(
    artefact: VerificationInput, play: Play, tmp_path: Path
) -> None:
    play(artefact.program, GOOD)
    python = _reference(tmp_path / "tf", ONE_TWO)
    report = verify(replace(artefact, python=python))
    assert report.problems == ()
    (check,) = report.models
    assert (check.compared, check.reference) == (True, "tensorflow 2.99")
    assert check.outputs[0].max_absolute == 0.0
    assert verify(replace(artefact, python=python)) == report
    assert (tmp_path / "tf" / "calls").read_text(encoding="utf-8") == "x"


def test_outputs_that_differ(artefact: VerificationInput, play: Play, tmp_path: Path) -> None:
    play(artefact.program, GOOD)
    python = _reference(tmp_path / "tf", "0000803f00008040")  # 1 and 4
    (problem,) = verify(replace(artefact, python=python)).problems
    assert problem.where == "m: output 'y:0'"
    assert "1 of 2 elements differ from TensorFlow's; largest difference 2, which is 0.5" in (
        problem.what
    )
    assert (
        "more than rounding: TensorFlow 2.99 may compute an op differently from the library's"
        in (problem.todo)
    )
    assert "tolerance" not in problem.todo


def test_a_wider_tolerance_is_the_users_and_is_told(
    artefact: VerificationInput, play: Play, tmp_path: Path
) -> None:
    play(artefact.program, GOOD)
    python = _reference(tmp_path / "tf", "0000803f00008040")  # 1 and 4
    wide = Allowance(share=0.6, key="models[0].tolerance", stated=True)
    models = tuple(replace(model, allowance=wide) for model in artefact.models)
    report = verify(replace(artefact, python=python, models=models))
    assert report.problems == ()
    (output,) = report.models[0].outputs
    assert (output.tolerance, output.rule) == (0.6, "models[0].tolerance")


def test_inputs_that_tensorflow_refuses_too(
    artefact: VerificationInput, play: Play, tmp_path: Path
) -> None:
    play(artefact.program, GOOD)
    python = _reference(tmp_path / "tf", code=1)
    (problem,) = verify(replace(artefact, python=python)).problems
    assert problem.where == "tensorflow 2.99, running m"
    assert "bad indices" in problem.what
    assert "TensorFlow itself cannot run this model on these inputs" in problem.todo
    assert list((tmp_path / "cache").iterdir()) == []
