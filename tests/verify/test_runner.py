"""The real runner, linked on this machine with the libraries of the TensorFlow wheel."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from buildtool.core.errors import VerificationError
from buildtool.core.values import BuildPlan, ModelInfo, TensorInfo
from buildtool.model.textformat import encode
from buildtool.profile.step_stats import read_runs
from buildtool.tools.android.adb import Device
from buildtool.tools.android.device_run import command as device_command
from buildtool.tools.board.board_run import command as board_command
from buildtool.verify.program import (
    Program,
    RunResult,
    list_registries,
    profile_model,
    prove_session,
    run_model,
)
from buildtool.verify.registry import check_registries
from buildtool.verify.tensor_files import Tensor
from tests.conftest import PROJECT
from tests.limits import HANG

pytestmark = pytest.mark.wheel

RUNNER = Path(__file__).resolve().parents[2] / "runner" / "runner.cc"


@pytest.fixture(scope="session")
def runner(wheel_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("g++")
    package = wheel_dir / "tensorflow"
    libraries = [package / f"libtensorflow_{name}.so.2" for name in ("cc", "framework")]
    if compiler is None or platform.machine() != "x86_64":
        pytest.skip("needs g++ on x86_64")
    if not (package / "include").is_dir() or not all(path.is_file() for path in libraries):
        pytest.skip("needs the whole wheel, with its headers and libraries")
    program = tmp_path_factory.mktemp("runner") / "runner"
    flags = ["-std=c++17", "-O1", "-fno-exceptions", "-fno-rtti", "-w", "-pthread"]
    argv = [compiler, *flags, f"-I{package / 'include'}", str(RUNNER), *map(str, libraries)]
    subprocess.run([*argv, f"-Wl,-rpath,{package}", "-o", str(program)], check=True)
    return program


@pytest.fixture
def program(runner: Path, tmp_path: Path) -> Program:
    env = {"TF_CPP_MIN_LOG_LEVEL": "2"}
    return Program(argv=(str(runner),), name="runner", log=tmp_path / "log", timeout=HANG, env=env)


# ---- a GraphDef by hand: fields of graph.proto, node_def.proto, attr_value.proto


def _field(number: int, content: bytes | str) -> bytes:
    data = content.encode() if isinstance(content, str) else content
    return bytes([number << 3 | 2]) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])


def _node(name: str, op: str, *inputs: str, **attrs: bytes) -> bytes:
    node = _field(1, name) + _field(2, op)
    node += b"".join(_field(3, item) for item in inputs)
    node += b"".join(_field(5, _field(1, key) + _field(2, value)) for key, value in attrs.items())
    return _field(1, node)


FLOAT, STRING = b"\x30\x01", b"\x30\x07"  # AttrValue.type


def _negated(path: Path, op: str = "Neg") -> Path:
    graph = _node("x", "Placeholder", dtype=FLOAT) + _node("y", op, "x", T=FLOAT)
    graph += _node("s", "Placeholder", dtype=STRING) + _node("t", "Identity", "s", T=STRING)
    path.write_bytes(graph)
    return path


def _run(program: Program, graph: Path, folder: Path, *inputs: Tensor, output: str) -> RunResult:
    return run_model(program, model=_model(output), graph=graph, inputs=inputs, folder=folder)


def _model(output: str, dtype: str = "DT_FLOAT", **more: Any) -> ModelInfo:
    return ModelInfo(
        name="m",
        path=Path("m.pb"),
        sha256="",
        inputs=(),
        outputs=(TensorInfo(name=output, dtype=dtype, shape=None),),
        node_count=1,
        **more,
    )


X = Tensor(name="x:0", dtype="DT_FLOAT", array=np.array([[1.0, -2.0]], "<f4"))


def test_session(program: Program) -> None:
    prove_session(program)


def test_registries_hold_what_tensorflow_registers(program: Program) -> None:
    found = list_registries(program)
    assert {"MatMul", "_Arg", "Const"} <= set(found.ops)
    relu = [k for k in found.kernels if (k.op, k.device) == ("Relu", "CPU")]
    assert (("T", ("DT_FLOAT",)),) in [kernel.constraints for kernel in relu]
    assert any(kernel.values for kernel in found.kernels if kernel.op == "ApproxTopK")
    assert any(kernel.label for kernel in found.kernels)


def test_a_whole_tensorflow_is_a_selection_without_effect(program: Program) -> None:
    plan = BuildPlan(
        target="linux",
        tensorflow_version="2.14.1",
        tree_digest="0",
        models=(),
        defines=(),
        compile_flags=(),
        link_flags=(),
        ops=(("Relu", "nn_ops.cc"),),
        kernels=(),
        types=(),
        files=(),
    )
    kernels, ops = check_registries(plan, list_registries(program), members=()).problems
    assert "kernels" in kernels.what
    assert "the selection had no effect" in kernels.what
    assert "ops" in ops.what
    assert "the selection had no effect" in ops.what


def test_run_in_a_folder_with_spaces(program: Program, tmp_path: Path) -> None:
    folder = tmp_path / "a 'b' $c;"
    folder.mkdir()
    result = _run(program, _negated(folder / "m.pb"), folder / "out", X, output="y:0")
    assert result.outputs[0].array.tolist() == [[-1.0, 2.0]]
    assert set(result.timings) == {"read", "session", "run"}
    assert result.peak_kib > 1000


def test_strings_go_in_and_out(program: Program, tmp_path: Path) -> None:
    words = np.array([b"", b"a\0b", b"x" * 1000], dtype=object)
    tensor = Tensor(name="s:0", dtype="DT_STRING", array=words)
    result = _run(program, _negated(tmp_path / "m.pb"), tmp_path / "out", tensor, output="t:0")
    assert result.outputs[0].array.tolist() == words.tolist()


def test_empty_and_scalar_tensors(program: Program, tmp_path: Path) -> None:
    graph = _negated(tmp_path / "m.pb")
    for shape in ((0, 3), ()):
        x = Tensor(name="x:0", dtype="DT_FLOAT", array=np.zeros(shape, "<f4"))
        result = _run(program, graph, tmp_path / "out", x, output="y:0")
        assert result.outputs[0].array.shape == shape


def test_a_variable_is_filled_once_and_changed_in_each_step(
    program: Program, tmp_path: Path
) -> None:
    one = "key: 'value' value { tensor { dtype: DT_FLOAT float_val: 1 tensor_shape {} } }"
    nodes = {
        "v VarHandleOp": "attr { key: 'shape' value { shape {} } }",
        "one Const": f"attr {{ {one} }}",
        "start AssignVariableOp": "input: ['v', 'one']",
        "init NoOp": "input: '^start'",
        "add AssignAddVariableOp": "input: ['v', 'one']",
        "y ReadVariableOp": "input: ['v', '^add']",
    }
    text = ""
    for node, more in nodes.items():
        name, op = node.split()
        dtype = "attr { key: 'dtype' value { type: DT_FLOAT } }" * (op != "NoOp")
        text += f"node {{ name: '{name}' op: '{op}' {more} {dtype} }}\n"
    path = tmp_path / "m.pb"
    path.write_bytes(encode(text, "GraphDef"))
    model = _model("y:0", initialisers=("init",), steps=2)
    result = run_model(program, model=model, graph=path, inputs=[], folder=tmp_path / "out")
    assert [output.array.item() for output in result.outputs] == [2.0, 3.0]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (None, "reading the model: NOT_FOUND"),
        (b"this is text, not a graph", "reading the model: DATA_LOSS"),
    ],
)
def test_a_model_that_cannot_be_read(
    program: Program, tmp_path: Path, content: bytes | None, what: str
) -> None:
    if content is not None:
        (tmp_path / "m.pb").write_bytes(content)
    with pytest.raises(VerificationError, match=what):
        _run(program, tmp_path / "m.pb", tmp_path / "out", X, output="y:0")


def test_an_unknown_op_is_explained(program: Program, tmp_path: Path) -> None:
    graph = _negated(tmp_path / "m.pb", op="NoSuchOp")
    with pytest.raises(VerificationError) as caught:
        _run(program, graph, tmp_path / "out", X, output="y:0")
    assert "Op type not registered 'NoSuchOp'" in str(caught.value)
    assert "the op of this node is not in the library" in str(caught.value)


def test_an_unknown_output(program: Program, tmp_path: Path) -> None:
    with pytest.raises(VerificationError, match="running the model: "):
        _run(program, _negated(tmp_path / "m.pb"), tmp_path / "out", X, output="z:0")


@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        ([], 2, "nothing to do"),
        (["--nonsense"], 2, "cannot understand --nonsense"),
        (["--run"], 2, "cannot understand --run"),
        (["--run", "m.pb"], 2, "--run needs --output and --out"),
        (["--input", "x", "float", "2,x", "f"], 2, "bad shape 2,x"),
        (["--input", "x", "floot", "2", "f"], 2, "unknown type floot"),
        (["--input", "x", "float", "2", "short.bin"], 1, "cannot be read as float [2]"),
        (["--input", "x", "float", "", "long.bin"], 1, "cannot be read as float []"),
        (["--input", "x", "string", "1", "short.bin"], 1, "cannot be read as string [1]"),
        (["--input", "x", "float", "2", "none.bin"], 1, "cannot be read as float [2]"),
    ],
)
def test_a_wrong_command_line(
    runner: Path, tmp_path: Path, words: list[str], code: int, what: str
) -> None:
    (tmp_path / "short.bin").write_bytes(struct.pack("<I", 2_000_000_000))
    (tmp_path / "long.bin").write_bytes(bytes(8))
    done = subprocess.run(
        [str(runner), *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("runner: ")]
    assert done.returncode == code
    assert len(lines) == 1
    assert what in lines[0]


TRACED = """
import json, sys
import numpy, tensorflow
one = tensorflow.compat.v1
graph = one.GraphDef.FromString(open(sys.argv[1], "rb").read())
with tensorflow.Graph().as_default(), one.Session() as session:
    one.import_graph_def(graph, name="")
    options = one.RunOptions(trace_level=one.RunOptions.FULL_TRACE)
    told = one.RunMetadata()
    image = {"x:0": numpy.ones((1, 64), "float32")}
    session.run("probabilities:0", image, options=options, run_metadata=told)
