"""Weights of eight bits, which a Dequantize makes floats again: a quarter of the bytes.

As ``quantize_weights`` of TensorFlow 2.14.1 does it (``tools/graph_transforms``), but for the
range that the 256 steps cover. There, 0 may lie between two steps, and two kernels disagree about
it: Eigen's rounds the least number to a whole step (``core/kernels/quantization_utils.h``),
gemmlowp's, on 32-bit ARM, does not (``core/kernels/meta_support.cc``), so that all weights of a
layer are shifted against what TensorFlow computes. Here 0 is a step. And TensorFlow's tool makes a
range that is next to nothing of numbers that are all 0, for which the kernel gives no numbers.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from buildtool.model.encoding import constant, make_node, string_attr, type_attr
from buildtool.model.graphdef import GraphDef, Node
from buildtool.model.tensors import Array
from buildtool.model.transforms.lossy.weights import (
    LARGEST,
    SMALLEST,
    TOO_WIDE,
    Extremes,
    Refusal,
    change_weights,
    extremes,
)
from buildtool.model.transforms.transform import Result, Setting, Transform, View, controls

BYTES = "DT_QUINT8"
MODE = b"MIN_FIRST"
_STEPS = 255
_BITS = 16  # of a step's size: times 255, it still fits into the 24 bits of a float
_AT_ONCE = 1 << 20  # numbers that are computed in one go, as doubles


class Range(NamedTuple):
    """What the numbers 0 and 255 stand for."""

    low: np.float32
    high: np.float32


def nudged(found: Extremes) -> Range | Refusal:
    """A range that holds 0 as a whole number of steps, and each step as a float without rounding:
    however a kernel reckons, it gets the same floats. It lies half a step off the numbers' own
    range at most."""
    low, high = min(float(found.low), 0.0), max(float(found.high), 0.0)
    if low == high:
        high = 1.0
    mantissa, exponent = math.frexp((high - low) / _STEPS)
    step = math.ldexp(math.ceil(mantissa * 2**_BITS), exponent - _BITS)
    if step < SMALLEST:
        return "its numbers are too close to 0 for 256 steps between them"
    zero = math.floor(-low / step + 0.5)
    low, high = -zero * step, (_STEPS - zero) * step
    if high - low > LARGEST:
        return TOO_WIDE
    return Range(np.float32(low), np.float32(high))


def eight_bits(values: Array, covered: Range) -> Array:
    """The step that lies next to each number; ``FloatToQuantized`` in TensorFlow 2.14.1's
    ``core/kernels/quantization_utils.h``, which reckons with doubles."""
    scale = 256 / (float(np.float32(covered.high - covered.low)) * (256 / 255.0))
    first = _nearest(np.array([float(covered.low) * scale]))
    flat = values.reshape(-1)
    result = np.empty(flat.shape, np.uint8)
    for start in range(0, flat.size, _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        steps = _nearest(flat[part].astype(np.float64) * scale) - first
        result[part] = np.clip(steps, 0, _STEPS)
    return result.reshape(values.shape)


def _nearest(values: Array) -> Array:
    """The nearest whole numbers, the one further from 0 of two, as C's ``round`` has it."""
    nearest: Array = np.trunc(values + np.copysign(np.nextafter(0.5, 0.0), values))
    return nearest


def dequantized(node: Node, array: Array, view: View) -> tuple[Node, ...] | Refusal:
    """The nodes that stand for a constant of floats: its numbers in eight bits, the range that
    they cover, and, under its name, what makes floats of them."""
    found = extremes(array)
    covered = found if isinstance(found, str) else nudged(found)
    if isinstance(covered, str):
        return covered
    names = [view.fresh(f"{node.name}_quantized_{part}") for part in ("const", "min", "max")]
    made = (
        constant(names[0], eight_bits(array, covered), dtype=BYTES),
        *(constant(name, np.array(end)) for name, end in zip(names[1:], covered, strict=True)),
    )
    attrs = {name: attr for name, attr in node.attrs.items() if name.startswith("_")}
    attrs |= {"T": type_attr(BYTES), "mode": string_attr(MODE)}
    back = make_node(node.name, "Dequantize", names, **attrs)._replace(rest=node.rest)
    # A constant in a loop is held there by what it waits for.
    return (*(each._replace(inputs=controls(node), rest=node.rest) for each in made), back)


def _apply(graph: GraphDef, setting: Setting) -> Result:
    return change_weights(graph, setting, dequantized)


QUANTIZE_WEIGHTS = Transform(
    name="quantize-weights",
    description="Each constant of `minimum_elements` or more floats becomes one of eight bits and "
    "a Dequantize that makes floats of it when the model is loaded: a quarter of the bytes. A "
    "number changes by half a step at most, of the 255 between the least and the greatest.",
    exact=False,
    apply=_apply,
    parameters={"minimum_elements": 1024, "exclude": ()},
)
