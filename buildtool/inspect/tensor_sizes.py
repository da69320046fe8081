"""How many bytes an element of each type takes in memory (TensorFlow 2.14.1, ``DataTypeSize`` in
``core/framework/types.cc``)."""

from __future__ import annotations

from buildtool.core.datatypes import base

_SIZES = {
    **dict.fromkeys(("BOOL", "INT8", "UINT8", "QINT8", "QUINT8"), 1),
    **dict.fromkeys(("FLOAT8_E5M2", "FLOAT8_E4M3FN"), 1),
    **dict.fromkeys(("INT16", "UINT16", "QINT16", "QUINT16", "HALF", "BFLOAT16"), 2),
    **dict.fromkeys(("FLOAT", "INT32", "UINT32", "QINT32"), 4),
    **dict.fromkeys(("DOUBLE", "INT64", "UINT64", "COMPLEX64"), 8),
    "COMPLEX128": 16,
}
# Types whose elements have no size of their own: they count as none among activations.
_SIZELESS = frozenset({"STRING", "RESOURCE", "VARIANT"})


def tensor_bytes(dtype: str, elements: int | None) -> int | None:
    """The bytes of a tensor, 0 for texts and handles; None where they are not known."""
    name = base(dtype).removeprefix("DT_")
    if name in _SIZELESS:
        return 0
    size = _SIZES.get(name)
    return None if size is None or elements is None else size * elements
