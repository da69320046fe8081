"""Transforms of a model's graph; see ``transform.py`` for what one is.

Those that are exact bring a newer graph to an older runtime and keep what it computes. Each is
asked for by its name in a target file (``rewrites``). They look at the tree's op definitions and
change only what that tree does not have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from buildtool.core.errors import ConfigError, Problem
from buildtool.core.suggest import suggest
from buildtool.model.graphdef import GraphDef
from buildtool.model.transforms.exact.batch_norm import BATCH_NORM
from buildtool.model.transforms.exact.channels import CHANNELS_LAST
from buildtool.model.transforms.exact.defaults import DEFAULT_ATTRIBUTES
from buildtool.model.transforms.exact.einsum import EINSUM
from buildtool.model.transforms.exact.fused_ops import FUSED_OPS
from buildtool.model.transforms.exact.identity import IDENTITY
from buildtool.model.transforms.exact.loading_order import CLEAR_DEVICES, ORDER_CONTROL_INPUTS
from buildtool.model.transforms.exact.lowering import LOWER_FUNCTIONS
from buildtool.model.transforms.exact.matmul import BATCH_MATMUL
from buildtool.model.transforms.exact.newer_ops import (
    ADD,
    ENSURE_SHAPE,
    GATHER,
    LEAKY_RELU,
    SELECT,
)
from buildtool.model.transforms.exact.padding import EXPLICIT_PADDINGS
from buildtool.model.transforms.exact.resize import HALF_PIXEL_RESIZE
from buildtool.model.transforms.exact.suppression import NON_MAX_SUPPRESSION
from buildtool.model.transforms.exact.switch import SWITCH
from buildtool.model.transforms.exact.tensor_lists import TENSOR_LISTS
from buildtool.model.transforms.preparations import PREPARATIONS, RECIPES
from buildtool.model.transforms.transform import Setting, Transform, Tree, Value

ALL = "all"

# In the order in which they are done: what one makes, a later one may have to look at.
TRANSFORMS: tuple[Transform, ...] = (
    ORDER_CONTROL_INPUTS,
    CLEAR_DEVICES,
    LOWER_FUNCTIONS,
    FUSED_OPS,
    SWITCH,
    IDENTITY,
    ENSURE_SHAPE,
    TENSOR_LISTS,
    HALF_PIXEL_RESIZE,
    NON_MAX_SUPPRESSION,
    EINSUM,
    BATCH_NORM,
    BATCH_MATMUL,
    LEAKY_RELU,
    SELECT,
    ADD,
    CHANNELS_LAST,
    EXPLICIT_PADDINGS,
    DEFAULT_ATTRIBUTES,
    GATHER,
)


class Choice(NamedTuple):
    """A transform that is to be done, with other values of its parameters than the usual ones."""

    transform: Transform
    parameters: Mapping[str, Value] = {}


class TransformOutcome(NamedTuple):
    """What a transform did to a graph: the nodes that it changed, and those that it would have to
    change but cannot, each with the reason."""

    transform: str
    changed: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]


def chosen_rewrites(names: Sequence[str], where: str) -> tuple[Choice, ...]:
    """The exact transforms that a target asks for, in their order; ``all`` is every one.

    Raises:
        ConfigError: there is none of a name.
    """
    exact = {transform.name: transform for transform in TRANSFORMS if transform.exact}
    words = (*exact, ALL)
    problems = [
        Problem(where=where, what=f"rewrites: there is no '{name}'", todo=suggest(name, words))
        for name in names
        if name not in words
    ]
    if problems:
        raise ConfigError(problems)
    return tuple(Choice(each) for name, each in exact.items() if name in names or ALL in names)


def chosen_preparations(
    names: Sequence[str], where: str, parameters: Mapping[str, Mapping[str, Value]] | None = None
) -> tuple[Choice, ...]:
    """The steps that a target asks for, by their names or those of recipes, in the order in which
    they are done. ``parameters`` have, by step, other values than the usual ones.

    Raises:
        ConfigError: there is none of a name.
    """
    known = {step.name: step for step in PREPARATIONS}
    words = (*known, *RECIPES)
    problems = [
        Problem(where=where, what=f"prepare.steps: there is no '{name}'", todo=suggest(name, words))
        for name in names
        if name not in words
    ]
    if problems:
        raise ConfigError(problems)
    wanted = {step for name in names for step in RECIPES.get(name, (name,))}
    values = parameters or {}
    return tuple(
        Choice(step, values.get(name, {})) for name, step in known.items() if name in wanted
    )


def transform_graph(
    graph: GraphDef, choices: Sequence[Choice], setting: Setting
) -> tuple[GraphDef, tuple[TransformOutcome, ...]]:
    """The graph after the transforms, done in their given order, and what each did."""
    outcomes: list[TransformOutcome] = []
    for transform, values in choices:
        own = setting._replace(parameters={**transform.parameters, **values})
        try:
            graph, changed, refused = transform.apply(graph, own)
        except (LookupError, ValueError):  # the checks that follow say what of which node
            changed, refused = (), _damaged(graph, setting.tree)
        if changed or refused:
            outcomes.append(TransformOutcome(transform.name, changed, refused))
    return graph, tuple(outcomes)


def _damaged(graph: GraphDef, tree: Tree) -> tuple[tuple[str, str], ...]:
    """Why nothing is done about the nodes of a graph that no release of TensorFlow would run."""
    reason = "a node of the graph lacks an input or an attribute that its op has in any release"
    return tuple((node.name, reason) for node in graph.nodes if tree.specs[node.op] is None)
