"""Apple's Accelerate: the one function of it that TensorFlow calls."""

from __future__ import annotations

import numpy as np

from machorun.function import function
from machorun.process import Process

ROW_MAJOR, NO_TRANSPOSE = 101, 111


@function("cblas_sgemm", "iiiiiiffpi.")
def cblas_sgemm(
    process: Process,
    order: int,
    transpose_a: int,
    transpose_b: int,
    rows: int,
    columns: int,
    depth: int,
    alpha: float,
    beta: float,
    a: int,
    a_step: int,
    words: int,
) -> None:
    """C = alpha A B + beta C. After the step of A the registers are full; what is left is on the
    stack, each at its own alignment (Apple's convention for ARM64)."""
    memory = process.memory
    b, b_step = memory.pointer(words), memory.number("<i", words + 8)
    c, c_step = memory.pointer(words + 16), memory.number("<i", words + 24)
    if order != ROW_MAJOR:
        rows, columns = columns, rows
        a, b, a_step, b_step = b, a, b_step, a_step
        transpose_a, transpose_b = transpose_b, transpose_a
    left = _matrix(process, a, rows, depth, a_step, plain=transpose_a == NO_TRANSPOSE)
    right = _matrix(process, b, depth, columns, b_step, plain=transpose_b == NO_TRANSPOSE)
    target = _matrix(process, c, rows, columns, c_step, plain=True)
    product = alpha * (left @ right)
    target[:] = product if not beta else product + np.float32(beta) * target


def _matrix(
    process: Process, address: int, rows: int, columns: int, step: int, *, plain: bool
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    height, width = (rows, columns) if plain else (columns, rows)
    data = process.memory.slice(address, 4 * ((height - 1) * step + width))
    flat = np.frombuffer(data, np.float32)
    found = np.lib.stride_tricks.as_strided(flat, (height, width), (4 * step, 4))
    return found if plain else found.T
