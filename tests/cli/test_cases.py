"""Models as people have them: what is wrong is told at plan, and all else is built and proved."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from buildtool.core.run import Command, run
from tests.conftest import PROJECT
from tests.limits import HANG

if TYPE_CHECKING:
    from tests.cli.conftest import BuiltProject

pytestmark = [pytest.mark.real_tree, pytest.mark.build, pytest.mark.wheel]

REFUSED = """extends: pi
models:
  - {0}/control_input_first.pb
  - {0}/older_fused_op.pb
  - {0}/pinned.pb
  - {0}/counter
  - {{path: {0}/python_left.pb, outputs: [debug]}}
  - {{path: {0}/behind_decode_jpeg.pb, name: jpeg}}
  - {0}/empty_output.pb
  - {0}/unknown_rank.pb
  - {0}/all_at_once.pb
"""
# What each is told with: the beginning of the problem, and of what to do.
TOLD = """
counter: each run changes variable 'runs' in node | export a signature that does not change it
control_input_first: node 'out': a control input stands | add 'order-control-inputs' to the
older_fused_op: node 'fused': op _FusedConv2D: attribute 'TArgs' is | add 'fused-ops' to
pinned: node 'x': is pinned to the device '/job:worker/task:1/device:GPU:3' | add 'clear-devices'
python_left: node 'debug': the kernels of PyFunc ( | do this work in the app: name under 'inputs'
empty_output: output 'out:0': is empty, of shape (1, 0, 4) | the model does not say the whole shape
unknown_rank: TensorFlow 2.14.1 itself cannot run it | the model does not say the whole shape of x:0
all_at_once: node 'pinned': is pinned to the device '/device:GPU:0' | add 'clear-devices' to the
all_at_once: node 'late': a control input stands before a data input | add 'order-control-inputs' to
all_at_once: node 'fused': op _FusedConv2D: attribute 'TArgs' is missing | add 'fused-ops' to the
all_at_once: node 'newer': op OpOfTomorrow does not exist in this tree | if it is a custom op
all_at_once: node 'counter': op VarHandleOp: a variable that no op | freeze the model
all_at_once: node 'table': op HashTableV2: a lookup table that no op | keep the op that initialises
all_at_once: node 'channels_first': op MaxPool: its data_format is NCHW | add 'channels-last' to the
all_at_once: node 'python': the kernels of PyFunc ( | do this work in the app
all_at_once: input 'rest:0': nobody says its shape | the model does not say the whole shape of rest
"""
ACCEPTED = """
models:
  - {{path: {0}/table.pb, outputs: [out]}}
  - {{path: {0}/python_left.pb, outputs: [out]}}
  - {{path: {0}/saver_left.pb, outputs: [out]}}
  - {{path: {0}/behind_decode_jpeg.pb, name: jpeg, outputs: [final_result],
     inputs: [{{name: Mul, shape: [1, 16, 16, 3]}}]}}
  - {0}/branches.pb
  - {{path: {0}/kinds.pb, outputs: [eight_bits, sparse, text, image]}}
  - {0}/random.pb
  - {0}/words
  - path: {1}
    name: prepared
    prepare: {{steps: [deploy], weights: eight-bit, minimum_elements: 64, format: memory-mapped,
      largest_difference: 0.05}}
  - path: {1}
    name: in_bytes
    samples: {0}/images.npz
    prepare: {{steps: [deploy], activations: eight-bit, ranges: observed}}
"""


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cases")
    script = Path(__file__).with_name("make_cases.py")
    environment = {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(PROJECT)}
    command = Command(argv=(sys.executable, str(script), str(folder)), env=environment)
    run(command, what="making models to test with", timeout=HANG)
    return folder


def test_all_that_is_wrong_is_told_at_once_and_nothing_is_compiled(
    built: BuiltProject, cases: Path
) -> None:
    built.project.target("refused", REFUSED.format(cases))
    err = built.project.doit("build:refused", code=5).err
    lines = [line.removeprefix(f"{cases}/") for line in err.splitlines()]
    told = [row.partition(" | ")[::2] for row in TOLD.strip().splitlines()]
    for what, todo in told:
        places = [place for place, line in enumerate(lines) if line.startswith(what)]
        assert places, what
        assert lines[places[0] + 1].startswith(f"    {todo}"), what
    assert not (built.project.folder("refused") / "native").exists()


@pytest.fixture
def accepted(built: BuiltProject, cases: Path, odd_model: str) -> Iterator[dict[str, Any]]:
    """The report of a library for all models that a device can run, in the build's own folder."""
    path = built.project.root / "targets" / "pi.yaml"
    text = path.read_text("utf-8")
    kept = re.sub(r"(models|size_budget):(\n( .*)?)+", "", text)
    path.write_text(
        kept + ACCEPTED.format(cases, json.dumps(f"models/{odd_model}.pb")), encoding="utf-8"
    )
    try:
        built.project.doit("build:pi")
        yield json.loads((built.folder / "report.json").read_text("utf-8"))
    finally:
        path.write_text(text, encoding="utf-8")


@pytest.mark.usefixtures("as_it_was")
def test_all_that_a_device_can_run_is_built_and_proved(
    built: BuiltProject, cases: Path, accepted: dict[str, Any], tmp_path: Path
) -> None:
    assert accepted["proved"] is True
    ops = {op for op, _ in built.kernels()}
    assert ops >= {"HashTableV2", "LookupTableFindV2", "Switch", "Merge", "RandomStandardNormal"}
    assert not ops & {"PyFunc", "SaveV2", "RestoreV2", "DecodeJpeg", "ResizeBilinear", "Cast"}
    models = {each["model"]: each for each in accepted["verification"]["models"]}
    assert ops >= {"Dequantize", "NonMaxSuppressionV3", "SparseToDense", "StringSplitV2"}
    # gemmlowp's own kernels for 32-bit ARM would be off by 3e-3.
    assert [each["max_absolute"] or 0 for each in models["kinds"]["outputs"]] == [0] * 4
    outputs = {name: [each["name"] for each in m["outputs"]] for name, m in models.items()}
    assert outputs["branches"] == ["out:0"]
    assert outputs["jpeg"] == ["final_result:0"]
    (drawn,) = models["random"]["outputs"]
    assert drawn["rule"] == "drawn at random: of the right type and shape, and finite"
    notes = "\n".join(accepted["notes"])
    assert (
        "random: it draws random numbers or reads the clock in 'random_normal/RandomStandardNormal'"
        in notes
    )
    assert "words: its only signature, 'predict', is what runs" in notes
    assert "table: its lookup tables or variables are filled before its first run" in notes
    for name in ("python_left", "saver_left", "jpeg"):
        assert f"dist/models/{name}.pb is the model without them" in notes
        assert (built.folder / "dist" / "models" / f"{name}.pb").is_file()
    assert ops >= {"ImmutableConst"}
    assert (built.folder / "dist" / "models" / "prepared.memmapped").is_file()
    # With ranges that 32-bit ARM reckons with as this machine does.
    assert models["prepared"]["outputs"][0]["max_relative"] < 1e-6
    assert ops >= {"QuantizedBiasAdd", "QuantizedMatMul", "QuantizedRelu", "Requantize"}
    assert "RequantizationRange" not in ops
    # A step of a byte would be 4e-3.
    assert models["in_bytes"]["outputs"][0]["max_relative"] < 1e-5
    assert "in_bytes: it computes with bytes in part: expect that it is slower" in notes
    told, in_bytes = json.loads((built.folder / "prepare.json").read_text("utf-8"))["models"]
    assert in_bytes["compared"].endswith("on 12 runs of images.npz")
    assert in_bytes["steps"][-1]["differences"][0]["same_top"] > 0.9
    price = told["steps"][-1]["differences"][0]
    assert told["limits"] == ["largest difference 0.05"]
    assert 0 < price["largest"] < 0.05
    # As an app loads them: one with a table, which ships as it is, and the one that is mapped.
    given = loaded(built, tmp_path / "load_from_file", cases / "table.pb")
    assert given.startswith("out:0: Tensor<type: int64 shape: [")
    given = loaded(built, tmp_path / "load_memory_mapped", Path("models/prepared.memmapped"))
    assert given.startswith("probabilities:0: Tensor<type: float shape: [1,10] values: ")


def loaded(built: BuiltProject, made: Path, model: Path) -> str:
    """What a program of ``dist/examples``, which becomes ``made``, prints of a model; its path may
    be one from ``dist``."""
    folder = built.folder / "dist"
    flags = [(folder / f"{each}_flags.txt").read_text().split() for each in ("compile", "link")]
    compiler = ("clang++", "--target=arm-linux-gnueabihf")
    argv = (*compiler, *flags[0], f"examples/{made.name}.cc", *flags[1], "-o", str(made))
    run(Command(argv=argv, cwd=folder), what="an example")
    emulator = ("qemu-arm-static", "-L", "/usr/arm-linux-gnueabihf")
    argv = (*emulator, str(made), str(model))
    return run(Command(argv=argv, cwd=folder), what="an example").stdout


def test_a_model_that_loses_more_than_is_allowed_ends_the_run_before_anything_is_compiled(
    built: BuiltProject,
) -> None:
    keys = "{largest_difference: 1.0e-6, minimum_elements: 64, weights: rounded}"
    built.project.target("lossy", f"extends: pi\nprepare: {keys}\n")
    err = built.project.doit("build:lossy", code=7).err
    assert "after step 'round-weights' output 'probabilities:0' differs from the original by" in err
    assert "raise prepare.weight_steps (now 256)" in err
    assert (built.project.folder("lossy") / "prepare.html").is_file()
    assert not (built.project.folder("lossy") / "plan.json").exists()
    done = built.project.doit("prepare:lossy", "weights=as-is")
    assert done.out == (
        "prepare:lossy: the target asks for no preparation, models ship as they are: see "
        "docs/prepare.md\n"
    )
