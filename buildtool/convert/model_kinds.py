"""What of a model's file the converter can take."""

from __future__ import annotations

import enum
import zipfile
from pathlib import Path

from buildtool.core.errors import Problem
from buildtool.model.formats import Format, detect

_HDF5, _ZIP, _LITE = b"\x89HDF\r\n\x1a\n", b"PK\x03\x04", b"TFL3"
_CONFIG = "config.json"  # of a Keras model that is a zip archive
_GIVE = "give a SavedModel folder, a Keras file (.keras, .h5) or a frozen graph (.pb)"
_GRAPHS = (Format.BINARY, Format.TEXT)


class Kind(enum.Enum):
    """The models that can be converted, in words."""

    SAVED_MODEL = "SavedModel"
    KERAS = "Keras model"
    GRAPH = "frozen graph"


def kind_of(path: Path) -> tuple[Kind, Format | None] | Problem:
    """What a model is, with its format if it is a graph; or why it cannot be converted."""
    head = b"" if path.is_dir() else _head(path)
    if isinstance(head, Problem):
        return head
    if head == _HDF5 or (head.startswith(_ZIP) and _is_keras(path)):
        return Kind.KERAS, None
    found = detect(path)
    if isinstance(found, Problem):
        return found
    if found is Format.SAVED_MODEL:
        return Kind.SAVED_MODEL, None
    return (Kind.GRAPH, found) if found in _GRAPHS else _untaken(path, found)


def _untaken(path: Path, found: Format) -> Problem:
    what = f"is a {found.value}, which TensorFlow's converter does not take"
    return Problem(where=str(path), what=what, todo=_GIVE)


def _head(path: Path) -> bytes | Problem:
    """How a file begins; or why it is none to convert."""
    try:
        with path.open("rb") as file:
            head = file.read(len(_HDF5))
    except OSError as failure:
        todo = "look at the path and its permissions"
        return Problem(where=str(path), what=f"cannot be read: {failure.strerror}", todo=todo)
    if head[4:] == _LITE:
        what = "is a TensorFlow Lite model already, which is not converted"
        todo = "leave 'convert' out for it, and call it .tflite; or give what it was made of"
        return Problem(where=str(path), what=what, todo=todo)
    return head


def _is_keras(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return _CONFIG in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return path.suffix == ".keras"
