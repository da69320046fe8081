"""The keys of a target file that say what a model becomes for TensorFlow Lite."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from buildtool.config.kinds import SHORTHAND, Share, Tolerance


@dataclass(frozen=True, kw_only=True)
class Convert:
    """What TensorFlow's own converter makes of a model for TensorFlow Lite. See
    [lite.md](lite.md#models-that-are-not-converted-yet)."""

    numbers: Literal["float", "dynamic-range", "float16", "int8"] = field(
        default="float", metadata=SHORTHAND
    )
    """What weights, and what is computed, become: `float` leaves them as they are;
    `dynamic-range`: weights of 8 bits, which kernels that can multiply with bytes;
    `float16`: weights of 16 bits; `int8`: all of 8 bits that has kernels for it, with ranges that
    are observed when your `samples` are run. Inputs and outputs stay what they are. It can be
    written by itself, as `convert: int8`."""

    largest_difference: Tolerance | None = None
    """The largest difference of the converted model's outputs from the original's, as a share of
    the largest magnitude in the output. Unset, the model's `tolerance` for `float`, and anything
    where numbers are changed."""

    same_top: Share | None = None
    """The share of samples for which the largest element of an output must stay the same one, such
    as `0.99`. Unset, it is told only."""
