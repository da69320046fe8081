"""What a graph says about the shapes of its tensors, as far as rewrites need it.

A dimension is a number, or a :class:`Symbol`: a size that is not known but is the same wherever
the same symbol stands. An op that is not listed here has outputs of unknown rank.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

from buildtool.model.graphdef import Node
from buildtool.model.tensors import Array, array_of, shape_of

MOST = 1 << 16  # elements; what is larger is a weight, whose numbers say nothing of shapes


class Symbol(NamedTuple):
    """The size of an axis of a tensor, not known."""

    tensor: str
    axis: int


Dim: TypeAlias = "int | Symbol"
Dims: TypeAlias = "tuple[Dim, ...] | None"

_SAME = (
    "Abs BiasAdd Cast Ceil CheckNumerics Cos Cumsum Dequantize Elu Enter Erf Exit Exp Expm1 Floor "
    "FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3 Identity Inv LeakyRelu Log Log1p LogSoftmax "
    "LogicalNot Neg OnesLike Reciprocal Relu Relu6 Reverse ReverseV2 Round Rsqrt Selu Sigmoid Sign "
    "Sin Softmax Softplus Softsign Sqrt Square StopGradient Switch Tanh ZerosLike"
)
_BROADCAST = (
    "Add AddV2 Div Equal FloorDiv FloorMod Greater GreaterEqual Less LessEqual LogicalAnd "
    "LogicalOr Maximum Minimum Mul NotEqual Pow RealDiv SquaredDifference Sub"
)


class Shapes:
    """Gives the dimensions of tensors by name, worked out when first asked for."""

    def __init__(self, nodes: Mapping[str, Node], known: Mapping[str, tuple[int, ...]]) -> None:
        self._nodes, self._known = nodes, known
        self._found: dict[str, Dims] = {}

    def __getitem__(self, tensor: str) -> Dims:
        """The dimensions of ``tensor``, None if its rank is not known."""
        name, colon, index = tensor.rpartition(":")
        name, port = (name, int(index)) if colon and index.isdecimal() else (tensor, 0)
        key = f"{name}:{port}"
        if key not in self._found:
            self._work_out(name, port)
        return self._found[key]

    def _work_out(self, name: str, port: int) -> None:
        """Fill in the tensor and what it comes from, without recursion: graphs are deep."""
        waiting = [(name, port)]
        while waiting:
            current, index = waiting[-1]
            key = f"{current}:{index}"
            node = self._nodes.get(current)
            sources = _sources(node)
            missing = [(at, port) for at, port in sources if f"{at}:{port}" not in self._found]
            if key in self._found or not missing:
                self._found.setdefault(key, self._one(key, node, index))
                waiting.pop()
            elif any(source in waiting for source in missing):
                self._found[key] = None  # around a loop nothing is known
                waiting.pop()
            else:
                waiting += missing

    def _one(self, key: str, node: Node | None, port: int) -> Dims:
        if node is None:
            return None
        stated = self._known.get(key) if node.op.startswith("Placeholder") else None
        listed = node.value("_output_shapes", "list(shape)")
        if stated is None and isinstance(listed, tuple) and port < len(listed):
            stated = listed[port]
        if isinstance(stated, tuple):
            return _named_sizes(key, stated)
        rule = _RULES.get(node.op)
        if rule is None or (port and node.op != "Switch"):
            return None
        try:
            return rule(key, node, self)
        except (ArithmeticError, LookupError, TypeError, ValueError):
            return None  # its attributes make no sense: a stride of 0, windows of three sizes

    def of_input(self, node: Node, place: int) -> Dims:
        """The dimensions of a node's input."""
        sources = _sources(node)
        return self[f"{sources[place][0]}:{sources[place][1]}"] if place < len(sources) else None

    def ints(self, node: Node, place: int) -> tuple[int, ...] | None:
        """The numbers of an input that is a constant."""
        sources = _sources(node)
        array = constant(self._nodes, sources[place][0]) if place < len(sources) else None
        return tuple(int(item) for item in array.ravel()) if array is not None else None


def constant(nodes: Mapping[str, Node], name: str, *, deep: bool = True) -> Array | None:
    """What the first output of a node holds, if that is a constant of moderate size, or a product
    of two."""
    node = nodes.get(name)
    while node is not None and node.op == "Identity" and node.inputs:
        node = nodes.get(_sources(node)[0][0])
    if node is None or node.op not in ("Const", "Mul"):
        return None
    if node.op == "Const":
        sizes = shape_of(node.attrs.get("value"))
        return None if math.prod(sizes or ()) > MOST else array_of(node.attrs.get("value"))
    factors = [constant(nodes, source, deep=False) for source, _ in _sources(node) if deep]
    one, other = factors if len(factors) == 2 else (None, None)
    return None if one is None or other is None else one * other


