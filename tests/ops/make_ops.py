"""Make one-op models: for each op, a frozen graph of that op alone that TensorFlow can run.

``python make_ops.py FOLDER OP ...`` writes ``FOLDER/OP.pb`` for each op for which inputs can be
found, and prints a line for each for which not. Needs TensorFlow 2.x.

Types, attributes and shapes are searched, not listed: those that the op definition leaves open are
tried, likeliest first, until TensorFlow itself runs the op. Numbers that an op computes with are
placeholders, with values as a build's verification feeds them; those that only say how (axes,
shapes, indices) are constants. An op that takes a resource, a variant or a reference has no such
model.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.framework import op_def_registry

TYPES = (
    "float32", "int32", "string", "bool", "int64", "uint8", "complex64", "half", "double", "int8",
    "quint8", "qint8", "qint32", "bfloat16",
)  # fmt: skip
NO_VALUES = frozenset({"resource", "variant"})
# Attributes of the types of arguments that say how, as op definitions call them.
HOW_TYPES = frozenset(
    {"Index", "Tidx", "Tindices", "Tpaddings", "Tshape", "Tmultiples", "Tperm", "Tdim"}
    | {"Tblock_shape", "Tcrops", "Taxis", "Tlen", "TI", "shape_type", "index_type"}
    | {"Tsegmentids", "Tnumsegments", "Tsplits", "Tsize", "size_type", "Tseqlen", "Targmax_index"}
)  # fmt: skip
SHAPES = ((2, 3), (1, 4, 4, 4), (3,), (), (3, 3), (2, 2, 2), (1, 4, 4, 4, 4), (4,), (4, 4))
HOW = (
    0, 1, [0], [1], [0, 1], [1, 0], [1, 2], [2, 3], [2], [0, 0], [1, 1], [2, 2], [[0, 0], [1, 1]],
    [[0], [1]], [[0, 1], [1, 0]], 2, 3, [6], [3, 2], [1, 1, 1], [4, 4], [2, 2, 1, 2], [1, 4, 4, 2],
    [[0, 0], [0, 0]], [0, 0, 1], [[1, 1], [1, 1], [1, 1], [1, 1]],
)  # fmt: skip
LISTS = ([1, 1, 1, 1], [1, 2, 2, 1], [1, 1, 1, 1, 1], [1], [0], [2])
SECONDS = 20.0


def main() -> None:
    """Do what the command line says. Each op is searched in a process of its own: some wrong
    shape or other always ends TensorFlow as a whole."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for op in sys.argv[2:]:
        place = folder / f"{op}.pb"
        if place.exists():
            continue
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            os._exit(0 if find_model(op, place) else 1)
        _, status = os.waitpid(child, 0)
        if status:
            print(f"{op}: {'ended TensorFlow' if status & 127 else 'no inputs found'}")


def find_model(op: str, place: Path) -> bool:
    """Write the first model of the op that TensorFlow runs; tell whether there is one."""
    end = time.monotonic() + SECONDS
    for attrs, args in itertools.islice(candidates(op), 20000):
        if time.monotonic() > end:
            return False
        try:
            graph, feeds, outputs = one_op(op, attrs, args)
            with tf.compat.v1.Session(graph=graph) as session:
                values = session.run(outputs, feeds)
        except Exception:  # noqa: S112 - that is how TensorFlow says that a guess is wrong
            continue
        if any(np.size(value) for value in values):
            place.write_bytes(graph.as_graph_def().SerializeToString(deterministic=True))
            return True
    return False


def candidates(op: str) -> Iterator[tuple[dict[str, Any], list[Any]]]:
    """Attributes and arguments of an op, likeliest first. An argument is a value, whether it is
    a constant, or a list of such."""
    definition = op_def_registry.get(op)
    names = [attr.name for attr in definition.attr if not attr.HasField("default_value")]
    how = {arg.type_attr for arg in definition.input_arg} & HOW_TYPES
    choices = [_attr_choices(attr) for attr in definition.attr if attr.name in names]
    defaults = {
        attr.name: tf.dtypes.as_dtype(attr.default_value.type).name
        for attr in definition.attr
        if attr.type == "type" and attr.HasField("default_value")
    }
    numbers = {
        attr.name: attr.default_value.i
        for attr in definition.attr
        if attr.type == "int" and attr.HasField("default_value")
    }
    for shape in SHAPES:
        for values in itertools.islice(itertools.product(*choices), 60):
            attrs = dict(zip(names, values, strict=True))
            known = {**defaults, **numbers, **attrs}
            options = [_arg_choices(arg, known, shape, how) for arg in definition.input_arg]
            yield from ((attrs, list(args)) for args in itertools.product(*options))


