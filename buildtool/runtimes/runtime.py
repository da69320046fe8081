"""What a runtime is: what runs the models on the device, and so how they are read, what is planned
for them, how an app finds the library, and with what its outputs are compared.

Beside it stand the platform (where it runs), the backend (which compiles it) and the product (what
an app gets of it). The workflow knows these protocols and the registry in ``__init__``; it asks for
no runtime's name. A :class:`Runtime` is cheap, because doit's list of tasks needs it; its
:class:`Planner` is loaded only when a step runs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from buildtool.config import Target
from buildtool.core.errors import ConfigError, ModelError, Problem
from buildtool.core.paths import DEPENDENCY_ARCHIVE, WHOLE_ARCHIVE
from buildtool.core.values import KernelCatalogue, ModelInfo, PreparedModel

if TYPE_CHECKING:  # a runtime is listed where no backend is loaded
    from buildtool.backends.backend import Backend, Job
    from buildtool.core.values import BuildPlan
    from buildtool.model import ModelSource
    from buildtool.model.reading import Reading
    from buildtool.plan.build_plan import RuntimeRoot
    from buildtool.plan.selection import Selection
    from buildtool.verify.registry import AllowedRegistrations


@dataclass(frozen=True, kw_only=True)
class LibraryNames:
    """What an app's build calls a static library.

    ``whole`` is the archive that is linked whole, empty if none is; ``plain`` the one that is
    linked after it as any other. ``title`` is what it holds, in words, ``package`` is CMake's
    package, ``component`` the target in it, ``module`` that of pkg-config.
    """

    title: str
    whole: str = ""
    plain: str
    package: str
    component: str
    module: str

    @property
    def archives(self) -> tuple[str, ...]:
        """All of them, in the order in which they are linked."""
        return (self.whole, self.plain) if self.whole else (self.plain,)


# TensorFlow itself: its own objects register themselves, so no symbol asks for them.
TENSORFLOW_NAMES = LibraryNames(
    title="TensorFlow",
    whole=WHOLE_ARCHIVE,
    plain=DEPENDENCY_ARCHIVE,
    package="TensorFlowSelective",
    component="tensorflow",
    module="tensorflow-selective",
)


class Planning(Protocol):
    """One target whose plan is to be made. Sources are fetched and tools found when first asked
    for: its job, and so all but the target, raises BuildToolError where some are missing."""

    @property
    def target(self) -> Target: ...

    @property
    def say(self) -> Callable[[str], None]: ...

    @property
    def backend(self) -> Backend: ...

    @property
    def job(self) -> Job: ...

    @property
    def prepared(self) -> Mapping[str, PreparedModel]:
        """The models that were changed before, by name."""
        ...

    @property
    def imports(self) -> bool:
        """Whether apps import the graphs, as TensorFlow's C API does."""
        ...

    @property
    def sources(self) -> Sequence[ModelSource]:
        """The models, as they are to be run."""
        ...

    @property
    def roots(self) -> tuple[RuntimeRoot, ...]:
        """The files of TensorFlow that the product needs."""
        ...

    @property
    def link_flags(self) -> tuple[str, ...]:
        """Flags of the link that takes the library in."""
        ...

    def catalogue(self, defines: Sequence[str]) -> KernelCatalogue:
        """What the tree registers, by its preprocessed text."""
        ...

    def keep(self, catalogue: KernelCatalogue) -> None:
        """Keep the catalogue that the plan was made with, for questions about the plan."""
        ...

    def rehearse(
        self, models: Sequence[ModelInfo], ops: Collection[str], broken: Collection[str]
    ) -> tuple[Problem, ...]:
        """What TensorFlow itself refuses of the models; see
        :class:`~buildtool.products.product.Maker`."""
        ...


class Planner(Protocol):
    """What is decided for models of a runtime."""

    def decide(self, planning: Planning) -> BuildPlan:
        """Read the models and decide what is built; the plan's models know where their files lie.

        Raises:
            ModelError: the models cannot run on such a library; every reason at once.
            ConfigError: the target asks for what the tree does not give.
        """
        ...

    def allowed(
        self, plan: BuildPlan, target: Target, catalogue: Callable[[Sequence[str]], KernelCatalogue]
    ) -> AllowedRegistrations:
        """What a program may register besides what is planned."""
        ...


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """One runtime. ``runner`` is the source of the program that proves a library of it, and
    ``headers`` are what apps include besides what that does. ``runs_graphs`` says whether its
    models are TensorFlow's graphs, which ``profile`` and ``explain`` know, ``has_select_ops``
    whether it runs ops of TensorFlow beside those of TensorFlow Lite, ``has_examples`` whether apps
    get programs that load them. ``app_source`` is
    the template by which an app loads and runs models, ``loading_ways`` are the ways that it knows.
    ``shared_libraries`` are the names of its shared libraries, if it has some of its
    own. ``runner_defines`` are macros that the runner of
    some models needs; ``find_problems`` finds keys of a target that say nothing to it."""

    name: str
    library: LibraryNames
    runner: Path
    headers: tuple[str, ...]
    runs_graphs: bool
    has_select_ops: bool
    has_examples: bool
    app_source: str
    loading_ways: tuple[str, ...]
    shared_libraries: tuple[str, ...]
    runner_defines: Callable[[Sequence[ModelInfo]], tuple[str, ...]]
    find_problems: Callable[[Target], Iterator[Problem]]
    load_planner: Callable[[], Planner]


def check_models(
    planning: Planning, reading: Reading, selection: Selection, *, more: Sequence[Problem] = ()
) -> None:
    """Look at all that was found to be wrong with the models, which is in ``more``, too; those that
    are sound so far are run in TensorFlow.

    Raises:
        ModelError: something is wrong; all of it.
    """
    problems = [*reading.problems, *selection.problems, *more]
    models = reading.opset.models
    broken = reading.broken | {
        model.name
        for model in models
        if any(problem.where.startswith(f"{model.name}: ") for problem in problems)
    }
    try:
        problems += planning.rehearse(models, [op for op, _ in selection.ops], broken)
    except ConfigError as failure:  # inputs that do not fit
        if not problems:
            raise
        problems += failure.problems
    if problems:
        raise ModelError(problems)


def common_notes(planning: Planning) -> list[str]:
    """What is worth knowing of a tree and its tools, whatever runs the models."""
    job, changes = planning.job, planning.job.tree.local_changes
    shown = f"the tree has local changes, and they are built: {', '.join(changes[:5])}"
    return [
        *([shown] if changes else []),
        *(job.renaming.notes if job.renaming else ()),
        *planning.backend.notes(job),
        *job.toolchain.notes,
    ]
