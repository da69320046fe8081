"""Constants as arrays, but for those that a damaged or hostile file only pretends to hold."""

from __future__ import annotations

import math

from buildtool.model.attributes import Attr
from buildtool.model.tensors import Array, array_of, shape_of

# A tensor whose numbers are alike may be written as one of them; this many are still unfolded.
_MOST_UNFOLDED = 1 << 24


def readable_array(attr: Attr | None) -> Array | None:
    """The array that a ``tensor`` attribute holds; None if it is of no numeric type, does not fill
    its shape, or would be far larger than it is in the file."""
    sizes = shape_of(attr)
    if attr is None or sizes is None or any(size < 0 for size in sizes):
        return None
    start, end = attr.span
    count = math.prod(sizes)
    if count > max(end - start, _MOST_UNFOLDED):
        return None
    try:
        array = array_of(attr)
    except (ValueError, OverflowError):
        return None
    return array if array is not None and array.size == count else None
