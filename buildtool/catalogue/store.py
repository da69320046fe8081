"""Kernel catalogues on disk: compressed JSON, a column for each field, each value kept once."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from buildtool.catalogue.opdefs import OpDefinitions, Record
from buildtool.core.values import (
    AttrCondition,
    KernelCatalogue,
    OpRegistration,
    Registration,
    TypeConstraint,
)

_KERNEL_FIELDS = (
    *("op", "device", "kernel_class", "source", "line", "label", "constraints", "priority"),
    *("host_memory", "system", "conditions"),
)
_OP_FIELDS = ("op", "source", "line", "system")
_Item = TypeVar("_Item", Registration, OpRegistration)


# The catalogues that were read last, with the content of their files: each target keeps a copy.
_KEPT = 2
_LAST: list[tuple[KernelCatalogue, bytes]] = []


def packed(catalogue: KernelCatalogue) -> bytes:
    """The content of the file that :func:`load` reads."""
    for known, content in _LAST:
        if known is catalogue:
            return content
    return _packed_anew(catalogue)


def _packed_anew(catalogue: KernelCatalogue) -> bytes:
    known = catalogue.definitions
    definitions: Mapping[str, Record] = known.records if isinstance(known, OpDefinitions) else {}
    stored = {
        "tree_digest": catalogue.tree_digest,
        "defines": catalogue.defines,
        "kernels": _packed(catalogue.kernels, _KERNEL_FIELDS),
        "ops": _packed(catalogue.ops, _OP_FIELDS),
        "definitions": definitions,
    }
    text = json.dumps(stored, separators=(",", ":"), default=_pair)
    return gzip.compress(text.encode(), 6, mtime=0)


def save(path: Path, catalogue: KernelCatalogue) -> None:
    """Write ``catalogue`` to ``path``, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".tmp", delete=False) as file:
        file.write(packed(catalogue))
    if path.is_dir():  # nobody but somebody's mistake makes one here
        shutil.rmtree(path)
    os.replace(file.name, path)  # noqa: PTH105


def load(path: Path) -> KernelCatalogue | None:
    """Read a catalogue; None if there is none, or if the file is damaged."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    for known, last in _LAST:
        if last == content:
            return known
    found = _unpacked_whole(content)
    if found is not None:
        _LAST[:] = [(found, content), *_LAST[: _KEPT - 1]]
    return found


def _unpacked_whole(content: bytes) -> KernelCatalogue | None:
    try:
        stored = json.loads(gzip.decompress(content))
        return KernelCatalogue(
            tree_digest=stored["tree_digest"],
            defines=tuple(stored["defines"]),
            kernels=_unpacked(Registration, stored["kernels"]),
            ops=_unpacked(OpRegistration, stored["ops"]),
            definitions=OpDefinitions(stored["definitions"]),
        )
    except (OSError, EOFError, zlib.error, ValueError, LookupError, TypeError, AttributeError):
        return None


def _packed(items: Sequence[_Item], fields: Iterable[str]) -> dict[str, Any]:
    """For each field its distinct values, and for each item the number of its value."""
    columns = {}
    for field in fields:
        numbers: dict[Any, int] = {}
        rows = [numbers.setdefault(getattr(item, field), len(numbers)) for item in items]
        columns[field] = {"values": list(numbers), "rows": rows}
    return columns


def _pair(value: TypeConstraint | AttrCondition) -> list[Any]:
    return [value.attr, value.types if isinstance(value, TypeConstraint) else value.values]


def _unpacked(kind: type[_Item], columns: Mapping[str, Any]) -> tuple[_Item, ...]:
    full = []
    for field, column in columns.items():
        values = [_value(field, value) for value in column["values"]]
        full.append([values[number] for number in column["rows"]])
    names = list(columns)
    return tuple(kind(**dict(zip(names, row))) for row in zip(*full, strict=True))  # noqa: B905  (strict costs 3 ms here)


def _value(field: str, value: Any) -> Any:
    if field == "constraints":
        return tuple(TypeConstraint(attr=attr, types=tuple(types)) for attr, types in value)
    if field == "conditions":
        return tuple(AttrCondition(attr=attr, values=tuple(values)) for attr, values in value)
    return tuple(value) if field == "host_memory" else value
