"""Graphs of any size, as frozen GraphDefs: what the benchmarks of the tool itself are fed."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

from buildtool.model.wire import write_field

FLOAT = 1  # DT_FLOAT
# TensorFlow's graph version of 2.14.
_VERSIONS = write_field(4, write_field(1, 1482))
# The floats of one constant of the large model, in bytes.
_PIECE = 8 << 20


def _attr(name: str, value: bytes) -> bytes:
    return write_field(5, write_field(1, name.encode()) + write_field(2, value))


_T = _attr("T", write_field(6, FLOAT))
_DTYPE = _attr("dtype", write_field(6, FLOAT))


def _node(name: str, op: str, inputs: Iterable[str] = (), attrs: bytes = _T) -> bytes:
    taken = b"".join(write_field(3, each.encode()) for each in inputs)
    return write_field(
        1, write_field(1, name.encode()) + write_field(2, op.encode()) + taken + attrs
    )


def _shape(sizes: Sequence[int]) -> bytes:
    return b"".join(write_field(2, write_field(1, size)) for size in sizes)


def _constant(name: str, sizes: Sequence[int], content: bytes) -> bytes:
    tensor = write_field(1, FLOAT) + write_field(2, _shape(sizes)) + write_field(4, content)
    return _node(name, "Const", (), _DTYPE + _attr("value", write_field(8, tensor)))


def _input(*sizes: int) -> bytes:
    return _node("x", "Placeholder", (), _DTYPE + _attr("shape", write_field(7, _shape(sizes))))


def write_layers(path: Path, seed: int, *, layers: int = 4, width: int = 16) -> None:
    """A small model: ``layers`` of MatMul and Relu, with weights of that seed."""
    draw = random.Random(seed)  # noqa: S311 - weights
    parts, last = [_input(1, width)], "x"
    for place in range(layers):
        values = (draw.uniform(-0.3, 0.3) for _ in range(width * width))
        parts += [
            _constant(f"w{place}", (width, width), struct.pack(f"<{width * width}f", *values)),
            _node(f"m{place}", "MatMul", (last, f"w{place}")),
            _node(f"r{place}", "Relu", (f"m{place}",)),
        ]
        last = f"r{place}"
    path.write_bytes(b"".join((*parts, _node("y", "Softmax", (last,)), _VERSIONS)))


def write_chain(path: Path, nodes: int) -> None:
    """So many nodes, one behind the other: Identity, Relu, and AddV2 with a constant."""
    with path.open("wb") as file:
        file.write(_input(1, 4))
        last = "x"
        for place in range(0, nodes, 4):
            file.write(_node(f"identity{place}", "Identity", (last,)))
            file.write(_node(f"relu{place}", "Relu", (f"identity{place}",)))
            file.write(_constant(f"one{place}", (4,), struct.pack("<4f", *[1.0] * 4)))
            file.write(_node(f"add{place}", "AddV2", (f"relu{place}", f"one{place}")))
            last = f"add{place}"
        file.write(_node("y", "Identity", (last,)) + _VERSIONS)


def write_wide(path: Path, nodes: int, *, each: int = 1000) -> None:
    """So many nodes side by side, which all take the input, summed in groups of ``each``."""
    sums = []
    with path.open("wb") as file:
        file.write(_input(1, 4))
        for group in range(nodes // (each + 1)):
            names = [f"relu{group}_{place}" for place in range(each)]
            for name in names:
                file.write(_node(name, "Relu", ("x",)))
            sums.append(f"sum{group}")
            file.write(_node(sums[-1], "AddN", names, _attr("N", write_field(3, each)) + _T))
        count = _attr("N", write_field(3, len(sums)))
        file.write(_node("y", "AddN", sums, count + _T) + _VERSIONS)


def write_heavy(path: Path, size: int) -> None:
    """A few nodes with constants of ``size`` bytes in all."""
    block = random.Random(1).randbytes(1 << 20)  # noqa: S311 - weights
    last = "x"
    with path.open("wb") as file:
        file.write(_input(1))
        for place in range(size // _PIECE):
            content = block * (_PIECE >> 20)
            file.write(_constant(f"w{place}", (_PIECE // 4,), content))
            file.write(_node(f"add{place}", "AddV2", (last, f"w{place}")))
            last = f"add{place}"
        file.write(_node("y", "Identity", (last,)) + _VERSIONS)
