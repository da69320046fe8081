"""What goes into a model and comes out of it: found in the graph, or checked if it was stated."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from buildtool.core.datatypes import UNKNOWN, short
from buildtool.core.values import TensorInfo
from buildtool.model.attributes import Shape
from buildtool.model.findings import Findings
from buildtool.model.graphdef import GraphDef, Node
from buildtool.model.pruning import node_of
from buildtool.model.specs import argument_types
from buildtool.model.walk import Site

_INPUTS = ("Placeholder", "PlaceholderV2")
_ARGUMENTS = ("_Arg", "_DeviceArg")
_RESULTS = ("_Retval", "_DeviceRetval")
_NO_RESULT = frozenset({"Const", "NoOp", "Assert", *_INPUTS})
_LOOP = frozenset({"Enter", "Exit", "Merge", "Switch", "NextIteration", "_SwitchN"})
_BRANCH = frozenset({"Switch", "RefSwitch", "_SwitchN"})
_JOIN = frozenset({"Merge", "RefMerge", "Exit", "RefExit"})
# Ops that are there for what they do: what they give, if anything, tells that it was done.
_EFFECT = re.compile(
    r"(Assign|InitializeTable|LookupTable(Import|Insert)|MakeIterator|Print|Restore|Save)\w*"
    r"|\w*Summary\w*|IteratorToStringHandle|Queue(Size|IsClosed|Close|Enqueue(Many)?)(V2)?"
    r"|TensorArrayClose\w*|ResourceApply\w*|_?(Host)?Send"
)
_SUMMARY = re.compile(r"\w*Summary\w*")
# Ops that give a list, which no app can fetch; an older tree does not know them, nor their types.
_LISTS = re.compile(
    r"EmptyTensorList|TensorList(FromTensor|PushBack|Reserve|Resize|Scatter\w*|SetItem)"
)
_HANDLES = frozenset({"DT_VARIANT", "DT_RESOURCE"})
_UNKNOWN = (UNKNOWN,)
_NAMES_SHOWN = 3


class Ends(NamedTuple):
    """The nodes of a main graph that, by their names, are its inputs and outputs. ``others`` are
    nodes that nothing takes either, but that look like by-products, each for a reason."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    others: tuple[str, ...]
    reasons: tuple[str, ...] = ()

    def note(self, tensors: Sequence[TensorInfo], *, more: int) -> str:
        """What is said of outputs that nobody stated, and that there are so many more."""
        several = len(tensors) > 1
        names = ", ".join(_described(tensor) if several else tensor.name for tensor in tensors)
        names += f" and {more} more are" if more else ""
        few = ", ".join(self.others[:_NAMES_SHOWN]) + ", ..." * (len(self.others) > _NAMES_SHOWN)
        left = f", and {few} as by-products" if self.others else ""
        return f"the target names no outputs: {names} taken as such{left}; 'outputs' names others"


def _described(tensor: TensorInfo) -> str:
    """A tensor with what is known of it, so that one can tell which is meant."""
    dtype = "unknown type" if tensor.dtype == UNKNOWN else short(tensor.dtype)
    shape = "unknown shape" if tensor.shape is None else f"[{', '.join(map(str, tensor.shape))}]"
    return f"{tensor.name} ({dtype}, {shape})"


def find_ends(graph: GraphDef) -> Ends:
    """Find what nobody states.

    Inputs are the placeholders that a node takes. Outputs are the nodes that nothing takes or
    waits for, but for the machinery of control flow, for what only has an effect, for what runs in
    one branch only, and for what does not depend on any input. What these rules leave out counts
    where they leave nothing. Where only summaries are left, it is what they sum up.
    """
    taken, loose = _producers(graph)
    inputs = tuple(n.name for n in graph.nodes if n.op in _INPUTS and n.name in taken)
    last = [n for n in graph.nodes if n.name not in taken and n.op not in _NO_RESULT]
    fed = depending(graph, inputs)
    branch = _in_a_branch(graph)
    rules: tuple[tuple[str, Callable[[Node], bool]], ...] = (
        (
            "it is machinery of control flow, or others wait for it",
            lambda n: n.op in _LOOP or n.name in loose,
        ),
        ("it is there for its effect", lambda n: bool(_EFFECT.fullmatch(n.op))),
        ("it runs in one branch only", lambda n: n.name in branch),
        ("it gives a list, which no app can fetch", lambda n: bool(_LISTS.fullmatch(n.op))),
        ("it depends on no input", lambda n: n.name not in fed),
    )
    if last and all(_SUMMARY.fullmatch(node.op) for node in last):
        last = _summarised(graph)
    chosen = last
    reasons: dict[str, str] = {}
    for why, is_none in rules:
        left = [n for n in chosen if not is_none(n)]
        if left:
            reasons.update({n.name: why for n in chosen if is_none(n)})
            chosen = left
    others = tuple(node.name for node in last if node.name in reasons)
    names = tuple(node.name for node in chosen)
    return Ends(inputs, names, others, tuple(reasons[name] for name in others))


