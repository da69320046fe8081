"""A model that no target names yet is looked at: what its target would have to say of it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from buildtool.core.errors import ModelError, Problem
from buildtool.core.values import TensorInfo
from buildtool.inspect import number_texts
from buildtool.inspect.damaged_files import open_model
from buildtool.inspect.inspecting import inspect_model
from buildtool.inspect.inspection import End
from buildtool.model.lite.lite_reading import read_lite_models
from buildtool.model.loading import ModelSource
from buildtool.model.node_tensors import infer_tensors


@dataclass(frozen=True, kw_only=True)
class FirstLook:
    """A model's ``name``, the ``runtime`` that it is for, whether it is one of TensorFlow's own
    graphs, what it is fed with and gives, in words, and what else there is to know."""

    name: str
    runtime: str
    graph: bool
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    notes: tuple[str, ...] = ()


def look_at(path: Path, *, cache: Path) -> FirstLook:
    """What can be found out of the model at ``path``.

    Raises:
        ModelError: it is damaged, or no model.
    """
    if not path.exists():
        todo = "name a frozen graph, a SavedModel folder, a checkpoint or a .tflite file"
        raise ModelError(Problem(where=str(path), what="there is no such file", todo=todo))
    if path.suffix == ".tflite":
        return _lite(path)
    source = ModelSource(path=path)
    name = path.stem or path.name
    model = open_model(source, name, cache=cache, python=sys.executable)
    if model.problems:
        raise ModelError(model.problems)
    tensors = infer_tensors(model.graph, model.shapes, cache=cache, python=sys.executable)
    found = inspect_model(model, tensors)
    if found.problems:
        raise ModelError(found.problems)
    return FirstLook(
        name=name,
        runtime="full",
        graph=True,
        inputs=_words(found.inputs),
        outputs=_words(found.outputs),
        notes=tuple(_one_line(note) for note in model.notes),
    )


def _lite(path: Path) -> FirstLook:
    reading = read_lite_models([ModelSource(path=path)])
    if reading.problems:
        raise ModelError(reading.problems)
    (model,) = reading.opset.models
    return FirstLook(
        name=path.stem,
        runtime="lite-flex" if reading.flex else "lite",
        graph=False,
        inputs=_words(model.inputs),
        outputs=_words(model.outputs),
        notes=tuple(_one_line(note) for note in reading.notes),
    )


def _words(ends: Iterable[End | TensorInfo]) -> tuple[str, ...]:
    """``x: float [?, 64]`` for each."""
    return tuple(
        _one_line(f"{end.name}: {number_texts.dtype(end.dtype)} {number_texts.shape(end.shape)}")
        for end in ends
    )


def _one_line(text: str) -> str:
    """Names in models may hold anything; this becomes a comment."""
    return "".join(each if each.isprintable() else "?" for each in text)
