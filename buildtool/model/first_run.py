"""What is to be run once before a model: the nodes that fill the lookup tables that it uses.

A table is empty in a new session until an op fills it, which no output waits for: in Python it is
``tables_initializer()``, in a SavedModel its main op. All that such an op takes must be in the
graph: what a saver restores, or somebody feeds, is not.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping, Sequence

from buildtool.model.findings import Findings
from buildtool.model.graphdef import GraphDef, Node
from buildtool.model.pruning import PLACEHOLDERS, node_of

TABLE = re.compile(r"(Mutable(Dense)?)?HashTable(OfTensors)?(V2)?")
FILLER = re.compile(r"(InitializeTable(FromTextFile)?|LookupTableImport)(V2)?")
_ELSEWHERE = re.compile(r"Restore(V2|Slice)?")
_NAMES_SHOWN = 3


def has_tables(graph: GraphDef) -> bool:
    """Whether any node of the main graph is a table."""
    return any(map(TABLE.fullmatch, {node.op for node in graph.nodes}))


def find_initialisers(graph: GraphDef, used: Collection[str]) -> tuple[str, ...]:
    """The nodes that fill the tables among the nodes ``used``, in the order of the graph; or the
    one that waits for just these."""
    nodes = {node.name: node for node in graph.nodes}
    tables = {name for name in used if name in nodes and TABLE.fullmatch(nodes[name].op)}
    fillers: dict[str, str] = {}
    for node in graph.nodes if tables else ():
        if not (FILLER.fullmatch(node.op) and node.inputs) or node.name in used:
            continue
        table = _source(node.inputs[0], nodes)
        if table in tables and _is_whole(node.name, nodes):
            fillers.setdefault(table, node.name)
    waited = {f"^{name}" for name in fillers.values()}
    for node in graph.nodes if waited else ():
        if node.op == "NoOp" and set(node.inputs) == waited:
            return (node.name,)
    return tuple(fillers.values())


def check_initialisers(
    names: Sequence[str], graph: GraphDef, where: str, findings: Findings
) -> tuple[str, ...]:
    """The nodes that the target names; what is no node is a finding."""
    found: list[str] = []
    if not names:
        return ()
    known = {node.name for node in graph.nodes}
    for name in map(node_of, names):
        if name in known:
            found.append(name)
            continue
        close = difflib.get_close_matches(name, known, n=_NAMES_SHOWN)
        todo = f"close to it are {', '.join(close)}" if close else "name a node of the graph"
        findings.model(where, f"initialise: {name!r} is no node of the graph", todo)
    return tuple(found)


def _source(reference: str, nodes: Mapping[str, Node]) -> str:
    """The node that a handle comes from."""
    name, seen = node_of(reference), set[str]()
    while name in nodes and nodes[name].op == "Identity" and nodes[name].inputs:
        if name in seen:
            return ""
        seen.add(name)
        name = node_of(nodes[name].inputs[0])
    return name


def _is_whole(name: str, nodes: Mapping[str, Node]) -> bool:
    """Whether all that a node waits for is there in a new session."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        node = nodes.get(waiting.pop())
        if node is None or node.name in seen:
            continue
        if node.op in PLACEHOLDERS or _ELSEWHERE.fullmatch(node.op):
            return False
        seen.add(node.name)
        waiting += map(node_of, node.inputs)
    return True