def without_output(graph: GraphDef) -> tuple[str, str]:
    """What is said of a graph in which no output can be found, and what to do. Bodies of functions
    and parts of a session's graph end in ``_Retval``, and begin with ``_Arg``; what these give and
    take can be fed and fetched."""
    results = [node for node in graph.nodes if node.op in _RESULTS and node.inputs]
    if not results:
        what = "no output can be found: each node is an input, a constant, or read by another"
        return what, "state the outputs in the target file"
    feeds = _listed("inputs", (node.name for node in graph.nodes if node.op in _ARGUMENTS))
    fetches = _listed("outputs", (node.inputs[0] for node in results))
    return (
        f"it ends in {results[0].op}, as the body of a function does, or a part of a graph that a "
        "session has cut out",
        "export the model's own graph; or state what its callers gave and took: "
        + " and ".join(filter(None, (feeds, fetches))),
    )


def _listed(key: str, names: Iterable[str]) -> str:
    """A key of a model with these names, for YAML; empty without any."""
    found = list(dict.fromkeys(names))
    more = ", ..." * (len(found) > _NAMES_SHOWN)
    return f"'{key}: [{', '.join(found[:_NAMES_SHOWN])}{more}]'" if found else ""


def _summarised(graph: GraphDef) -> list[Node]:
    """The nodes that summaries take, but for constants and other summaries."""
    summaries = [node for node in graph.nodes if _SUMMARY.fullmatch(node.op)]
    taken = {name.partition(":")[0] for node in summaries for name in node.inputs}
    none = {*_NO_RESULT, *(node.op for node in summaries)}
    return [n for n in graph.nodes if n.name in taken and n.op not in none] or summaries


def _in_a_branch(graph: GraphDef) -> set[str]:
    """The nodes whose tensors are dead whenever another branch is taken, or another turn of a loop:
    those behind a Switch, without the Merge or Exit that ends it."""
    starts = [node.name for node in graph.nodes if node.op in _BRANCH]
    ends = {node.name for node in graph.nodes if node.op in _JOIN}
    return depending(graph, starts, until=ends) - ends


def _producers(graph: GraphDef) -> tuple[set[str], set[str]]:
    """The nodes that others take tensors from, and those that others wait for."""
    taken: set[str] = set()
    waited: set[str] = set()
    for node in graph.nodes:
        for name in node.inputs:
            if name[:1] == "^":
                waited.add(name.lstrip("^").partition(":")[0])
            else:
                taken.add(name.partition(":")[0] if ":" in name else name)
    return taken, waited


def depending(
    graph: GraphDef,
    inputs: Iterable[str],
    *,
    until: Collection[str] = (),
    control: bool = False,
) -> set[str]:
    """The nodes whose tensors depend on these nodes, and these; what is behind those of ``until``
    does not count, and what only waits for one counts with ``control``."""
    found, waiting = set(inputs), list(inputs)
    if not found:
        return found
    if not until and (behind := _behind(graph, found, control=control)) is not None:
        return behind
    takers: dict[str, list[str]] = {}
    for node in graph.nodes:
        for name in node.inputs:
            if control or name[:1] != "^":
                takers.setdefault(node_of(name), []).append(node.name)
    while waiting:
        for name in takers.get(waiting.pop(), ()):
            if name not in found:
                found.add(name)
                if name not in until:
                    waiting.append(name)
    return found


def _behind(graph: GraphDef, start: Collection[str], *, control: bool) -> set[str] | None:
    """The same where each node stands behind all that it takes; None where one does not."""
    found, seen = set(start), set[str]()
    for node in graph.nodes:
        for reference in node.inputs:
            name = node_of(reference)
            if name not in seen:
                return None
            if name in found and (control or reference[:1] != "^"):
                found.add(node.name)
        seen.add(node.name)
    return found


