"""What the device would refuse in a graph, found now.

The rules are TensorFlow 2.14.1's own: ``core/framework/node_def_util.cc`` (``ValidateNodeDef``),
``core/framework/op_def_util.cc`` (``CheckOpDeprecation``), ``core/framework/versions.cc`` and
``core/common_runtime/graph_constructor.cc``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from buildtool.core.datatypes import short
from buildtool.core.values import NodeRef
from buildtool.model.attributes import PLACEHOLDER, Attr
from buildtool.model.cycles import cycle_of
from buildtool.model.findings import Findings
from buildtool.model.graphdef import GraphDef
from buildtool.model.op_remedies import remedy
from buildtool.model.runtime_facts import RuntimeFacts
from buildtool.model.specs import MOST_TENSORS, AttrSpec, OpSpec, Specs, type_list
from buildtool.model.tensors import fault_of
from buildtool.model.walk import Site

REEXPORT = "export the model again with the release of TensorFlow that this library is built from"
# Protobuf reads no message of more (``io/coded_stream.h``, whose sizes are int).
MOST_BYTES = (1 << 31) - 1
_GIGABYTE = 1 << 30
_CYCLE_SHOWN = 5
# When the device would have found out: ``core/common_runtime/graph_constructor.cc`` of any release
# looks up ops, ``core/framework/op_kernel.cc`` looks at the nodes.
_AT_LOAD = "it cannot be loaded"
AT_SESSION = "no session can be made"
AT_RUN = "the first run fails"
CUT = "the graph was cut wrongly: extract it again"
_PIECE = r"[A-Za-z0-9.][A-Za-z0-9_./-]*"
_NODE_NAME = re.compile(rf"{_PIECE}(>{_PIECE})*")  # graph_constructor.cc, IsValidNodeName


class _State(NamedTuple):
    """State that starts empty on the device unless an op of the graph fills it."""

    what: str
    holders: frozenset[str]
    fillers: frozenset[str]
    todo: str


_STATE = (
    _State(
        "a variable that no op of the graph initialises",
        frozenset({"Variable", "VariableV2", "VarHandleOp"}),
        frozenset({"Assign", "AssignVariableOp"}),
        "freeze the model: give its SavedModel folder, or turn variables into constants first; "
        "or name what initialises it under 'initialise'",
    ),
    _State(
        "a lookup table that no op of the graph fills",
        frozenset({"HashTable", "HashTableV2"}),
        frozenset(
            f"{name}{version}"
            for name in ("InitializeTable", "InitializeTableFromTextFile", "LookupTableImport")
            for version in ("", "V2")
        ),
        "keep the op that initialises the table in the graph, and name it under 'initialise'",
    ),
    _State(
        "an iterator that no op starts",
        frozenset({"Iterator", "IteratorV2"}),
        frozenset({"MakeIterator"}),
        "name the tensors that it gives under 'inputs', so that the app feeds them; or name the op "
        "that starts it under 'initialise'",
    ),
    _State(
        "a queue that nothing fills, so that the session waits for ever",
        frozenset(
            f"{kind}Queue{version}"
            for kind in ("FIFO", "PaddingFIFO", "Priority", "RandomShuffle")
            for version in ("", "V2")
        ),
        frozenset(f"QueueEnqueue{many}{v}" for many in ("", "Many") for v in ("", "V2")),
        "name the tensors that are taken from it under 'inputs', so that the app feeds them",
    ),
)
_OF_STATE = frozenset(op for state in _STATE for op in (*state.holders, *state.fillers))


def too_large(size: int) -> tuple[str, str]:
    """What is wrong with a graph of more than ``MOST_BYTES``, and what to do."""
    what = f"is {size / _GIGABYTE:.2f} GB, and protobuf reads no graph of 2 GB: {_AT_LOAD}"
    todo = (
        "export it with smaller weights (half precision, eight bits), or as several models that "
        "run one after the other"
    )
    return what, todo


def check_graph(graph: GraphDef, where: str, facts: RuntimeFacts, findings: Findings) -> None:
    """Check what concerns the graph as a whole: empty, versions."""
    if not graph.nodes:
        findings.model(where, "the graph holds no nodes", "export the model again")
    version = facts.graph_version
    if version and graph.min_consumer > version:
        what = (
            f"asks for a runtime of graph version {graph.min_consumer} or newer; "
            f"this tree has {version}: {_AT_LOAD}"
        )
        findings.model(where, what, f"{REEXPORT}, or build from a newer tree")
    if version and version in graph.bad_consumers:
        what = f"refuses to run on graph version {version}, which this tree has: {_AT_LOAD}"
        findings.model(where, what, "build from another tree")
    if graph.producer < facts.min_producer:
        what = (
            f"is of graph version {graph.producer}; this tree reads {facts.min_producer} and "
            f"newer: {_AT_LOAD}"
        )
        findings.model(where, what, REEXPORT)


def check_names(graph: GraphDef, model: str, findings: Findings) -> None:
    """Check node names and input references, in the main graph and in every function."""
    _check_scope([], graph, model, "", findings)
    for function in graph.functions.values():
        _check_scope([arg.name for arg in function.inputs], graph, model, function.name, findings)


def _check_scope(
    arguments: list[str], graph: GraphDef, model: str, function: str, findings: Findings
) -> None:
    nodes = graph.functions[function].nodes if function else graph.nodes
    known = set(arguments)
    for node in nodes:
        if node.name in known:
            where = NodeRef(model=model, function=function, node=node.name)
            findings.node(where, "two nodes have this name", "rename one of them")
        if not _NODE_NAME.fullmatch(node.name.removeprefix("_") if function else node.name):
            where = NodeRef(model=model, function=function, node=node.name)
            todo = "rename it: a name is letters, digits and any of . _ - / after the first of it"
            findings.node(where, "a session refuses a node of this name", todo)
        known.add(node.name)
    if cycle := cycle_of(nodes):
        where = NodeRef(model=model, function=function, node=cycle[0])
        names = [*cycle[:_CYCLE_SHOWN], *["..."] * (len(cycle) > _CYCLE_SHOWN), cycle[0]]
        what = f"nodes take from each other, {' -> '.join(names)}: {AT_SESSION}"
        findings.node(where, what, CUT)
    for node in nodes:
        for reference in node.inputs:
            source = reference.removeprefix("^").partition(":")[0]
            if reference not in known and source not in known:
                where = NodeRef(model=model, function=function, node=node.name)
                what = f"op {node.op}: its input {reference!r} is not a node of the graph"
                findings.node(where, what, CUT)


class Context(NamedTuple):
    """What the check of a node needs besides the node. ``hint`` says what rewrites could do
    about a node of the main graph, by its name; it may take a while. ``sound`` are the attributes,
    by ``id``, of nodes that share them and with which nothing was found to be wrong."""

    graph: GraphDef
    specs: Specs
    facts: RuntimeFacts
    findings: Findings
    hint: Callable[[str], str]
    sound: set[int] | None = None

    def todo(self, site: Site, otherwise: str = "") -> str:
        """What to do about something in a node that is newer than the tree; ``otherwise`` where
        no rewrite has to do with the node."""
        hint = self.hint(site.node.name) if site.function is None else ""
        return f"{hint}; or {REEXPORT}" if hint else otherwise or REEXPORT


def check_site(site: Site, where: NodeRef, context: Context) -> bool:
    """Check one node: its op, its attributes, the functions it refers to. True if its op's
    definition has all that the node says."""
    op, spec, out = site.node.op, site.spec, context.findings
    if context.sound is not None and id(site.attrs) in context.sound:
        return True
    if spec is None:
        todo = context.todo(site, unknown_op_todo(op, context.specs))
        out.node(where, f"op {op} does not exist in this tree: {AT_SESSION}", todo)
        return False
    before = out.count()
    if spec.ended_in and context.graph.producer >= spec.ended_in:
        what = (
            f"op {op} is refused in graphs of version {spec.ended_in} and newer; "
            f"this one is of version {context.graph.producer}"
        )
        out.node(where, what, spec.instead or REEXPORT)
    for call in site.calls:
        if call.name and call.name not in context.graph.functions:
            what = f"op {op} calls function {call.name!r}, which the graph's library lacks"
            out.node(where, what, "export the model again, with its functions")
    problems = (
        *_attr_problems(site, spec, context),
        *_count_problems(site, spec),
        *_constant_problems(site),
    )
    for what, todo in problems:
        out.node(where, f"op {op}: {what}: {AT_RUN}", todo)
    if context.sound is not None and site.is_shared and out.count() == before:
        context.sound.add(id(site.attrs))
    return not problems


def _constant_problems(site: Site) -> Iterator[tuple[str, str]]:
    dtype = type_list(site.attrs.get("dtype")) if site.node.op == "Const" else None
    if dtype and (fault := fault_of(site.attrs.get("value"), dtype[0])):
        yield f"its value {fault}", "the file was cut or damaged: download or export it again"


def unknown_op_todo(op: str, specs: Specs) -> str:
    """What to do about an op that the tree lacks."""
    if known := remedy(op):
        return known
    close = specs.near(op)
    hint = f"close to it are {', '.join(close)}; " if close else ""
    return f"{hint}if it is a custom op, add its sources to the tree; else {REEXPORT}"


def unknown_attrs(site: Site) -> list[str]:
    """Attributes of the node that its op's definition does not have; internal ones begin by _."""
    if site.spec is None or site.spec.is_open:
        return []
    known = site.spec.attrs
    return [name for name in site.node.attrs if name not in known and not name.startswith("_")]


