"""What is answered."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class AskedNode:
    """A node that runs, and what serves it. ``types`` are those of its attributes: ``T=float``;
    ``kernel_class`` is empty where the runtime puts something else in its place."""

    model: str
    function: str
    node: str
    op: str
    types: str
    kernel_class: str


@dataclass(frozen=True, kw_only=True)
class AskedKernel:
    """A kernel of the tree under the target's macros. ``types`` are what it is for: ``T: float``;
    ``reason`` says why it is selected, empty if it is not."""

    op: str
    kernel_class: str
    device: str
    label: str
    types: str
    source: str
    line: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class ChainLink:
    """A file that is linked: because it defines ``symbol``, which the next file asks for; or, the
    last of a chain, because of ``reason`` alone."""

    file: str
    symbol: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Part:
    """Bytes of the stripped program; ``name`` is what they are of."""

    name: str
    size: int


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Why something is in a library, or why not.

    ``kind`` says what ``name`` is: an op, a kernel class, a file, a type, a symbol or a node.
    ``summary`` is the answer in a sentence; ``reasons`` are more, and ``todo`` what would change
    it or make the answer whole. ``places`` are where it is registered. ``chain`` are the files that
    pulled it in, it itself first. ``parts`` are its bytes.
    """

    kind: str
    name: str
    included: bool
    summary: str
    reasons: tuple[str, ...] = ()
    todo: tuple[str, ...] = ()
    nodes: tuple[AskedNode, ...] = ()
    kernels: tuple[AskedKernel, ...] = ()
    places: tuple[str, ...] = ()
    chain: tuple[ChainLink, ...] = ()
    parts: tuple[Part, ...] = ()
