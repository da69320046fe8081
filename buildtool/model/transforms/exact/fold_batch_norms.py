"""What normalises or scales the channels that a convolution gives, put into its weights."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from buildtool.core.datatypes import short
from buildtool.model.encoding import constant, string_attr, tensor_attr
from buildtool.model.graphdef import GraphDef, Node
from buildtool.model.pruning import node_of
from buildtool.model.tensors import Array
from buildtool.model.transforms.exact.channel_steps import (
    FLOATS,
    NORMS,
    ChannelStep,
    ChannelSteps,
    Layout,
    weights_of,
)
from buildtool.model.transforms.exact.effects import Effects, Names
from buildtool.model.transforms.exact.newer_ops import element_type
from buildtool.model.transforms.exact.wiring import rewired, swept, waiting_for, with_nodes
from buildtool.model.transforms.transform import (
    Result,
    Setting,
    Transform,
    View,
    controls,
    plain_inputs,
)

_RANKS = {"Conv2D": 4, "DepthwiseConv2dNative": 4, "MatMul": 2}


class _Chain(NamedTuple):
    """A convolution, the nodes behind it that only scale and shift its channels, the constant that
    has its weights, and what the nodes do together."""

    start: Node
    steps: tuple[Node, ...]
    weights: Node
    scale: Array
    offset: Array | None
    waits: tuple[str, ...]


def _fold(graph: GraphDef, setting: Setting) -> Result:
    folding = _Folding(graph, setting)
    chains = folding.chains()
    refused = tuple(folding.refused.items())
    if not chains:
        return Result(graph, (), refused)
    names = tuple(
        dict.fromkeys(
            each.name for chain in chains for each in (chain.start, *chain.steps, chain.weights)
        )
    )
    return Result(with_nodes(graph, folding.nodes(chains)), names, refused)


class _Folding:
    """Finds chains, and makes the nodes that take their place."""

    def __init__(self, graph: GraphDef, setting: Setting) -> None:
        self.refused: dict[str, str] = {}
        self._graph, self._view, self._names = graph, View(graph, setting), Names(setting)
        self._effects = Effects(graph, setting)
        self._steps = ChannelSteps(self._view, self._effects, self._names)
        self._awaited = {name[1:] for node in graph.nodes for name in controls(node)}

    def chains(self) -> list[_Chain]:
        """All that can be folded."""
        starts = [node for node in self._graph.nodes if node.op in _RANKS]
        found = [chain for node in starts if (chain := self._chain(node)) is not None]
        by_weights: dict[str, list[_Chain]] = {}
        for chain in found:
            by_weights.setdefault(chain.weights.name, []).append(chain)
        kept = [chain for chain in found if self._is_alone(by_weights[chain.weights.name])]
        folded = {node.name for chain in kept for node in chain.steps}
        for node in self._graph.nodes:
            if node.op in NORMS and node.name not in folded and node.name not in self.refused:
                source = self._view.nodes.get(node_of(plain_inputs(node)[0]))
                op = source.op if source is not None else "?"
                self.refused[node.name] = f"it normalises what op {op} gives, which has no weights"
        return kept

    def nodes(self, chains: list[_Chain]) -> tuple[Node, ...]:
        """The graph's nodes with the chains folded."""
        made: dict[str, list[Node]] = {}
        waits: dict[str, tuple[str, ...]] = {}
        for chain in chains:
            made |= {node.name: [] for node in chain.steps}
            made[chain.weights.name] = [_scaled(chain)]
            last = chain.steps[-1]
            held = waiting_for({}, self._held(chain))
            inner = [node.name for node in chain.steps[:-1]]
            if chain.offset is None:
                start = chain.start
                inputs = (*plain_inputs(start), *dict.fromkeys((*controls(start), *held)))
                made[start.name] = [start._replace(name=last.name, inputs=inputs)]
                waits |= dict.fromkeys((start.name, *inner), (last.name,))
            else:
                made[last.name] = self._added(chain, chain.offset, held)
                waits |= dict.fromkeys(inner, (chain.start.name,))
        left = [part for node in self._graph.nodes for part in made.get(node.name, [node])]
        moved = rewired(left, {}, waits)
        return swept(self._graph, moved, self._effects.is_pure, self._names.all)

    def _chain(self, start: Node) -> _Chain | None:
        """What is to be folded into a convolution; what normalises and cannot be is refused."""
        weights = self._weights(start)
        array = weights_of(weights)
        if weights is None or array is None or element_type(start) not in FLOATS:
            self._refuse_next(start, _weight_fault(start))
            return None
        layout = _layout(start, array)
        if layout is None:
            self._refuse_next(start, "its weights have another rank than its op takes")
            return None
        scale: Array = np.ones(layout.channels)
        offset: Array | None = None
        nodes: list[Node] = []
        waits: list[str] = []
        scales = False
        while (found := self._next(nodes[-1] if nodes else start, layout)) is not None:
            node, step = found
            nodes.append(node)
            waits += step.waits
            if step.scale is not None:
                scales = True
                scale = scale * step.scale
                offset = None if offset is None else offset * step.scale
            if step.offset is not None:
                offset = step.offset if offset is None else offset + step.offset
        if not scales:
            return None
        chain = _Chain(start, tuple(nodes), weights, scale, offset, tuple(dict.fromkeys(waits)))
        fault = self._fault(chain)
        if fault:
            self._refuse(chain, fault)
        return None if fault else chain

    def _next(self, node: Node, layout: Layout) -> tuple[Node, ChannelStep] | None:
        """The node behind one of a chain that belongs to the chain, and what it does."""
        takers = self._view.consumers.get(f"{node.name}:0", ())
        found = [(each, self._steps.step(each, f"{node.name}:0", layout)) for each in takers]
        others = len(takers) > 1 or node.name in self._names.all
        for taker, step in found:
            fault = step if isinstance(step, str) else ""
            if others and taker.op in NORMS:
                fault = f"{node.name!r}, which it normalises, is used as it is, too"
            if fault:
                self.refused[taker.name] = fault
        if others or not found:
            return None
        taker, step = found[0]
        return (taker, step) if isinstance(step, ChannelStep) else None

    def _weights(self, start: Node) -> Node | None:
        """The constant that has the weights, past any Identity."""
        tensors = plain_inputs(start)
        return self._view.producer(tensors[1]) if len(tensors) == 2 else None

    def _fault(self, chain: _Chain) -> str:
        """Why a chain cannot be folded."""
        with np.errstate(all="ignore"):
            scaled = _product(chain)
        finite = [scaled, *([] if chain.offset is None else [chain.offset])]
        if not all(np.isfinite(each).all() for each in finite):
            return "its weights would not be finite numbers"
        kept = self._held(chain)
        gone = {chain.start.name, *(node.name for node in chain.steps[:-1])}
        if chain.offset is None and kept and gone & self._awaited:
            return f"it waits for {kept[0]!r}, and others wait for what it takes"
        return ""

    def _held(self, chain: _Chain) -> tuple[str, ...]:
        """What the last node of a chain must go on waiting for."""
        held = [each for node in chain.steps for each in self._effects.kept_controls(node)]
        return tuple(dict.fromkeys((*held, *(chain.waits if chain.offset is None else ()))))

    def _is_alone(self, chains: list[_Chain]) -> bool:
        """Whether only these chains take their weights, and all ask for the same new ones."""
        weights = chains[0].weights
        starts = {chain.start.name for chain in chains}
        others = [name for name in self._users(weights.name) if name not in starts]
        same = all(np.array_equal(chain.scale, chains[0].scale) for chain in chains)
        if same and not others:
            return True
        other = others[0] if others else chains[1].start.name
        for chain in chains:
            self._refuse(chain, f"the weights {weights.name!r} are also those of {other!r}")
        return False

    def _users(self, weights: str) -> list[str]:
        """The nodes that take a constant, past any Identity; its own name if an app takes it."""
        found: list[str] = []
        waiting = [weights]
        while waiting:
            name = waiting.pop()
            if name in self._names.all:
                found.append(name)
            for node in self._view.consumers.get(f"{name}:0", ()):
                (waiting if node.op == "Identity" else found).append(node.name)
        return found

    def _refuse(self, chain: _Chain, reason: str) -> None:
        node = next((each for each in chain.steps if each.op in NORMS), chain.steps[0])
        self.refused[node.name] = reason

    def _refuse_next(self, start: Node, reason: str) -> None:
        for taker in self._view.consumers.get(f"{start.name}:0", ()):
            if taker.op in NORMS:
                self.refused[taker.name] = reason

    def _added(self, chain: _Chain, offset: Array, held: tuple[str, ...]) -> list[Node]:
        """The nodes that add what a chain adds, the last of them under the chain's last name."""
        last, start = chain.steps[-1], chain.start
        name = self._view.fresh(f"{last.name}/offset")
        kind = np.float32 if element_type(start) == "DT_FLOAT" else np.float64
        numbers = constant(name, offset.astype(kind))
        attrs = {"T": start.attrs["T"]}
        if start.value("data_format", "string") == b"NCHW":
            attrs["data_format"] = string_attr(b"NCHW")
        added = last._replace(op="BiasAdd", inputs=(start.name, name, *held), attrs=attrs)
        return [numbers._replace(inputs=waiting_for({}, chain.waits)), added]


