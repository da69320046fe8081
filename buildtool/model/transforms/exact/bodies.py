"""The body of a function as nodes of the main graph."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from buildtool.core.own_tables import read_table
from buildtool.core.paths import DATA
from buildtool.model.attributes import Attr, Attrs, Function
from buildtool.model.encoding import make_node, type_attr
from buildtool.model.graphdef import Argument, FunctionDef, Node
from buildtool.model.specs import argument_types, resolve
from buildtool.model.transforms.transform import View

_TABLE = DATA / "newer_outputs.yaml"


class CannotInlineError(Exception):
    """Why a function cannot be taken out of the library."""


class Body(NamedTuple):
    """The nodes of a function that was taken out of the library, the tensors that it gives with
    their types, and the nodes that it makes its caller wait for."""

    nodes: list[Node]
    results: list[str]
    types: tuple[str, ...]
    controls: tuple[str, ...]


@functools.cache
def newer_outputs() -> Mapping[str, Sequence[str]]:
    """The outputs of ops that have several and that a 1.x tree does not know, by name."""
    table: Mapping[str, Sequence[str]] = read_table(_TABLE)
    return table


def inline(
    call: Function, prefix: str, arguments: Sequence[str], waiting: tuple[str, ...], view: View
) -> Body:
    """The body of the function that ``call`` names, fed with the tensors ``arguments``. All of it
    comes after what ``waiting`` names (``^x``).

    Raises:
        CannotInlineError: the function is not there, or a node of it is not understood.
    """
    function = view.graph.functions.get(call.name)
    if function is None:
        raise CannotInlineError(f"the graph has no function {call.name!r}")
    scope = {name: attr for name, attr in function.attrs.items() if attr is not None}
    scope.update(call.attrs)
    return _Inliner(function, scope, view, prefix).run(arguments, waiting)


class _Inliner:
    def __init__(self, function: FunctionDef, scope: Attrs, view: View, prefix: str) -> None:
        self._function, self._scope, self._view = function, scope, view
        self._names = {node.name: view.fresh(f"{prefix}/{node.name}") for node in function.nodes}
        self._nodes = {node.name: node for node in function.nodes}
        self._prefix = prefix
        self._given: dict[str, str] = {}

    def run(self, arguments: Sequence[str], waiting: tuple[str, ...]) -> Body:
        types = self._types(self._function.inputs)
        if len(types) != len(arguments) or len(types) != len(self._function.inputs):
            raise CannotInlineError(f"{self._function.name!r} takes other arguments than it gets")
        made = []
        for argument, source, kind in zip(self._function.inputs, arguments, types, strict=True):
            name = self._view.fresh(f"{self._prefix}/{argument.name}")
            made.append(make_node(name, "Identity", (source, *waiting), T=type_attr(kind)))
            self._given[argument.name] = name
        first = (f"^{made[0].name}",) if made else waiting
        made += [self._node(node, first) for node in self._function.nodes]
        results = [self._source(self._function.returns[o.name]) for o in self._function.outputs]
        controls = tuple(f"^{self._names[name]}" for name in self._function.control_returns)
        return Body(made, results, self._types(self._function.outputs), controls)

    def _types(self, arguments: Sequence[Argument]) -> tuple[str, ...]:
        types = argument_types(arguments, self._scope)
        if types is None:
            raise CannotInlineError(f"the types of {self._function.name!r} are not known")
        return types

    def _node(self, node: Node, first: tuple[str, ...]) -> Node:
        attrs = {name: self._resolved(attr) for name, attr in node.attrs.items()}
        inputs = tuple(self._source(name) for name in node.inputs) or first
        return node._replace(name=self._names[node.name], inputs=inputs, attrs=attrs)

    def _resolved(self, attr: Attr) -> Attr:
        if any(inner.attrs for inner in attr.functions()):
            raise CannotInlineError("it hands attributes on to a function that it names")
        found = resolve(attr, self._scope)
        if found is None:
            raise CannotInlineError(f"{self._function.name!r} is called without its attributes")
        return found

    def _source(self, name: str) -> str:
        """An input of the body as an input of the main graph."""
        if name.startswith("^"):
            plain = name[1:]
            return f"^{self._given.get(plain) or self._names[plain]}"
        head, _, rest = name.partition(":")
        if head in self._given:
            return self._given[head]
        output, _, index = rest.partition(":")
        port = self._port(self._nodes[head], output) + int(index or 0)
        return f"{self._names[head]}:{port}" if port else self._names[head]

    def _port(self, node: Node, output: str) -> int:
        """The number of the first tensor of a node's output."""
        place = 0
        for name, count in self._outputs(node):
            if name in (output, ""):
                return place
            place += count
        raise CannotInlineError(f"op {node.op} has no output {output!r}")

    def _outputs(self, node: Node) -> Iterator[tuple[str, int]]:
        """Names of outputs and how many tensors each has; "" stands for the only one."""
        called = self._view.graph.functions.get(node.op)
        spec = self._view.tree.specs[node.op]
        if called is None and (spec is None or spec.is_open):
            names = newer_outputs().get(node.op, ("",))
            yield from ((name, 1) for name in names)
            return
        attrs = {name: resolve(attr, self._scope) or attr for name, attr in node.attrs.items()}
        if spec is not None and called is None:
            defaults = {name: known.default for name, known in spec.attrs.items() if known.default}
            attrs = {**defaults, **attrs}
        for argument in called.outputs if called else spec.outputs if spec else ():
            types = argument_types([argument], attrs)
            if types is None:
                raise CannotInlineError(f"the outputs of {node.name!r} are not known")
            yield argument.name, len(types)
