"""Why outputs may differ from TensorFlow's: the likeliest cause first, a wider bound last.

Two builds of one program differ in rounding; all else has a reason that a wider bound only hides.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from buildtool.core.random_ops import RANDOM
from buildtool.core.values import OutputCheck
from buildtool.verify.compare import COARSE_TYPES, Allowance, is_float
from buildtool.verify.expected import Reference
from buildtool.verify.tensor_files import Tensor, as_numbers

# Up to here a difference can be the rounding of a long graph: sums in another order, or fused
# operations. In floats of 32 bits that is 10^5 units of the last place.
ROUNDING = 1e-2
_TO_BYTES = "QuantizeV2"
# The same of TensorFlow Lite, and the types of outputs that stay bytes.
_LITE_TO_BYTES, _BYTES = "QUANTIZE", ("DT_INT8", "DT_UINT8")
FLAGS = "flags such as -ffast-math in 'flags.compile', a macro in 'defines' or a patch"


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What outputs are compared under: with which TensorFlow, and what the library is: its
    ``version`` of TensorFlow, the ``ops`` that it has kernels of, and whether they are those of
    TensorFlow Lite (``is_lite``)."""

    reference: Reference
    version: str
    ops: frozenset[str] = frozenset()
    is_lite: bool = False


def why_different(
    found: Tensor,
    reference: Tensor,
    check: OutputCheck,
    allowance: Allowance,
    around: Circumstances,
) -> str:
    """What to look at where an output differs, and when a wider bound is right."""
    if drawn := sorted(op for op in around.ops if RANDOM.fullmatch(op)):
        return (
            f"the model may draw random numbers ({', '.join(drawn)}), which differ from run to "
            "run: feed what they are drawn for, or name an output before them with 'outputs'"
        )
    if _finite_in_one(found, reference):
        return (
            f"a number that is NaN or infinite on one side only does not come from rounding: "
            f"look for {FLAGS}, and for inputs that the model was not made for ('samples')"
        )
    relative = check.max_relative or 0.0
    at = f" ({allowance.where})" if allowance.where else ""
    bearable = f"if the app can live with it, set '{allowance.key}'{at} to {_rounded_up(relative)}"
    if around.is_lite and (found.dtype in _BYTES or _LITE_TO_BYTES in around.ops):
        return (
            "this model computes with bytes: TensorFlow Lite's fast kernels round them differently "
            "by a step from one build or processor to another, which grows from layer to layer; "
            "with 'kernels: reference' it is compared with TensorFlow's plain ones, which round "
            "alike" + f"; {bearable}" * is_float(found)
        )
    return _of_floats(relative, bearable, found, around) if is_float(found) else _UNROUNDED


_UNROUNDED = (
    "values of this type are not rounded: where the model takes the largest of nearly equal "
    "floats, or cuts them off, the least difference shows; name those floats with 'outputs', which "
    "are compared with a tolerance"
)


def _of_floats(relative: float, bearable: str, found: Tensor, around: Circumstances) -> str:
    if _TO_BYTES in around.ops:
        return (
            f"floats become bytes in this model ({_TO_BYTES}): where the last digit differs, a "
            "number tips to the next of 256 steps; make sure that it agrees without them "
            f"('activations: float'), and {bearable.replace('with it', 'with the rest')}"
        )
    if relative <= max(ROUNDING, COARSE_TYPES.get(found.dtype, 0.0)):
        cause = "this is likely rounding, which another CPU or compiler does in another order"
        return f"{cause}; {bearable}"
    return f"this is more than rounding: {_of_releases(around)}look for {FLAGS}"


def _of_releases(around: Circumstances) -> str:
    """That the reference is of another release, if it is."""
    if around.version == around.reference.version:
        return ""
    return (
        f"TensorFlow {around.reference.version} may compute an op differently from the library's "
        f"{around.version}: install that release to compare with; or "
    )


def _finite_in_one(found: Tensor, reference: Tensor) -> bool:
    """Whether an element is NaN or infinite in one of the two alone."""
    if not is_float(found):
        return False
    left, right = np.isfinite(as_numbers(found)), np.isfinite(as_numbers(reference))
    return bool(np.any(left != right))


def _rounded_up(share: float) -> str:
    """With two digits, and not less."""
    unit = 10.0 ** (math.floor(math.log10(share)) - 1) if share > 0 else 1.0
    return f"{math.ceil(share / unit) * unit:.2g}"
