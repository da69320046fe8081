"""Inputs of nodes, redirected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from buildtool.model.graphdef import Node
from buildtool.model.transforms.transform import full


def redirect(nodes: Iterable[Node], moved: Mapping[str, str]) -> tuple[Node, ...]:
    """The nodes with their inputs taken from where ``moved`` says: full tensor name to tensor.

    What a redirected name leads to is not redirected again.
    """

    def source(name: str) -> str:
        return name if name.startswith("^") else moved.get(full(name), name)

    return tuple(
        node._replace(inputs=tuple(source(name) for name in node.inputs))
        if any(full(name) in moved for name in node.inputs)
        else node
        for node in nodes
    )
