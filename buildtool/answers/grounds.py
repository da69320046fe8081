"""All that is known of a target, and how its parts are found in each other."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.answers.answer import AskedKernel, AskedNode, ChainLink, Part
from buildtool.binary.link_map import Demangle
from buildtool.core.values import (
    BuildPlan,
    KernelCatalogue,
    NodeRef,
    OpUse,
    PlannedFile,
    Registration,
    SizeReport,
)
from buildtool.plan.build_plan import TENSORFLOW
from buildtool.plan.match import kernels_of_use
from buildtool.report.size import places_of, shown_place
from buildtool.report.type_texts import kernel_types, use_types


@dataclass(frozen=True, kw_only=True)
class ModelNode:
    """A node of a model's file, whether it runs or not."""

    model: str
    node: str
    op: str


@dataclass(frozen=True, kw_only=True)
class DefinedSymbol:
    """A symbol by its C++ name, and the member of an archive that defines it."""

    name: str
    member: str


@dataclass(frozen=True, kw_only=True)
class Grounds:
    """What a target's steps have left. ``linked`` are the files of its library, empty where none is
    built of this plan; then ``size`` is None, too. ``tree`` is the source tree if it is on this
    machine. ``build`` is the command that would build it; ``takes_lists`` says whether lists of ops
    can stand for models. What takes time to find is a function:
    ``file_nodes`` gives all nodes of the models' files, ``archived`` all symbols of the archives.
    ``link_map`` is the map that the linker wrote, if there is one, of ``archives``; ``demangle``
    gives the C++ names of what a Mach-O linker writes there, None where no tool does."""

    plan: BuildPlan
    catalogue: KernelCatalogue
    build: str
    takes_lists: bool = True
    linked: tuple[PlannedFile, ...] = ()
    size: SizeReport | None = None
    tree: Path | None = None
    link_map: Path | None = None
    archives: Sequence[Path] = ()
    demangle: Demangle | None = None
    file_nodes: Callable[[], Sequence[ModelNode]] = tuple
    archived: Callable[[], Sequence[DefinedSymbol]] = tuple

    @property
    def is_built(self) -> bool:
        return bool(self.linked)

    @functools.cached_property
    def selected(self) -> Mapping[Registration, str]:
        """The kernels of the plan, with the reason of each."""
        return {kernel.registration: kernel.reason for kernel in self.plan.kernels}

    @functools.cached_property
    def serving(self) -> Mapping[OpUse, tuple[Registration, ...]]:
        """The kernels of the plan that serve each use; none where the runtime rewrites it."""
        own = KernelCatalogue(
            tree_digest="", defines=(), kernels=tuple(self.selected), ops=(), definitions={}
        )
        return {use: tuple(kernels_of_use(use, own)) for use in self.plan.uses}

    @functools.cached_property
    def files(self) -> Mapping[str, PlannedFile]:
        """The files of the plan by their keys."""
        return {file.key: file for file in self.plan.files}

    @functools.cached_property
    def linked_files(self) -> Mapping[str, PlannedFile]:
        return {file.key: file for file in self.linked}

    @functools.cached_property
    def _sizes(self) -> Mapping[str, tuple[str, int]]:
        """What each file takes, by its place, with the name under which that was measured."""
        found = self.size.files if self.size else ()
        return {place: (each.name, each.size) for each in found for place in places_of(each.name)}

    @functools.cached_property
    def by_source(self) -> Mapping[str, tuple[Registration, ...]]:
        """The tree's kernels by the file that registers them."""
        found: dict[str, list[Registration]] = defaultdict(list)
        for kernel in self.catalogue.kernels:
            found[kernel.source].append(kernel)
        return {source: tuple(kernels) for source, kernels in found.items()}

    def parts(self, files: Iterable[PlannedFile]) -> tuple[Part, ...]:
        """What files take in the program; nothing where that is not known."""
        found = (self._sizes.get(shown_place(file)) for file in files)
        rows = dict.fromkeys(each for each in found if each)
        return tuple(Part(name=name, size=size) for name, size in rows)

    def is_in_program(self, file: PlannedFile) -> bool:
        """Whether the linker kept anything of a file; False where that was not measured."""
        return shown_place(file) in self._sizes

    def chain(self, file: PlannedFile) -> tuple[ChainLink, ...]:
        """The files that pulled a linked one in, up to one that is there of itself."""
        found: list[ChainLink] = []
        seen: set[str] = set()
        at = self.linked_files.get(file.key)
        while at is not None and at.key not in seen:
            seen.add(at.key)
            found.append(ChainLink(file=shown_place(at), symbol=at.symbol, reason=at.reason))
            at = self.linked_files.get(at.asked_by)
        return tuple(found)

    def source(self, path: str) -> PlannedFile | None:
        """The planned file of TensorFlow's tree with this path."""
        return self.files.get(f"{TENSORFLOW}:{path}")

    def nodes(self, uses: Iterable[OpUse], *, only: NodeRef | None = None) -> tuple[AskedNode, ...]:
        """The nodes of some uses, or one of them."""
        return tuple(
            AskedNode(
                model=node.model,
                function=node.function,
                node=node.node,
                op=use.op,
                types=use_types(use),
                kernel_class=", ".join(kernel.kernel_class for kernel in self.serving[use]),
            )
            for use in uses
            for node in use.nodes
            if only in (None, node)
        )

    def kernels(self, kernels: Iterable[Registration]) -> tuple[AskedKernel, ...]:
        """Kernels of the tree, each with the reason why it is selected, if it is."""
        return tuple(
            AskedKernel(
                op=kernel.op,
                kernel_class=kernel.kernel_class,
                device=kernel.device,
                label=kernel.label,
                types=kernel_types(kernel),
                source=kernel.source,
                line=kernel.line,
                reason=self.selected.get(kernel, ""),
            )
            for kernel in kernels
        )
