"""Prints, as JSON, the kernel registry of the installed TensorFlow; runs as a process of its own.

For every CPU and DEFAULT kernel: its KernelDef, and for every combination of the types that its
constraints allow the class that TensorFlow itself would run on a CPU node ("" where it finds none
or several).
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

_VALUES: dict[str, Callable[[Any], str]] = {
    "s": lambda value: value.decode(),
    "i": str,
    "b": lambda value: str(value).lower(),
}


def _load() -> tuple[Any, ...]:
    import tensorflow as tf  # noqa: PLC0415  (seconds, and only in this process)
    from tensorflow.core.framework import node_def_pb2, types_pb2  # noqa: PLC0415
    from tensorflow.python.framework import kernels, op_def_registry  # noqa: PLC0415
    from tensorflow.python.util import _pywrap_kernel_registry  # noqa: PLC0415

    modules = (node_def_pb2, types_pb2, kernels, op_def_registry, _pywrap_kernel_registry)
    return tf.__version__, *modules


VERSION, NODE_DEF, TYPES, KERNELS, OP_DEFS, REGISTRY = _load()


def _is_list(op: str, attr: str) -> bool:
    definition = OP_DEFS.get(op)
    return definition is not None and any(
        item.name == attr and item.type.startswith("list(") for item in definition.attr
    )


def _types(kernel: Any) -> list[tuple[str, list[int]]]:
    return [
        (item.name, list(item.allowed_values.list.type))
        for item in kernel.constraint
        if item.allowed_values.list.type
    ]


def _conditions(kernel: Any) -> list[tuple[str, list[str]]]:
    found = []
    for item in kernel.constraint:
        for field, text in _VALUES.items():
            values = [text(value) for value in getattr(item.allowed_values.list, field)]
            if values:
                found.append((item.name, values))
    return found


def _class(kernel: Any, types: dict[str, int]) -> str:
    node = NODE_DEF.NodeDef(name="n", op=kernel.op, device="/cpu:0")
    for item in kernel.constraint:
        allowed = item.allowed_values.list
        for field in _VALUES:
            for value in getattr(allowed, field)[:1]:
                setattr(node.attr[item.name], field, value)
    for attr, number in types.items():
        if _is_list(kernel.op, attr):
            node.attr[attr].list.type.append(number)
        else:
            node.attr[attr].type = number
    if kernel.label:
        node.attr["_kernel"].s = kernel.label.encode()
    found: bytes = REGISTRY.TryFindKernelClass(node.SerializeToString())
    return found.decode()


def _entries() -> Iterator[dict[str, Any]]:
    for kernel in KERNELS.get_all_registered_kernels().kernel:
        if kernel.device_type not in {"CPU", "DEFAULT"}:
            continue
        types = _types(kernel)
        names = [attr for attr, _ in types]
        uses = []
        for combination in itertools.product(*(allowed for _, allowed in types)):
            chosen = dict(zip(names, combination, strict=True))
            named = {attr: TYPES.DataType.Name(number) for attr, number in chosen.items()}
            uses.append({"types": named, "class": _class(kernel, chosen)})
        yield {
            "op": kernel.op,
            "device": kernel.device_type,
            "label": kernel.label,
            "priority": kernel.priority,
            "host_memory": list(kernel.host_memory_arg),
            "constraints": [
                [attr, [TYPES.DataType.Name(number) for number in allowed]]
                for attr, allowed in types
            ],
            "conditions": _conditions(kernel),
            "uses": uses,
        }


if __name__ == "__main__":
    json.dump({"version": VERSION, "kernels": list(_entries())}, sys.stdout)
