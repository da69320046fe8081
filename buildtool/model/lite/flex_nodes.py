"""Nodes of TensorFlow itself that stand in ``.tflite`` models (Select TF ops, the Flex delegate).

Each is a custom op whose name begins with ``Flex``. Its options are a FlexBuffer: a vector of the
op's name and of the node as a GraphDef has it (``InitializeNodeDef`` in
``tensorflow/lite/delegates/flex/kernel.cc``, TensorFlow 2.14.1). The delegate makes a kernel of
each node and runs one after the other: there is no graph, no session and nothing that either would
add.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from flatbuffers import flexbuffers

from buildtool.core.values import NodeRef, OpDefinition, OpSet, OpUse
from buildtool.model.findings import Findings
from buildtool.model.graph_checks import (
    Context,
    check_site,
    missing_attrs,
    unknown_attrs,
    unknown_op_todo,
)
from buildtool.model.graphdef import GraphDef, Node, read_graph
from buildtool.model.kernel_checks import limits_of
from buildtool.model.reading import Reading, notes_on_unknown
from buildtool.model.runtime_facts import RuntimeFacts
from buildtool.model.specs import Specs
from buildtool.model.uses import Uses
from buildtool.model.walk import Site, walk
from buildtool.model.wire import WireError, write_field

_NODE = 1  # GraphDef.node


@dataclass(frozen=True, kw_only=True)
class FlexNode:
    """One node: where it stands, and the bytes of its options."""

    where: NodeRef
    options: bytes


def read_flex_nodes(
    nodes: Sequence[FlexNode],
    *,
    definitions: Mapping[str, OpDefinition],
    registered_ops: Iterable[str],
    deciding: Mapping[str, Iterable[str]],
    facts: RuntimeFacts,
) -> Reading:
    """What the nodes ask TensorFlow for; the arguments are those of
    :func:`buildtool.model.read_models`. The result names no models."""
    specs, findings = Specs(definitions, registered_ops), Findings()
    uses = Uses(specs, deciding)
    unknown: dict[tuple[str, str, str], list[NodeRef]] = {}
    for each in nodes:
        with _collecting(each.where, findings):
            node = _node(each.options)
            context = Context(GraphDef((node,), {}, 0, 0, ()), specs, facts, findings, lambda _: "")
            (site,) = walk(context.graph, specs)
            if _check(site, each.where, context):
                uses.add_sites([(site, each.where)])
            for attr in unknown_attrs(site) if facts.ignores_unknown_attrs else ():
                unknown.setdefault((each.where.model, node.op, attr), []).append(each.where)
    return Reading(
        opset=OpSet(models=(), uses=_of_nodes(uses)),
        problems=findings.problems(),
        notes=tuple(notes_on_unknown(unknown)),
    )


def _of_nodes(uses: Uses) -> tuple[OpUse, ...]:
    """Those that nodes ask for: what sessions add to graphs is not run."""
    return tuple(use for use in uses.result() if use.nodes)


class NoNodeError(Exception):
    """The options hold no node; the text says why."""


@contextlib.contextmanager
def _collecting(where: NodeRef, findings: Findings) -> Iterator[None]:
    """Options that hold no node become a finding."""
    try:
        yield
    except (NoNodeError, WireError) as failure:
        what = f"its options hold no node of TensorFlow's: {failure}"
        findings.node(where, what, "the file is damaged: convert the model again")


def node_bytes(options: bytes) -> bytes:
    """The node in an operator's options, as a GraphDef has it.

    Raises:
        NoNodeError: there is none.
    """
    if not options:
        raise NoNodeError("they are empty")
    try:
        (_, text) = flexbuffers.GetRoot(options).AsVector
        return bytes(text.AsStringBytes)
    except (struct.error, LookupError, ValueError, TypeError) as failure:
        raise NoNodeError(str(failure)) from None


def _node(options: bytes) -> Node:
    """The node in an operator's options. Raises NoNodeError, WireError."""
    node = read_graph(write_field(_NODE, node_bytes(options))).nodes[0]
    if not node.op:
        raise NoNodeError("it names no op")
    return node


def _check(site: Site, where: NodeRef, context: Context) -> bool:
    """Check one node; true if it is known what kernel it wants."""
    op, findings = site.node.op, context.findings
    if site.spec is None:
        todo = unknown_op_todo(op, context.specs)
        findings.node(where, f"op {op} does not exist in this tree", todo)
        return False
    if site.calls:
        names = ", ".join(repr(call.name) for call in site.calls)
        what = f"op {op} calls {names}: no node that runs a subgraph of the model is built yet"
        findings.node(where, what, "leave it out of the model, or set 'runtime: full'")
        return False
    check_site(site, where, context)
    for what, todo in limits_of(site, context.facts):
        findings.node(where, what, todo)
    return not missing_attrs(site)
