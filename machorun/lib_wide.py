"""What the compiler calls to divide numbers of 128 bits: LLVM's compiler-rt, which is in Apple's C
library, too. Eigen divides such numbers where it replaces a division by a multiplication."""

from __future__ import annotations

from unicorn.arm64_const import UC_ARM64_REG_X1

from machorun.function import function
from machorun.process import Process

MASK = (1 << 64) - 1


def _unsigned(low: int, high: int) -> int:
    return low | high << 64


def _signed(low: int, high: int) -> int:
    return (_unsigned(low, high) ^ 1 << 127) - (1 << 127)


def _answer(process: Process, value: int) -> int:
    """The upper half goes to ``x1``, the lower one is what a function returns."""
    process.set_register(UC_ARM64_REG_X1, value >> 64 & MASK)
    return value & MASK


def _quotient(left: int, right: int) -> int:
    """Towards zero, as C divides; nothing by nothing, as the processor does."""
    if not right:
        return 0
    size = abs(left) // abs(right)
    return size if (left < 0) == (right < 0) else -size


@function("__udivti3", "pppp")
def udivti3(process: Process, a: int, a_high: int, b: int, b_high: int) -> int:
    return _answer(process, _quotient(_unsigned(a, a_high), _unsigned(b, b_high)))


@function("__umodti3", "pppp")
def umodti3(process: Process, a: int, a_high: int, b: int, b_high: int) -> int:
    left, right = _unsigned(a, a_high), _unsigned(b, b_high)
    return _answer(process, left - right * _quotient(left, right))


@function("__divti3", "pppp")
def divti3(process: Process, a: int, a_high: int, b: int, b_high: int) -> int:
    return _answer(process, _quotient(_signed(a, a_high), _signed(b, b_high)))


@function("__modti3", "pppp")
def modti3(process: Process, a: int, a_high: int, b: int, b_high: int) -> int:
    left, right = _signed(a, a_high), _signed(b, b_high)
    return _answer(process, left - right * _quotient(left, right))
