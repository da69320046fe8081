"""Einstein sums of two operands, as a product of matrices.

Each label of the equation is one of four kinds: in both operands and the result (``batch``), in
both but not in the result (``summed``), in the result and only one of the operands (``left``,
``right``). The operands are turned and reshaped to [batch, left, summed] and [batch, summed,
right], multiplied, and reshaped and turned back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from buildtool.model.attributes import Attr
from buildtool.model.encoding import int_attr, make_node, type_attr
from buildtool.model.graphdef import Node
from buildtool.model.transforms.exact.newer_ops import helper
from buildtool.model.transforms.transform import View, controls, node_transform, plain_inputs

_EQUATION = re.compile(r"([A-Za-z]*),([A-Za-z]*)->([A-Za-z]*)")
_INT32 = type_attr("DT_INT32")


class _Labels(NamedTuple):
    """The labels of an equation, by what is done with them."""

    batch: str
    left: str
    summed: str
    right: str


def _labels(a: str, b: str, result: str) -> _Labels | str:
    """The kinds of the labels, or why the equation is no product of matrices."""
    if any(len(set(part)) < len(part) for part in (a, b, result)):
        return "a label stands twice in one of its operands"
    if {*a} ^ {*b} and not ({*a} ^ {*b}) <= {*result}:
        return "it sums over a label of one operand alone"
    both = [label for label in a if label in b]
    return _Labels(
        batch="".join(label for label in both if label in result),
        left="".join(label for label in a if label not in b),
        summed="".join(label for label in both if label not in result),
        right="".join(label for label in b if label not in a),
    )


def _einsum(node: Node, view: View) -> tuple[Node, ...] | str | None:
    if view.knows("Einsum"):
        return None
    equation = node.value("equation", "string")
    text = equation.decode().replace(" ", "") if isinstance(equation, bytes) else ""
    match = _EQUATION.fullmatch(text)
    if match is None:
        return f"its equation {text!r} is not of two operands with one letter for each axis"
    labels = _labels(match[1], match[2], match[3])
    return (
        labels if isinstance(labels, str) else _Product(node, view, labels).nodes(*match.groups())
    )


class _Product:
    """The nodes that take the place of one."""

    def __init__(self, node: Node, view: View, labels: _Labels) -> None:
        self._node, self._view, self._labels = node, view, labels
        self._type = node.attrs["T"]
        self._made: list[Node] = []
        self._sizes: dict[str, str | int] = {}

    def nodes(self, a: str, b: str, result: str) -> tuple[Node, ...]:
        """All of them; the last has the name of the node that they replace."""
        batch, left, summed, right = self._labels
        first, second = plain_inputs(self._node)
        self._measure(first, a)
        self._measure(second, b)
        one = self._operand("left", first, a, (batch, left, summed))
        other = self._operand("right", second, b, (batch, summed, right))
        op = "BatchMatMul" if batch else "MatMul"
        product = self._add("product", op, one, other, T=self._type)
        shaped = self._reshape("shaped", product, [*batch, *left, *right])
        self._transpose("turned", shaped, batch + left + right, result)
        *others, last = self._made
        inputs = (*last.inputs, *controls(self._node))
        return *others, last._replace(name=self._node.name, inputs=inputs, rest=self._node.rest)

    def _add(self, part: str, op: str, *inputs: str, **attrs: Attr) -> str:
        name = self._view.fresh(f"{self._node.name}/{part}")
        self._made.append(make_node(name, op, inputs, **attrs))
        return name

    def _constant(self, part: str, values: Sequence[int] | int) -> str:
        self._made.append(helper(self._view, self._node, part, np.array(values, np.int32)))
        return self._made[-1].name

    def _measure(self, operand: str, labels: str) -> None:
        """The size of each label: a number, or the name of a tensor that holds it."""
        known = self._view.shapes[operand]
        shape = ""
        for axis, label in enumerate(labels):
            size = known[axis] if known is not None and len(known) == len(labels) else None
            if isinstance(size, int):
                self._sizes[label] = size
            elif label not in self._sizes:
                shape = shape or self._add(f"shape_{labels}", "Shape", operand, T=self._type)
                place = self._constant(f"axis_{label}", axis)
                types = {"Tparams": _INT32, "Tindices": _INT32}
                self._sizes[label] = self._add(f"size_{label}", "Gather", shape, place, **types)

    def _operand(self, part: str, tensor: str, labels: str, groups: tuple[str, str, str]) -> str:
        """An operand with one axis for each group (no first one without batch)."""
        turned = self._transpose(f"{part}_turned", tensor, labels, "".join(groups))
        wanted = groups if groups[0] else groups[1:]
        return self._reshape(f"{part}_shaped", turned, wanted)

    def _transpose(self, part: str, tensor: str, now: str, wanted: str) -> str:
        order = self._constant(f"{part}_order", [now.index(label) for label in wanted])
        return self._add(part, "Transpose", tensor, order, T=self._type)

    def _reshape(self, part: str, tensor: str, groups: Sequence[str]) -> str:
        sizes = [self._size(f"{part}_{group}", group) for group in groups]
        unknown = [size for size in sizes if isinstance(size, str)]
        if len(unknown) > 1:
            given = [s if isinstance(s, str) else self._constant(f"{part}_at", s) for s in sizes]
            pack = {"T": _INT32, "N": int_attr(len(given)), "axis": int_attr(0)}
            shape = self._add(f"{part}_shape", "Pack", *given, **pack)
        else:  # the one that is not known follows from the others
            numbers = [-1 if isinstance(size, str) else size for size in sizes]
            shape = self._constant(f"{part}_shape", numbers)
        return self._add(part, "Reshape", tensor, shape, T=self._type)

    def _size(self, part: str, group: str) -> str | int:
        """The size of several axes together."""
        total: str | int = 1
        for label in group:
            size = self._sizes[label]
            if isinstance(total, int) and isinstance(size, int):
                total *= size
            elif total == 1:
                total = size
            else:
                pair = [s if isinstance(s, str) else self._constant(part, s) for s in (total, size)]
                total = self._add(part, "Mul", *pair, T=_INT32)
        return total


EINSUM = node_transform(
    "einsum",
    "`Einsum` of two operands, each label of which is kept or summed with the other operand, "
    "becomes `MatMul` or `BatchMatMul` between `Transpose` and `Reshape`.",
    ["Einsum"],
    _einsum,
)
