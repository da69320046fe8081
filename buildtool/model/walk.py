"""Every node that a graph can run: those of the main graph and of each function reached from it.

A function counts if a node calls it by its name or holds it in any attribute; each combination of
type attributes that it is called with is a walk of its own, since the types of its nodes may be
placeholders for the caller's (TensorFlow 2.14.1, ``common_runtime/function_def_utils.cc``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from buildtool.core.errors import ModelError, Problem
from buildtool.model.attributes import Attr, Attrs, Function
from buildtool.model.graphdef import FunctionDef, GraphDef, Node
from buildtool.model.specs import OpSpec, Specs, function_spec, resolve

# How often each node of a file may be looked at, in the mean, and how many nodes always may.
_TIMES, _MANY = 4, 20_000
# Sites that others may be like: the nodes of a graph have few combinations of op and attributes.
_MOST_SHARED = 1 << 12


class Site(NamedTuple):
    """One node in one instance of its function (None for the main graph).

    ``spec`` is None for an op that nobody knows. ``attrs`` are the node's, placeholders resolved
    and defaults filled in; ``calls`` are the functions it refers to. ``scope`` are the attributes
    that its function was called with: one object for each instance. ``is_shared``: all nodes with
    these ``attrs``, the same object, are of the same op.
    """

    function: FunctionDef | None
    node: Node
    spec: OpSpec | None
    attrs: Attrs
    calls: tuple[Function, ...]
    scope: Attrs
    is_shared: bool = False


_SharedSite: TypeAlias = "tuple[OpSpec | None, Attrs, tuple[Function, ...], Attrs, bool]"


class TooManyCallsError(ModelError):
    """Functions call each other with so many combinations of attributes that the nodes are out of
    all proportion to those of the file."""


def walk(graph: GraphDef, specs: Specs) -> Iterator[Site]:
    """Give each reachable node; functions once for each different set of attributes.

    Raises:
        TooManyCallsError: these multiply beyond what the graph's size explains.
    """
    yield from (sites := _Walk(graph, specs)).nodes(None, graph.nodes, {})
    functions = sum(len(function.nodes) for function in graph.functions.values())
    given, most = 0, _MANY + _TIMES * (len(graph.nodes) + functions)
    while sites.waiting:
        function, scope = sites.waiting.popleft()
        given += len(function.nodes)
        if given > most:
            what = f"functions are called with so many types that they stand for {most} nodes"
            todo = "export the model again, with fewer functions that call each other"
            raise TooManyCallsError(
                Problem(where=f"function {function.name!r}", what=what, todo=todo)
            )
        yield from sites.nodes(function, function.nodes, scope)


class _Walk:
    def __init__(self, graph: GraphDef, specs: Specs) -> None:
        self._functions = graph.functions
        self._specs = specs
        # By op and the attributes' ``id``, which is theirs as long as they are kept.
        self._shared: dict[tuple[str, int], _SharedSite] = {}
        self._kept: list[Attrs] = []
        self._seen: set[tuple[str, tuple[tuple[str, bytes], ...]]] = set()
        self.waiting: deque[tuple[FunctionDef, Attrs]] = deque()

    def nodes(
        self, function: FunctionDef | None, nodes: tuple[Node, ...], scope: Attrs
    ) -> Iterator[Site]:
        """The sites of one function body, or of the main graph; what they call is queued."""
        for node in nodes:
            known = None if function else self._shared.get((node.op, id(node.attrs)))
            if known is not None:
                yield Site(None, node, *known)
                continue
            called = self._functions.get(node.op)
            spec = function_spec(called) if called else self._specs[node.op]
            attrs = _complete(node, spec, scope)
            calls = tuple(_referred(attrs, scope))
            if called:
                calls = (Function(node.op, attrs), *calls)
            for call in calls:
                self._enter(call)
            shares = function is None and len(self._shared) < _MOST_SHARED
            if shares:
                self._kept.append(node.attrs)
                self._shared[node.op, id(node.attrs)] = spec, attrs, calls, scope, True
            yield Site(function, node, spec, attrs, calls, scope, shares)

    def _enter(self, call: Function) -> None:
        """Queue a function, unless it has been with the same attributes."""
        function = self._functions.get(call.name)
        if function is None:
            return
        scope = {name: attr for name, attr in function.attrs.items() if attr is not None}
        scope |= {name: call.attrs[name] for name in function.attrs if name in call.attrs}
        key = tuple((name, _bytes(scope[name])) for name in sorted(scope))
        if (call.name, key) not in self._seen:
            self._seen.add((call.name, key))
            self.waiting.append((function, scope))


def _bytes(attr: Attr) -> bytes:
    return attr.buffer[slice(*attr.span)]


def _complete(node: Node, spec: OpSpec | None, scope: Attrs) -> Attrs:
    """The node's attributes with placeholders resolved and defaults filled in."""
    attrs = dict(node.attrs)
    if scope:
        for name, attr in node.attrs.items():
            resolved = resolve(attr, scope)
            if resolved is not None:
                attrs[name] = resolved
    if spec is not None:
        for name, known in spec.attrs.items():
            if known.default is not None and name not in attrs:
                attrs[name] = known.default
    return attrs


def _referred(attrs: Attrs, scope: Attrs) -> Iterator[Function]:
    """The functions that attributes hold, their own placeholders resolved."""
    for attr in attrs.values():
        for function in attr.functions():
            inner = {name: resolve(item, scope) or item for name, item in function.attrs.items()}
            yield Function(function.name, inner)