def missing_attrs(site: Site) -> list[str]:
    """Attributes that the node must have and has not; defaults were filled in."""
    if site.spec is None:
        return []
    return [name for name in site.spec.attrs if name not in site.attrs]


def _attr_problems(site: Site, spec: OpSpec, context: Context) -> Iterator[tuple[str, str]]:
    if not context.facts.ignores_unknown_attrs:
        for name in unknown_attrs(site):
            yield f"this tree does not know its attribute {name!r}", context.todo(site)
    for name, known in spec.attrs.items():
        attr = site.attrs.get(name)
        if attr is None:
            yield f"attribute {name!r} is missing and has no default", context.todo(site)
        elif attr.field() == PLACEHOLDER:
            source = attr.decode().value
            what = (
                f"attribute {name!r} takes its value from {source!r}, which no caller of the "
                "function sets"
            )
            yield what, "export the model again"
        else:
            for what, allowed in _value_problems(name, attr, known):
                newer = context.todo(site)
                yield what, f"{allowed}; {newer}" if newer != REEXPORT else allowed


def _count_problems(site: Site, spec: OpSpec) -> Iterator[tuple[str, str]]:
    """Numbers of tensors that no node has."""
    for name in sorted({argument.number_attr for argument in (*spec.inputs, *spec.outputs)} - {""}):
        attr = site.attrs.get(name)
        count = attr.decode().value if attr is not None else None
        if isinstance(count, int) and count > MOST_TENSORS:
            what = f"its {name} is {count}, and no node takes or gives more than {MOST_TENSORS}"
            yield f"{what} tensors", "the file was damaged, or written by hand: export it again"


