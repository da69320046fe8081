"""Nodes that fill a frozen model's tables and variables before its first run; for ``freeze.py``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

INITIALISE = "initialise"


class Filled(NamedTuple):
    """A table or variable that is filled before the model runs: its node, and what it holds."""

    node: Any
    content: tuple[Any, ...]


def exported(table: Any, handle: Any) -> Any:
    """The keys and values that a table holds."""
    export = tf.raw_ops.LookupTableExportV2 if _is_newer(table) else tf.raw_ops.LookupTableExport
    types = {"Tkeys": table.attr["key_dtype"].type, "Tvalues": table.attr["value_dtype"].type}
    return export(table_handle=handle, **types)


def _is_newer(table: Any) -> bool:
    return str(table.op).endswith("V2")


def fill_first(definition: Any, filled: Sequence[Filled]) -> str:
    """Add a node that fills all that is to be filled. Returns its name."""
    known = {node.name for node in definition.node}
    last = INITIALISE
    while last in known:
        last += "_"
    group = definition.node.add(name=last, op="NoOp")
    for item in filled:
        name, start = item.node.name, f"{last}_{item.node.name}"
        constants = [f"{start}/{place}" for place in range(len(item.content))]
        types = [
            _constant(definition, *each) for each in zip(constants, _sorted(item), strict=True)
        ]
        op, attrs = _filler(item.node, types)
        node = definition.node.add(name=f"{start}/fill", op=op, input=[name, *constants])
        for attr, dtype in attrs.items():
            node.attr[attr].type = dtype
        group.input.append(f"^{node.name}")
    return last


def _sorted(item: Filled) -> Sequence[Any]:
    """The content of a table by its keys: tables give it in any order."""
    if len(item.content) == 1:
        return item.content
    keys, values = (np.asarray(each) for each in item.content)
    order = np.argsort(keys, kind="stable") if keys.ndim == 1 else np.arange(len(keys))
    return keys[order], values[order]


def _constant(definition: Any, name: str, value: Any) -> int:
    """Add a constant. Returns its type."""
    tensor = tf.make_tensor_proto(value)
    node = definition.node.add(name=name, op="Const")
    node.attr["dtype"].type = tensor.dtype
    node.attr["value"].tensor.CopyFrom(tensor)
    return int(tensor.dtype)


def _filler(node: Any, types: Sequence[int]) -> tuple[str, dict[str, int]]:
    """The op that fills a node, and its types."""
    if node.op == "VarHandleOp":
        return "AssignVariableOp", {"dtype": types[0]}
    if len(types) == 1:
        return "Assign", {"T": types[0]}
    version = "V2" if _is_newer(node) else ""
    if node.op.startswith("Mutable"):
        return f"LookupTableImport{version}", {"Tin": types[0], "Tout": types[1]}
    return f"InitializeTable{version}", {"Tkey": types[0], "Tval": types[1]}
