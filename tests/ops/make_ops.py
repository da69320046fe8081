"""Make one-op models: for each op, a frozen graph of that op alone that TensorFlow can run.

``python -m tests.ops.make_ops FOLDER OP ...`` writes ``FOLDER/OP-TYPE.pb``, and the names of its
outputs beside it as JSON, for each op for which inputs can be found, and prints a line for each
for which not. ``--makers`` in place of ops writes the graphs of the makers: of ops that only work
together with others. Needs TensorFlow 2.x.

Types, attributes and shapes are searched, not listed: those that the op definition leaves open are
tried, likeliest first, until TensorFlow itself runs the op. Numbers that an op computes with are
placeholders, with values as a build's verification feeds them; those that only say how (axes,
shapes, indices) are constants. Each op is searched for the types of ``WANTED``.
"""

from __future__ import annotations

import functools
import itertools
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.framework import op_def_registry

from tests.ops import (
    data_makers,
    image_makers,
    list_makers,
    other_makers,
    sparse_makers,
    state_makers,
    value_makers,
)
from tests.ops.graphs import MAKERS, NO_VALUES, raw, try_out, value, write, x

WANTED = ("float32", "int32")
TYPES = (
    "float32", "int32", "string", "bool", "int64", "uint8", "complex64", "half", "double", "int8",
    "quint8", "qint8", "qint32", "bfloat16",
)  # fmt: skip
# Attributes of the types of arguments that say how, as op definitions call them.
HOW_TYPES = frozenset(
    {"Index", "Tidx", "Tindices", "Tpaddings", "Tshape", "Tmultiples", "Tperm", "Tdim"}
    | {"Tblock_shape", "Tcrops", "Taxis", "Tlen", "TI", "shape_type", "index_type", "Tseed"}
    | {"Tsegmentids", "Tnumsegments", "Tsplits", "Tsize", "size_type", "Tseqlen", "Targmax_index"}
    | {"Tshift", "TargminmaxIndex", "Tnum", "Tout_idx", "segment_ids_type", "Shape"}
)  # fmt: skip
SHAPES = ((2, 3), (1, 4, 4, 4), (3,), (), (3, 3), (2, 2, 2), (1, 4, 4, 4, 4), (4,), (4, 4))
HOW = (
    0, 1, [0], [1], [0, 1], [1, 0], [1, 2], [2, 3], [2], [0, 0], [1, 1], [2, 2], [[0, 0], [1, 1]],
    [[0], [1]], [[0, 1], [1, 0]], 2, 3, [6], [3, 2], [1, 1, 1], [4, 4], [2, 2, 1, 2], [1, 4, 4, 2],
    [[0, 0], [0, 0]], [0, 0, 1], [[1, 1], [1, 1], [1, 1], [1, 1]],
)  # fmt: skip
LISTS = ([1, 1, 1, 1], [1, 2, 2, 1], [1, 1, 1, 1, 1], [1], [0], [2])
SECONDS = 2.5
LONGEST = 15
MOST = 20000
REMOVED = re.compile(r"removed in version (\d+)")
# Each fills MAKERS.
FAMILIES = (
    data_makers,
    image_makers,
    list_makers,
    other_makers,
    sparse_makers,
    state_makers,
    value_makers,
)


def main() -> None:
    """Do what the command line says. Each op is searched in a process of its own: some wrong
    shape or other always ends TensorFlow as a whole."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    if sys.argv[2:] == ["--makers"]:
        for name, make in MAKERS.items():
            _apart(name, functools.partial(_write_made, folder / name, make))
        return
    for op in sys.argv[2:]:
        if op_def_registry.get(op) is None:
            print(f"{op}: this TensorFlow does not know it")
            continue
        for wanted in WANTED if _takes_types(op) else ("",):
            name = f"{op}-{wanted}" if wanted else op
            _apart(name, functools.partial(find_model, op, folder / name, wanted))


def _apart(name: str, work: Callable[[], bool]) -> None:
    """Do it in a process of its own, and say if it fails."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        # Some ops wait for others that never come.
        signal.alarm(LONGEST)
        os._exit(0 if work() else 1)
    _, status = os.waitpid(child, 0)
    if status:
        print(f"{name}: {'ended TensorFlow' if status & 127 else 'no inputs found'}")


def _write_made(place: Path, make: Callable[[], Any]) -> bool:
    try:
        graph, outputs = _of_its_age(make)
    except Exception as failure:
        print(f"{place.name}: {' '.join(str(failure).split())[:300]}", flush=True)
        return False
    write(place, graph, outputs)
    return True


