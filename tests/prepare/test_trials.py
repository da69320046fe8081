"""Graphs that are run in TensorFlow to compare them: what is kept, and what is not."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest

from buildtool.core.errors import ToolError
from buildtool.prepare.trials import Laboratory, Trial
from buildtool.verify.tensor_files import Tensor

pytestmark = pytest.mark.wheel
MODEL = Path(__file__).parents[2] / "models" / "digits.pb"
GRAPH = Trial(path=MODEL, sha256=hashlib.sha256(MODEL.read_bytes()).hexdigest())
ROWS = 200
RUN = (Tensor(name="x:0", dtype="DT_FLOAT", array=np.ones((ROWS, 64), np.float32)),)


def test_a_full_disk_is_no_answer_of_tensorflow(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nulimit -f 8\nexec "{sys.executable}" "$@"\n')  # 4 KiB a file
    python.chmod(0o755)

    def runs(interpreter: str) -> int:
        found = Laboratory(
            python=interpreter, version="2", cache=tmp_path / "cache", log=tmp_path / "log"
        ).run([GRAPH], [RUN], ["probabilities:0"], ())
        assert found[0].failure == ""
        return sum(len(outputs[0].array) for outputs in found[0].runs)

    with pytest.raises(ToolError, match="File too large"):
        runs(str(python))
    assert not list((tmp_path / "cache").iterdir())
    assert runs(sys.executable) == ROWS
    # That was kept.
    assert runs(str(python)) == ROWS
