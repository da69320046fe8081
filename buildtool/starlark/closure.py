"""Follows the dependencies of targets to every source file that they may need."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from buildtool.starlark.build_values import Target, absolute_label

SOURCE_SUFFIXES = (".cc", ".c", ".cpp")
LIBRARY_KINDS = frozenset({"cc_library", "objc_library"})
# Rules whose output is none of the files in their attributes.
OPAQUE_KINDS = frozenset(
    {"cc_binary", "cc_shared_library", "cc_test", "package_group", "_transitive_hdrs_impl"}
)


class Targets(Protocol):
    """The part of a graph that a walk needs."""

    tree: Path

    def target(self, label: str) -> Target | None:
        """Return the target of ``label``."""

    def filegroup(self, label: str) -> tuple[str, ...]:
        """Return the files of the tree that ``label`` stands for."""

    def sources(self, target: Target) -> set[str]:
        """Return the files among the target's sources."""

    def nearest_owners(self, path: str) -> tuple[str, ...]:
        """Return the labels of the libraries that own ``path``."""


@dataclass(frozen=True, kw_only=True)
class Closure:
    """All that some targets need. ``files`` maps each ``.cc`` of the tree to the chain that
    brought it: the root, then one label for each step. ``generated`` are the ``.cc`` that the
    build makes (``x.pb.cc``); ``external`` are labels of other repositories; ``missing`` are
    labels that stand for nothing in this tree. All sorted.
    """

    files: Mapping[str, tuple[str, ...]]
    generated: tuple[str, ...]
    external: tuple[str, ...]
    missing: tuple[str, ...]


class Walk:
    """One breadth-first walk along dependencies: the shortest chain to each file wins."""

    def __init__(self, graph: Targets) -> None:
        self._graph = graph
        self._chains: dict[str, tuple[str, ...]] = {}
        self._queue: deque[str] = deque()
        self._files: dict[str, tuple[str, ...]] = {}
        self._external: set[str] = set()
        self._missing: set[str] = set()

    def run(self, roots: Iterable[str]) -> Closure:
        for root in sorted(set(roots)):
            self._start(root)
        while self._queue:
            self._visit(self._queue.popleft())
        real = {path for path in self._files if (self._graph.tree / path).is_file()}
        return Closure(
            files={path: self._files[path] for path in sorted(real)},
            generated=tuple(sorted(set(self._files) - real)),
            external=tuple(sorted(self._external)),
            missing=tuple(sorted(self._missing)),
        )

    def _start(self, root: str) -> None:
        if root.startswith(("//", "@", ":")):
            self._add(absolute_label(root, ""), ())
            return
        self._files.setdefault(root, (root,))
        for label in self._graph.nearest_owners(root):
            self._add(label, (root,))

    def _add(self, label: str, chain: tuple[str, ...]) -> None:
        if label.startswith(("@", "//external:")):
            self._external.add(label)
        elif label not in self._chains:
            self._chains[label] = (*chain, label)
            self._queue.append(label)

    def _visit(self, label: str) -> None:
        target, chain = self._graph.target(label), self._chains[label]
        if target is None:
            self._missing.add(label)
        elif target.kind == "alias":
            self._add(target.actual, chain)
        elif target.kind == "filegroup":
            self._keep(self._graph.filegroup(label), chain)
        elif target.kind not in OPAQUE_KINDS:
            if target.kind in LIBRARY_KINDS:
                self._keep(self._graph.sources(target), chain)
            for dep in target.deps:
                self._add(dep, chain)

    def _keep(self, paths: Iterable[str], chain: tuple[str, ...]) -> None:
        for path in paths:
            if path.endswith(SOURCE_SUFFIXES):
                self._files.setdefault(path, chain)