def _value_problems(name: str, attr: Attr, known: AttrSpec) -> Iterator[tuple[str, str]]:
    found = attr.kind()
    if found != known.type and not (found == "list()" and known.type.startswith("list(")):
        yield f"attribute {name!r} holds {found or 'nothing'}, not {known.type}", REEXPORT
        return
    if known.type in ("shape", "list(shape)"):
        yield from _shape_problems(name, attr)
    values = _values(attr) if known.allowed else ()
    wrong = sorted({_shown(item, known) for item in values if item not in known.allowed})
    if wrong:
        allowed = ", ".join(_shown(item, known) for item in known.allowed)
        yield f"its {name} may not be {', '.join(wrong)}", f"allowed are {allowed}"
    if known.minimum is not None:
        value = attr.decode().value
        size = len(value) if isinstance(value, tuple) else value
        if isinstance(size, int) and size < known.minimum:
            of = "length" if isinstance(value, tuple) else "value"
            yield f"the {of} of its {name} is {size}", f"it must be {known.minimum} or more"


def _shape_problems(name: str, attr: Attr) -> Iterator[tuple[str, str]]:
    """Shapes that are none (``PartialTensorShape::IsValidShape`` of ``tensor_shape.cc``)."""
    kind, value = attr.decode()
    shapes = value if kind == "list(shape)" else (value,)
    for shape in shapes if isinstance(shapes, tuple) else ():
        if isinstance(shape, tuple) and any(size < -1 for size in shape):
            what = f"its {name} is {list(shape)}, and no size is below -1, which is one unknown"
            yield what, "export the model again: the file was damaged, or written by hand"


def _values(attr: Attr) -> tuple[str, ...]:
    """The types or strings that an attribute holds."""
    kind, value = attr.decode()
    if kind in ("string", "list(string)"):
        items = value if isinstance(value, tuple) else (value,)
        return tuple(item.decode("utf-8", "replace") for item in items if isinstance(item, bytes))
    return type_list(attr) or ()


def _shown(item: str, known: AttrSpec) -> str:
    return short(item) if "type" in known.type else repr(item)


def check_state(used: Iterable[tuple[str, NodeRef]], findings: Findings) -> None:
    """Check that variables and tables get their content: ``used`` are ops with their nodes."""
    uses = [(op, where) for op, where in used if op in _OF_STATE]
    ops = {op for op, _ in uses}
    for state in _STATE:
        if state.holders & ops and not state.fillers & ops:
            for op, where in uses:
                if op in state.holders:
                    findings.node(where, f"op {op}: {state.what}", state.todo)