def _layout(start: Node, weights: Array) -> Layout | None:
    """How the channels lie in what a convolution gives."""
    rank = _RANKS[start.op]
    if weights.ndim != rank:
        return None
    first = start.value("data_format", "string") == b"NCHW"
    channels = weights.shape[-1]
    if start.op == "DepthwiseConv2dNative":
        channels *= weights.shape[-2]
    if start.op == "MatMul" and start.value("transpose_b", "bool"):
        channels = weights.shape[0]
    return Layout(rank, 1 if first and rank == 4 else rank - 1, channels)


def _product(chain: _Chain) -> Array:
    """The weights times the scale of the channel that each is for."""
    array = weights_of(chain.weights)
    if array is None:
        raise ValueError(chain.weights.name)
    scale = chain.scale
    if chain.start.op == "DepthwiseConv2dNative":
        scale = scale.reshape(array.shape[-2:])
    if chain.start.op == "MatMul" and chain.start.value("transpose_b", "bool"):
        scale = scale[:, np.newaxis]
    product: Array = (array * scale).astype(array.dtype)  # rounded once
    return product


def _scaled(chain: _Chain) -> Node:
    attrs = {**chain.weights.attrs, "value": tensor_attr(_product(chain))}
    return chain.weights._replace(attrs=attrs)


def _weight_fault(start: Node) -> str:
    kind = element_type(start)
    if kind in FLOATS:
        return f"the weights of {start.name!r} are not a constant"
    return f"the weights of {start.name!r} are {short(kind)}, and would be rounded again"


FOLD_BATCH_NORMS = Transform(
    name="fold-batch-norms",
    description="What normalises, scales and shifts the channels that `Conv2D`, "
    "`DepthwiseConv2dNative` or `MatMul` gives goes into its weights and one `BiasAdd`: "
    "`FusedBatchNorm` of any release and `BatchNormWithGlobalNormalization` out of training, and "
    "the same written out (`Mul`, `Add`, `Sub`, `RealDiv`, `BiasAdd` with constants). Weights that "
    "others take as they are stay as they are, and so does what is of half precision.",
    exact=True,
    apply=_fold,
)
