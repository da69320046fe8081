"""Which nodes of a graph of TensorFlow's own classes change a variable; for ``freeze.py``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

VARIABLES = ("Variable", "VariableV2", "VarHandleOp")
# Ops whose first input is a variable that they change, and those that draw from a generator's.
CHANGE = re.compile(
    r"Assign(Add|Sub)?(Variable(Xla\w+)?Op)?|(Resource)?(Sparse)?Apply[A-Z]\w*|(Resource)?CountUpTo"
    # ScatterNd makes a tensor of its own.
    r"|(Resource)?(Scatter(?!Nd(NonAliasingAdd)?\Z)|StridedSliceAssign)\w*"
    r"|Rng(ReadAnd)?Skip|Stateful(?!Partitioned)[A-Z]\w*"
)
_PASSING = frozenset({"Identity", "RefIdentity", "Enter", "RefEnter", "Switch", "RefSwitch"})
_SKIPPED_INPUTS = {"If": 1, "StatelessIf": 1, "Case": 1, "StatelessCase": 1}


class Change(NamedTuple):
    """A node that changes a variable."""

    variable: str
    node: str
    op: str


def changes_of(
    definition: Any, variables: Mapping[str, str], nodes: Any = None, seen: Any = None
) -> Iterator[Change]:
    """The nodes that change one of ``variables`` (by the node or argument that stands for each),
    in the graph and in the functions that it calls."""
    nodes = definition.node if nodes is None else nodes
    seen = set() if seen is None else seen
    functions = {each.signature.name: each for each in definition.library.function}
    by_name = {node.name: node for node in nodes}

    def variable(reference: str) -> str:
        name = reference.partition(":")[0]
        while name not in variables and name in by_name and by_name[name].op in _PASSING:
            name = by_name[name].input[0].partition(":")[0]
        return variables.get(name, "")

    for node in nodes:
        taken = [variable(each) for each in node.input if not each.startswith("^")]
        if CHANGE.fullmatch(node.op) and taken and taken[0]:
            yield Change(taken[0], node.name, node.op)
        called = [node.op, *(name for attr in node.attr.values() for name in _functions(attr))]
        for name in called:
            arguments = taken[_SKIPPED_INPUTS.get(node.op, 0) :]
            if name not in functions or (name, tuple(arguments)) in seen:
                continue
            seen.add((name, tuple(arguments)))
            body = functions[name]
            pairs = zip(body.signature.input_arg, arguments, strict=False)
            inner = {argument.name: each for argument, each in pairs if each}
            yield from changes_of(definition, inner, body.node_def, seen)


def _functions(attr: Any) -> list[str]:
    return [attr.func.name, *(each.name for each in attr.list.func)]
