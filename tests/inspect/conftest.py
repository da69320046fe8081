"""Models written as text are looked at; TensorFlow is asked only where a test says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.inspect.damaged_files import open_model
from buildtool.inspect.inspecting import inspect_model
from buildtool.inspect.inspection import Inspection
from buildtool.inspect.scopes import scope_tree
from buildtool.inspect.views import write_views
from buildtool.model import ModelSource
from buildtool.model.graphdef import read_graph
from buildtool.model.node_tensors import infer_tensors
from buildtool.model.textformat import encode

Look = Callable[..., Inspection]
Views = Callable[..., dict[str, str]]


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
        tensors = infer_tensors(model.graph, model.shapes, cache=cache, python=python)
        return inspect_model(model, tensors)

    return looking


@pytest.fixture
def views(tmp_path: Path, look: Look) -> Views:
    """All that is written of the model at a path, by the ends of the files' names."""

    def made(path: Path, *, python: str = "") -> dict[str, str]:
        graph = read_graph(path.read_bytes())
        tensors = infer_tensors(graph, {}, cache=tmp_path / "cache", python=python)
        found, folder = look(path, python=python), tmp_path / "views"
        write_views(folder, "model", found, scope_tree(graph, tensors), target="pi")
        return {each.suffix: each.read_text(encoding="utf-8") for each in folder.iterdir()}

    return made
