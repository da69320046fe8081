"""The runner's answers, and what is said when it fails."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from buildtool.core.errors import ToolError, VerificationError
from buildtool.core.run import UNREACHED
from buildtool.core.values import ModelInfo, TensorInfo
from buildtool.verify.program import Program, list_registries, prove_session, run_model
from buildtool.verify.tensor_files import Tensor
from tests.limits import HANG

Make = Callable[..., Path]
Play = Callable[[Path, dict[str, Any]], None]
X = Tensor(name="x:0", dtype="DT_FLOAT", array=np.ones((1, 2), "<f4"))


@pytest.fixture
def fake(tmp_path: Path, emulator: tuple[str, ...]) -> Program:
    return Program(
        argv=(*emulator, str(tmp_path / "runner")),
        name="runner",
        log=tmp_path / "runner.log",
        timeout=HANG,
    )


def _program(path: Path, log: Path, timeout: float = HANG) -> Program:
    return Program(argv=(str(path),), name=path.name, log=log, timeout=timeout)


def _run(program: Program, folder: Path, *outputs: str) -> Any:
    return run_model(program, model=_model(*outputs), graph=Path("m.pb"), inputs=[X], folder=folder)


def _model(*outputs: str, **more: Any) -> ModelInfo:
    return ModelInfo(
        name="m",
        path=Path("m.pb"),
        sha256="",
        inputs=(),
        outputs=tuple(TensorInfo(name=name, dtype="DT_FLOAT", shape=None) for name in outputs),
        node_count=1,
        **more,
    )


def test_registries_are_read_and_sorted(tmp_path: Path, fake: Program, play: Play) -> None:
    kernel = {"kernel": "Relu", "device": "CPU", "label": "", "priority": 0}
    constraint = {"attr": "T", "types": ["int32", "float"], "values": []}
    flag = {"attr": "k", "types": [], "values": ["true"]}
    lines = [
        "a line of the emulator",
        {"op": "Relu"},
        {"op": "MatMul"},
        {**kernel, "constraints": [flag, constraint]},
    ]
    play(tmp_path / "runner", {"--kernels": {"lines": lines}})
    found = list_registries(fake)
    assert found.ops == ("MatMul", "Relu")
    assert found.kernels[0].constraints == (("T", ("DT_FLOAT", "DT_INT32")),)
    assert found.kernels[0].values == ("k=true",)


def test_outputs_are_read(tmp_path: Path, fake: Program, play: Play) -> None:
    lines = [
        {"output": "y:0", "dtype": "float", "shape": [2]},
        {"output": "s:0", "dtype": "string", "shape": []},
        {"timings": {"run": 1.5}, "peak_kib": 42},
    ]
    files = ["0000803f00000040", "020000006f6b"]
    play(tmp_path / "runner", {"--run": {"lines": lines, "files": files}})
    result = _run(fake, tmp_path / "out", "y:0", "s:0")
    assert result.outputs[0].array.tolist() == [1.0, 2.0]
    assert result.outputs[1].array.item() == b"ok"
    assert (result.timings, result.peak_kib) == ({"run": 1.5}, 42)
    assert (tmp_path / "out" / "input-0.bin").read_bytes() == b"\0\0\x80?" * 2


def test_what_comes_before_the_model_and_a_second_step(
    tmp_path: Path, fake: Program, play: Play
) -> None:
    line = {"output": "y:0", "dtype": "float", "shape": []}
    files = ["0000803f", "00000040"]
    play(tmp_path / "runner", {"--run": {"lines": [line, line], "files": files}})
    model = _model("y:0", initialisers=("init", "more"), steps=2)
    result = run_model(fake, model=model, graph=Path("m.pb"), inputs=[], folder=tmp_path / "out")
    found = {output.name: output.array.item() for output in result.outputs}
    assert found == {"y:0": 1.0, "y:0, step 2": 2.0}
    log = fake.log.read_text(encoding="utf-8")
    assert "--init init --init more --steps 2" in log


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        ({"lines": []}, "gave the outputs none instead of y:0"),
        ({"lines": ["{not json"]}, "printed a line that is not JSON"),
        (
            {"lines": [{"output": "y:0", "dtype": "float", "shape": [2]}], "files": ["00"]},
            "wrote an output that cannot be read",
        ),
        (
            {"lines": [{"output": "y:0", "dtype": "float", "shape": [2]}]},
            "wrote an output that cannot be read",
        ),
        (
            {"lines": [{"output": "y:0", "dtype": "resource", "shape": []}], "files": [""]},
            "DT_RESOURCE cannot be read",
        ),
    ],
)
def test_bad_answers(
    tmp_path: Path, fake: Program, play: Play, answer: dict[str, Any], what: str
) -> None:
    play(tmp_path / "runner", {"--run": answer})
    with pytest.raises(VerificationError, match=what):
        _run(fake, tmp_path / "out", "y:0")


@pytest.mark.parametrize(
    ("stderr", "cause"),
    [
        ("NOT_FOUND: No session factory registered for the given", "linked with -Wl,--whole-archi"),
        ("Multiple OpKernel registrations match NodeDef", "an object file is in the link twice"),
        ("Op type not registered 'Foo' in binary running on pi", "the op of this node is not in"),
        ("No OpKernel was registered to support Op 'Relu'", "no kernel for these types"),
        ("NodeDef mentions attr 'explicit_paddings' not in Op", "another release of TensorFlow"),
        ("qemu-arm: Could not open '/lib/ld-linux-armhf.so.3'", "qemu's option -L"),
        ("qemu: uncaught target signal 4 (Illegal instruction)", "an instruction that this CPU"),
    ],
)
def test_failures_are_explained(
    tmp_path: Path, fake: Program, play: Play, stderr: str, cause: str
) -> None:
    play(tmp_path / "runner", {"--session": {"code": 1, "stderr": f"runner: {stderr}"}})
    with pytest.raises(VerificationError) as caught:
        prove_session(fake)
    text = str(caught.value)
    assert text.startswith("runner, making a session: failed with exit code 1")
    assert stderr in text
    assert cause in text
    assert "to repeat: " in text
    assert "runner.log" in text


def test_a_device_that_is_not_reached(tmp_path: Path, fake: Program, play: Play) -> None:
    """No fault of the library's: it has not run."""
    said = "pi@board lost the connection while the program ran\n    run the same again"
    play(tmp_path / "runner", {"--session": {"code": UNREACHED, "stderr": said}})
    with pytest.raises(ToolError) as caught:
        prove_session(dataclasses.replace(fake, device="board pi@board, armv7l"))
    text = str(caught.value)
    assert text.startswith(f"runner, making a session on board pi@board, armv7l: {said}")
    assert "runner.log" in text