class Interface:
    """The tensors of one graph, by name. ``sites`` are its nodes as walked (main graph only);
    ``shapes`` and ``dtypes`` are stated beside it."""

    def __init__(
        self, sites: Sequence[Site], shapes: Mapping[str, Shape], dtypes: Mapping[str, str]
    ) -> None:
        self._sites = {site.node.name: site for site in sites}
        self._shapes = {with_index(name): shape for name, shape in shapes.items()}
        self._dtypes = {with_index(name): dtype for name, dtype in dtypes.items()}

    def inputs(self, nodes: Iterable[str]) -> tuple[TensorInfo, ...]:
        """What these placeholders take."""
        return tuple(self._tensor(f"{name}:0") for name in nodes if name in self._sites)

    def outputs(self, nodes: Iterable[str]) -> tuple[TensorInfo, ...]:
        """Every tensor that these nodes give, but handles."""
        return tuple(
            self._tensor(f"{name}:{index}")
            for name in nodes
            if name in self._sites
            for index, dtype in enumerate(self._output_types(name))
            if dtype not in _HANDLES
        )

    def stated(
        self, names: Sequence[str], what: str, where: str, findings: Findings
    ) -> tuple[TensorInfo, ...]:
        """The tensors that the target names; a name that the graph lacks is a finding."""
        result = []
        for name in names:
            node, _, index = with_index(name).rpartition(":")
            types = self._output_types(node) if node in self._sites else ()
            if node not in self._sites:
                close = difflib.get_close_matches(node, self._sites, n=_NAMES_SHOWN)
                todo = (
                    f"close to it are {', '.join(close)}" if close else "name a node of the graph"
                )
                findings.model(where, f"the {what} {name!r} is not a node of the graph", todo)
            elif not types:
                op = self._sites[node].node.op
                told = f"the {what} {name!r} is no tensor: op {op} gives none"
                todo = "name another one; what only has to be run once stands under 'initialise'"
                findings.model(where, told, todo)
            elif types != _UNKNOWN and int(index) >= len(types):
                last = f", the last {node}:{len(types) - 1}" if len(types) > 1 else ""
                todo = f"the first that {node!r} gives is {node}:0{last}"
                findings.model(where, f"the {what} {name!r} is not a tensor of the graph", todo)
            else:
                result.append(self._tensor(f"{node}:{index}"))
        return tuple(result)

    def check_shapes(self, where: str, findings: Findings) -> None:
        """Stated shapes must belong to tensors of the graph."""
        for name in self._shapes:
            if name.rpartition(":")[0] not in self._sites:
                what = f"a shape is given for {name!r}, which is not a tensor of the graph"
                findings.model(where, what, "name an input of the model")

    def check_types(self, places: Mapping[str, str], where: str, findings: Findings) -> None:
        """Stated types must not contradict the graph; ``places`` say where each was stated."""
        named = {with_index(name): place for name, place in places.items()}
        for name, dtype in self._dtypes.items():
            own = self._own_type(name) if name.rpartition(":")[0] in self._sites else UNKNOWN
            if own not in (UNKNOWN, dtype):
                what = f"dtype: {name!r} is {short(own)} in the model, not {short(dtype)}"
                todo = f"write {short(own)!r}, or leave 'dtype' out"
                findings.model(named.get(name, where), what, todo)

    def _own_type(self, name: str) -> str:
        """What the graph says of a tensor's type."""
        node, _, index = name.rpartition(":")
        types, number = self._output_types(node), int(index)
        return types[number] if number < len(types) else UNKNOWN

    def _tensor(self, name: str) -> TensorInfo:
        node, _, index = name.rpartition(":")
        number, own = int(index), self._own_type(name)
        dtype = self._dtypes.get(name, UNKNOWN) if own == UNKNOWN else own
        shape = self._shapes.get(name, _shape(self._sites[node].node, number))
        return TensorInfo(name=name, dtype=dtype, shape=shape)

    def _output_types(self, node: str) -> tuple[str, ...]:
        """The types of a node's outputs; one of unknown type where nothing says what they are."""
        site = self._sites[node]
        if site.spec is None or (site.spec.is_open and not site.calls):
            return _UNKNOWN
        types = argument_types(site.spec.outputs, site.attrs)
        return _UNKNOWN if types is None else types


def with_index(name: str) -> str:
    """``x:0`` for ``x``; node names hold no colon."""
    head, colon, index = name.rpartition(":")
    return name if colon and head and index.isdecimal() else f"{name}:0"


def _shape(node: Node, index: int) -> Shape:
    """The shape that a node states of its output, None if it does not."""
    listed = node.value("_output_shapes", "list(shape)")
    if isinstance(listed, tuple) and index < len(listed):
        return _as_shape(listed[index])
    return _as_shape(node.value("shape", "shape")) if node.op in _INPUTS else None


def _as_shape(value: object) -> Shape:
    return tuple(int(size) for size in value) if isinstance(value, tuple) else None
