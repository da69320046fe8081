"""What a backend is: the one way in which one kind of TensorFlow tree is compiled.

The workflow knows this protocol and the registry in ``__init__``; it asks for no backend's name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from buildtool.config import Target
from buildtool.core.errors import Problem
from buildtool.core.paths import Layout
from buildtool.core.render import Renderer
from buildtool.core.values import (
    Abi,
    BuildPlan,
    CompileCounts,
    MissingSymbol,
    PlannedFile,
    SelectedKernel,
    SourceTree,
    Toolchain,
)
from buildtool.plan.build_plan import Offer
from buildtool.platforms.facts import Platform
from buildtool.rename.renamed_sources import Renaming
from buildtool.sources import Cache, Lock
from buildtool.starlark.buildfiles import BuildConditions, BuildGraph, load_packages
from buildtool.tools.helpers import Helper


@dataclass(frozen=True, kw_only=True)
class Job:
    """One target with everything that was found for it: ``sources`` are the trees of what the
    backend asked for, by their names in the ``lock`` file; ``folder`` is ``build/<target id>``,
    ``cache`` the folder that builds share; ``say`` gets a line of progress now and then;
    ``offline``: nothing may be downloaded. With
    ``renaming``, protobuf has other names in ``tree`` and in ``sources``."""

    target: Target
    platform: Platform
    abi: Abi
    tree: SourceTree
    lock: Lock
    sources: Mapping[str, SourceTree]
    toolchain: Toolchain
    folder: Path
    cache: Cache
    log: Path
    say: Callable[[str], None]
    renaming: Renaming | None = None
    offline: bool = False

    @property
    def layout(self) -> Layout:
        """Where the files of this target stand."""
        return Layout(folder=self.folder)


@dataclass(frozen=True, kw_only=True)
class Library:
    """What a build gave: the archives, the exact files that are in them and why, and how many were
    compiled to find that out. ``products`` are other files for an app, by
    their places in ``dist``, ``licences`` texts of what the build itself has fetched, by source;
    ``facts`` are what an app's build may want to know of them, JSON-able. ``unfound`` are symbols
    that a compiled file asks for and none defines; a link may do without them.

    ``includes`` are the folders where an app's headers are found, in the compiler's order;
    ``roots`` the same folders in the order in which a header's own folder is looked for.
    """

    archives: tuple[Path, ...]
    files: tuple[PlannedFile, ...]
    compiled: CompileCounts
    includes: tuple[Path, ...] = ()
    roots: tuple[Path, ...] = ()
    products: Mapping[str, Path] = field(default_factory=dict)
    licences: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    facts: Mapping[str, object] = field(default_factory=dict)
    unfound: tuple[MissingSymbol, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ForeignLibraries:
    """Other libraries that kernels' files include headers of, by file: those that are ``built`` for
    them, by their names in the lock file, and those that the backend does not build. ``problems``
    are what files need of a library that is built otherwise."""

    built: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """The files that a build would link, by their keys, as far as earlier builds tell; of those
    that are ``unknown`` no build has found out yet what they need."""

    files: frozenset[str]
    unknown: frozenset[str] = frozenset()


class Backend(Protocol):
    """How one kind of tree is compiled. Methods only read the tree."""

    @property
    def name(self) -> str: ...

    @property
    def folder(self) -> str:
        """The folder below ``build/<target id>`` that the backend keeps its own files in."""
        ...

    @property
    def cxx_standard(self) -> str:
        """The C++ standard that the library's headers need, as compilers name it: ``c++17``."""
        ...

    @property
    def products(self) -> tuple[str, ...]:
        """What it can feed: names of :data:`buildtool.products.PRODUCTS`."""
        ...

    @property
    def object_formats(self) -> tuple[str, ...]:
        """The formats of objects that it can build for."""
        ...

    @property
    def runtimes(self) -> tuple[str, ...]:
        """The values of the key ``runtime`` that it can build."""
        ...

    @property
    def type_policies(self) -> tuple[str, ...]:
        """The values of the key ``types`` that it knows."""
        ...

    def takes(self, tree: Path | None) -> bool:
        """Whether a tree is of its kind; None is one that is fetched."""
        ...

    def check_tree(self, target: Target) -> None:
        """Raises ConfigError if the target's tree is not of its kind, with what would be."""
        ...

    def sources(self, target: Target, version: str, tree: Path | None, lock: Lock) -> Sequence[str]:
        """The names in the lock file of what a tree of this version needs besides itself.

        Raises:
            ConfigError: nobody knows what this version needs, the lock file lacks it, or the
                target asks for what cannot be.
        """
        ...

    def toolchain(
        self, target: Target, platform: Platform, abi: Abi, sysroot: Path | None
    ) -> Toolchain:
        """The tools that compile for the ABI, or at least read the sources as it would.

        Raises:
            ToolError: they are missing or do not work; all of them at once.
        """
        ...

    @property
    def packages(self) -> tuple[str, ...]:
        """The Debian packages of its toolchain's programs, besides those of the ABI."""
        ...

    def helpers(self, target: Target) -> tuple[Helper, ...]:
        """The programs that it starts besides those of the toolchain."""
        ...

    def prepare(self, job: Job) -> Job:
        """The job with what else the backend needs, found and checked; also where compilers are
        missing, so that all is reported together.

        Raises:
            BuildToolError: something is missing, or does not go with the rest; all at once.
        """
        ...

    def conditions(self, job: Job) -> BuildConditions:
        """Under which the tree's BUILD files are read."""
        ...

    def defines(self, job: Job, types: str) -> tuple[str, ...]:
        """The macros that everything is compiled with under a type policy, sorted."""
        ...

    def compile_flags(self, job: Job) -> tuple[str, ...]:
        """Flags of every object, in the order in which the compiler gets them."""
        ...

    def link_flags(self, job: Job) -> tuple[str, ...]:
        """Flags of an app's final link besides those of its platform."""
        ...

    def optional_flags(self, link_flags: Sequence[str]) -> tuple[str, ...]:
        """Those of an app's link flags that only make it smaller, and not every linker knows."""
        ...

    def notes(self, job: Job) -> list[str]:
        """What is odd about the tree and harmless, in sentences."""
        ...

    def portable(self, job: Job, graph: BuildGraph) -> frozenset[str]:
        """The kernels' files that the tree itself compiles for small devices."""
        ...

    def foreign_libraries(
        self, job: Job, defines: Sequence[str], kernels: Sequence[SelectedKernel]
    ) -> ForeignLibraries:
        """The libraries that kernels' files need besides those that every build has."""
        ...

    def offers(
        self,
        job: Job,
        graph: BuildGraph,
        kernel_files: Sequence[str],
        libraries: Collection[str] = (),
    ) -> list[Offer]:
        """The files that may be linked, or must be; ``libraries`` are those that are built for the
        kernels, by their names in the lock file.

        Raises:
            BuildToolError: the tree does not give what the target asks for.
        """
        ...

    def foresee(self, job: Job, plan: BuildPlan) -> Foreseen:
        """What would be linked, by what earlier builds of the tree have learnt; nothing is
        compiled."""
        ...

    def render(self, renderer: Renderer, plan: BuildPlan, target: Target, abi: Abi) -> None:
        """Write what the build reads, as far as it is the same on any machine."""
        ...

    def place(self, find_job: Callable[[], Job], plan: BuildPlan) -> str:
        """Write what the build reads and what is this machine's alone. Returns what that is, empty
        if there is nothing; then the job is not asked for.

        Raises:
            BuildToolError: the tree does not go with the plan.
        """
        ...

    def build(self, job: Job, plan: BuildPlan) -> Library:
        """Compile what the plan needs and archive it.

        Raises:
            BuildError: something does not compile, with the last lines and how to repeat it.
        """
        ...


def load_graph(backend: Backend, job: Job) -> BuildGraph:
    """What the tree's BUILD files say to the backend; kept by the content of the tree."""
    cache = job.cache.folder("buildfiles", job.tree.digest[:16])
    return load_packages(job.tree.path, backend.conditions(job), cache)
