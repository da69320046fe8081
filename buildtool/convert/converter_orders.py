"""What is to be converted, looked at before TensorFlow is started."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.config import Convert, Model
from buildtool.convert.conversion_request import ConversionRequest
from buildtool.convert.model_kinds import Kind, kind_of
from buildtool.core.errors import ConfigError, ModelError, Problem
from buildtool.core.suggest import did_you_mean
from buildtool.model.formats import Format
from buildtool.model.freezing import sha256 as file_hash
from buildtool.model.graphdef import GraphDef
from buildtool.model.interface import find_ends
from buildtool.model.loading import ModelSource, load
from buildtool.model.pruning import node_of
from buildtool.model.wire import WireError

_AGAIN = "the file is cut off, damaged or no graph: copy it again"


@dataclass(frozen=True, kw_only=True)
class ConversionOrder:
    """A model to convert: ``files`` are all of it, ``kind`` what it is. ``key`` says how;
    ``places`` are those of the model's keys, such as ``outputs``, and, by an empty name, of
    ``key``."""

    request: ConversionRequest
    files: tuple[Path, ...]
    keys: Convert
    key: str
    places: Mapping[str, str]
    kind: str
    tolerance: float

    @property
    def where(self) -> str:
        """Where it is said how."""
        return self.places[""]


def make_order(
    source: ModelSource,
    model: Model,
    keys: Convert,
    *,
    key: str,
    places: Mapping[str, str],
    selects: bool,
    cache: Path,
    python: str,
) -> ConversionOrder:
    """Look at a model. ``key`` and ``places`` are those of :class:`ConversionOrder`; ``selects``:
    what runs it has ops of TensorFlow, too.

    Raises:
        ModelError: it is no model that can be converted.
        ConfigError: its ends are not known, or stated as it has none.
    """
    found = kind_of(source.path)
    if isinstance(found, Problem):
        raise ModelError(found)
    kind, form = found
    path, inputs, outputs = source.path, source.inputs, source.outputs
    problems = [*_unread(source, kind, places)]
    files = tuple(_files(source.path))
    if form is not None:
        path, graph = _graph(source, form, cache, python)
        ends = find_ends(graph)
        inputs = tuple(map(_plain, inputs or ends.inputs))
        outputs = tuple(map(_plain, outputs or ends.outputs))
        problems += _ends_problems(source, graph, {"inputs": inputs, "outputs": outputs}, places)
    if problems:
        raise ConfigError(problems)
    shapes = tuple((_plain(name), tuple(shape)) for name, shape in sorted(source.shapes.items()))
    return ConversionOrder(
        request=ConversionRequest(
            path=str(path),
            kind=kind.name,
            name=source.name,
            sha256=_digest(source.path, files),
            inputs=inputs if form is not None else (),
            outputs=outputs if form is not None else (),
            shapes=shapes,
            signature=source.signature,
            tags=source.tags,
            samples=str(model.samples) if model.samples else "",
            numbers=keys.numbers,
            selects=selects,
        ),
        files=files,
        keys=keys,
        key=key,
        places=places,
        kind=kind.value,
        tolerance=model.tolerance,
    )


def _unread(source: ModelSource, kind: Kind, places: Mapping[str, str]) -> Iterator[Problem]:
    """Keys that say nothing of such a model."""
    unread = {
        "outputs": bool(source.outputs) and kind is not Kind.GRAPH,
        "signature": bool(source.signature) and kind is not Kind.SAVED_MODEL,
        "tags": bool(source.tags) and kind is not Kind.SAVED_MODEL,
    }
    for name, is_unread in unread.items():
        if is_unread:
            what = f"{name}: the model '{source.name}' is a {kind.value}, which has none to choose"
            yield Problem(where=places[name], what=what, todo="leave the key out")


def _graph(source: ModelSource, form: Format, cache: Path, python: str) -> tuple[Path, GraphDef]:
    """A frozen graph as a binary file, and as a value."""
    loaded = load(source, form, cache=cache, python=python)
    try:
        return loaded.path, loaded.graph
    except WireError as failure:
        what = f"is no GraphDef: {failure}"
        raise ModelError(Problem(where=str(source.path), what=what, todo=_AGAIN)) from None


def _ends_problems(
    source: ModelSource,
    graph: GraphDef,
    ends: Mapping[str, Sequence[str]],
    places: Mapping[str, str],
) -> Iterator[Problem]:
    """Inputs and outputs that are not there, or not known."""
    nodes = [node.name for node in graph.nodes]
    what_else = {
        "inputs": "it has no placeholder, and nothing says what is fed",
        "outputs": "nothing says what is fetched",
    }
    for key, names in ends.items():
        if not names:
            what = f"{key}: {source.name}: {what_else[key]}"
            yield Problem(where=places[key], what=what, todo=f"state the model's '{key}'")
        for name in names:
            if node_of(name) not in nodes:
                close = did_you_mean(node_of(name), nodes)
                what = f"{key}: {source.name} has no node {node_of(name)!r}{close}"
                yield Problem(where=places[key], what=what, todo="name a node of the graph")


def _plain(name: str) -> str:
    """As the converter names tensors."""
    return name.removesuffix(":0")


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from sorted(item for item in path.rglob("*") if item.is_file())
    else:
        yield path


def _digest(path: Path, files: Sequence[Path]) -> str:
    """The hash of all that a model is."""
    if not path.is_dir():
        return file_hash(path)
    whole = hashlib.sha256()
    for file in files:
        whole.update(file.relative_to(path).as_posix().encode() + b"\0")
        whole.update(file_hash(file).encode())
    return whole.hexdigest()
