"""Why a type or a node is in a library, or why not."""

from __future__ import annotations

from buildtool.answers.answer import Answer
from buildtool.answers.grounds import Grounds
from buildtool.answers.op_answers import ENDS, not_built
from buildtool.core.datatypes import SPELLINGS, base, short
from buildtool.core.values import NodeRef, OpUse, Registration
from buildtool.plan.match import DEVICES


def explain_type(wanted: str, grounds: Grounds) -> Answer | None:
    """The answer for a type as people write it; None if it is none."""
    name = SPELLINGS.get(wanted.lower().removeprefix("dt_"))
    if name is None:
        return None
    uses = [use for use in grounds.plan.uses if _has_type(use, name)]
    own = [kernel for use in uses for kernel in grounds.serving[use]]
    nodes = grounds.nodes(uses)
    told = [kernel for kernel in grounds.catalogue.kernels if _is_for(kernel, name)]
    here = [kernel for kernel in told if kernel.device in DEVICES]
    if name in grounds.plan.types:
        files = {kernel.source: grounds.source(kernel.source) for kernel in own}
        runs = f"{len(nodes)} node{'s' * (len(nodes) != 1)} run with it"
        return Answer(
            kind="type",
            name=short(name),
            included=True,
            summary=runs if nodes else "ops that are run have it in their definitions",
            todo=not_built(grounds),
            nodes=nodes,
            kernels=grounds.kernels(dict.fromkeys(own)),
            parts=grounds.parts(file for file in files.values() if file),
        )
    ops = len({kernel.op for kernel in here})
    there = f"the tree has kernels of {ops} op{'s' * (ops != 1)} for it under this target's macros"
    none = "the tree has no kernel that names it under this target's macros"
    return Answer(
        kind="type",
        name=short(name),
        included=False,
        summary="no node that runs has an attribute of this type",
        reasons=(there if ops else none,),
        todo=(
            ("a model whose nodes have it brings in the kernels that they need: model=FILE",)
            if ops
            else ("see the key 'types' in docs/targets.md",)
        ),
    )


def _has_type(use: OpUse, name: str) -> bool:
    return any(base(each) == name for attr in use.attrs for each in attr.types)


def _is_for(kernel: Registration, name: str) -> bool:
    return any(name in constraint.types for constraint in kernel.constraints)


def explain_node(wanted: str, grounds: Grounds) -> tuple[Answer, ...]:
    """The answers for nodes of this name, in each model or function that has one."""
    running = [
        _running(use, node, grounds)
        for use in grounds.plan.uses
        for node in use.nodes
        if node.node == wanted
    ]
    return tuple(running) or tuple(
        Answer(
            kind="node",
            name=f"{node.model}: node {node.node!r}",
            included=False,
            summary=f"it does not run: it ({node.op}) is not between what is fed and what is "
            "fetched, or preparing the model took it out",
            todo=(ENDS,),
        )
        for node in grounds.file_nodes()
        if node.node == wanted
    )


def _running(use: OpUse, node: NodeRef, grounds: Grounds) -> Answer:
    kernels = grounds.serving[use]
    files = [file for kernel in kernels if (file := grounds.source(kernel.source))]
    shared = sum(len(each.nodes) for each in grounds.plan.uses if each.op == use.op)
    rewritten = "the runtime puts what it stands for in its place: it has no kernel of its own"
    return Answer(
        kind="node",
        name=str(node),
        included=True,
        summary=f"it runs {use.op}",
        reasons=(
            *(() if kernels else (rewritten,)),
            *((f"{shared} nodes run {use.op}",) if shared > 1 else ()),
        ),
        todo=not_built(grounds),
        nodes=grounds.nodes([use], only=node),
        kernels=grounds.kernels(kernels),
        parts=grounds.parts(files),
    )
