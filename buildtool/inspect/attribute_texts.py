"""Attributes of nodes as people read them."""

from __future__ import annotations

import math

import numpy as np

from buildtool.core.datatypes import short
from buildtool.inspect.arrays import readable_array
from buildtool.model.attributes import Attr, Function, float_of
from buildtool.model.tensors import shape_of
from buildtool.model.wire import WireError

_LONGEST = 160
_FEW = 8  # numbers of a tensor that are written out


def attribute_text(attr: Attr) -> str:
    """The value of an attribute, shortened where it is long."""
    try:
        text = _text(attr)
    except (WireError, ValueError):
        text = "(damaged)"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _text(attr: Attr) -> str:
    kind = attr.kind()
    if kind == "tensor":
        return _tensor(attr)
    if kind == "float":
        return f"{float_of(attr, 0.0):.7g}"
    found = attr.decode()
    if kind == "list(float)":
        items = found.value if isinstance(found.value, tuple) else ()
        return f"{len(items)} floats"
    if isinstance(found.value, tuple) and kind.startswith("list("):
        return f"[{', '.join(_one(each, kind[5:-1]) for each in found.value)}]"
    return _one(found.value, kind)


def _one(value: object, kind: str) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, Function):
        return f"function {value.name}"
    if kind == "shape":
        sizes = value if isinstance(value, tuple) else None
        return "unknown" if sizes is None else f"[{', '.join(map(_size, sizes))}]"
    if kind == "type":
        return short(str(value))
    return "" if value is None else str(value)


def _size(size: int) -> str:
    return "?" if size < 0 else str(size)


def _tensor(attr: Attr) -> str:
    """Its shape, and its numbers or the range of them."""
    array, sizes = readable_array(attr), shape_of(attr) or ()
    shape = f"[{', '.join(map(str, sizes))}]"
    if array is None:
        return f"{shape}, {math.prod(sizes)} elements"
    if array.size <= _FEW:
        return f"{shape}: {', '.join(f'{each:.6g}' for each in array.ravel())}"
    if not np.issubdtype(array.dtype, np.number):
        return f"{shape}, {array.size} elements"
    return f"{shape}, from {array.min():.6g} to {array.max():.6g}"
