"""Resizing with half-pixel centres, which older runtimes do not do: by gathering rows and columns.

The arithmetic is that of TensorFlow 2.14.1, ``core/kernels/image/resize_bilinear_op.cc`` and
``resize_nearest_neighbor_op.cc``, in the same order and precision.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from buildtool.model.encoding import make_node, type_attr
from buildtool.model.graphdef import Node
from buildtool.model.tensors import Array
from buildtool.model.transforms.exact.newer_ops import element_type, helper
from buildtool.model.transforms.transform import View, controls, node_transform, plain_inputs

_NOT_KNOWN = "the sizes of its image before and after are not constants"


class _Axis(NamedTuple):
    """For each place after resizing: the two places before it, and how far it is from the first."""

    lower: Array
    upper: Array
    share: Array


def _axis(before: int, after: int) -> _Axis:
    scale = np.float32(before) / np.float32(after)
    place = (np.arange(after, dtype=np.float32) + np.float32(0.5)) * scale - np.float32(0.5)
    floor = np.floor(place)
    lower = np.maximum(floor, 0).astype(np.int32)
    upper = np.minimum(np.ceil(place), before - 1).astype(np.int32)
    return _Axis(lower, upper, (place - floor).astype(np.float32))


def _nearest(before: int, after: int) -> Array:
    scale = np.float32(before) / np.float32(after)
    place = np.floor((np.arange(after, dtype=np.float32) + np.float32(0.5)) * scale)
    places: Array = np.clip(place, 0, before - 1).astype(np.int32)
    return places


def _resize(node: Node, view: View) -> tuple[Node, ...] | str | None:
    spec = view.tree.specs[node.op]
    if spec is None or "half_pixel_centers" in spec.attrs or spec.is_open:
        return None
    if not node.value("half_pixel_centers", "bool"):
        return None
    image, size = plain_inputs(node)
    shape, after = view.shapes[image], view.value(size)
    if shape is None or len(shape) != 4 or after is None or not view.knows("GatherV2"):
        return _NOT_KNOWN if view.knows("GatherV2") else "this tree has no op GatherV2"
    height, width = shape[1], shape[2]
    if not isinstance(height, int) or not isinstance(width, int):
        return _NOT_KNOWN
    rows, columns = (int(item) for item in after.ravel())
    parts = _Parts(node, view)
    if node.op == "ResizeNearestNeighbor":
        kind = element_type(node)
        image = parts.gather(image, "rows", _nearest(height, rows), 1, kind)
        parts.gather(image, "columns", _nearest(width, columns), 2, kind)
    else:
        image = parts.as_float(image)
        image = parts.blend(image, "columns", _axis(width, columns), 2)
        parts.blend(image, "rows", _axis(height, rows), 1)
    return parts.finished()


class _Parts:
    """The nodes that take the place of one."""

    def __init__(self, node: Node, view: View) -> None:
        self._node, self._view = node, view
        self._made: list[Node] = []

    def _add(self, part: str, op: str, *inputs: str, kind: str = "DT_FLOAT", **more: str) -> str:
        attrs = {"T": kind, **more} if op != "GatherV2" else more
        name = self._view.fresh(f"{self._node.name}/{part}")
        types = {key: type_attr(value) for key, value in attrs.items()}
        self._made.append(make_node(name, op, inputs, **types))
        return name

    def _constant(self, part: str, array: Array) -> str:
        self._made.append(helper(self._view, self._node, part, array))
        return self._made[-1].name

    def as_float(self, image: str) -> str:
        """The image in the precision that resizing is done in."""
        kind = element_type(self._node)
        if kind == "DT_FLOAT":
            return image
        name = self._view.fresh(f"{self._node.name}/float")
        cast = {"SrcT": type_attr(kind), "DstT": type_attr("DT_FLOAT")}
        self._made.append(make_node(name, "Cast", [image], **cast))
        return name

    def gather(self, image: str, part: str, places: Array, axis: int, kind: str) -> str:
        """Rows or columns of an image."""
        indices = self._constant(f"{part}_at", places)
        number = self._constant(f"{part}_axis", np.array(axis, np.int32))
        types = {"Tparams": kind, "Tindices": "DT_INT32", "Taxis": "DT_INT32"}
        return self._add(part, "GatherV2", image, indices, number, **types)

    def blend(self, image: str, part: str, axis: _Axis, number: int) -> str:
        """``lower + (upper - lower) * share`` along one axis."""
        lower = self.gather(image, f"{part}_lower", axis.lower, number, "DT_FLOAT")
        upper = self.gather(image, f"{part}_upper", axis.upper, number, "DT_FLOAT")
        shape = (len(axis.share), 1, 1) if number == 1 else (len(axis.share), 1)
        share = self._constant(f"{part}_share", axis.share.reshape(shape))
        difference = self._add(f"{part}_difference", "Sub", upper, lower)
        step = self._add(f"{part}_step", "Mul", difference, share)
        return self._add(part, "Add", lower, step)

    def finished(self) -> tuple[Node, ...]:
        """All nodes; the last under the name of the one that they replace."""
        *others, last = self._made
        node = self._node
        inputs = (*last.inputs, *controls(node))
        return *others, last._replace(name=node.name, inputs=inputs, rest=node.rest)


HALF_PIXEL_RESIZE = node_transform(
    "half-pixel-resize",
    "`ResizeBilinear` and `ResizeNearestNeighbor` with half-pixel centres become gathers of rows "
    "and columns, where the image's sizes are constants.",
    ["ResizeBilinear", "ResizeNearestNeighbor"],
    _resize,
)
