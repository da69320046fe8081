"""Constants and variables: of which types, in which layers, how large, and how they compress."""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from buildtool.inspect.activations import Activations
from buildtool.inspect.flops import Tallies
from buildtool.inspect.inspection import Compressed, Layer, TypeShare
from buildtool.inspect.tensor_sizes import tensor_bytes
from buildtool.model.attributes import Attr
from buildtool.model.graphdef import Node
from buildtool.model.tensors import TYPES, Array, array_of, shape_of

VARIABLES = ("Variable", "VariableV2", "VarHandleOp")
_HOLDERS = ("Const", "HostConst", "ImmutableConst", *VARIABLES)
# Nodes that only stand between a weight and the node that computes with it.
_BETWEEN = frozenset({"Enter", "Identity", "ReadVariableOp", "Dequantize", "Switch", "Cast"})
_LEVEL = 9
# Weights beyond this many bytes are compressed in samples: deflate takes seconds for 100 MB.
_SAMPLED, _PIECE = 16 << 20, 1 << 18
# What is smaller stays as it is, as with TensorFlow's own quantize_weights.
_LEAST, _STEPS = 1024, 255


def elements_of(node: Node) -> int:
    """How many elements a constant or a variable has; 0 for other nodes and unknown shapes."""
    if node.op not in _HOLDERS:
        return 0
    shape: object = shape_of(node.attrs.get("value"))
    if shape is None:
        shape = node.value("shape", "shape")
    if not isinstance(shape, tuple) or any(size < 0 for size in shape):
        return 0
    return math.prod(shape)


def type_of(node: Node) -> str:
    """The type of what a constant or a variable holds."""
    found = node.value("dtype", "type")
    return str(found) if found else "DT_INVALID"


def type_shares(nodes: Iterable[Node]) -> tuple[TypeShare, ...]:
    """What constants and variables hold, the largest part first."""
    counts: dict[str, list[int]] = {}
    for node in nodes:
        if node.op in _HOLDERS:
            share = counts.setdefault(type_of(node), [0, 0])
            share[0] += 1
            share[1] += elements_of(node)
    shares = (
        TypeShare(
            dtype=dtype,
            tensors=tensors,
            elements=elements,
            bytes=tensor_bytes(dtype, elements) or (None if elements else 0),
        )
        for dtype, (tensors, elements) in counts.items()
    )
    return tuple(sorted(shares, key=lambda share: (-(share.bytes or 0), share.dtype)))


def scope_of(name: str) -> str:
    """The name scope of a node; its own name where it stands in none."""
    return name.rpartition("/")[0] or name


def find_layers(
    nodes: Sequence[Node], tallies: Tallies, activations: Activations
) -> tuple[Layer, ...]:
    """The name scopes that hold weights or do work, in the order of the graph. A weight belongs to
    the scope of the node that computes with it first."""
    owners = weight_owners(nodes)
    found: dict[str, Counter[str]] = {}
    for node in nodes:
        layer = found.setdefault(owners.get(node.name, scope_of(node.name)), Counter())
        elements, work = elements_of(node), tallies.of(node)
        layer["nodes"] += 1
        layer["parameters"] += elements
        layer["bytes"] += tensor_bytes(type_of(node), elements) or 0
        layer["flops"] += work.flops
        layer["other"] += work.other
        layer["activations"] += activations.sizes.get(node.name, 0)
    return tuple(
        Layer(
            name=name,
            nodes=layer["nodes"],
            parameters=layer["parameters"],
            bytes=layer["bytes"],
            flops=layer["flops"],
            other_flops=layer["other"],
            activations=layer["activations"],
        )
        for name, layer in found.items()
        if layer["parameters"] or layer["flops"] or layer["other"] or layer["activations"]
    )


def weight_owners(nodes: Sequence[Node]) -> Mapping[str, str]:
    """The layers of weights, and of what stands between them and their nodes."""
    by_name = {node.name: node for node in nodes}
    owners: dict[str, str] = {}
    for node in nodes:
        if node.op in _BETWEEN:
            continue
        waiting = _data_sources(node)
        while waiting:
            source = by_name.get(waiting.pop())
            if source is None or source.name in owners:
                continue
            if source.op in _HOLDERS or (source.op in _BETWEEN and _is_weight(source, by_name)):
                owners[source.name] = scope_of(node.name)
                waiting += _data_sources(source)
    return owners


