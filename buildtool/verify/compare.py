"""Are two outputs the same, as far as two builds of one program can be?

Floats of two compilers and CPUs differ in the last bits, and a long graph multiplies that. An
element agrees if it differs by no more than the allowed share of the largest magnitude of the
reference output: so a probability of 1e-9 need not be exact to seven digits, and the test does
not depend on the unit of the output. Where the reference is all zeros, that share itself is
the bound. Types of 16 bits get at least 8 units of their precision. Integers, booleans and
strings must be equal; quantized ones may differ by one step, which is how far two roundings of
one value can lie apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from buildtool.core.values import OutputCheck
from buildtool.verify.tensor_files import Array, Tensor, as_numbers

COARSE_TYPES = {"DT_HALF": 8 * 2.0**-10, "DT_BFLOAT16": 8 * 2.0**-7}
QUANTIZED = ("DT_QINT", "DT_QUINT")


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """How far floats may lie apart, as a share of the reference's largest magnitude. ``key`` and
    ``where`` say where the user sets it; ``stated`` whether somebody did."""

    share: float
    key: str = "tolerance"
    where: str = ""
    stated: bool = False


def compare(found: Tensor, reference: Tensor, allowance: Allowance) -> OutputCheck:
    """Compare an output with TensorFlow's; both have the same type and shape."""
    if found.dtype == "DT_STRING":
        outside = int(np.count_nonzero(found.array != reference.array))
        return _check(found, absolute=None, relative=None, outside=outside)
    allowed, rule = _allowed(found, allowance)
    left, right = wide(as_numbers(found)), wide(as_numbers(reference))
    finite = np.isfinite(left) & np.isfinite(right)
    difference = np.abs(np.where(finite, left, 0) - np.where(finite, right, 0))
    scale = float(np.abs(right[finite]).max(initial=0.0))
    absolute = float(difference.max(initial=0.0))
    bound = _bound(found, allowed, scale)
    odd = ~finite & ~equal_nonfinite(left, right)
    return _check(
        found,
        absolute=absolute,
        relative=absolute / scale if scale else absolute,
        tolerance=allowed,
        rule=rule,
        outside=int(np.count_nonzero((difference > bound) | odd)),
    )


def describe(tensor: Tensor, *, rule: str = "") -> OutputCheck:
    """The check of an output that is compared with nothing: it must be finite. ``rule`` says why
    nothing is compared, where that is known."""
    if tensor.dtype == "DT_STRING":
        outside = 0
    else:
        outside = int(np.count_nonzero(~np.isfinite(as_numbers(tensor))))
    return _check(tensor, absolute=None, relative=None, outside=outside, rule=rule)


def _allowed(found: Tensor, allowance: Allowance) -> tuple[float, str]:
    """The share that this output may differ by, and whose rule that is if not the default's."""
    if found.dtype.startswith(QUANTIZED):
        return 0.0, "one step of a quantized value"
    if not is_float(found):
        return 0.0, ""
    coarse = COARSE_TYPES.get(found.dtype, 0.0)
    if coarse > allowance.share:
        return coarse, f"8 units of {found.dtype}"
    return allowance.share, allowance.key if allowance.stated else ""


def _bound(found: Tensor, allowed: float, scale: float) -> float:
    if found.dtype.startswith(QUANTIZED):
        return 1.0
    return allowed * (scale or 1.0)


def is_float(tensor: Tensor) -> bool:
    """Whether its values are rounded."""
    return tensor.array.dtype.kind in "fc" or tensor.dtype == "DT_BFLOAT16"


def wide(array: Array) -> Array:
    """Numbers wide enough that subtracting neither overflows nor rounds away a difference."""
    if array.dtype.kind == "c":
        return array.astype(np.complex128)
    return array.astype(np.longdouble if array.dtype.itemsize == 8 else np.float64)


def equal_nonfinite(left: Array, right: Array) -> Array:
    """Where both are not a number, or the same."""
    both_nan = np.isnan(left) & np.isnan(right)
    result: Array = both_nan | (left == right)
    return result


def _check(
    tensor: Tensor,
    *,
    absolute: float | None,
    relative: float | None,
    outside: int,
    tolerance: float = 0.0,
    rule: str = "",
) -> OutputCheck:
    return OutputCheck(
        name=tensor.name,
        dtype=tensor.dtype,
        shape=tuple(tensor.array.shape),
        elements=int(tensor.array.size),
        max_absolute=absolute,
        max_relative=relative,
        tolerance=tolerance,
        outside=outside,
        rule=rule,
    )