def _sources(node: Node | None) -> list[tuple[str, int]]:
    if node is None or node.op in ("Const", "Placeholder"):
        return []
    found = []
    for name in node.inputs:
        if not name.startswith("^"):
            head, colon, index = name.rpartition(":")
            found.append((head, int(index)) if colon and index.isdecimal() else (name, 0))
    return found


def _named_sizes(key: str, sizes: tuple[int, ...]) -> Dims:
    return tuple(size if size >= 0 else Symbol(key, axis) for axis, size in enumerate(sizes))


def _same(_: str, node: Node, shapes: Shapes) -> Dims:
    return shapes.of_input(node, 0)


def _elementwise(key: str, node: Node, shapes: Shapes) -> Dims:
    return _broadcast(key, shapes.of_input(node, 0), shapes.of_input(node, 1))


def _select(key: str, node: Node, shapes: Shapes) -> Dims:
    then = shapes.of_input(node, 1)
    if node.op == "Select":
        return then
    chosen = _broadcast(key, then, shapes.of_input(node, 2))
    return _broadcast(key, chosen, shapes.of_input(node, 0))


def _broadcast(key: str, left: Dims, right: Dims) -> Dims:
    if left is None or right is None:
        return None
    longer, shorter = (left, right) if len(left) >= len(right) else (right, left)
    padded = (1,) * (len(longer) - len(shorter)) + shorter
    pairs = enumerate(zip(longer, padded, strict=True))
    return tuple(_both(key, axis, one, other) for axis, (one, other) in pairs)


def _both(key: str, axis: int, one: Dim, other: Dim) -> Dim:
    if other in (one, 1):
        return one
    if one == 1:
        return other
    known = [size for size in (one, other) if isinstance(size, int)]
    return known[0] if known else Symbol(key, axis)


def _placeholder(key: str, node: Node, _: Shapes) -> Dims:
    shape = node.value("shape", "shape")
    # Before graph version 24 an empty shape stood for one that is not known.
    return _named_sizes(key, shape) if isinstance(shape, tuple) and shape else None


def _const(_: str, node: Node, __: Shapes) -> Dims:
    return shape_of(node.attrs.get("value"))


def _matmul(key: str, node: Node, shapes: Shapes) -> Dims:
    a, b = shapes.of_input(node, 0), shapes.of_input(node, 1)
    rows: Dim = Symbol(key, 0)
    columns: Dim = Symbol(key, 1)
    if a is not None and len(a) == 2:
        rows = a[1 if node.value("transpose_a", "bool") else 0]
    if b is not None and len(b) == 2:
        columns = b[0 if node.value("transpose_b", "bool") else 1]
    return rows, columns


def _batch_matmul(key: str, node: Node, shapes: Shapes) -> Dims:
    a, b = shapes.of_input(node, 0), shapes.of_input(node, 1)
    if a is None or b is None or len(a) < 2 or len(b) < 2:
        return None
    batch = _broadcast(key, a[:-2], b[:-2])
    rows = a[-1 if node.value("adj_x", "bool") else -2]
    columns = b[-2 if node.value("adj_y", "bool") else -1]
    return (*batch, rows, columns) if batch is not None else None


def _transpose(_: str, node: Node, shapes: Shapes) -> Dims:
    dims, order = shapes.of_input(node, 0), shapes.ints(node, 1)
    if dims is None or order is None or len(order) != len(dims):
        return None
    return tuple(dims[axis] for axis in order)


def _reshape(key: str, node: Node, shapes: Shapes) -> Dims:
    sizes = shapes.ints(node, 1)
    if sizes is not None:
        return _named_sizes(key, sizes)
    count = shapes.of_input(node, 1)
    if count is None or len(count) != 1 or not isinstance(count[0], int):
        return None
    return tuple(Symbol(key, axis) for axis in range(count[0]))


def _pack(_: str, node: Node, shapes: Shapes) -> Dims:
    first, axis = shapes.of_input(node, 0), node.value("axis", "int") or 0
    if first is None or axis != 0:
        return None
    return (sum(not name.startswith("^") for name in node.inputs), *first)


def _shape(_: str, node: Node, shapes: Shapes) -> Dims:
    dims = shapes.of_input(node, 0)
    return None if dims is None else (len(dims),)


