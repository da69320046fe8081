"""Graphs of few ops, made and tried with TensorFlow: what ``make_ops.py`` and its makers share.

Needs TensorFlow 2.x. Values of placeholders are as a build's verification feeds them: floats from 0
to 1, bytes of all values, other integers from 0 to 3, words of ASCII letters.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.framework import function, op_def_library, op_def_registry

# No value of these can be fetched.
NO_VALUES = frozenset({"resource", "variant"})
Maker = Callable[..., Any]
# Graphs of several ops, by name, each a function that returns what is fetched.
MAKERS: dict[str, Maker] = {}


def maker(function: Maker) -> Maker:
    """Put a graph into :data:`MAKERS`."""
    MAKERS[function.__name__] = function
    return function


def in_graph(name: str, *types: Any) -> Callable[[Maker], Any]:
    """A function of arguments of these types, to be called by nodes of a graph."""

    def decorated(body: Maker) -> Any:
        return function.Defun(*types, func_name=name)(body)

    return decorated


def raw(op: str, **arguments: Any) -> Any:
    """Add an op with the arguments and attributes of its definition; its outputs: one, a list, or
    the operation itself if it has none. Ops that Python has no function for can be added, too."""
    definition = op_def_registry.get(op)
    if definition is None:
        raise ValueError(f"there is no op {op}")
    words = {**_defaults(definition), **arguments, "name": op.lstrip("_")}
    operation = op_def_library._apply_op_helper(op, **words)[-2]
    if not operation.outputs:
        return operation
    return operation.outputs[0] if len(operation.outputs) == 1 else list(operation.outputs)


def _defaults(definition: Any) -> dict[str, Any]:
    """The attributes that an op definition has defaults for, but for those that arguments say."""
    found = {}
    said = {
        name
        for arg in definition.input_arg
        for name in (arg.type_attr, arg.number_attr, arg.type_list_attr)
    }
    for attr in definition.attr:
        if attr.HasField("default_value") and attr.name not in said:
            default, kind = attr.default_value, attr.default_value.WhichOneof("value")
            given = getattr(default, kind)
            if kind == "list":
                field = next((each for each, _ in given.ListFields()), None)
                given = list(getattr(given, field.name)) if field else []
            found[attr.name] = given
    return found


def value(dtype: str, shape: Sequence[int]) -> Any:
    """A value of a placeholder."""
    random = np.random.default_rng(1)
    kind = tf.dtypes.as_dtype(dtype)
    if kind == tf.string:
        return np.full(shape, b"words", object)
    if kind.is_floating or kind.is_complex:
        return np.asarray(random.random(shape)).astype(kind.as_numpy_dtype)
    top = 2 if kind.is_bool else 256 if dtype in {"uint8", "quint8"} else 4
    return np.asarray(random.integers(0, top, shape)).astype(kind.as_numpy_dtype)


class Feeds:
    """The placeholders of the graph that is being made, each with its value."""

    def __init__(self) -> None:
        self.values: dict[Any, Any] = {}

    def __call__(self, *shape: int, dtype: str = "float32") -> Any:
        place = tf.compat.v1.placeholder(dtype, shape, name=f"x{len(self.values)}")
        self.values[place] = value(dtype, shape)
        return place


# What makers feed: the placeholders of the graph that is being made.
x = Feeds()


def fetched(found: Any) -> list[Any]:
    """The tensors to fetch: of an operation, or of what has no value, that it has run."""
    outputs = []
    for each in found if isinstance(found, list | tuple) else [found]:
        tensor = not isinstance(each, tf.Operation)
        if tensor and each.dtype.base_dtype.name not in NO_VALUES and not each.dtype._is_ref_dtype:
            outputs.append(each)
            continue
        with tf.control_dependencies([each.op if tensor else each]):
            outputs.append(tf.identity(tf.constant(1), name="has_run"))
    return outputs


def try_out(make: Callable[[], Any], producer: int = 0) -> tuple[Any, list[str]]:
    """Make a graph and run it; the graph and the names of its outputs. With ``producer``, it is
    one of that age.

    Raises:
        Exception: TensorFlow refuses it; whatever TensorFlow raises.
        ValueError: no output has an element.
    """
    x.values.clear()
    with tf.Graph().as_default() as graph:
        if producer:
            # Ops that newer graphs may not have: an empty graph takes the age of what it imports.
            versions = tf.compat.v1.GraphDef().versions
            versions.producer = producer
            tf.import_graph_def(tf.compat.v1.GraphDef(versions=versions), name="")
        outputs = fetched(make())
        with tf.compat.v1.Session(graph=graph) as session:
            values = session.run(outputs, dict(x.values))
    if not all(np.size(each) for each in values):
        raise ValueError("an output is empty")
    return graph, [each.name for each in outputs]


def write(place: Path, graph: Any, outputs: Sequence[str]) -> None:
    """Write a graph and, beside it, the names of its outputs."""
    graph_def = graph.as_graph_def()
    place.with_suffix(".pb").write_bytes(graph_def.SerializeToString(deterministic=True))
    place.with_suffix(".json").write_text(json.dumps(list(outputs)) + "\n", encoding="utf-8")
