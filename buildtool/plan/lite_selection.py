"""Which kernels of TensorFlow Lite the models' operators need. Pure.

A resolver finds a kernel by op code and version, and a kernel's function holds all types, so that
nothing else decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from buildtool.core.errors import Problem
from buildtool.core.lite_names import CUSTOM, FLEX, version_label, version_of
from buildtool.core.values import (
    KernelCatalogue,
    NodeRef,
    OpSet,
    OpUse,
    Registration,
    SelectedKernel,
)
from buildtool.model.findings import also
from buildtool.plan.selection import Selection, used_by

_BUILTINS = "tf.lite.OpsSet.TFLITE_BUILTINS"


def select_lite(
    opset: OpSet,
    catalogue: KernelCatalogue,
    *,
    version: str,
    lacking: Mapping[str, str],
    has_flex: bool = False,
) -> Selection:
    """Find the kernels of all operators. ``version`` is the tree's release; ``lacking`` are ops
    whose kernels cannot be linked, with the reason. Ops of TensorFlow itself have no kernel here:
    ``has_flex`` says that they have one elsewhere."""
    kernels: dict[str, list[Registration]] = defaultdict(list)
    for kernel in catalogue.kernels:
        kernels[kernel.op].append(kernel)
    found: dict[str, list[OpUse]] = defaultdict(list)
    problems: list[Problem] = []
    for use in opset.uses:
        offered = [
            kernel for kernel in kernels[use.op] if _is_custom(kernel) == bool(use.kernel_class)
        ]
        if use.label in {kernel.label for kernel in offered} and use.op not in lacking:
            found[use.op].append(use)
        elif not _is_flex(use):
            problems += _problems(use, offered, version, lacking)
    problems += () if has_flex else _flex_problems(opset.uses)
    return Selection(
        kernels=tuple(_selected(found, kernels)),
        ops=tuple((op, used_by(uses)) for op, uses in sorted(found.items())),
        types=tuple(
            sorted({name for use in opset.uses for each in use.attrs for name in each.types})
        ),
        problems=tuple(problems),
    )


def _is_custom(kernel: Registration) -> bool:
    return kernel.kernel_class.startswith(f"{CUSTOM}::")


def _is_flex(use: OpUse) -> bool:
    return bool(use.kernel_class) and use.op.startswith(FLEX)


def _selected(
    found: Mapping[str, Sequence[OpUse]], kernels: Mapping[str, Sequence[Registration]]
) -> Iterator[SelectedKernel]:
    """Of each op the versions from the models' first to their last."""
    for op, uses in sorted(found.items()):
        versions = {version_of(use.label) for use in uses}
        wanted = {version_label(n) for n in range(min(versions), max(versions) + 1)}
        for kernel in kernels[op]:
            if kernel.label in wanted:
                yield SelectedKernel(registration=kernel, reason=used_by(uses))


def _problems(
    use: OpUse, offered: Sequence[Registration], version: str, lacking: Mapping[str, str]
) -> Iterator[Problem]:
    """Why a use has no kernel, for each model that has it."""
    number, custom = version_of(use.label), bool(use.kernel_class)
    versions = [version_of(kernel.label) for kernel in offered]
    older = "convert the model again with a TensorFlow no newer than the tree's"
    if use.op in lacking:
        what, todo = lacking[use.op], "do this work in the app, before or behind the model"
    elif versions:
        what = (
            f"it is of version {number} of {use.op}; TensorFlow Lite {version} has the versions "
            f"{min(versions)} to {max(versions)}"
        )
        todo = older
    elif custom:
        what = (
            f"{use.op} is a custom op: TensorFlow Lite {version} has no kernel of it, and a "
            "target cannot name a source of one yet"
        )
        todo = "leave it out of the model, and do its work in the app"
    else:
        what = f"TensorFlow Lite {version} has no kernel of {use.op}"
        todo = older
    for nodes in _by_model(use.nodes):
        yield Problem(where=_where(nodes[0]), what=what + also(nodes), todo=todo)


def _flex_problems(uses: Iterable[OpUse]) -> Iterator[Problem]:
    """The ops of TensorFlow itself in each model, together: the same conversion helps."""
    nodes = [node for use in uses if _is_flex(use) for node in use.nodes]
    names = {node: use.op.removeprefix(FLEX) for use in uses if _is_flex(use) for node in use.nodes}
    for of_model in _by_model(sorted(nodes)):
        ops = ", ".join(sorted({names[node] for node in of_model}))
        yield Problem(
            where=_where(of_model[0]),
            what=f"the model runs TensorFlow's own ops (Select TF ops: {ops}), which "
            f"'runtime: lite' does not have{also(of_model)}",
            todo="set 'runtime: lite-flex', which has those that the model runs; or convert it "
            f"with {_BUILTINS} alone",
        )


def _by_model(nodes: Iterable[NodeRef]) -> list[tuple[NodeRef, ...]]:
    models: dict[str, list[NodeRef]] = defaultdict(list)
    for node in nodes:
        models[node.model].append(node)
    return [tuple(of_model) for of_model in models.values()]


def _where(node: NodeRef) -> str:
    inside = f"{node.function!r}, " if node.function else ""
    return f"{node.model}: {inside}operator {node.node}"
