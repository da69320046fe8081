"""The step ``inspect``: what is in the target's models is shown. Nothing is fetched or compiled."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Collection, Sequence

from buildtool.catalogue.opdefs import OPS_PBTXT, read_definitions
from buildtool.core.errors import BuildToolError, ModelError, Problem
from buildtool.inspect.damaged_files import open_model
from buildtool.inspect.inspecting import inspect_model
from buildtool.inspect.lite_graph import lite_tree
from buildtool.inspect.lite_inspection import inspect_lite
from buildtool.inspect.lite_views import lite_summary, write_lite_views
from buildtool.inspect.scopes import scope_tree
from buildtool.inspect.views import file_names, summary, write_views
from buildtool.model.lite.lite_reading import is_lite_file, read_lite_models
from buildtool.model.lite.subgraphs import read_contents
from buildtool.model.loading import ModelSource
from buildtool.model.node_tensors import infer_tensors
from buildtool.workflow.model_sources import model_sources
from buildtool.workflow.workspace import Workspace


def run(work: Workspace) -> str:
    """Look at each model, show it, and write all that was found into the folder ``inspect``.

    Raises:
        ModelError: a model is damaged, or none; what can be shown of the models is.
    """
    sources = model_sources(work.target)
    names = [source.name or source.path.stem or source.path.name for source in sources]
    known = _known_ops(work)
    problems: list[Problem] = []
    for source, name, file in zip(sources, names, file_names(names), strict=True):
        problems += _problems(work, source, (name, file), known)
    if problems:
        raise ModelError(problems)
    count = f"{len(sources)} model{'s' * (len(sources) != 1)}"
    return f"{count}; all of it is in {work.layout.inspect}, as .txt, .json, .html and .dot"


def _problems(
    work: Workspace, source: ModelSource, names: tuple[str, str], known: Collection[str]
) -> Sequence[Problem]:
    """Show a model; what is wrong with it."""
    try:
        return _show(work, source, names, known)
    except ModelError as failure:
        return failure.problems


def _show(
    work: Workspace, source: ModelSource, names: tuple[str, str], known: Collection[str]
) -> tuple[Problem, ...]:
    name, file = names
    if is_lite_file(source.path):
        return _show_lite(work, source, name, file)
    cache = work.cache.root
    model = open_model(source, name, cache=cache, python=sys.executable)
    model = dataclasses.replace(model, known_ops=known)
    tensors = infer_tensors(model.graph, model.shapes, cache=cache, python=sys.executable)
    found = inspect_model(model, tensors)
    tree = scope_tree(model.graph, tensors)
    write_views(work.layout.inspect, file, found, tree, target=work.target.id)
    work.say("\n" + summary(found, work.target.id))
    return found.problems


def _show_lite(work: Workspace, source: ModelSource, name: str, file: str) -> tuple[Problem, ...]:
    """The same of a ``.tflite`` model."""
    reading = read_lite_models([source])
    if reading.problems:
        return reading.problems
    data = source.path.read_bytes()
    contents = read_contents(data)
    found = inspect_lite(name, str(source.path), data, contents)
    tree = lite_tree(contents)
    write_lite_views(work.layout.inspect, file, found, tree, target=work.target.id)
    work.say("\n" + lite_summary(found, work.target.id))
    return ()


def _known_ops(work: Workspace) -> Collection[str]:
    """The ops that the target's tree defines; none where that is not on this machine yet, or its
    list cannot be read: whoever only looks need not fetch a tree."""
    tree = work.tree_here
    if tree is None or not (tree / OPS_PBTXT).is_file():
        return ()
    try:
        return read_definitions(tree).keys()
    except BuildToolError:
        return ()
