"""What is said of a model that is not wrong, but that its user should know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from buildtool.core.random_ops import RANDOM
from buildtool.core.values import ModelInfo
from buildtool.model.loading import ModelSource
from buildtool.model.pruning import PrunedGraph
from buildtool.model.walk import Site

_OPS_SHOWN = 5
_NODES_SHOWN = 3


def note_on_first_run(info: ModelInfo, nodes: Sequence[str], source: ModelSource) -> str:
    """What the app has to do before it runs the model."""
    names = ", ".join(f'"{name}"' for name in nodes)
    file = f" of dist/models/{info.name}.pb" if info.made else ""
    words = any(tensor.dtype == "DT_STRING" for tensor in info.inputs)
    made_up = words and not source.has_samples
    return (
        "its lookup tables or variables are filled before its first run: in each new session"
        f"{file} the app runs once session->Run({{}}, {{}}, {{{names}}}, nullptr); "
        f"dist/models/{info.name}.json names these nodes, too"
        + "; the texts that verification makes up are in no table: give others as 'samples'"
        * made_up
    )


def note_on_removed(pruned: PrunedGraph, info: ModelInfo) -> str:
    """What is left out of the file that the app loads, and why."""
    ops = sorted({node.op for node in pruned.removed})
    few = ", ".join(ops[:_OPS_SHOWN]) + ", ..." * (len(ops) > _OPS_SHOWN)
    outputs = ", ".join(tensor.name for tensor in info.outputs)
    verb = "does" if len(info.outputs) == 1 else "do"
    return (
        f"{outputs} {verb} not need {len(pruned.removed)} of its nodes (ops {few}), whose kernels "
        f"are not built: dist/models/{info.name}.pb is the model without them, and what the app "
        "loads"
    )


def note_on_defaults(info: ModelInfo, run: Iterable[Site]) -> Iterator[str]:
    """That a placeholder with a default is no input, unless somebody says so."""
    fed = {tensor.name.partition(":")[0] for tensor in info.inputs}
    left = dict.fromkeys(
        site.node.name
        for site in run
        if site.node.op == "PlaceholderWithDefault" and site.node.name not in fed
    )
    if left:
        names = ", ".join(map(repr, list(left)[:_NODES_SHOWN]))
        more = f" and {len(left) - _NODES_SHOWN} more" * (len(left) > _NODES_SHOWN)
        yield (
            f"nothing is fed to {names}{more}, so that the default counts: name what the app feeds "
            "under 'inputs', with the other inputs"
        )


def note_on_random_ops(run: Iterable[Site]) -> Iterator[str]:
    """That outputs differ from run to run, and how they are compared."""
    drawn = dict.fromkeys(
        (site.node.op, site.node.name) for site in run if RANDOM.fullmatch(site.node.op)
    )
    if drawn:
        names = ", ".join(f"{name!r} ({op})" for op, name in list(drawn)[:_NODES_SHOWN])
        more = f" and {len(drawn) - _NODES_SHOWN} more nodes" * (len(drawn) > _NODES_SHOWN)
        yield (
            f"it draws random numbers or reads the clock in {names}{more}: outputs that TensorFlow "
            "itself gives anew each time are compared by type, shape and being finite"
        )
