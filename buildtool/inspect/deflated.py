"""How the weights of a model compress: as they are, rounded, and as eight bits."""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from buildtool.inspect.arrays import readable_array
from buildtool.inspect.inspection import Compressed
from buildtool.model.graphdef import Node
from buildtool.model.tensors import Array

_LEVEL = 9
# Weights beyond this many bytes are compressed in samples: deflate takes seconds for 100 MB.
_SAMPLED, _PIECE = 16 << 20, 1 << 18
# What is smaller stays as it is, as with TensorFlow's own quantize_weights.
_LEAST, _STEPS = 1024, 255


class _Piece(NamedTuple):
    """A part of a constant in each of its forms."""

    as_is: bytes
    rounded: bytes
    eight_bit: bytes


def compress(nodes: Iterable[Node]) -> Compressed:
    """What deflate makes of the constants as they are, rounded to 256 steps, and as eight bits."""
    holders = [node for node in nodes if node.op == "Const"]
    lengths = [_lengths(node) for node in holders]
    original = sum(as_is for as_is, _ in lengths)
    every = max(1, math.ceil(original / _SAMPLED))
    sizes: Counter[str] = Counter()
    packers = {name: zlib.compressobj(_LEVEL) for name in _Piece._fields}
    first = 0
    for node, (length, _) in zip(holders, lengths, strict=True):
        count = -(-length // _PIECE)
        chosen = [place for place in range(count) if (first + place + 1) % every == 0]
        first += count
        for piece in _pieces(node, chosen) if chosen else ():
            sizes["sampled"] += len(piece.as_is)
            for name, content in zip(_Piece._fields, piece, strict=True):
                sizes[name] += len(packers[name].compress(content))
    scale = original / sizes["sampled"] if sizes["sampled"] else 0.0
    for name, packer in packers.items():
        sizes[name] = round((sizes[name] + len(packer.flush())) * scale)
    return Compressed(
        original=original,
        sampled=sizes["sampled"],
        as_is=sizes["as_is"],
        rounded=sizes["rounded"],
        eight_bit=sizes["eight_bit"],
        eight_bit_original=sum(eight_bit for _, eight_bit in lengths),
    )


def _lengths(node: Node) -> tuple[int, int]:
    """The bytes of a constant as it is, and as eight bits."""
    array = readable_array(node.attrs.get("value"))
    if array is None:
        return len(_encoded(node)), len(_encoded(node))
    return array.nbytes, array.size if _is_rounded(array) else array.nbytes


def _is_rounded(array: Array) -> bool:
    return array.dtype == np.float32 and array.size >= _LEAST


def _pieces(node: Node, chosen: Iterable[int]) -> Iterator[_Piece]:
    """Parts of a constant, by their places."""
    array = readable_array(node.attrs.get("value"))
    if array is None or not _is_rounded(array):
        content = _encoded(node) if array is None else array.tobytes()
        for place in chosen:
            part = content[place * _PIECE : (place + 1) * _PIECE]
            yield _Piece(part, part, part)
        return
    flat = array.ravel()
    least, step = _spacing(flat)
    length = _PIECE // flat.itemsize
    for place in chosen:
        part_of = flat[place * length : (place + 1) * length]
        steps = _steps(part_of, least, step)
        rounded = (steps.astype(np.float32) * step + least).astype(np.float32)
        yield _Piece(part_of.tobytes(), rounded.tobytes(), steps.tobytes())


def _encoded(node: Node) -> bytes:
    """A constant as it stands in the file."""
    attr = node.attrs.get("value")
    return b"" if attr is None else bytes(attr.buffer[slice(*attr.span)])


def _spacing(flat: Array) -> tuple[np.float32, np.float32]:
    """The least of the numbers that are finite, and the spacing of 256 values up to the largest."""
    finite = flat if np.isfinite(flat).all() else flat[np.isfinite(flat)]
    if not finite.size:
        return np.float32(0), np.float32(0)
    least, most = float(finite.min()), float(finite.max())
    return np.float32(least), np.float32((most - least) / _STEPS)


def _steps(flat: Array, least: np.float32, step: np.float32) -> Array:
    """Which of the values is the closest to each number."""
    if not (step > 0 and np.isfinite(step)):
        return np.zeros(flat.shape, np.uint8)
    places = np.rint((np.nan_to_num(flat).astype(np.float64) - float(least)) / float(step))
    rounded: Array = np.clip(places, 0, _STEPS).astype(np.uint8)
    return rounded
