"""A model's file is opened to be looked at, also where it is damaged or cannot be frozen."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from buildtool.core.checkpoint_files import find_checkpoint
from buildtool.core.errors import ModelError, Problem
from buildtool.inspect.inspecting import OpenModel
from buildtool.model.formats import Format, detect
from buildtool.model.freezing import sha256
from buildtool.model.graphdef import GraphDef, read_graph
from buildtool.model.loading import LoadedModel, ModelSource, keep, load
from buildtool.model.opening import DAMAGED, whole
from buildtool.model.textformat import TextError, encode
from buildtool.model.wire import LENGTH, WireError, fields

_STATED = "stated in the target"
_SIGNED = "named by the signature"
_UNFROZEN = "shown as it is saved, not frozen: its variables are still variables"
_OP_LIST = "is an op list: there is no graph to look at; it names kernels for the plan alone"
# Where a GraphDef lies in a message that holds one: MetaGraphDef.graph_def, and
# SavedModel.meta_graphs before it (TensorFlow 2.14.1, meta_graph.proto and saved_model.proto).
_META, _SAVED = (2,), (2, 2)


@dataclass(frozen=True, kw_only=True)
class _Opened:
    path: Path
    graph: GraphDef
    named: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    by: str = ""
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def open_model(source: ModelSource, name: str, *, cache: Path, python: str) -> OpenModel:
    """Open a model as well as that can be done.

    Raises:
        ModelError: there is nothing in it that could be looked at.
    """
    source = whole(source)
    found = detect(source.path)
    if isinstance(found, Problem):
        raise ModelError(found)
    if found is Format.OP_LIST:
        what = f"{_OP_LIST}: doit plan reads it"
        raise ModelError(Problem(where=str(source.path), what=what))
    opened = _open(source, found, cache, python)
    return OpenModel(
        name=name,
        file=source.path.name,
        format=found.value,
        sha256=sha256(opened.path),
        bytes=opened.path.stat().st_size,
        path=opened.path,
        graph=opened.graph,
        named=opened.named,
        by=opened.by,
        shapes=source.shapes,
        notes=opened.notes,
        problems=opened.problems,
    )


def _open(source: ModelSource, found: Format, cache: Path, python: str) -> _Opened:
    try:
        loaded = load(source, found, cache=cache, python=python)
        graph = loaded.graph
    except ModelError as failure:
        saved = _as_saved(source.path, found, cache)
        if saved is None:
            raise
        named = (source.inputs, source.outputs)
        stated = dataclasses.replace(saved, named=named, by=_STATED)
        problems = failure.problems if found is Format.SAVED_MODEL or source.outputs else ()
        untold = () if problems else failure.problems
        notes = tuple(f"{each.what}; {each.todo}" for each in untold)
        return dataclasses.replace(stated, problems=tuple(problems), notes=(*saved.notes, *notes))
    except WireError as failure:
        return _damaged(source.path, failure)
    by = _STATED if source.outputs or source.inputs else _SIGNED
    return _Opened(
        path=loaded.path,
        graph=graph,
        named=(loaded.inputs, loaded.outputs),
        by=by,
        notes=(*loaded.notes, *_faults(loaded)),
    )


def _faults(loaded: LoadedModel) -> Iterator[str]:
    return (f"{node}: {fault}" for node, fault in sorted(loaded.faults.items()))


def _damaged(path: Path, failure: WireError) -> _Opened:
    """What can be read of a damaged graph.

    Raises:
        ModelError: nothing can.
    """
    problem = Problem(where=str(path), what=f"is not a whole GraphDef: {failure}", todo=DAMAGED)
    content = path.read_bytes()
    whole = 0
    try:
        for _, kind, value, end in fields(content, (0, len(content))):
            if kind == LENGTH:
                read_graph(content[whole:end])
                whole = end
            else:
                whole = max(whole, value if end else whole)
    except (WireError, IndexError, ValueError):
        pass
    graph = read_graph(content[:whole])
    if not graph.nodes:
        raise ModelError(problem)
    note = f"only the {len(graph.nodes)} nodes before the damage are shown"
    return _Opened(path=path, graph=graph, notes=(note,), problems=(problem,))


def _as_saved(path: Path, found: Format, cache: Path) -> _Opened | None:
    """The graph of a SavedModel or of a checkpoint, with its variables; None where there is none
    that can be read."""
    try:
        if found is Format.SAVED_MODEL:
            content = _saved_bytes(path)
        elif found is Format.CHECKPOINT:
            content = _checkpoint_bytes(path)
        else:
            return None
        graph = read_graph(content) if content else None
    except (WireError, TextError, UnicodeDecodeError):
        return None
    if graph is None or not graph.nodes:
        return None
    return _Opened(path=keep(content, cache / "frozen"), graph=graph, notes=(_UNFROZEN,))


def _saved_bytes(path: Path) -> bytes:
    file = path / "saved_model.pb"
    if not file.is_file():
        return b""
    return _within(file.read_bytes(), _SAVED)


def _checkpoint_bytes(path: Path) -> bytes:
    checkpoint = find_checkpoint(path)
    graph = checkpoint.graph if checkpoint else None
    if graph is None:
        return b""
    if graph.suffix == ".meta":
        return _within(graph.read_bytes(), _META)
    if graph.suffix == ".pbtxt":
        return encode(graph.read_text(encoding="utf-8"), "GraphDef")
    return graph.read_bytes()


def _within(content: bytes, numbers: tuple[int, ...]) -> bytes:
    """The first message that stands in a field of a field."""
    for wanted in numbers:
        spans = (
            (value, end)
            for number, kind, value, end in fields(content, (0, len(content)))
            if number == wanted and kind == LENGTH
        )
        start, stop = next(spans, (0, 0))
        content = content[start:stop]
    return content
