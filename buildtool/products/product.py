"""What a product is: what an app gets, and how it is put together, verified, measured and packed.

The workflow knows these protocols and the registry in ``__init__``; it asks for no product's name.
A :class:`Product` is cheap, because doit's list of tasks needs it; its :class:`Maker`, which does
the work, is loaded only when a step runs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from buildtool.config import Target
from buildtool.core.errors import Problem
from buildtool.core.paths import WITHIN, Layout
from buildtool.core.values import (
    Abi,
    BuildPlan,
    KernelCatalogue,
    LinkWay,
    ModelInfo,
    SizeReport,
    Toolchain,
    VerificationReport,
)
from buildtool.platforms.facts import Platform, SourceAccess
from buildtool.runtimes.runtime import Runtime

if TYPE_CHECKING:  # a product is listed where no backend is loaded
    from buildtool.backends.backend import Backend, Job, Library
    from buildtool.core.render import Renderer
    from buildtool.plan.build_plan import RuntimeRoot
    from buildtool.tools.helpers import Helper
    from buildtool.verify.runnable import Runnable

Files = tuple[str, ...]
CONTRIB = "tensorflow/contrib"


@dataclass(frozen=True, kw_only=True)
class ProductFiles:
    """Files below ``build/<target id>``: ``flags`` are for an app's build, ``products`` are
    what a target gives, ``programs`` are linked here to try it; ``packed`` is what packing the
    slices of a target reads besides the products."""

    flags: Files = ()
    products: Files
    programs: Files = ()
    packed: Files = (str(WITHIN.plan),)


def is_release_1(tree: Path | None) -> bool:
    """Whether a tree is of TensorFlow 1.x, which alone has this folder."""
    return tree is not None and (tree.expanduser() / CONTRIB).is_dir()


class Build(Protocol):
    """One target as it is built. Tools are found, sources fetched and files of earlier steps
    read only when they are needed."""

    @property
    def target(self) -> Target: ...

    @property
    def layout(self) -> Layout: ...

    @property
    def say(self) -> Callable[[str], None]: ...

    @property
    def platform(self) -> Platform: ...

    @property
    def abi(self) -> Abi: ...

    @property
    def backend(self) -> Backend: ...

    @property
    def runtime(self) -> Runtime: ...

    @property
    def access(self) -> SourceAccess: ...

    @property
    def toolchain(self) -> Toolchain: ...

    @property
    def job(self) -> Job:
        """Raises BuildToolError where sources or tools are missing, all at once."""
        ...

    @property
    def licences(self) -> Mapping[str, tuple[Path, ...]]: ...

    @property
    def plan(self) -> BuildPlan: ...

    @property
    def models(self) -> tuple[ModelInfo, ...]: ...

    def catalogue(self, defines: Sequence[str]) -> KernelCatalogue: ...


@dataclass(frozen=True, kw_only=True)
class Slice:
    """One slice that has been built, in a folder of its own."""

    abi: Abi
    layout: Layout
    plan: BuildPlan


Packer = Callable[[Target, Platform, Sequence[Slice], Layout], tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class ArchiveProduct:
    """What products that are made of a backend's archives have in common. ``load_packer`` gives
    what packs the slices of a target together; None: each stays by itself."""

    name: str
    load_packer: Callable[[], Packer] | None = None

    @property
    def runtimes(self) -> tuple[str, ...]:
        return ("full",)

    @property
    def exports_functions(self) -> bool:
        return False

    @property
    def maps_models(self) -> bool:
        return False

    @property
    def app_build(self) -> str:
        return ""

    @property
    def packs(self) -> bool:
        return self.load_packer is not None

    @property
    def packer(self) -> Packer | None:
        return self.load_packer() if self.load_packer else None

    def state(self, target: Target) -> str:
        del target
        return ""


class Maker(Protocol):
    """Makes a product of what a backend has compiled."""

    @property
    def told_sizes(self) -> tuple[str, ...]:
        """The fields of the size report that a step's line tells."""
        ...

    def helpers(self) -> tuple[Helper, ...]:
        """The programs that it starts besides those of the toolchain."""
        ...

    def roots(self) -> tuple[RuntimeRoot, ...]:
        """The files of TensorFlow that it needs besides what models and runtime do."""
        ...

    def link_flags(self, job: Job, own: Sequence[str]) -> tuple[str, ...]:
        """Flags of the link that takes the library in, ``own`` being those of the backend."""
        ...

    def rehearse(
        self,
        build: Build,
        models: Sequence[ModelInfo],
        ops: Collection[str],
        broken: Collection[str],
    ) -> tuple[Problem, ...]:
        """What TensorFlow itself refuses of ``models``, as far as it is here and the product will
        be compared with it: asked before anything is compiled. ``ops`` are all that they run;
        models that are ``broken`` are not run."""
        ...

    def write_flags(self, build: Build, renderer: Renderer) -> int:
        """Write the settings for an app's build to ``dist``, and a copy with ``renderer``. Returns
        how many files have changed in ``dist``."""
        ...

    def link_ways(self, build: Build) -> tuple[LinkWay, ...]:
        """How an app takes it in. No tool is asked for, and no file read."""
        ...

    def assemble(self, build: Build, library: Library) -> str:
        """Put into ``dist`` what an app gets. Returns a line.

        Raises:
            BuildError: it cannot be linked.
        """
        ...

    def verify(self, build: Build) -> VerificationReport:
        """Look whether it holds what the plan promised, and run the models as far as they can be
        run here. The report has the problems."""
        ...

    def runnable(self, build: Build) -> Runnable:
        """The program that runs the models, or why there is none here."""
        ...

    def proved(self, report: VerificationReport) -> str:
        """What a report without problems says, in a line."""
        ...

    def measure(self, build: Build) -> SizeReport:
        """How large it is."""
        ...

    def pack(
        self, target: Target, platform: Platform, slices: Sequence[Slice], layout: Layout
    ) -> tuple[str, ...]:
        """Pack the slices of ``target`` in its own folder. Returns lines.

        Raises:
            BuildToolError: they cannot be packed together, or a tool is missing.
        """
        ...


class Product(Protocol):
    """What an app gets."""

    @property
    def name(self) -> str: ...

    @property
    def packs(self) -> bool:
        """Whether the slices of a target are packed together; else each stays by itself."""
        ...

    @property
    def runtimes(self) -> tuple[str, ...]:
        """The runtimes that it can hold: names of :data:`buildtool.runtimes.RUNTIMES`."""
        ...

    @property
    def exports_functions(self) -> bool:
        """Whether a target says which functions of TensorFlow it exports; then it has no archives
        whose size could be limited."""
        ...

    @property
    def maps_models(self) -> bool:
        """Whether apps can map models into memory: they need TensorFlow's C++ interface."""
        ...

    @property
    def app_build(self) -> str:
        """How an app of it is built, if this tool can write one: a name of
        :data:`buildtool.apps.APP_BUILDS`."""
        ...

    def takes(self, tree: Path | None) -> bool:
        """Whether it can be made of a tree; None is one that is fetched. A cheap look."""
        ...

    def files(self, target: Target) -> ProductFiles:
        """Which files that are."""
        ...

    def state(self, target: Target) -> str:
        """A cheap value that changes with what its build depends on besides the target, the
        compiler and the tree's sources."""
        ...

    def maker(self, target: Target) -> Maker:
        """What makes that of a target. Slow to load."""
        ...
