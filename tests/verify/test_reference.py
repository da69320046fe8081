"""The real TensorFlow as reference, through the same files as the device's outputs."""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from buildtool.core.errors import VerificationError
from buildtool.core.paths import SHIPPED
from buildtool.core.values import ModelInfo, TensorInfo
from buildtool.verify import reference as reference_script
from buildtool.verify.compare import Allowance
from buildtool.verify.expected import Reference, expected_outputs, find_reference, is_known
from buildtool.verify.inputs import ModelRun, model_inputs
from buildtool.verify.program import Program, run_model
from buildtool.verify.tensor_files import to_bytes
from tests.limits import HANG

MAKE_MODEL = """
import sys, tensorflow as tf
graph = tf.Graph()
with graph.as_default():
    x = tf.compat.v1.placeholder(tf.float32, [None, 3], name="x")
    words = tf.compat.v1.placeholder(tf.string, [None], name="words")
    tf.add(x, 0.5, name="y")
    tf.strings.join([words, words], name="twice")
    tf.cast(x * 4, tf.int64, name="number")
    tf.cast(x, tf.bfloat16, name="brain")
    tf.gather(tf.constant([1.0, 2.0]), tf.cast(x[0] * 100, tf.int32) + 50, name="outside")
open(sys.argv[1], "wb").write(graph.as_graph_def().SerializeToString())
"""
TYPES = {
    "y:0": "DT_FLOAT",
    "twice:0": "DT_STRING",
    "number:0": "DT_INT64",
    "brain:0": "DT_BFLOAT16",
    "outside:0": "DT_FLOAT",
}


def test_a_python_without_tensorflow(bare_python: str, tmp_path: Path) -> None:
    found = find_reference(python=bare_python, cache=tmp_path, log=tmp_path / "log", timeout=HANG)
    assert found.version == ""


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("needs an importable tensorflow")
    path = tmp_path_factory.mktemp("graph") / "model.pb"
    argv = [sys.executable, "-c", MAKE_MODEL, str(path)]
    subprocess.run(argv, check=True, capture_output=True)
    return path


@pytest.fixture
def reference(tmp_path: Path) -> Reference:
    return find_reference(python="", cache=tmp_path / "c", log=tmp_path / "log", timeout=HANG)


def _item(graph: Path, *outputs: str) -> ModelRun:
    model = ModelInfo(
        name="m",
        path=graph,
        sha256=hashlib.sha256(graph.read_bytes()).hexdigest(),
        inputs=(
            TensorInfo(name="x:0", dtype="DT_FLOAT", shape=(-1, 3)),
            TensorInfo(name="words:0", dtype="DT_STRING", shape=(-1,)),
        ),
        outputs=tuple(TensorInfo(name=name, dtype=TYPES[name], shape=None) for name in outputs),
        node_count=9,
    )
    return ModelRun(model=model, graph=graph, allowance=Allowance(share=1e-4))


@pytest.mark.wheel
def test_outputs_of_every_kind_of_type(graph: Path, reference: Reference) -> None:
    item = _item(graph, "y:0", "twice:0", "number:0", "brain:0")
    inputs = model_inputs(item.model, None)
    x, words = inputs
    y, twice, number, brain = expected_outputs(item, reference, inputs).tensors
    assert np.array_equal(y.array, x.array + np.float32(0.5))
    assert twice.array.tolist() == [word * 2 for word in words.array]
    assert number.dtype == "DT_INT64"
    assert number.array.tolist() == (x.array * 4).astype(int).tolist()
    assert brain.dtype == "DT_BFLOAT16"
    assert brain.array.dtype == np.dtype("<u2")
    again = expected_outputs(item, reference, inputs).tensors
    assert np.array_equal(again[0].array, y.array)


@pytest.mark.wheel
def test_reference_kernels_of_tensorflow_lite(reference: Reference) -> None:
    path = SHIPPED / "models" / "digits.tflite"
    model = ModelInfo(
        name="digits",
        path=path,
        sha256="ab",
        inputs=(TensorInfo(name="x", dtype="DT_FLOAT", shape=(1, 64)),),
        outputs=(TensorInfo(name="probabilities", dtype="DT_FLOAT", shape=(1, 10)),),
        node_count=3,
    )
    item = ModelRun(model=model, graph=path, allowance=Allowance(share=1e-4))
    inputs = model_inputs(model, None)
    (fast,) = expected_outputs(item, reference, inputs).tensors
    plain = replace(item, reference_kernels=True)
    assert not is_known(plain, reference, inputs)
    (other,) = expected_outputs(plain, reference, inputs).tensors
    # Sums in another order.
    assert np.allclose(fast.array, other.array, atol=1e-6)
    assert not np.array_equal(fast.array, other.array)


@pytest.mark.wheel
def test_the_parts_of_tensorflow_give_what_the_whole_gives(graph: Path, tmp_path: Path) -> None:
    item = _item(graph, "y:0", "twice:0", "number:0", "brain:0")
    script = (sys.executable, reference_script.__file__)
    found = []
    for name, argv in (("whole", script), ("parts", (*script, "--parts"))):
        program = Program(argv=argv, name=name, log=tmp_path / "log", timeout=HANG)
        done = run_model(
            program,
            model=item.model,
            graph=graph,
            inputs=model_inputs(item.model, None),
            folder=tmp_path / name,
        )
        found.append([(each.name, each.dtype, to_bytes(each)) for each in done.outputs])
    assert found[0] == found[1]


@pytest.mark.wheel
def test_an_original_that_tensorflow_does_not_run(
    graph: Path, reference: Reference, tmp_path: Path
) -> None:
    item = _item(graph, "y:0")
    inputs = model_inputs(item.model, None)
    assert not expected_outputs(item, reference, inputs).rewritten
    original = tmp_path / "original.pb"
    original.write_bytes(b"node { op: 'NotThere' }")
    item = replace(item, model=replace(item.model, original=original, original_sha256="a"))
    for _ in ("computed", "kept"):
        found = expected_outputs(item, reference, inputs)
        assert found.rewritten
        assert np.array_equal(found.tensors[0].array, inputs[0].array + np.float32(0.5))
    item = replace(item, graph=original, model=replace(item.model, original_sha256="b"))
    with pytest.raises(VerificationError, match="TensorFlow itself cannot run this model"):
        expected_outputs(item, reference, inputs)


@pytest.mark.wheel
def test_inputs_that_tensorflow_refuses(graph: Path, reference: Reference) -> None:
    item = _item(graph, "outside:0")
    with pytest.raises(VerificationError) as caught:
        expected_outputs(item, reference, model_inputs(item.model, None))
    assert "TensorFlow itself cannot run this model" in str(caught.value)
    assert "is not in [0, 2)" in str(caught.value)
