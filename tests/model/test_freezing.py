"""SavedModels and checkpoints by TensorFlow itself: what is kept of them, and what they compute."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from buildtool.core.checkpoint_files import find_checkpoint
from buildtool.core.run import Command, run

SCRIPT = Path(__file__).with_name("freeze_models.py")
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("models")
    env = {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": ""}
    done = run(Command(argv=(sys.executable, str(SCRIPT), str(folder)), env=env), what="freezing")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


@pytest.mark.wheel
def test_tables_keep_what_filled_them(found: dict[str, Any]) -> None:
    tables = found["tables"]
    assert tables["initialisers"] == ["initialise"]
    assert tables["inputs"] == ["words:0"]
    assert tables["runs"][0] == [[0, 2, 3, 3], [-1, -1, 7, -1]]
    assert not tables["has_path"]
    session = found["session"]
    assert session["initialisers"] == ["initialise"]
    assert session["runs"][0] == [[0.0, 4.0, -2.0, -2.0]]


@pytest.mark.wheel
def test_a_variable_that_changes_is_named_or_kept(found: dict[str, Any]) -> None:
    assert found["changed"]["problem"].startswith("each run changes variable 'total' in node ")
    assert "(AssignAddVariableOp)" in found["changed"]["problem"]
    assert "'state' to 'keep'" in found["changed"]["todo"]
    assert found["kept"]["runs"] == [[8.0], [14.0]]


@pytest.mark.wheel
def test_what_to_run_of_a_saved_model(found: dict[str, Any]) -> None:
    several = found["several"]
    assert several["problem"].endswith("no signature 'serving_default'; it has count, look")
    assert "signature: count" in several["todo"]
    assert "has no signatures" in found["none"]["problem"]
    assert "tf.saved_model.save(model, folder, signatures=" in found["none"]["todo"]
    assert found["tags"]["todo"] == "set 'tags' to those of one of them: train; gpu,serve"


@pytest.mark.wheel
def test_checkpoints_with_their_graph(found: dict[str, Any]) -> None:
    for case in ("meta", "text"):
        assert found[case]["runs"][0] == [[0.0, 4.0, -2.0, -2.0]], case
        assert found[case]["initialisers"] == ["initialise"]
    assert found["no output"]["problem"] == "the output 'outt' is no node of model.ckpt-9.meta"


def test_the_files_of_a_checkpoint(tmp_path: Path) -> None:
    names = ("m.ckpt-9.index", "m.ckpt-9.data-00000-of-00001", "m.ckpt-9.meta", "m.ckpt-10.index")
    for name in names:
        (tmp_path / name).touch()
    for name in ("m.ckpt-9", *names[:3]):
        checkpoint = find_checkpoint(tmp_path / name)
        assert checkpoint is not None
        assert checkpoint.prefix == tmp_path / "m.ckpt-9"
        assert {path.name for path in checkpoint.files} == set(names[:3])
    assert find_checkpoint(tmp_path / "m.ckpt-10") is None
    assert find_checkpoint(tmp_path / "m.pb") is None
    (tmp_path / "m.ckpt-9.meta").unlink()
    (tmp_path / "graph.pbtxt").touch()
    checkpoint = find_checkpoint(tmp_path / "m.ckpt-9")
    assert checkpoint is not None
    assert checkpoint.graph == tmp_path / "graph.pbtxt"