def test_a_crash_names_its_signal(compile_c: Make, tmp_path: Path) -> None:
    crash = compile_c("runner", "int main(void) { *(volatile int *)0 = 1; return 0; }")
    with pytest.raises(VerificationError) as caught:
        prove_session(_program(crash, tmp_path / "log"))
    assert "failed with signal 11" in str(caught.value)
    assert "the program crashed (SIGSEGV)" in str(caught.value)


def test_an_illegal_instruction(compile_c: Make, tmp_path: Path) -> None:
    text = "#include <signal.h>\nint main(void) { raise(SIGILL); return 0; }"
    with pytest.raises(VerificationError, match=r"SIGILL\): the CPU flags of the target"):
        prove_session(_program(compile_c("runner", text), tmp_path / "log"))


def test_a_program_that_never_ends_is_stopped(compile_c: Make, tmp_path: Path) -> None:
    endless = compile_c("runner", "int main(void) { for (;;) {} }")
    started = time.monotonic()
    with pytest.raises(VerificationError, match="did not end within 1 s"):
        prove_session(_program(endless, tmp_path / "log", timeout=1))
    assert time.monotonic() - started < HANG


def test_a_program_for_another_machine(tmp_path: Path) -> None:
    program = tmp_path / "runner"
    program.write_bytes(b"\x7fELF" + bytes(100))
    program.chmod(0o755)
    with pytest.raises(ToolError) as caught:
        prove_session(_program(program, tmp_path / "log"))
    assert "qemu-user-static" in str(caught.value)
