"""What the preparation of models did to them, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How far one output of a prepared model is from the original's, over all samples.

    ``largest`` is the largest absolute difference as a share of the largest magnitude in the
    original's output, ``relative_l2`` the norm of the difference by that of the original's output.
    ``same_top`` is the share of rows (along the last axis) whose largest element is the same one;
    None where rows have one element. For texts ``largest`` is the share of those that differ.
    """

    output: str
    largest: float
    relative_l2: float
    same_top: float | None = None


@dataclass(frozen=True, kw_only=True)
class PreparingStep:
    """One step and the graph after it: ``size`` and ``compressed`` (deflate) are bytes, the latter
    None where it was not measured. ``changed`` counts the nodes that it changed, ``refused`` are
    those that it would have to change but cannot, with the reason. ``ops`` are those that came in
    and how often, of a step that is not exact. ``seconds`` vary from run to run. ``differences``
    are those from the original; empty where nothing was compared; ``failure`` is why TensorFlow
    does not run the graph."""

    name: str
    exact: bool
    nodes: int
    size: int
    compressed: int | None = None
    changed: int = 0
    refused: tuple[tuple[str, str], ...] = ()
    ops: tuple[tuple[str, int], ...] = ()
    seconds: float = 0.0
    differences: tuple[Difference, ...] = ()
    failure: str = ""


@dataclass(frozen=True, kw_only=True)
class Histogram:
    """How often values of a model's constants lie in each of the equal parts between ``low`` and
    ``high``, before and after; ``distinct`` counts the different values."""

    low: float
    high: float
    before: tuple[int, ...]
    after: tuple[int, ...]
    distinct_before: int
    distinct_after: int


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """What was done to one model. ``original`` is it as it was, frozen, as a step without a name.
    ``compared`` says on what the outputs were compared, or why they were not; ``runs`` how often it
    was run. ``limits`` are what was allowed, in words; ``notes`` what is to be known besides."""

    model: str
    sha256: str
    original: PreparingStep
    steps: tuple[PreparingStep, ...]
    compared: str
    runs: int = 0
    limits: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    weights: Histogram | None = None


@dataclass(frozen=True, kw_only=True, order=True)
class LibraryKernel:
    """A kernel's class that a library registers for an op, and the file of the tree it is in."""

    op: str
    kernel_class: str
    source: str


@dataclass(frozen=True, kw_only=True)
class LibraryChange:
    """What the preparation of all models of a target changes in its library: how many ``ops`` and
    ``kernels`` models ask for, before and after, and which of them, and which files with kernels,
    go and are new. ``unknown`` is why that cannot be said; then all else is empty."""

    ops: tuple[int, int] = (0, 0)
    kernels: tuple[int, int] = (0, 0)
    ops_gone: tuple[str, ...] = ()
    ops_new: tuple[str, ...] = ()
    kernels_gone: tuple[LibraryKernel, ...] = ()
    kernels_new: tuple[LibraryKernel, ...] = ()
    files_gone: tuple[str, ...] = ()
    files_new: tuple[str, ...] = ()
    unknown: str = ""


@dataclass(frozen=True, kw_only=True)
class PreparedModel:
    """The graph that takes a model's place: ``path`` is in the cache, ``sha256`` its hash.
    ``inputs``, ``outputs`` (tensors) and ``initialisers`` (nodes) are the original's. ``steps`` are
    what was done, ``notes`` what its freezing told; ``embeds`` are files of the user's that were
    put into it. ``plain`` is the graph with its constants inside, where an app maps them into
    memory."""

    name: str
    path: Path
    sha256: str
    plain: Path | None = None
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    initialisers: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    embeds: tuple[Path, ...] = ()
