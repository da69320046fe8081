"""From a model's path to the bytes of the frozen GraphDef that the device runs."""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from buildtool.core.errors import ModelError, Problem
from buildtool.model import savedmodel
from buildtool.model.formats import Format
from buildtool.model.textformat import TextError, encode
from buildtool.model.wire import Buffer


@dataclass(frozen=True, kw_only=True)
class ModelSource:
    """One model as the target states it. ``inputs`` and ``outputs`` are tensor or node names;
    empty ones are found. ``shapes`` and ``dtypes`` complete what the model does not say, by input
    name; ``places`` say where each type was written.
    ``signature`` is the one of a SavedModel that is to run."""

    path: Path
    name: str = ""
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    dtypes: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    signature: str = "serving_default"


@dataclass(frozen=True, kw_only=True)
class LoadedModel:
    """The binary GraphDef of a model: where it lies, its bytes, and the tensors that its source
    or its SavedModel names."""

    path: Path
    sha256: str
    buffer: Buffer
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def load(source: ModelSource, found: Format, *, cache: Path, python: str) -> LoadedModel:
    """Load a model of format ``found``; text and SavedModels become a file in ``cache``.

    Raises:
        ModelError: it cannot be read, parsed or frozen.
    """
    path, inputs, outputs = source.path, source.inputs, source.outputs
    if found is Format.SAVED_MODEL:
        frozen = savedmodel.freeze(
            path, signature=source.signature, cache=cache / "frozen", python=python
        )
        path = frozen.path
        inputs, outputs = inputs or frozen.inputs, outputs or frozen.outputs
    elif found is Format.TEXT:
        path = _from_text(path, cache / "frozen")
    with path.open("rb") as file:
        buffer = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    digest = savedmodel.sha256(path)
    return LoadedModel(path=path, sha256=digest, buffer=buffer, inputs=inputs, outputs=outputs)


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
    if not target.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix="writing-") as scratch:
            part = Path(scratch, target.name)
            part.write_bytes(content)
            part.replace(target)
    return target