def _attr_choices(attr: Any) -> list[Any]:
    allowed = attr.allowed_values.list
    if attr.type == "type":
        if attr.allowed_values.HasField("list"):
            names = [tf.dtypes.as_dtype(each).name for each in allowed.type]
        else:
            names = [tf.dtypes.as_dtype(name).name for name in TYPES]
        return [name for name in TYPES if tf.dtypes.as_dtype(name).name in names][:6]
    if attr.type == "string":
        return [each.decode() for each in allowed.s] or ["", "a"]
    if attr.type == "list(type)":
        return [["float32"], ["float32", "float32"], ["int32"]]
    return {
        "int": [max(attr.minimum, 1), 2, 3],
        "float": [0.5],
        "bool": [False],
        "shape": [[2, 3], []],
        "list(int)": list(LISTS),
        "list(float)": [[0.5]],
        "list(shape)": [[[2, 3]], [[2, 3], [2, 3]]],
        "list(string)": [["a"]],
        "tensor": [],
        "func": [],
    }.get(attr.type, [])


def _arg_choices(
    arg: Any, attrs: dict[str, Any], shape: tuple[int, ...], how: set[str]
) -> list[Any]:
    if arg.is_ref:
        return []
    if arg.type_list_attr:
        return [[_tensor(dtype, shape) for dtype in attrs[arg.type_list_attr]]]
    dtype = attrs[arg.type_attr] if arg.type_attr else tf.dtypes.as_dtype(arg.type).name
    if dtype in NO_VALUES:
        return []
    constant = arg.type_attr in how or (not arg.type_attr and dtype in ("int32", "int64"))
    if constant:
        found = [(np.array(value, dtype), True) for value in HOW]
    else:
        others = [other for other in (shape, (), (shape or (1,))[-1:]) if other is not None]
        found = [_tensor(dtype, each) for each in dict.fromkeys(others)]
    if arg.number_attr:
        return [[each] * attrs[arg.number_attr] for each in found]
    return found


def _tensor(dtype: str, shape: tuple[int, ...]) -> tuple[Any, bool]:
    random = np.random.default_rng(1)
    kind = tf.dtypes.as_dtype(dtype)
    if kind == tf.string:
        return np.full(shape, b"words", object), False
    if kind.is_floating or kind.is_complex:
        return random.random(shape).astype(kind.as_numpy_dtype), False
    return random.integers(0, 2 if kind.is_bool else 4, shape).astype(kind.as_numpy_dtype), False


@functools.cache
def python_names(op: str) -> dict[str, str]:
    """What an op's inputs are called in Python: where a name is not the definition's, the one
    that is left over at its place."""
    definition = op_def_registry.get(op)
    wanted = list(inspect.signature(getattr(tf.raw_ops, op)).parameters)
    inputs = [arg.name for arg in definition.input_arg]
    known = {*inputs, *(attr.name for attr in definition.attr), "name"}
    free = [name for name in wanted if name not in known]
    return {name: name if name in wanted else free.pop(0) for name in inputs}


def one_op(op: str, attrs: dict[str, Any], args: list[Any]) -> tuple[Any, dict[Any, Any], Any]:
    """A graph of the op, what to feed, and its outputs."""
    feeds: dict[Any, Any] = {}

    def node(value: Any, *, constant: bool) -> Any:
        if constant:
            return tf.constant(value)
        kind = tf.string if value.dtype == object else tf.dtypes.as_dtype(value.dtype)
        place = tf.compat.v1.placeholder(kind, np.shape(value), name=f"x{len(feeds)}")
        feeds[place] = value
        return place

    with tf.Graph().as_default() as graph:
        definition = op_def_registry.get(op)
        inferred = {
            name
            for arg in definition.input_arg
            for name in (arg.type_attr, arg.number_attr, arg.type_list_attr)
        }
        words = {name: value for name, value in attrs.items() if name not in inferred}
        # Some arguments have other names in Python, in the same order as far as inputs go.
        names = python_names(op)
        for arg, value in zip(definition.input_arg, args, strict=True):
            many = isinstance(value, list)
            made = [node(each, constant=how) for each, how in (value if many else [value])]
            words[names[arg.name]] = made if many else made[0]
        getattr(tf.raw_ops, op)(**words, name="op")
        outputs = graph.get_operation_by_name("op").outputs
    return graph, feeds, [each for each in outputs if each.dtype.name not in NO_VALUES]


if __name__ == "__main__":
    main()
