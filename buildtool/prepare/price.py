"""What a preparation costs: how far the outputs of the prepared model are from the original's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from buildtool.core.values import Difference
from buildtool.verify.compare import equal_nonfinite, wide
from buildtool.verify.tensor_files import Array, Tensor, as_numbers

Runs = Sequence[tuple[Tensor, ...]]


class PriceLimits(NamedTuple):
    """What is allowed: ``largest`` of :class:`Difference`, and the least ``same_top``; None for
    what is only told."""

    largest: float | None
    same_top: float | None


def differences(found: Runs, original: Runs) -> tuple[Difference, ...]:
    """How far each output is from the original's, over all runs; both have the same outputs. What
    has another type or shape in one run than the original's differs wholly."""
    return tuple(
        _difference(now, before)
        for now, before in zip(zip(*found, strict=True), zip(*original, strict=True), strict=True)
    )


def limit_words(limits: PriceLimits) -> list[str]:
    """What is allowed, in words."""
    told = []
    if limits.largest is not None:
        told.append(f"largest difference {limits.largest:g}")
    if limits.same_top is not None:
        told.append(f"the same largest element for {limits.same_top:g} of the samples")
    return told


def over_limits(prices: Sequence[Difference], limits: PriceLimits) -> Iterator[str]:
    """What is worse than allowed."""
    for price in prices:
        if limits.largest is not None and not price.largest <= limits.largest:
            yield (
                f"output {price.output!r} differs from the original by {price.largest:.2g} of its "
                f"largest magnitude, more than {limits.largest:g}"
            )
        if (
            limits.same_top is not None
            and price.same_top is not None
            and price.same_top < limits.same_top
        ):
            yield (
                f"output {price.output!r} has the same largest element for "
                f"{price.same_top:.4g} of the samples, less than {limits.same_top:g}"
            )


def _difference(found: Sequence[Tensor], original: Sequence[Tensor]) -> Difference:
    name = original[0].name
    pairs = list(zip(found, original, strict=True))
    if any(one.dtype != two.dtype or one.array.shape != two.array.shape for one, two in pairs):
        return Difference(output=name, largest=float("inf"), relative_l2=float("inf"))
    if original[0].dtype == "DT_STRING":
        unequal = [one.array != two.array for one, two in pairs]
        count = sum(int(np.count_nonzero(each)) for each in unequal)
        share = count / max(1, sum(each.size for each in unequal))
        return Difference(output=name, largest=share, relative_l2=share)
    values = [(wide(as_numbers(one)), wide(as_numbers(two))) for one, two in pairs]
    apart = [_apart(one, two) for one, two in values]
    scale = max((_magnitude(two) for _, two in values), default=0.0)
    norm = float(np.sqrt(sum(float(np.sum(np.abs(_finite(two)) ** 2)) for _, two in values)))
    away = float(np.sqrt(sum(float(np.sum(each**2)) for each in apart)))
    largest = max((float(each.max(initial=0.0)) for each in apart), default=0.0)
    return Difference(
        output=name,
        largest=largest / (scale or 1.0),
        relative_l2=away / (norm or 1.0),
        same_top=_same_top(values),
    )


def _apart(one: Array, two: Array) -> Array:
    """Absolute differences; infinite where just one of the two is no finite number."""
    both = np.isfinite(one) & np.isfinite(two)
    apart: Array = np.where(
        both, np.abs(_finite(one) - _finite(two)), np.where(equal_nonfinite(one, two), 0, np.inf)
    )
    return apart


def _finite(array: Array) -> Array:
    finite: Array = np.where(np.isfinite(array), array, 0)
    return finite


def _magnitude(array: Array) -> float:
    return float(np.abs(_finite(array)).max(initial=0.0))


def _same_top(values: Sequence[tuple[Array, Array]]) -> float | None:
    same = rows = 0
    for one, two in values:
        if one.ndim == 0 or one.shape[-1] < 2 or one.dtype.kind == "c":
            return None
        tops = one.argmax(axis=-1) == two.argmax(axis=-1)
        same, rows = same + int(np.count_nonzero(tops)), rows + tops.size
    return same / rows if rows else None
