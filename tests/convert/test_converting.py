"""Models that TensorFlow's own converter makes, and what it refuses."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from buildtool.config import Convert, Model
from buildtool.convert.conversion_request import KEYS
from buildtool.convert.converter_orders import make_order
from buildtool.convert.model_conversion import Converted, Converter
from buildtool.core.errors import ModelError
from buildtool.core.paths import PACKAGE
from buildtool.core.run import Command, run
from buildtool.model import ModelSource
from buildtool.model.freezing import environment
from buildtool.model.lite.tflite_file import read_model
from tests.conftest import Project

pytestmark = pytest.mark.wheel
TARGET = "schema_version: 1\nextends: linux-lite\nconvert: float\nmodels:\n"


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """See ``make_originals.py``; and samples, good ones and others."""
    folder = tmp_path_factory.mktemp("originals")
    argv = (sys.executable, "-m", "tests.convert.make_originals", str(folder))
    run(Command(argv=argv, cwd=PACKAGE.parent, env=environment()), what="making models")
    images = np.random.default_rng(1).random((4, 1, 28, 28, 1), dtype=np.float32)
    np.savez(folder / "images.npz", input_1=images)
    np.savez(folder / "other.npz", input_1=images[0, :, :5], more=images)
    np.savez(folder / "infinite.npz", input_1=np.full_like(images, np.inf))
    return folder


@pytest.fixture
def project(tmp_path: Path, originals: Path, make_project: Callable[..., Project]) -> Project:
    made = make_project(tmp_path / "project", cache=tmp_path / "cache")
    (made.root / "originals").symlink_to(originals)
    return made


def converted(
    folder: Path, cache: Path, *, selects: bool, python: str = sys.executable
) -> Converted:
    order = make_order(
        ModelSource(path=folder / "inverse", name="inverse"),
        Model(path=folder / "inverse"),
        Convert(),
        key="convert",
        places={key: f"pc.yaml:{len(key)}" for key in KEYS},
        selects=selects,
        cache=cache,
        python=sys.executable,
    )
    return Converter(python=python, version="2", cache=cache, log=cache / "log").convert(order)


def test_ops_of_tensorflow_are_the_same_bytes_wherever_they_are_made(
    originals: Path, tmp_path: Path
) -> None:
    one = converted(originals, tmp_path / "one", selects=True)
    two = converted(originals, tmp_path / "further" / "two", selects=True)
    assert one.model.path.read_bytes() == two.model.path.read_bytes()
    assert one.report.select == ("FlexCumprod", "FlexMatrixInverse")
    assert one.report.ops == (("ADD", 1), ("FlexCumprod", 1), ("FlexMatrixInverse", 1))
    assert one.problems == ()
    assert max(each.largest for each in one.report.differences) < 1e-6
    # What was made is kept: no TensorFlow is asked again.
    assert converted(originals, tmp_path / "one", selects=True, python="/none") == one


def test_ops_that_tensorflow_lite_lacks_are_refused(originals: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        converted(originals, tmp_path, selects=False)
    (problem,) = caught.value.problems
    assert problem.where == "pc.yaml:0"
    assert problem.what.endswith("that TensorFlow Lite lacks: Cumprod, MatrixInverse")
    assert "runtime: lite-flex" in problem.todo
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


def test_two_forms_of_a_keras_model(project: Project) -> None:
    project.target(
        "trial",
        TARGET
        + "  - {path: originals/cnn.h5, name: floats}\n"
        + "  - {path: originals/cnn.h5, name: bytes, samples: originals/images.npz,\n"
        + "     convert: {numbers: int8, same_top: 0.1, largest_difference: 0.2}}\n",
    )
    said = project.doit("convert:trial").out
    assert "floats: Keras model -> float" in said
    folder = project.root / "build" / "trial"
    floats, small = json.loads((folder / "convert.json").read_text())["models"]
    assert floats["differences"][0]["largest"] < 1e-6
    assert 0 < small["differences"][0]["largest"] < 0.2
    assert (small["runs"], small["limits"][0]) == (4, "largest difference 0.2")
    assert small["before"] == (project.root / "originals" / "cnn.h5").stat().st_size
    rows = json.loads((folder / "converted.json").read_text())
    models = [read_model(Path(row["path"]).read_bytes()) for row in rows]
    assert rows[1]["inputs"] == ["input_1"]
    ops = [Counter(operator.op for operator in model.operators) for model in models]
    assert ops[1] - ops[0] == {"QUANTIZE": 1, "DEQUANTIZE": 1}
    assert models[1].inputs[0].dtype == "DT_FLOAT"
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert "TensorFlow 2" not in project.doit("convert:trial").out
    assert before == {path: path.stat().st_mtime_ns for path in folder.iterdir()}


def test_all_that_is_wrong_is_told_at_its_line(project: Project) -> None:
    project.target(
        "trial",
        TARGET
        + "  - {path: originals/steps, name: steps}\n"
        + "  - path: originals/cnn.h5\n"
        + "    name: cnn\n"
        + "    convert: int8\n"
        + "    samples: originals/other.npz\n"
        + "  - path: originals/inverse\n"
        + "    signature: train\n"
        + "  - path: originals/cnn.h5\n"
        + "    name: endless\n"
        + "    convert: int8\n"
        + "    samples: originals/infinite.npz\n",
    )
    told = project.doit("convert:trial", code=3).err
    assert "trial.yaml:3: steps: lists of tensors (TensorListReserve) have elements" in told
    assert "'{name: input_1, shape: [1, 5, 3]}'" in told.replace("input_3", "input_1")
    assert "trial.yaml:9: " in told
    assert "more: the model cnn has no such input" in told
    assert "input_1: the array's shape is (1, 5, 28, 1), the model wants (1, 28, 28, 1)" in told
    assert "trial.yaml:15: endless: a number in it is infinite or none" in told
    assert "trial.yaml:11: inverse: the SavedModel has no signature 'train'" in told
    assert not (project.root / "build" / "trial" / "converted.json").exists()
