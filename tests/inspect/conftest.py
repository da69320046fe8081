"""Models written as text are model at; TensorFlow is asked only where a test says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.inspect.damaged_files import open_model
from buildtool.inspect.inspecting import inspect_model
from buildtool.inspect.inspection import Inspection
from buildtool.model import ModelSource
from buildtool.model.node_tensors import infer_tensors
from buildtool.model.textformat import encode

Look = Callable[..., Inspection]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a GraphDef given as text, in binary form, and gives its path."""

    def made(text: str, name: str = "model.pb") -> Path:
        path = tmp_path / name
        path.write_bytes(encode(text, "GraphDef"))
        return path

    return made


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """Looks at the model at a path, described by keyword arguments."""

    def looking(path: Path, *, python: str = "", **stated: object) -> Inspection:
        source = ModelSource(path=path, **stated)  # type: ignore[arg-type]
        cache = tmp_path / "cache"
        model = open_model(source, path.stem, cache=cache, python=python)
        tensors = infer_tensors(model.path, model.graph, model.shapes, cache=cache, python=python)
        return inspect_model(model, tensors)

    return looking