def _of_its_age(make: Callable[[], Any]) -> tuple[Any, list[str]]:
    """Try a graph out, as an old one if newer ones may not have its ops."""
    try:
        return try_out(make)
    except NotImplementedError as failure:
        gone = REMOVED.search(str(failure))
        if not gone:
            raise
        return try_out(make, int(gone[1]) - 1)


def find_model(op: str, place: Path, wanted: str) -> bool:
    """Write the first model of the op that TensorFlow runs; tell whether there is one."""
    end = time.monotonic() + SECONDS
    for attrs, args in itertools.islice(candidates(op, wanted), MOST):
        if time.monotonic() > end:
            return False
        try:
            graph, outputs = _of_its_age(functools.partial(one_op, op, attrs, args))
        except Exception:  # noqa: S112 - that is how TensorFlow says that a guess is wrong
            continue
        write(place, graph, outputs)
        return True
    return False


def _takes_types(op: str) -> bool:
    """Whether an argument or the result is of a type that is not said."""
    definition = op_def_registry.get(op)
    return any(attr.type == "type" and attr.name not in HOW_TYPES for attr in definition.attr)


def candidates(op: str, wanted: str) -> Iterator[tuple[dict[str, Any], list[Any]]]:
    """Attributes and arguments of an op, likeliest first. An argument is a value, whether it is
    a constant, or a list of such. The first attribute that is a type is of the wanted one."""
    definition = op_def_registry.get(op)
    open_attrs = [attr for attr in definition.attr if not attr.HasField("default_value")]
    names = [attr.name for attr in open_attrs]
    how = {arg.type_attr for arg in definition.input_arg} & HOW_TYPES
    choices = [_attr_choices(attr) for attr in open_attrs]
    first = next((a for a in definition.attr if a.type == "type" and a.name not in HOW_TYPES), None)
    if first is not None and wanted:
        if wanted not in _attr_choices(first, most=20):
            return
        if first.name in names:
            choices[names.index(first.name)] = [wanted]
        else:
            names.append(first.name)
            choices.append([wanted])
    known = {
        attr.name: tf.dtypes.as_dtype(attr.default_value.type).name
        if attr.type == "type"
        else attr.default_value.i
        for attr in definition.attr
        if attr.HasField("default_value") and attr.type in {"type", "int"}
    }
    for shape in SHAPES:
        for values in itertools.islice(itertools.product(*choices), 60):
            attrs = dict(zip(names, values, strict=True))
            options = [
                _arg_choices(arg, {**known, **attrs}, shape, how) for arg in definition.input_arg
            ]
            yield from ((attrs, list(args)) for args in itertools.product(*options))


def _attr_choices(attr: Any, most: int = 6) -> list[Any]:
    allowed = attr.allowed_values.list
    if attr.type == "type":
        names = [tf.dtypes.as_dtype(each).name for each in allowed.type]
        if not attr.allowed_values.HasField("list"):
            names = [tf.dtypes.as_dtype(name).name for name in TYPES]
        return [name for name in TYPES if tf.dtypes.as_dtype(name).name in names][:most]
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
    }.get(attr.type, [])


def _arg_choices(
    arg: Any, attrs: dict[str, Any], shape: tuple[int, ...], how: set[str]
) -> list[Any]:
    if arg.is_ref:
        return []
    if arg.type_list_attr:
        return [[(value(dtype, shape), False) for dtype in attrs[arg.type_list_attr]]]
    dtype = attrs[arg.type_attr] if arg.type_attr else tf.dtypes.as_dtype(arg.type).name
    if dtype in NO_VALUES:
        return []
    if arg.type_attr in how or (not arg.type_attr and dtype in ("int32", "int64")):
        found = [(np.array(each, dtype), True) for each in HOW]
    else:
        others = (shape, (), (shape or (1,))[-1:])
        found = [(value(dtype, each), False) for each in dict.fromkeys(others)]
    if arg.number_attr:
        return [[each] * attrs[arg.number_attr] for each in found]
    return found


def one_op(op: str, attrs: dict[str, Any], args: list[Any]) -> Any:
    """The outputs of an op whose arguments are placeholders and constants."""
    definition = op_def_registry.get(op)
    inferred = {
        name
        for arg in definition.input_arg
        for name in (arg.type_attr, arg.number_attr, arg.type_list_attr)
    }
    words = {name: each for name, each in attrs.items() if name not in inferred}
    for arg, given in zip(definition.input_arg, args, strict=True):
        made = [_node(*each) for each in (given if isinstance(given, list) else [given])]
        words[arg.name] = made if isinstance(given, list) else made[0]
    return raw(op, **words)


def _node(given: Any, constant: bool) -> Any:
    if constant:
        return tf.constant(given)
    kind = tf.string if given.dtype == object else tf.dtypes.as_dtype(given.dtype)
    return x(*np.shape(given), dtype=kind.name)


if __name__ == "__main__":
    main()