def _is_weight(node: Node, by_name: Mapping[str, Node]) -> bool:
    """Whether a node hands on nothing but a weight."""
    for _ in by_name:
        sources = _data_sources(node)
        source = by_name.get(sources[0]) if sources else None
        if source is None or source.op in _HOLDERS:
            return source is not None
        if source.op not in _BETWEEN:
            return False
        node = source
    return False


def _data_sources(node: Node) -> list[str]:
    return [name.partition(":")[0] for name in node.inputs if not name.startswith("^")]


def compress(nodes: Iterable[Node]) -> Compressed:
    """What deflate makes of the constants as they are, rounded to 256 steps, and as eight bits."""
    holders = [node for node in nodes if node.op == "Const"]
    original = sum(map(_length, holders))
    every = max(1, math.ceil(original / _SAMPLED))
    sizes: Counter[str] = Counter()
    place = 0
    packers = {name: zlib.compressobj(_LEVEL) for name in ("as_is", "rounded", "eight_bit")}
    for node in holders:
        forms = _forms(node)
        sizes["eight_bit_original"] += len(forms["eight_bit"])
        for begin in range(0, len(forms["as_is"]), _PIECE):
            place += 1
            if place % every == 0:
                parts = _parts(forms, begin)
                sizes["sampled"] += len(parts["as_is"])
                for name, part in parts.items():
                    sizes[name] += len(packers[name].compress(part))
    scale = original / sizes["sampled"] if sizes["sampled"] else 0.0
    for name, packer in packers.items():
        sizes[name] = round((sizes[name] + len(packer.flush())) * scale)
    return Compressed(
        original=original,
        sampled=sizes["sampled"],
        as_is=sizes["as_is"],
        rounded=sizes["rounded"],
        eight_bit=sizes["eight_bit"],
        eight_bit_original=sizes["eight_bit_original"],
    )


def _parts(forms: Mapping[str, bytes], begin: int) -> dict[str, bytes]:
    """The piece that begins at a byte, in each form."""
    whole = len(forms["as_is"])
    result = {}
    for name, content in forms.items():
        first, last = (at * len(content) // whole for at in (begin, min(begin + _PIECE, whole)))
        result[name] = content[first:last]
    return result


def _forms(node: Node) -> dict[str, bytes]:
    """The bytes of a constant as they are, with its floats rounded, and with them as eight bits."""
    array = array_of(node.attrs.get("value"))
    content = _encoded(node.attrs.get("value")) if array is None else array.tobytes()
    if array is None or array.dtype != np.float32 or array.size < _LEAST:
        return dict.fromkeys(("as_is", "rounded", "eight_bit"), content)
    steps, least, step = _steps(array.ravel())
    rounded = (steps.astype(np.float32) * step + least).astype(np.float32)
    return {"as_is": content, "rounded": rounded.tobytes(), "eight_bit": steps.tobytes()}


def _length(node: Node) -> int:
    """How many bytes :func:`_forms` gives of a constant as it is."""
    if (size := TYPES.get(type_of(node))) is not None:
        return elements_of(node) * np.dtype(size).itemsize
    return len(_encoded(node.attrs.get("value")))


def _encoded(attr: Attr | None) -> bytes:
    """A constant as it stands in the file."""
    return b"" if attr is None else bytes(attr.buffer[slice(*attr.span)])


def _steps(flat: Array) -> tuple[Array, np.float32, np.float32]:
    """Which of 256 evenly spaced values is the closest to each; the least one, and the spacing."""
    finite = flat[np.isfinite(flat)] if not np.isfinite(flat).all() else flat
    if not finite.size:
        return np.zeros(flat.shape, np.uint8), np.float32(0), np.float32(0)
    least, most = np.float32(finite.min()), np.float32(finite.max())
    step = np.float32((float(most) - float(least)) / _STEPS)
    if not step > 0:
        return np.zeros(flat.shape, np.uint8), least, np.float32(0)
    places = np.rint((np.nan_to_num(flat) - least) / step)
    return np.clip(places, 0, _STEPS).astype(np.uint8), least, step
