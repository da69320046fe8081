"""Calls, conditions and loops that name functions, as nodes of the main graph.

Conditions become Switch and Merge, loops Enter, Merge, Switch, NextIteration and Exit, as in
releases before the functional ops. What stands in a branch or in a loop hangs on a tensor or
waits for a node that is there, so that it is run only there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from buildtool.model.attributes import Function
from buildtool.model.encoding import int_attr, make_node, string_attr, type_attr
from buildtool.model.graphdef import GraphDef, Node
from buildtool.model.specs import OpSpec, type_list
from buildtool.model.transforms.exact.bodies import CannotInlineError, inline
from buildtool.model.transforms.exact.defaults import unknown
from buildtool.model.transforms.exact.renamed_ops import redirect
from buildtool.model.transforms.transform import (
    Result,
    Setting,
    Transform,
    Tree,
    View,
    controls,
    full,
    plain_inputs,
)
from buildtool.model.walk import walk

_ROUNDS = 50  # of functions that call functions


class _Lowered:
    """The nodes that take the place of one, and the tensors that it gave."""

    def __init__(self, node: Node, view: View) -> None:
        self.node, self.view = node, view
        self.nodes: list[Node] = []
        self.results: list[str] = []
        self.types: tuple[str, ...] = ()
        self.waits: tuple[str, ...] = ()

    def add(self, part: str, op: str, *inputs: str, kind: str = "", count: int = 0) -> str:
        """A node below the one that is replaced; gives its name."""
        attrs = {"T": type_attr(kind)} if kind else {}
        if count:
            attrs["num_outs" if op == "_SwitchN" else "N"] = int_attr(count)
        name = self.view.fresh(f"{self.node.name}/{part}")
        self.nodes.append(make_node(name, op, inputs, **attrs))
        return name

    def body(
        self, function: Function, part: str, given: list[str], waiting: tuple[str, ...]
    ) -> list[str]:
        """The body of a function, taken in; gives its results."""
        made = inline(function, f"{self.node.name}/{part}", given, waiting, self.view)
        self.nodes += made.nodes
        self.types = made.types
        self.waits += made.controls
        return made.results

    def function(self, attr: str) -> Function:
        """The function that an attribute names."""
        functions = self.node.attrs[attr].functions() if attr in self.node.attrs else ()
        if len(functions) != 1:
            raise CannotInlineError(f"its attribute {attr!r} names no function")
        return functions[0]


def _call(made: _Lowered) -> None:
    node = made.node
    by_name = node.op in made.view.graph.functions
    function = Function(node.op, node.attrs) if by_name else made.function("f")
    made.results = made.body(function, "call", list(plain_inputs(node)), controls(node))


def _branches(
    made: _Lowered, functions: list[Function], switch: Callable[[str, str, str], list[str]]
) -> None:
    """One body for each function, fed by its way of a switch, and a merge of what they give."""
    node = made.node
    chooser, *given = plain_inputs(node)
    kinds = type_list(node.attrs.get("Tin")) or ()
    chooser_kind = "DT_BOOL" if "Tcond" in node.attrs else "DT_INT32"
    ways = [
        switch(f"input_{i}", x, kind) for i, (x, kind) in enumerate(zip(given, kinds, strict=True))
    ]
    pivots = switch("pivot", chooser, chooser_kind)
    results = []
    for number, function in enumerate(functions):
        pivot = made.add(f"pivot_{number}", "Identity", pivots[number], kind=chooser_kind)
        fed = [way[number] for way in ways]
        found = made.body(function, f"branch_{number}", fed, (f"^{pivot}",))
        results.append(found)
    made.waits = ()  # of the branch that is not taken nothing ever happens
    made.results = [
        made.add(f"merge_{i}", "Merge", *several, kind=kind, count=len(functions))
        for i, (several, kind) in enumerate(
            zip(zip(*results, strict=True), made.types, strict=True)
        )
    ]


def _if(made: _Lowered) -> None:
    node = made.node
    if type_list(node.attrs.get("Tcond")) != ("DT_BOOL",):
        raise CannotInlineError("its condition is not a bool")
    chooser = plain_inputs(node)[0]

    def switch(part: str, tensor: str, kind: str) -> list[str]:
        name = made.add(part, "Switch", tensor, chooser, *controls(node), kind=kind)
        return [name, f"{name}:1"]

    _branches(made, [made.function("else_branch"), made.function("then_branch")], switch)


def _case(made: _Lowered) -> None:
    node = made.node
    functions = list(node.attrs["branches"].functions())
    chooser = plain_inputs(node)[0]

    def switch(part: str, tensor: str, kind: str) -> list[str]:
        count = len(functions)
        name = made.add(part, "_SwitchN", tensor, chooser, *controls(node), kind=kind, count=count)
        return [f"{name}:{way}" if way else name for way in range(count)]

    _branches(made, functions, switch)


def _while(made: _Lowered) -> None:
    node = made.node
    kinds = type_list(node.attrs.get("T")) or ()
    turns = node.attrs.get("parallel_iterations", int_attr(10))
    merges = []
    for number, (source, kind) in enumerate(zip(plain_inputs(node), kinds, strict=True)):
        enter = made.add(f"enter_{number}", "Enter", source, *controls(node), kind=kind)
        attrs = {**made.nodes[-1].attrs, "frame_name": string_attr(node.name.encode())}
        made.nodes[-1] = made.nodes[-1]._replace(attrs={**attrs, "parallel_iterations": turns})
        again = made.view.fresh(f"{node.name}/next_{number}")
        merges.append(
            (made.add(f"merge_{number}", "Merge", enter, again, kind=kind, count=2), again)
        )
    given = [merge for merge, _ in merges]
    (goes_on,) = made.body(made.function("cond"), "cond", given, ())
    condition = made.add("condition", "LoopCond", goes_on)
    switches = [
        made.add(f"switch_{number}", "Switch", merge, condition, kind=kind)
        for number, (merge, kind) in enumerate(zip(given, kinds, strict=True))
    ]
    results = made.body(made.function("body"), "body", [f"{name}:1" for name in switches], ())
    for result, kind, (_, again) in zip(results, kinds, merges, strict=True):
        made.nodes.append(
            make_node(again, "NextIteration", (result, *made.waits), T=type_attr(kind))
        )
    made.results = [
        made.add(f"exit_{number}", "Exit", name, kind=kind)
        for number, (name, kind) in enumerate(zip(switches, kinds, strict=True))
    ]
    made.types, made.waits = kinds, ()


_KINDS: Mapping[str, Callable[[_Lowered], None]] = {
    **dict.fromkeys(("PartitionedCall", "StatefulPartitionedCall"), _call),
    **dict.fromkeys(("If", "StatelessIf"), _if),
    **dict.fromkeys(("Case", "StatelessCase"), _case),
    **dict.fromkeys(("While", "StatelessWhile"), _while),
}


def _apply(graph: GraphDef, setting: Setting) -> Result:
    if not graph.functions or not _is_needed(graph, setting.tree):
        return Result(graph)
    original = {node.name for node in graph.nodes}
    refused: dict[str, str] = {}
    changed: list[str] = []
    for _ in range(_ROUNDS):
        view = View(graph, setting)
        wanted = [n for n in graph.nodes if _kind(n, graph) and n.name not in refused]
        if not wanted:
            break
        graph = _round(graph, wanted, view, refused)
        changed += [node.name for node in wanted if node.name in original - refused.keys()]
    else:
        refused.update((n.name, "it calls itself") for n in graph.nodes if _kind(n, graph))
    if not changed:
        return Result(graph, (), tuple(refused.items()))
    return Result(_tidied(graph, original), tuple(changed), tuple(refused.items()))


def _kind(node: Node, graph: GraphDef) -> Callable[[_Lowered], None] | None:
    return _call if node.op in graph.functions else _KINDS.get(node.op)


def _is_needed(graph: GraphDef, tree: Tree) -> bool:
    """Is there a call, or something in a function that is called, that the tree does not know?"""
    view = View(graph, Setting(tree))
    for site in walk(graph, tree.specs):
        if site.calls or site.function is not None:
            called = site.node.op in graph.functions
            if site.spec is None or (not called and _is_newer(site.node, site.spec, view)):
                return True
    return False


def _is_newer(node: Node, spec: OpSpec, view: View) -> bool:
    """Has the node attributes, or a number of inputs, that its op does not have in this tree?"""
    listed = spec.is_open or any(a.number_attr or a.type_list_attr for a in spec.inputs)
    other = not listed and len(plain_inputs(node)) != len(spec.inputs)
    return other or bool(unknown(node, view))


def _round(graph: GraphDef, wanted: list[Node], view: View, refused: dict[str, str]) -> GraphDef:
    """Lower the calls that are in the main graph now."""
    made: dict[str, list[Node]] = {}
    moved: dict[str, str] = {}
    for node in wanted:
        kind = _kind(node, graph)
        lowered = _Lowered(node, view)
        try:
            if kind:
                kind(lowered)
        except CannotInlineError as reason:
            refused[node.name] = str(reason)
            continue
        made[node.name] = [*lowered.nodes, _stand_in(lowered)]
        for number, result in enumerate(lowered.results[1:], 1):
            moved[f"{node.name}:{number}"] = result
    nodes = [part for node in graph.nodes for part in made.get(node.name, [node])]
    return graph._replace(nodes=redirect(nodes, _settled(moved)))


def _stand_in(lowered: _Lowered) -> Node:
    """A node of the old name: its first result, or what others waited for."""
    node = lowered.node
    if not lowered.results:
        return Node(node.name, "NoOp", (*lowered.waits, *controls(node)), {}, node.rest)
    inputs = (lowered.results[0], *lowered.waits)
    return Node(node.name, "Identity", inputs, {"T": type_attr(lowered.types[0])}, node.rest)


def _settled(moved: Mapping[str, str]) -> dict[str, str]:
    """Where tensors are in the end: a result may be that of another call."""
    settled = {}
    for tensor, place in moved.items():
        end = place
        while full(end) in moved:
            end = moved[full(end)]
        settled[tensor] = end
    return settled


def _tidied(graph: GraphDef, original: set[str]) -> GraphDef:
    """Without what is new and leads to nothing that was there, and without unused functions."""
    nodes = {node.name: node for node in graph.nodes}
    kept: set[str] = set()
    waiting = [name for name in nodes if name in original]
    while waiting:
        name = waiting.pop()
        if name not in kept and name in nodes:
            kept.add(name)
            waiting += (i.lstrip("^").partition(":")[0] for i in nodes[name].inputs)
    left = tuple(node for node in graph.nodes if node.name in kept)
    uses = any(node.op in graph.functions or _names_function(node) for node in left)
    if uses:
        return graph._replace(nodes=left)
    return graph._replace(nodes=left, functions={}, library_rest=b"")


def _names_function(node: Node) -> bool:
    return any(attr.functions() for attr in node.attrs.values())


LOWER_FUNCTIONS = Transform(
    name="lower-functions",
    description="Function calls become what the functions hold, `If` and `Case` become `Switch` "
    "and `Merge`, `While` becomes a loop of `Enter`, `NextIteration` and `Exit`. All other "
    "rewrites look at the main graph only, so this one brings them what stands in functions.",
    exact=True,
    apply=_apply,
)
