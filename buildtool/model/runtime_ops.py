"""Ops that the runtime asks for by itself: a table, and the uses that follow from it.

Read out of TensorFlow 2.14.1, ``tensorflow/core/``; each rule names its file. Grappler (and with
it ``_FusedConv2D`` and its like) is not among them: under ``IS_MOBILE_PLATFORM``
``common_runtime/graph_execution_state.cc`` leaves it out. An op that an older tree does not
register is not asked for there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from buildtool.core.values import AttrType, OpUse


@dataclass(frozen=True, kw_only=True)
class AddedOp:
    """An op that gets added. ``attr`` is its type attribute, filled from the type attributes
    ``types`` of the op that causes it (or from DataTypes named there): one use for each type, or
    one for the whole list if ``whole``."""

    op: str
    attr: str = ""
    types: tuple[str, ...] = ()
    whole: bool = False


@dataclass(frozen=True, kw_only=True)
class Rule:
    """When the runtime adds ops: always if ``causes`` is empty, else for these ops.
    ``if_lowered`` rules hold only for nodes that ask to be lowered (attribute
    ``_lower_using_switch_merge``)."""

    reason: str
    source: str
    causes: tuple[str, ...] = ()
    if_lowered: bool = False
    adds: tuple[AddedOp, ...] = ()


CALL = "<function call>"  # the cause of a call by a function's name; types are Tin and Tout
LOWERED_ATTR = "_lower_using_switch_merge"

_IN, _OUT = ("Tin",), ("Tout",)

RULES = (
    Rule(
        reason="stands for control edges",
        source="graph/graph.cc",
        adds=(AddedOp(op="NoOp"),),
    ),
    Rule(
        reason="feeds and fetches become these",
        source="graph/subgraph.cc",
        adds=(AddedOp(op="_Arg"), AddedOp(op="_Retval")),
    ),
    Rule(
        reason="constant folding evaluates parts of the graph through these",
        source="common_runtime/graph_runner.cc",
        adds=(AddedOp(op="_Send"), AddedOp(op="_Recv")),
    ),
    Rule(
        reason="constant folding leaves its results in these",
        source="common_runtime/constant_folding.cc",
        adds=(AddedOp(op="Const"),),
    ),
    Rule(
        reason="calls of functions are inlined with these",
        source="common_runtime/inline_function_utils.cc",
        causes=(CALL,),
        adds=(
            AddedOp(op="Identity", attr="T", types=(*_IN, *_OUT)),
            AddedOp(op="IdentityN", attr="T", types=_OUT, whole=True),
        ),
    ),
    Rule(
        reason="a call that takes or gives a resource is kept apart by these",
        source="common_runtime/placer_inspection_required_ops_utils.cc",
        causes=("PartitionedCall", "StatefulPartitionedCall"),
        adds=(AddedOp(op="Identity", attr="T", types=(*_IN, *_OUT)),),
    ),
    Rule(
        reason="While is lowered to these",
        source="common_runtime/lower_while_op.cc",
        causes=("While", "StatelessWhile"),
        if_lowered=True,
        adds=(
            AddedOp(op="LoopCond"),
            *(
                AddedOp(op=op, attr="T", types=("T",))
                for op in ("Enter", "Merge", "Switch", "Exit", "NextIteration", "Identity")
            ),
            AddedOp(op="IdentityN", attr="T", types=("T",), whole=True),
        ),
    ),
    Rule(
        reason="If is lowered to these",
        source="common_runtime/lower_if_op.cc",
        causes=("If", "StatelessIf"),
        if_lowered=True,
        adds=(
            AddedOp(op="Switch", attr="T", types=("Tcond", *_IN)),
            AddedOp(op="Merge", attr="T", types=("Tcond", *_OUT)),
            AddedOp(op="Identity", attr="T", types=("Tcond", *_IN, *_OUT)),
            AddedOp(op="IdentityN", attr="T", types=_OUT, whole=True),
        ),
    ),
    Rule(
        reason="Case is lowered to these",
        source="common_runtime/lower_case_op.cc",
        causes=("Case", "StatelessCase"),
        if_lowered=True,
        adds=(
            AddedOp(op="_SwitchN", attr="T", types=("DT_INT32", *_IN)),
            AddedOp(op="Merge", attr="T", types=("DT_INT32", *_OUT)),
            AddedOp(op="Identity", attr="T", types=("DT_INT32", *_IN, *_OUT)),
            AddedOp(op="IdentityN", attr="T", types=_OUT, whole=True),
        ),
    ),
    Rule(
        reason="_ListToArray and _ArrayToList are replaced by these",
        source="common_runtime/function_utils.cc",
        causes=("_ListToArray", "_ArrayToList"),
        adds=(AddedOp(op="Identity", attr="T", types=("T",)),),
    ),
    Rule(
        reason="AccumulateNV2 is rewritten into these, or in a loop into AddN",
        source="common_runtime/accumulate_n_optimizer.cc",
        causes=("AccumulateNV2",),
        adds=(
            AddedOp(op="TemporaryVariable", attr="dtype", types=("T",)),
            AddedOp(op="Shape", attr="T", types=("T",)),
            AddedOp(op="Fill", attr="T", types=("T",)),
            AddedOp(op="Assign", attr="T", types=("T",)),
            AddedOp(op="AssignAdd", attr="T", types=("T",)),
            AddedOp(op="DestroyTemporaryVariable", attr="T", types=("T",)),
            AddedOp(op="AddN", attr="T", types=("T",)),
        ),
    ),
    Rule(
        reason="ParallelConcat is rewritten into these",
        source="common_runtime/parallel_concat_optimizer.cc",
        causes=("ParallelConcat",),
        adds=(
            AddedOp(op="_ParallelConcatStart", attr="dtype", types=("T",)),
            AddedOp(op="_ParallelConcatUpdate", attr="T", types=("T",)),
            AddedOp(op="Identity", attr="T", types=("T",)),
        ),
    ),
)

REWRITTEN = frozenset({"AccumulateNV2", "ParallelConcat"})
"""Ops whose nodes never run themselves: they need to be registered, but have no kernel."""


def always() -> Iterable[OpUse]:
    """What the runtime needs for any model."""
    for rule in RULES:
        if not rule.causes:
            yield from _uses(rule, {})


def caused_by(op: str, types: Mapping[str, tuple[str, ...]], *, lowered: bool) -> Iterable[OpUse]:
    """What the runtime adds because of one use of ``op`` (or :data:`CALL`).

    ``types`` are the type attributes of that use; ``lowered`` says that the node carries
    :data:`LOWERED_ATTR`.
    """
    for rule in RULES:
        if op in rule.causes and (lowered or not rule.if_lowered):
            yield from _uses(rule, types)


def _uses(rule: Rule, types: Mapping[str, tuple[str, ...]]) -> Iterable[OpUse]:
    reason = f"{rule.reason} ({rule.source})"
    for added in rule.adds:
        if not added.attr:
            yield OpUse(op=added.op, added_by_runtime=reason)
            continue
        found = [
            item
            for name in added.types
            for item in ((name,) if name.startswith("DT_") else types.get(name, ()))
        ]
        groups = [tuple(found)] if added.whole else [(item,) for item in sorted(set(found))]
        for group in groups:
            if group:
                attr = AttrType(name=added.attr, types=group)
                yield OpUse(op=added.op, attrs=(attr,), added_by_runtime=reason)