nodes = [node for device in told.step_stats.dev_stats for node in device.node_stats
         if "/host:CPU" not in device.device]
print(json.dumps([[node.node_name, node.timeline_label] for node in nodes]))
"""


def test_a_profile_has_the_nodes_that_tensorflow_traces(program: Program, tmp_path: Path) -> None:
    digits = PROJECT / "models" / "digits.pb"
    image = Tensor(name="x:0", dtype="DT_FLOAT", array=np.ones((1, 64), "<f4"))
    found = profile_model(
        program,
        model=_model("probabilities:0"),
        graph=digits,
        inputs=[image],
        folder=tmp_path,
        runs=3,
        seconds=60,
    )
    assert (len(found.plain), len(found.traced)) == (3, 3)
    assert min(found.plain + found.traced) > 0
    runs = read_runs(found.stats)
    assert len(runs) == 3
    argv = [sys.executable, "-c", TRACED, str(digits)]
    done = subprocess.run(argv, capture_output=True, check=True, timeout=HANG)
    traced = json.loads(done.stdout)
    for run in runs:
        assert sorted(node.name for node in run) == sorted(name for name, _ in traced)
        labels = dict(traced)
        assert all(f" = {node.op}(" in labels[node.name] for node in run)
    assert any(node.memory > 0 for node in runs[0])


def test_a_profile_ends_when_its_time_is_over(program: Program, tmp_path: Path) -> None:
    """One run is made in any case."""
    graph = _negated(tmp_path / "m.pb")
    found = profile_model(
        program,
        model=_model("y:0"),
        graph=graph,
        inputs=[X],
        folder=tmp_path / "out",
        runs=1000,
        seconds=0,
    )
    assert (len(found.plain), len(found.traced)) == (1, 1)


# Another machine that is this one: each hands on its last word; what is on a device is in $HOME.
SSH = 'for command; do :; done\nexec sh -c "$command"'
ADB = """
case "$3" in
  push) cp "$4" "$HOME$5" ;;
  pull) cp -r "$HOME$4" "$5" ;;
  shell) echo "$4" | sed "s,/data/,$HOME/data/,g" | sh ;;
esac
"""


@pytest.mark.parametrize(("name", "script"), [("ssh", SSH), ("adb", ADB)])
def test_a_profile_comes_home_from_elsewhere(
    program: Program, tmp_path: Path, name: str, script: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "bin" / name
    tool.parent.mkdir()
    tool.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    device = Device(adb=tool, serial="A", name="")
    there = board_command("pi@board") if name == "ssh" else device_command(device)
    found = profile_model(
        dataclasses.replace(program, argv=(*there, *program.argv)),
        model=_model("y:0"),
        graph=_negated(tmp_path / "m.pb"),
        inputs=[X],
        folder=tmp_path / "out",
        runs=2,
        seconds=60,
    )
    assert (len(found.plain), len(found.traced)) == (2, 2)
    assert [len(run) > 0 for run in read_runs(found.stats)] == [True, True]
