"""What a node does to each channel of a tensor, where that is a product and a sum of constants.

The normalising ops are those of ``core/ops/nn_ops.cc``; what they compute is in
``core/kernels/fused_batch_norm_op.cc`` and ``batch_norm_op.h``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from buildtool.core.datatypes import short
from buildtool.model.attributes import float_of
from buildtool.model.graphdef import Node
from buildtool.model.tensors import Array, array_of
from buildtool.model.transforms.exact.effects import Effects, Names
from buildtool.model.transforms.exact.newer_ops import element_type
from buildtool.model.transforms.transform import View, full, plain_inputs

FUSED = frozenset({"FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"})
GLOBAL = "BatchNormWithGlobalNormalization"
NORMS = FUSED | {GLOBAL}
FLOATS = frozenset({"DT_FLOAT", "DT_DOUBLE"})
_BIASES = frozenset({"BiasAdd", "BiasAddV1"})
_FUSED_EPSILON = 0.0001
_ARITHMETIC: Mapping[str, Callable[..., Array]] = {
    **dict.fromkeys(("Add", "AddV2"), np.add),
    "Sub": np.subtract,
    "Mul": np.multiply,
    "RealDiv": np.divide,
    "Neg": np.negative,
    "Sqrt": np.sqrt,
    "Rsqrt": lambda value: 1 / np.sqrt(value),
}


class Layout(NamedTuple):
    """The rank of a tensor, which of its axes has the channels, and how many these are."""

    rank: int
    axis: int
    channels: int

    def vector(self, array: Array) -> Array | None:
        """A number for each channel, if that is what ``array`` is broadcast to."""
        if array.ndim > self.rank:
            return None
        if array.size == 1:
            return np.full(self.channels, array.ravel()[0])
        sizes = (1,) * (self.rank - array.ndim) + array.shape
        wanted = [self.channels if axis == self.axis else 1 for axis in range(self.rank)]
        return array.ravel() if list(sizes) == wanted else None


class ChannelStep(NamedTuple):
    """Each channel times ``scale``, plus ``offset``; None for one that is not there. ``waits`` are
    what the constants of it wait for."""

    scale: Array | None
    offset: Array | None
    waits: tuple[str, ...]


class ChannelSteps:
    """Finds what nodes do to channels. Numbers are of double precision."""

    def __init__(self, view: View, effects: Effects, names: Names) -> None:
        self._view, self._effects, self._names = view, effects, names

    def step(self, node: Node, taken: str, layout: Layout) -> ChannelStep | str | None:
        """What ``node`` does to the channels of the tensor ``taken``; why that is not known, where
        it normalises; None where it does something else."""
        inputs = list(map(full, plain_inputs(node)))
        if node.op in NORMS:
            return self._norm(node, layout) if inputs[0] == taken else None
        if len(inputs) != 2 or inputs.count(taken) != 1 or element_type(node) not in FLOATS:
            return None
        place = inputs.index(taken)
        waits: list[str] = []
        value = self._value(inputs[1 - place], waits)
        if value is None:
            return None
        if node.op in _BIASES:
            fits = place == 0 and value.shape == (layout.channels,) and self._is_at(node, layout)
            return ChannelStep(None, value, tuple(waits)) if fits else None
        vector = layout.vector(value)
        return None if vector is None else _pair(node.op, place, vector, tuple(waits))

    def _norm(self, node: Node, layout: Layout) -> ChannelStep | str:
        kind = element_type(node)
        if kind not in FLOATS:
            return f"its type is {short(kind)}, to which the weights would be rounded again"
        if layout.rank != 4 or not self._is_at(node, layout):
            return "its channels are not those of what it normalises"
        if node.op in FUSED and node.value("is_training", "bool") is not False:
            return "it is in training mode"
        if any(self._view.consumers.get(f"{node.name}:{port}") for port in range(1, 6)):
            return "its statistics are used"
        waits: list[str] = []
        found = [self._value(name, waits) for name in plain_inputs(node)[1:5]]
        values = [each for each in found if each is not None and each.shape == (layout.channels,)]
        if len(values) != 4:
            return "its parameters are not constants, one number for each channel"
        if node.op == GLOBAL:
            mean, variance, beta, gamma = values
            epsilon = float_of(node.attrs.get("variance_epsilon"), 0.0)
            if node.value("scale_after_normalization", "bool") is False:
                gamma = np.ones_like(gamma)
        else:
            gamma, beta, mean, variance = values
            epsilon = float_of(node.attrs.get("epsilon"), _FUSED_EPSILON)
        with np.errstate(all="ignore"):  # what is not finite is refused
            scale = gamma / np.sqrt(variance + epsilon)
            return ChannelStep(scale, beta - mean * scale, tuple(waits))

    def _is_at(self, node: Node, layout: Layout) -> bool:
        first = node.value("data_format", "string") == b"NCHW"
        return layout.axis == (1 if first and node.op != GLOBAL else layout.rank - 1)

    def _value(self, tensor: str, waits: list[str]) -> Array | None:
        """The numbers of a tensor that is computed from small constants."""
        name, _, port = full(tensor).rpartition(":")
        node = self._view.nodes.get(name)
        if node is None or port != "0" or name in self._names.inputs:
            return None
        if node.op == "Const":
            found = self._view.value(tensor)
            kind = "" if found is None else found.dtype.kind
            waits += self._effects.kept_controls(node)
            return found.astype(np.float64) if found is not None and kind == "f" else None
        if node.op not in {*_ARITHMETIC, "Identity"}:
            return None
        waits += self._effects.kept_controls(node)
        found_all = [self._value(each, waits) for each in plain_inputs(node)]
        values = [each for each in found_all if each is not None]
        if len(values) != len(found_all):
            return None
        with np.errstate(all="ignore"):
            return values[0] if node.op == "Identity" else _ARITHMETIC[node.op](*values)


def _pair(op: str, place: int, vector: Array, waits: tuple[str, ...]) -> ChannelStep | None:
    with np.errstate(all="ignore"):
        if op == "Mul":
            return ChannelStep(vector, None, waits)
        if op in ("RealDiv", "Div") and place == 0:
            return ChannelStep(1 / vector, None, waits)
    if op in ("Add", "AddV2"):
        return ChannelStep(None, vector, waits)
    if op == "Sub":
        return ChannelStep(None, -vector, waits) if place == 0 else _reversed(vector, waits)
    return None


def _reversed(vector: Array, waits: tuple[str, ...]) -> ChannelStep:
    return ChannelStep(np.full_like(vector, -1), vector, waits)


def weights_of(node: Node | None) -> Array | None:
    """What a constant holds, whatever its size."""
    return array_of(node.attrs.get("value")) if node is not None and node.op == "Const" else None