def _gather(_: str, node: Node, shapes: Shapes) -> Dims:
    params, indices = shapes.of_input(node, 0), shapes.of_input(node, 1)
    axis = shapes.ints(node, 2) if node.op == "GatherV2" else (0,)
    if params is None or indices is None or axis != (0,) or node.value("batch_dims", "int"):
        return None
    return (*indices, *params[1:])


def _convolution(key: str, node: Node, shapes: Shapes) -> Dims:
    dims = shapes.of_input(node, 0)
    if dims is None or len(dims) != 4:
        return None
    rows, columns = (_slid(key, axis, node, shapes) for axis in (1, 2))
    return (dims[0], rows, columns, _channels(key, node, shapes))


def _channels(key: str, node: Node, shapes: Shapes) -> Dim:
    """How many channels a convolution or a pool gives, the last axis."""
    if node.value("data_format", "string") not in (None, b"NHWC"):
        return Symbol(key, 3)
    if node.value("ksize", "list(int)") is not None:
        dims = shapes.of_input(node, 0)
        return Symbol(key, 3) if dims is None else dims[3]
    kernel = shapes.of_input(node, 1)
    if kernel is None or len(kernel) != 4:
        return Symbol(key, 3)
    each, more = kernel[2:]
    if node.op == "Conv2D":
        return more
    if isinstance(each, int) and isinstance(more, int):
        return each * more
    return Symbol(key, 3)


def _slid(key: str, axis: int, node: Node, shapes: Shapes) -> Dim:
    """The size of an image's axis after a window was slid over it."""
    dims, strides = shapes.of_input(node, 0), node.value("strides", "list(int)")
    windows: object = node.value("ksize", "list(int)")
    if windows is None:
        kernel = shapes.of_input(node, 1)
        windows = None if kernel is None else (1, *kernel[:2], 1)
    spread = node.value("dilations", "list(int)") or (1, 1, 1, 1)
    is_last = node.value("data_format", "string") in (None, b"NHWC")
    if not (is_last and dims and all(isinstance(x, tuple) for x in (strides, windows, spread))):
        return Symbol(key, axis)
    size, step, window, apart = (x[axis] for x in (dims, strides, windows, spread))  # type: ignore[index]  # tuples all
    if not (isinstance(size, int) and isinstance(window, int)):
        return Symbol(key, axis)
    padding = node.value("padding", "string")
    if padding == b"SAME":
        return -(-size // int(step))
    covered = (window - 1) * int(apart) + 1
    return -(-(size - covered + 1) // int(step)) if padding == b"VALID" else Symbol(key, axis)


def _resized(key: str, node: Node, shapes: Shapes) -> Dims:
    dims, sizes = shapes.of_input(node, 0), shapes.ints(node, 1)
    if dims is None or len(dims) != 4:
        return None
    rows, columns = sizes if sizes and len(sizes) == 2 else (Symbol(key, 1), Symbol(key, 2))
    return (dims[0], rows, columns, dims[3])


def _reduce(_: str, node: Node, shapes: Shapes) -> Dims:
    dims, axes = shapes.of_input(node, 0), shapes.ints(node, 1)
    if dims is None or axes is None:
        return None
    gone = {axis % len(dims) for axis in axes} if dims else set()
    if node.value("keep_dims", "bool"):
        return tuple(1 if axis in gone else size for axis, size in enumerate(dims))
    return tuple(size for axis, size in enumerate(dims) if axis not in gone)


_RULES: dict[str, Callable[[str, Node, Shapes], Dims]] = {
    **dict.fromkeys(_SAME.split(), _same),
    **dict.fromkeys(_BROADCAST.split(), _elementwise),
    **dict.fromkeys(("Select", "SelectV2"), _select),
    "Placeholder": _placeholder,
    "PlaceholderWithDefault": _placeholder,
    "Const": _const,
    "MatMul": _matmul,
    **dict.fromkeys(("BatchMatMul", "BatchMatMulV2", "BatchMatMulV3"), _batch_matmul),
    "Transpose": _transpose,
    "Reshape": _reshape,
    "Pack": _pack,
    "Shape": _shape,
    **dict.fromkeys(("Gather", "GatherV2"), _gather),
    **dict.fromkeys(("Conv2D", "DepthwiseConv2dNative", "MaxPool", "AvgPool"), _convolution),
    **dict.fromkeys(("ResizeBilinear", "ResizeNearestNeighbor"), _resized),
    **dict.fromkeys(("Mean", "Sum", "Max", "Min", "Prod"), _reduce),
}
