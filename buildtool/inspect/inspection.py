"""The values that are found in a model, and shown."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from buildtool.core.errors import Problem


@dataclass(frozen=True, kw_only=True)
class End:
    """An input or an output, taken as such or not, and ``why``; ``shape`` is None for an unknown
    rank, with -1 for a size that is not known. ``op`` is that of its node."""

    name: str
    op: str
    dtype: str
    shape: tuple[int, ...] | None
    why: str


@dataclass(frozen=True, kw_only=True)
class Counted:
    """How many there are of something."""

    name: str
    count: int


def ranked_counts(counter: Counter[str]) -> tuple[Counted, ...]:
    """What was counted, most first."""
    return tuple(
        Counted(name=name, count=count)
        for name, count in sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    )


@dataclass(frozen=True, kw_only=True)
class TypeShare:
    """What constants and variables of one type hold; ``bytes`` is None where texts or handles have
    no size of their own."""

    dtype: str
    tensors: int
    elements: int
    bytes: int | None


@dataclass(frozen=True, kw_only=True)
class Layer:
    """Nodes of one name scope. ``parameters`` are the elements of the constants and variables that
    its nodes take; ``flops`` as ``benchmark_model`` counts, ``other_flops`` what it leaves out;
    ``activations`` the bytes of all tensors that its nodes compute."""

    name: str
    nodes: int
    parameters: int
    bytes: int
    flops: int
    other_flops: int
    activations: int


@dataclass(frozen=True, kw_only=True)
class Work:
    """Floating-point operations of one run: those that ``benchmark_model`` counts, what other ops
    add, and nodes whose work is not known, as the shapes of their tensors are not."""

    flops: int
    by_op: tuple[Counted, ...]
    other: int
    other_by_op: tuple[Counted, ...]
    unknown: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Bytes of activations in a run, node after node: the most at one time, at which node, and all
    together; ``unknown`` tensors have no known size and count as none."""

    peak: int
    at: str
    total: int
    unknown: int


@dataclass(frozen=True, kw_only=True)
class Compressed:
    """Bytes of the weights, and what deflate makes of them in each form; ``sampled`` bytes were
    compressed, which is fewer than there are where the figures are estimates."""

    original: int
    sampled: int
    as_is: int
    rounded: int
    eight_bit: int
    eight_bit_original: int


@dataclass(frozen=True, kw_only=True)
class Bound:
    """The least time that one run takes on a device, by its peaks. ``seconds`` is the larger one of
    what the arithmetic and what the weights' way from memory take."""

    device: str
    arithmetic: float
    transfer: float
    seconds: float
    source: str


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """All that is found in one model. ``where_from`` says what was asked for shapes,
    ``tree_asked`` whether the target's tree was asked for its ops, or else TensorFlow; ``problems``
    are what kept some of it from being found."""

    name: str
    file: str
    format: str
    sha256: str
    bytes: int
    producer: int
    min_consumer: int
    nodes: int
    functions: tuple[Counted, ...]
    control_edges: int
    devices: tuple[Counted, ...]
    inputs: tuple[End, ...]
    outputs: tuple[End, ...]
    other_inputs: tuple[End, ...]
    other_outputs: tuple[End, ...]
    variables: tuple[End, ...]
    ops: tuple[Counted, ...]
    unknown_ops: tuple[Counted, ...]
    tree_asked: bool
    parameters: int
    types: tuple[TypeShare, ...]
    layers: tuple[Layer, ...]
    work: Work
    memory: Memory
    compressed: Compressed
    bounds: tuple[Bound, ...]
    where_from: str
    notes: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def ranked_layers(self) -> tuple[Layer, ...]:
        """The layers with the most work first, or else the most parameters."""
        return tuple(
            sorted(self.layers, key=lambda each: (-each.flops - each.other_flops, -each.parameters))
        )
