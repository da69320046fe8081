"""Tensors as files, and inputs made from a seed.

File format, shared with ``runner/runner.cc``: elements row by row, little-endian; a string is
its length in bytes (unsigned, 32 bits) and then its bytes.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from buildtool.core.values import ModelInfo, TensorInfo

Array = npt.NDArray[Any]

# numpy has no bfloat16: it travels as the upper half of a float32.
NUMPY_TYPES = {
    "DT_BFLOAT16": "<u2",
    "DT_BOOL": "?",
    "DT_COMPLEX128": "<c16",
    "DT_COMPLEX64": "<c8",
    "DT_DOUBLE": "<f8",
    "DT_FLOAT": "<f4",
    "DT_HALF": "<f2",
    "DT_INT16": "<i2",
    "DT_INT32": "<i4",
    "DT_INT64": "<i8",
    "DT_INT8": "i1",
    "DT_QINT16": "<i2",
    "DT_QINT32": "<i4",
    "DT_QINT8": "i1",
    "DT_QUINT16": "<u2",
    "DT_QUINT8": "u1",
    "DT_STRING": "O",
    "DT_UINT16": "<u2",
    "DT_UINT32": "<u4",
    "DT_UINT64": "<u8",
    "DT_UINT8": "u1",
}

IMAGE_SIDE = 224
OTHER_UNKNOWN = 16
LARGEST_INTEGER = 3
BYTES = {"DT_UINT8": (0, 255), "DT_QUINT8": (0, 255), "DT_INT8": (-128, 127)}


@dataclass(frozen=True, kw_only=True)
class Tensor:
    """A named value. ``dtype`` is a DataType name; strings are an object array of bytes."""

    name: str
    dtype: str
    array: Array


def to_bytes(tensor: Tensor) -> bytes:
    """The content of the tensor's file."""
    if tensor.dtype == "DT_STRING":
        return b"".join(struct.pack("<I", len(item)) + item for item in tensor.array.ravel())
    return np.ascontiguousarray(tensor.array, dtype=NUMPY_TYPES[tensor.dtype]).tobytes()


def from_bytes(data: bytes, *, name: str, dtype: str, shape: Sequence[int]) -> Tensor:
    """The tensor that a file holds.

    Raises:
        ValueError: the file has another length, or the type no bytes.
    """
    if dtype not in NUMPY_TYPES:
        raise ValueError(f"{dtype} cannot be read")
    if dtype != "DT_STRING":
        array = np.frombuffer(data, dtype=NUMPY_TYPES[dtype]).reshape(shape)
        return Tensor(name=name, dtype=dtype, array=array)
    items = _split_strings(data)
    strings: Array = np.empty(len(items), dtype=object)
    strings[:] = items
    return Tensor(name=name, dtype=dtype, array=strings.reshape(shape))


def read_tensor(path: Path, *, name: str, dtype: str, shape: Sequence[int]) -> Tensor:
    """Like :func:`from_bytes`, of a file."""
    return from_bytes(path.read_bytes(), name=name, dtype=dtype, shape=shape)


def seeded_input(model: ModelInfo, info: TensorInfo) -> Tensor:
    """An input that is the same on every machine: numpy's PCG64, seeded with the SHA-256 of the
    model's SHA-256, a line end and the tensor's name.

    Floats are in [0, 1), bytes (``DT_UINT8``, ``DT_QUINT8``, ``DT_INT8``) of all values, other
    integers from 0 to 3 so that they can index a small table, strings words of ASCII letters. An
    unknown rank is a scalar; of unknown dimensions the first is 1, those of an image (rank 4) 224,
    others 16.
    """
    seed = hashlib.sha256(f"{model.sha256}\n{info.name}".encode()).digest()
    random = np.random.Generator(np.random.PCG64(int.from_bytes(seed, "big")))
    array = _random_array(random, info.dtype, concrete_shape(info.shape))
    return Tensor(name=info.name, dtype=info.dtype, array=array)


def concrete_shape(shape: tuple[int, ...] | None) -> tuple[int, ...]:
    """A shape without unknown dimensions, by the rule of :func:`seeded_input`."""
    if shape is None:
        return ()
    other = IMAGE_SIDE if len(shape) == 4 else OTHER_UNKNOWN
    return tuple(
        size if size >= 0 else (1 if place == 0 else other) for place, size in enumerate(shape)
    )


def as_numbers(tensor: Tensor) -> Array:
    """The elements as numbers that numpy can subtract."""
    if tensor.dtype == "DT_BFLOAT16":
        bits: Array = tensor.array.astype("<u4") << np.uint32(16)
        return bits.view("<f4")
    return tensor.array


def _random_array(random: np.random.Generator, dtype: str, shape: tuple[int, ...]) -> Array:
    kind = np.dtype(NUMPY_TYPES[dtype])
    if dtype == "DT_STRING":
        words = np.empty(shape, dtype=object)
        for place in np.ndindex(*shape):
            letters = random.integers(ord("a"), ord("z") + 1, size=8, dtype=np.uint8)
            words[place] = letters.tobytes()
        return words
    if dtype == "DT_BFLOAT16":
        numbers = np.asarray(random.random(shape, dtype=np.float32))
        bits: Array = numbers.view("<u4") >> np.uint32(16)
        return bits.astype("<u2")
    if kind.kind in "fc":
        return np.asarray(random.random(shape)).astype(kind)
    if kind.kind == "b":
        return np.asarray(random.integers(0, 2, size=shape)).astype(kind)
    least, top = BYTES.get(dtype, (0, LARGEST_INTEGER))
    return np.asarray(random.integers(least, top, size=shape, endpoint=True)).astype(kind)


def _split_strings(data: bytes) -> list[bytes]:
    items = []
    place = 0
    while place < len(data):
        (length,) = struct.unpack_from("<I", data, place)
        place += 4 + length
        if place > len(data):
            raise ValueError("the file of strings ends too early")
        items.append(data[place - length : place])
    return items
