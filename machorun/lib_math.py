"""``<math.h>``, and the parts of ``<stdlib.h>`` that read numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from unicorn.arm64_const import UC_ARM64_REG_FPCR

from machorun.format import read_float
from machorun.function import function
from machorun.process import Process

ERANGE = 34
# Functions of one and of two numbers that numpy has as C has them: it gives infinities and NaN
# where Python's own raise.
ONE: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("exp", np.exp), ("exp2", np.exp2), ("expm1", np.expm1), ("log", np.log), ("log2", np.log2),
    ("log10", np.log10), ("log1p", np.log1p), ("sin", np.sin), ("cos", np.cos), ("tan", np.tan),
    ("asin", np.arcsin), ("acos", np.arccos), ("atan", np.arctan), ("sinh", np.sinh),
    ("cosh", np.cosh), ("tanh", np.tanh), ("asinh", np.arcsinh), ("acosh", np.arccosh),
    ("atanh", np.arctanh), ("cbrt", np.cbrt), ("sqrt", np.sqrt), ("floor", np.floor),
    ("ceil", np.ceil), ("trunc", np.trunc), ("rint", np.rint), ("nearbyint", np.rint),
    ("fabs", np.fabs),
)  # fmt: skip
TWO: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("pow", np.power), ("atan2", np.arctan2), ("fmod", np.fmod), ("hypot", np.hypot),
    ("fmax", np.fmax), ("fmin", np.fmin), ("copysign", np.copysign), ("nextafter", np.nextafter),
)  # fmt: skip
# What numpy has not.
PYTHON = (("erf", math.erf), ("erfc", math.erfc), ("lgamma", math.lgamma), ("tgamma", math.gamma))

np.seterr(all="ignore")


def _declare(name: str, call: Callable[..., float], count: int) -> None:
    function(name, "d" * count, "d")(lambda _, *values: float(call(*map(np.float64, values))))
    function(f"{name}f", "f" * count, "f")(lambda _, *values: float(call(*map(np.float32, values))))
    function(f"{name}l", "d" * count, "d")(lambda _, *values: float(call(*map(np.float64, values))))


def _guarded(call: Callable[[float], float]) -> Callable[[float], float]:
    def inner(value: float) -> float:
        try:
            return call(float(value))
        except OverflowError:
            return math.inf
        except ValueError:  # a pole, or no number at all
            return math.inf if value == math.floor(value) else math.nan

    return inner


for _name, _call in ONE:
    _declare(_name, _call, 1)
for _name, _call in TWO:
    _declare(_name, _call, 2)
for _name, _plain in PYTHON:
    _declare(_name, _guarded(_plain), 1)


def _round(value: float) -> float:
    return math.copysign(math.floor(abs(value) + 0.5), value) if abs(value) < 1 << 52 else value


_declare("round", _round, 1)


@function("lround llround lroundf llroundf", "d")
def lround(_: Process, value: float) -> int:
    return int(_round(value))


@function("ldexp scalbn", "di", "d")
def ldexp(_: Process, value: float, power: int) -> float:
    return float(np.ldexp(np.float64(value), power))


@function("ldexpf scalbnf", "fi", "f")
def ldexpf(_: Process, value: float, power: int) -> float:
    return float(np.ldexp(np.float32(value), power))


@function("frexp", "dp", "d")
def frexp(process: Process, value: float, place: int) -> float:
    fraction, power = math.frexp(value)
    process.memory.put("<i", place, power)
    return fraction


@function("frexpf", "fp", "f")
def frexpf(process: Process, value: float, place: int) -> float:
    return frexp(process, value, place)


@function("modf", "dp", "d")
def modf(process: Process, value: float, place: int) -> float:
    fraction, whole = math.modf(value)
    process.memory.put("<d", place, whole)
    return fraction


@function("modff", "fp", "f")
def modff(process: Process, value: float, place: int) -> float:
    fraction, whole = math.modf(value)
    process.memory.put("<f", place, whole)
    return fraction


@function("fma", "ddd", "d")
def fma(_: Process, left: float, right: float, third: float) -> float:
    return left * right + third


@function("__fpclassifyd", "d")
def fpclassify(_: Process, value: float) -> int:
    """<math.h> of Darwin: NaN 1, infinite 2, zero 3, normal 4, subnormal 5."""
    if value != value:  # noqa: PLR0124
        return 1
    if math.isinf(value):
        return 2
    return 3 if not value else 4 if abs(value) >= 2.2250738585072014e-308 else 5


# The two bits of the floating-point settings that say how to round are what <fenv.h> calls
# FE_TONEAREST, FE_UPWARD, FE_DOWNWARD and FE_TOWARDZERO on Apple's ARM64.
ROUNDING = 0x00C00000


@function("fegetround")
def fegetround(process: Process) -> int:
    return process.register(UC_ARM64_REG_FPCR) & ROUNDING


@function("fesetround", "i")
def fesetround(process: Process, mode: int) -> int:
    if mode & ~ROUNDING:
        return -1
    settings = process.register(UC_ARM64_REG_FPCR) & ~ROUNDING
    process.set_register(UC_ARM64_REG_FPCR, settings | mode)
    return 0


# ---- numbers from texts ------------------------------------------------------------------

REAL = re.compile(
    rb"\s*([-+]?(?:0[xX](?:[\da-fA-F]+\.?[\da-fA-F]*|\.[\da-fA-F]+)(?:[pP][-+]?\d+)?"
    rb"|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|inf(?:inity)?|nan))",
    re.IGNORECASE,
)
DIGITS = b"0123456789abcdefghijklmnopqrstuvwxyz"


def _real(process: Process, text: int, end: int) -> float:
    match = REAL.match(process.memory.text(text))
    if end:
        process.memory.put("<Q", end, text + (match.end() if match else 0))
    if match is None:
        return 0.0
    value = read_float(match[1])
    if math.isinf(value) and b"n" not in match[1].lower():
        process.fail(ERANGE)
    return value


@function("strtod strtold strtod_l strtold_l", "pp", "d")
def strtod(process: Process, text: int, end: int) -> float:
    return _real(process, text, end)


@function("strtof strtof_l", "pp", "f")
def strtof(process: Process, text: int, end: int) -> float:
    return _real(process, text, end)


@function("atof", "p", "d")
def atof(process: Process, text: int) -> float:
    return _real(process, text, 0)


def _whole(process: Process, text: int, end: int, base: int, low: int, high: int) -> int:
    data = process.memory.text(text)
    start = re.match(rb"\s*([-+]?)(0[xX](?=[\da-fA-F]))?", data)
    if start is None:
        raise ValueError(data)
    place, prefix = start.end(), start[2]
    if prefix and base not in {0, 16}:
        place, prefix = start.end(1) + 1, None
    base = base or (16 if prefix else 8 if data[place : place + 1] == b"0" else 10)
    first = place
    while data[place : place + 1].lower() in DIGITS[:base] and place < len(data):
        place += 1
    if place == first and not (prefix is None and start[2]):
        process.memory.put("<Q", end, text) if end else None
        return 0
    if end:
        process.memory.put("<Q", end, text + place)
    value = int(data[first:place] or b"0", base) * (-1 if start[1] == b"-" else 1)
    if not low <= value <= high:
        process.fail(ERANGE)
        return min(max(value, low), high)
    return value


@function("strtol strtoll strtoimax strtoq strtol_l strtoll_l", "ppi")
def strtol(process: Process, text: int, end: int, base: int) -> int:
    return _whole(process, text, end, base, -(1 << 63), (1 << 63) - 1)


@function("strtoul strtoull strtoumax strtouq strtoul_l strtoull_l", "ppi")
def strtoul(process: Process, text: int, end: int, base: int) -> int:
    return _whole(process, text, end, base, -(1 << 64) + 1, (1 << 64) - 1)


@function("atoi atol atoll", "p")
def atoi(process: Process, text: int) -> int:
    return _whole(process, text, 0, 10, -(1 << 63), (1 << 63) - 1)


@function("abs", "i")
def abs_(_: Process, value: int) -> int:
    return abs(value)
