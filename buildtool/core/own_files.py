"""Files that this tool wrote for itself, and that a killed run, a full disk, another release or
somebody's hand may have spoilt since."""

from __future__ import annotations

import contextlib
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from buildtool.core.errors import BuildError, Problem

T = TypeVar("T")

# What reading something of another shape fails with.
_UNFIT = (
    *(ValueError, LookupError, TypeError, AttributeError, StopIteration, ArithmeticError),
    *(EOFError, RecursionError, zipfile.BadZipFile),
)


def load_kept(read: Callable[[], T]) -> T | None:
    """What ``read`` gives; None where the file is gone or spoilt, and is to be made anew."""
    try:
        return read()
    except (OSError, *_UNFIT):
        return None


def load_kept_json(path: Path, decode: Callable[[Any], T]) -> T | None:
    """The same of a file of JSON, of which ``decode`` makes what it stands for."""
    return load_kept(lambda: decode(json.loads(path.read_text(encoding="utf-8"))))


def stamp_of(path: Path) -> str:
    """The text of a stamp, which is only compared; empty where there is none."""
    return path.read_bytes().decode("utf-8", "replace").strip() if path.is_file() else ""


@contextlib.contextmanager
def readable(path: Path) -> Iterator[None]:
    """What cannot be read of a file that a step left for another is told with its cure.

    Raises:
        BuildError: it is damaged, or was written by another version of this tool.
    """
    try:
        yield
    except _UNFIT:
        what = "is damaged, or was written by another version of this tool"
        todo = "remove it, and run the same again: it is then written anew"
        raise BuildError(Problem(where=str(path), what=what, todo=todo)) from None


def read_own(path: Path) -> dict[str, Any]:
    """The mapping in a file of JSON that a step left for another. Raises as :func:`readable`."""
    with readable(path):
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise TypeError(path)
        return found
