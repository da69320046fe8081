"""From a model's path to the bytes of the frozen GraphDef that the device runs."""

from __future__ import annotations

import mmap
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from buildtool.core.checkpoint_files import find_checkpoint
from buildtool.core.errors import ModelError, Problem, writing
from buildtool.core.scratch import scratch_folder
from buildtool.model.encoding import write_graph
from buildtool.model.formats import Format
from buildtool.model.freezing import FrozenModel, Request, freeze
from buildtool.model.freezing import sha256 as file_hash
from buildtool.model.graph_checks import MOST_BYTES
from buildtool.model.graphdef import GraphDef, read_graph
from buildtool.model.textformat import TextError, encode
from buildtool.model.vocabularies import embed_vocabularies
from buildtool.model.wire import Buffer, WireError


@dataclass(frozen=True, kw_only=True)
class ModelSource:
    """One model as the target states it. ``inputs`` and ``outputs`` are tensor or node names;
    empty ones are found. ``shapes`` and ``dtypes`` complete what the model does not say, by input
    name; ``places`` say where each type was written. ``signature`` and ``tags`` say what of a
    SavedModel is to run; empty ones are found. ``initialise`` are nodes that are to be run once
    before it; ``keep_state``: its variables stay variables. ``has_samples``: what verification
    feeds is given. ``given`` is the user's own file where ``path`` was made of it,
    ``plain`` the same graph with its constants inside where an app maps them into memory."""

    path: Path
    name: str = ""
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    dtypes: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    signature: str = ""
    tags: tuple[str, ...] = ()
    initialise: tuple[str, ...] = ()
    keep_state: bool = False
    has_samples: bool = False
    given: Path | None = None
    plain: Path | None = None

    @property
    def shown(self) -> str:
        """What messages call it."""
        return str(self.given or self.path)


@dataclass(frozen=True, kw_only=True)
class LoadedModel:
    """The binary GraphDef of a model: where it lies, its bytes, and the tensors that its source
    or its SavedModel names; see :class:`~buildtool.core.values.ModelInfo` for the rest. ``faults``
    say, by node, which vocabulary file cannot be put into it; ``embeds`` are those that were."""

    path: Path
    sha256: str
    buffer: Buffer
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    made: bool = False
    initialisers: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    faults: Mapping[str, str] = field(default_factory=dict)
    embeds: tuple[Path, ...] = ()
    known: GraphDef | None = None

    @property
    def graph(self) -> GraphDef:
        """What the bytes say, which is ``known`` where they are whole.

        Raises:
            WireError: they are no GraphDef.
        """
        return read_graph(self.buffer) if self.known is None else self.known


def load(source: ModelSource, found: Format, *, cache: Path, python: str) -> LoadedModel:
    """Load a model of format ``found``; all but binary graphs become a file in ``cache``.

    Raises:
        ModelError: it cannot be read, parsed or frozen.
    """
    buffer: Buffer
    made = FrozenModel(path=source.path, inputs=(), outputs=())
    if found in (Format.SAVED_MODEL, Format.CHECKPOINT):
        made = _frozen(source, found, cache / "frozen", python)
    elif found is Format.TEXT:
        made = FrozenModel(path=_from_text(source.path, cache / "frozen"), inputs=(), outputs=())
    path = made.path
    with path.open("rb") as file:
        # Files that a system makes when they are read have no size.
        size = os.fstat(file.fileno()).st_size
        buffer = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else file.read()
    faults: Mapping[str, str] = {}
    embeds: tuple[Path, ...] = ()
    graph = _read(buffer)
    if graph is not None:
        embedded, faults, embeds = embed_vocabularies(graph, source.path.parent)
        if embedded is not graph:
            content = write_graph(embedded)
            path, buffer, graph = keep(content, cache / "frozen"), content, read_graph(content)
    return LoadedModel(
        path=path,
        sha256=file_hash(path),
        buffer=buffer,
        inputs=source.inputs or made.inputs,
        outputs=source.outputs or made.outputs,
        made=source.given is not None or path != source.path,
        initialisers=source.initialise or made.initialisers,
        notes=made.notes,
        faults=faults,
        embeds=embeds,
        known=graph,
    )


def _read(buffer: Buffer) -> GraphDef | None:
    """The graph; None of what is none, or too large: that is told of it later."""
    if len(buffer) > MOST_BYTES:
        return None
    try:
        return read_graph(buffer)
    except WireError:
        return None


def _frozen(source: ModelSource, found: Format, cache: Path, python: str) -> FrozenModel:
    """Freeze a SavedModel or a checkpoint."""
    if found is Format.SAVED_MODEL:
        request = Request(
            path=str(source.path),
            signature=source.signature,
            tags=source.tags,
            keep_state=source.keep_state,
        )
        files = [item for item in source.path.rglob("*") if item.is_file()]
        return freeze(request, files, cache=cache, python=python)
    checkpoint = find_checkpoint(source.path)
    if checkpoint is None or checkpoint.graph is None or not source.outputs:
        what = "a checkpoint's graph holds all that trained it, and nothing says what is to run"
        todo = "state the model's 'outputs', and 'inputs' where they are not its placeholders"
        raise ModelError(Problem(where=str(source.path), what=what, todo=todo))
    request = Request(
        path=str(checkpoint.prefix),
        keep_state=source.keep_state,
        outputs=source.outputs,
        graph=str(checkpoint.graph),
    )
    return freeze(request, checkpoint.files, cache=cache, python=python)


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        ModelError: it is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as failure:
        what = f"is not UTF-8 at byte {failure.start}"
        raise ModelError(Problem(where=str(path), what=what, todo="save it as UTF-8")) from None


def _from_text(path: Path, cache: Path) -> Path:
    """Write the binary form of a text GraphDef into ``cache``, named by its content."""
    try:
        content = encode(read_text(path), "GraphDef")
    except TextError as failure:
        where, todo = (
            f"{path}:{failure.line}",
            "the file is damaged or not a GraphDef: write it again",
        )
        raise ModelError(Problem(where=where, what=str(failure), todo=todo)) from None
    return keep(content, cache)


def keep(content: bytes, cache: Path) -> Path:
    """Put a binary GraphDef into ``cache``, named by its content; whole or not at all."""
    target = cache / f"{sha256(content).hexdigest()[:32]}.pb"
    if not (target.is_file() and target.read_bytes() == content):
        with scratch_folder(cache, "writing") as scratch:
            part = scratch / target.name
            with writing(target):
                part.write_bytes(content)
            part.replace(target)
    return target


def keep_file(file: Path, folder: Path, sha256: str) -> Path:
    """Put a file with a binary GraphDef into ``folder``, named by its content; it moves."""
    target = folder / f"{sha256[:32]}.pb"
    if not (target.is_file() and file_hash(target) == sha256):
        folder.mkdir(parents=True, exist_ok=True)
        file.replace(target)
    return target
