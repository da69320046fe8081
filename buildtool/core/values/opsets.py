"""What the models run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True, order=True, slots=True)
class NodeRef:
    """Where a node stands: model, function ("" for the main graph) and node name. A model may have
    a million of them."""

    model: str
    function: str
    node: str

    def __str__(self) -> str:
        inside = f"function {self.function!r}, " if self.function else ""
        return f"{self.model}: {inside}node {self.node!r}"


@dataclass(frozen=True, kw_only=True)
class AttrType:
    """A type or list(type) attribute of one op use, as DataType names, e.g. ``("DT_FLOAT",)``."""

    name: str
    types: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class OpUse:
    """One op with one combination of type attributes, and the nodes that use it so.

    ``label`` is the node's ``_kernel`` attribute (TensorFlow's kernel label), usually empty.
    ``attrs`` holds the type attributes, sorted by name, defaults of the tree already filled in.
    ``added_by_runtime`` is the reason where the runtime, not the model, asks for this op.
    ``kernel_class`` comes from op lists, which name no types: the class that is wanted, or ``*``
    for every class of the op; empty where the types decide. ``settings`` are the other attributes
    that kernels of this op are chosen by, with their values as :class:`AttrCondition` has them.
    """

    op: str
    attrs: tuple[AttrType, ...] = ()
    label: str = ""
    nodes: tuple[NodeRef, ...] = ()
    added_by_runtime: str = ""
    kernel_class: str = ""
    settings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class TensorInfo:
    """An input or output of a model. ``shape`` is None where the rank is unknown; -1 is an
    unknown dimension. ``name`` is the tensor name, e.g. ``"x:0"``."""

    name: str
    dtype: str
    shape: tuple[int, ...] | None


@dataclass(frozen=True, kw_only=True)
class ModelInfo:
    """One model as read: ``sha256`` of the frozen bytes that the device is to run.

    ``rewrites`` are those that changed it, each with the names of the nodes; then ``original`` is
    the graph that it was before, with its hash. ``made`` says that ``path`` is no file of the
    user's, but made of one: an app gets it in any case. ``initialisers`` are nodes that are to be
    run once before the model. ``steps`` is 2 where a run depends on the one before it. ``embeds``
    are files of the user's that were put into it. ``package`` is the file that an app maps into
    memory instead of reading the graph; then ``original`` is the graph with its constants inside.
    """

    name: str
    path: Path
    sha256: str
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    node_count: int
    min_consumer: int = 0
    producer: int = 0
    rewrites: tuple[tuple[str, tuple[str, ...]], ...] = ()
    original: Path | None = None
    original_sha256: str = ""
    made: bool = False
    initialisers: tuple[str, ...] = ()
    steps: int = 1
    embeds: tuple[Path, ...] = ()
    package: Path | None = None


@dataclass(frozen=True, kw_only=True)
class OpSet:
    """All that the models run, each op use once, sorted by op, label and attributes."""

    models: tuple[ModelInfo, ...]
    uses: tuple[OpUse, ...]
