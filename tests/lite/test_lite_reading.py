"""``.tflite`` files as people have them: whole, odd, damaged, or something else."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tflite import BuiltinOperator

from buildtool.core.values import TensorInfo
from buildtool.model import ModelSource
from buildtool.model.lite.lite_reading import read_lite_models
from buildtool.model.reading import Reading
from tests.lite.small_models import Op, small_model

MODELS = Path(__file__).resolve().parents[2] / "models"
RELU, TANH = Op(code=BuiltinOperator.RELU), Op(code=BuiltinOperator.TANH, version=3)
Read = Callable[[bytes], Reading]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read_bytes(data: bytes) -> Reading:
        path = tmp_path / "m.tflite"
        path.write_bytes(data)
        return read_lite_models([ModelSource(path=path)])

    return read_bytes


def uses(reading: Reading) -> list[tuple[str, str, int]]:
    return [(use.op, use.label, len(use.nodes)) for use in reading.opset.uses]


def only_problem(reading: Reading) -> str:
    (problem,) = reading.problems
    return str(problem)


def test_the_model_of_the_project() -> None:
    reading = read_lite_models([ModelSource(path=MODELS / "digits.tflite", name="digits")])
    assert reading.problems == ()
    assert uses(reading) == [("FULLY_CONNECTED", "version 1", 2), ("SOFTMAX", "version 1", 1)]
    (model,) = reading.opset.models
    assert model.inputs == (TensorInfo(name="x", dtype="DT_FLOAT", shape=(1, 64)),)
    assert model.outputs == (TensorInfo(name="probabilities", dtype="DT_FLOAT", shape=(1, 10)),)
    assert str(reading.opset.uses[1].nodes[0]) == "digits: node '2 (SOFTMAX)'"


def test_versions_and_subgraphs(read: Read) -> None:
    reading = read(small_model(RELU, TANH, subgraphs=2, signatures=("a", "b")))
    assert reading.problems == ()
    assert uses(reading) == [("RELU", "version 1", 2), ("TANH", "version 3", 2)]
    places = {str(node) for use in reading.opset.uses for node in use.nodes}
    assert "m: function 'graph 1', node '1 (TANH)'" in places
    assert reading.notes == (
        "m: of its signatures a, b, verification runs the first subgraph alone",
    )


def test_an_op_code_that_does_not_fit_into_the_old_field(read: Read) -> None:
    assert uses(read(small_model(Op(code=BuiltinOperator.CUMSUM)))) == [("CUMSUM", "version 1", 1)]
    assert uses(read(small_model(Op(code=9999)))) == [("number 9999", "version 1", 1)]


def test_metadata_behind_the_model_change_nothing(read: Read) -> None:
    plain = small_model(RELU)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as metadata:
        metadata.writestr("labels.txt", "a\nb\n")
    assert uses(read(plain + packed.getvalue())) == uses(read(plain))


def test_several_inputs_of_one_name_are_told_apart(tmp_path: Path) -> None:
    """A model whose names were stripped has empty ones."""
    path = tmp_path / "m.tflite"
    path.write_bytes(small_model(RELU).replace(b"t0", b"\0\0").replace(b"t1", b"\0\0"))
    (model,) = read_lite_models([ModelSource(path=path)]).opset.models
    assert model.inputs[0].name != ""


def test_every_way_to_cut_a_model_off_is_told(read: Read) -> None:
    whole = (MODELS / "digits.tflite").read_bytes()
    for length in (*range(200), *range(200, len(whole) - 64, 97)):
        reading = read(whole[:length])
        assert reading.opset.models == () or reading.opset.models[0].node_count == 3
        if not reading.opset.models:
            assert "no whole TensorFlow Lite model" in only_problem(reading) or length < 8


def test_no_changed_byte_makes_a_traceback_or_hangs(read: Read) -> None:
    whole = small_model(RELU, TANH, subgraphs=2)
    for place in range(8, len(whole)):
        for value in (0x00, 0x7F, 0xFF, whole[place] ^ 0x80):
            read(whole[:place] + bytes((value,)) + whole[place + 1 :])
    for place in range(0, len(whole) - 4, 4):
        read(whole[:place] + b"\xff\xff\xff\x7f" + whole[place + 4 :])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (small_model(RELU, schema_version=2), "is of version 2 of TensorFlow Lite's schema, not 3"),
        (small_model(RELU)[:4] + b"TFL2" + small_model(RELU)[8:], "'TFL3' does not stand in it"),
        (bytes(range(7, 256)) * 8, "no TensorFlow Lite model"),
        (
            b"alignas(8) const unsigned char g_model[] = {\n  0x1c, 0x00, 0x00, 0x00,\n};\n",
            "is a model as an array of C, as TensorFlow Lite Micro has it compiled in",
        ),
        (small_model(), "computes nothing: it has no operators"),
        (b"", "is no TensorFlow Lite model"),
    ],
    ids=["schema", "identifier", "encrypted", "micro", "no-operators", "empty"],
)
def test_other_files(read: Read, data: bytes, said: str) -> None:
    reading = read(data)
    assert said in only_problem(reading)


def test_models_of_the_full_runtime_are_named(tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    saved.mkdir()
    (saved / "saved_model.pb").write_bytes(b"\x08\x01\x12\x00")
    reading = read_lite_models(
        [
            ModelSource(path=MODELS / "digits.pb"),
            ModelSource(path=saved),
            ModelSource(path=tmp_path / "none.tflite"),
        ]
    )
    graph, folder, missing = (str(problem) for problem in reading.problems)
    assert "is a binary GraphDef, and the target's runtime is TensorFlow Lite" in graph
    assert "or set 'runtime: full'" in graph
    assert "is a SavedModel, and the target's runtime is TensorFlow Lite" in folder
    assert "cannot be read: No such file" in missing
