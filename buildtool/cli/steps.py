"""The steps: the one table of what each reads, writes and runs, and when it is up to date.

To add a step, add an entry here and a module in :mod:`buildtool.workflow` that has a function
``run``, which takes a :class:`~buildtool.workflow.workspace.Workspace` and returns a line that says
what was done. The task, its up-to-date check and what ``clean`` removes follow.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from buildtool.apps import has_app
from buildtool.cli.stamps import Stamp, compiler_stamp, product_stamp, run_stamp, tree_stamp
from buildtool.config import Target
from buildtool.convert.conversion_wishes import is_converted
from buildtool.core.checkpoint_files import find_checkpoint
from buildtool.core.own_files import load_kept_json
from buildtool.core.paths import WITHIN as AT
from buildtool.prepare.wishes import is_prepared
from buildtool.products import find_product
from buildtool.runtimes import runs_graphs

# Names that stand for files of the target's product, in what a step reads and writes.
BACKENDS = "{backends}"  # the folders in which backends keep their own files
PREPARED = "{prepared}"  # what takes the places of models
FLAGS, LIBRARIES, PROGRAMS, PACKED = "{flags}", "{products}", "{programs}", "{packed}"
REPORTS = tuple(str(AT.report.with_suffix(suffix)) for suffix in (".json", ".txt", ".html"))


def _no_files(target: Target) -> Iterable[Path]:
    del target
    return ()


def _always(target: Target) -> bool:
    del target
    return True


def _none_found(folder: Path) -> Iterable[Path]:
    del folder
    return ()


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a target.

    ``run`` is its module in :mod:`buildtool.workflow`, loaded only when the step runs. ``reads``
    and ``writes`` are files below ``build/<target id>/``, ``folders`` belong to it as a whole.
    ``user_files`` are the user's own that it reads, and ``found`` those that it has found out to
    read, from what it left in the target's folder. ``stamps`` are values with which its result
    changes, besides the target and this tool. ``after`` are steps of the same target that come
    first, though none of their files is read. A step that ``packs`` is one of a target of several
    ABIs: it reads the folders of all its slices. The other steps are done for each slice, and then
    those that ``ends_with`` names for the target itself. One that only ``looks`` shows what it
    finds each time, and is done once for a target of several ABIs. One that ``answers`` takes the
    words behind it as what it is asked, and answers for each slice. One that is done ``together``
    is one task for all targets, besides that for each: its module has a function ``run_together``.
    One ``of_files`` belongs to no target: the words behind it name the files that it is asked of.
    One that ``supposes`` takes what the command line says of the target for a supposition: it knows
    the target as its file states it, too, and is done for each slice.
    One that ``measures`` is done each time that it is asked for. One that is done ``once`` for a
    target of several ABIs reads the files of its first slice. One that cannot be done for each
    target ``asks``: a function ``refusal`` of its module says why not, from these files of earlier
    steps, before any other that it reads is made. A target that does not have a step ``wanted`` is
    told ``unwanted`` where somebody asks for it.
    """

    name: str
    doc: str
    run: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    user_files: Callable[[Target], Iterable[Path]] = _no_files
    found: Callable[[Path], Iterable[Path]] = _none_found
    stamps: tuple[Stamp, ...] = ()
    after: tuple[str, ...] = ()
    packs: bool = False
    looks: bool = False
    ends_with: tuple[str, ...] = ()
    wanted: Callable[[Target], bool] = _always
    unwanted: str = ""
    answers: bool = False
    together: bool = False
    of_files: bool = False
    supposes: bool = False
    measures: bool = False
    once: bool = False
    asks: tuple[str, ...] = ()

    @property
    def is_of_slices(self) -> bool:
        """Whether its task for a target of several ABIs does it for each of them."""
        return self.answers or self.supposes

    def read_by(self, target: Target) -> tuple[str, ...]:
        """The files that it reads of this target."""
        return _expand(self.reads, target)

    def own_folders(self) -> tuple[str, ...]:
        """The folders that belong to it."""
        from buildtool.backends import BACKENDS as FOUND  # noqa: PLC0415 - heavy; only to clean

        own = tuple(each.folder for each in FOUND.values())
        return tuple(
            name for each in self.folders for name in (own if each == BACKENDS else (each,))
        )

    def written_for(self, target: Target) -> tuple[str, ...]:
        """The files that it writes for this target."""
        return _expand(self.writes, target)


def _expand(names: tuple[str, ...], target: Target) -> tuple[str, ...]:
    files = find_product(target).files(target)
    parts = {
        FLAGS: files.flags,
        LIBRARIES: files.products,
        PROGRAMS: files.programs,
        PACKED: files.packed,
        PREPARED: (
            *([str(AT.prepared)] if is_prepared(target) else []),
            *([str(AT.converted)] if is_converted(target) else []),
        ),
    }
    return tuple(file for name in names for file in parts.get(name, (name,)))


def _models(target: Target) -> Iterable[Path]:
    return (path for model in target.models for path in _files(model.path))


def _models_and_patches(target: Target) -> Iterable[Path]:
    return (*_models(target), *target.patches)


def _models_and_samples(target: Target) -> Iterable[Path]:
    return (*_models(target), *_samples(target))


def _embedded(folder: Path) -> Iterable[Path]:
    """The vocabulary files that were put into models: only these name them."""
    return _embedded_in(folder / AT.models)


def _embedded_before(folder: Path) -> Iterable[Path]:
    """The same of models that were prepared."""
    return _embedded_in(folder / AT.prepared)


def _embedded_in(file: Path) -> Iterable[Path]:
    found = load_kept_json(
        file, lambda models: [Path(path) for model in models for path in model.get("embeds", ())]
    )
    return found or ()


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        # Any other folder is an error that the plan reports; it may be of any size.
        is_model = any((path / name).is_file() for name in ("saved_model.pb", "saved_model.pbtxt"))
        return sorted(p for p in path.rglob("*") if os.path.isfile(p)) if is_model else []  # noqa: PTH113  (Path.is_file raises for some)
    checkpoint = find_checkpoint(path)
    return (
        sorted({*checkpoint.files, *([path] if path.is_file() else [])}) if checkpoint else [path]
    )


def _samples(target: Target) -> Iterable[Path]:
    return (model.samples for model in target.models if model.samples)


STEPS = (
    Step(
        name="doctor",
        doc="look whether all is here that targets need, and works; nothing is downloaded",
        run="doctor_step",
        together=True,
    ),
    Step(
        name="show",
        doc="show a target's keys, each with the file and line that its value is from",
        run="show_step",
        folders=(str(AT.show),),
        looks=True,
    ),
    Step(
        name="matrix",
        doc="write the targets as matrices of GitHub Actions and GitLab, with what each needs",
        run="matrix_step",
        together=True,
    ),
    Step(
        name="inspect",
        doc="show what is in the models",
        run="inspect_step",
        folders=(str(AT.inspect),),
        user_files=_models,
        looks=True,
    ),
    Step(
        name="prepare",
        doc="make models smaller or faster, as the target asks, and say what that costs",
        run="prepare_step",
        wanted=is_prepared,
        unwanted="the target asks for no preparation, models ship as they are: see docs/prepare.md",
        writes=(str(AT.prepared),),
        user_files=_models_and_samples,
        found=_embedded_before,
        stamps=(product_stamp, compiler_stamp, tree_stamp),
    ),
    Step(
        name="convert",
        doc="have TensorFlow's converter make models for TensorFlow Lite, and say what that costs",
        run="convert_step",
        wanted=is_converted,
        unwanted="the target asks for no conversion: see docs/lite.md",
        writes=(str(AT.converted),),
        user_files=_models_and_samples,
    ),
    Step(
        name="plan",
        doc="decide what is built, and why",
        run="plan_step",
        reads=(PREPARED,),
        writes=(str(AT.plan), str(AT.models), str(AT.catalogue)),
        folders=(str(AT.overlay), str(AT.renamed)),
        user_files=_models_and_patches,
        found=_embedded,
        stamps=(product_stamp, compiler_stamp, tree_stamp),
    ),
    Step(
        name="explain",
        doc="say why something is in the library, or why not: explain:pi Conv2D",
        run="explain_step",
        reads=(str(AT.plan), str(AT.models), str(AT.catalogue)),
        folders=(str(AT.explain),),
        answers=True,
    ),
    Step(
        name="what-if",
        doc="say what a change would cost, such as a second model: what-if:pi model=b.pb",
        run="what_if_step",
        folders=(str(AT.what_if),),
        supposes=True,
    ),
    Step(
        name="identify",
        doc="say what a library or program was made of, and whether models run on it",
        run="identify_step",
        of_files=True,
    ),
    Step(
        name="generate",
        doc="write headers, flags, project",
        run="generate_step",
        reads=(str(AT.plan),),
        writes=(str(AT.manifest), FLAGS),
        folders=(str(AT.generated),),
        stamps=(product_stamp,),
    ),
    Step(
        name="compile",
        doc="compile the library and link the runner with it",
        run="compile_step",
        reads=(str(AT.plan), str(AT.manifest)),
        writes=(str(AT.link_set), LIBRARIES, PROGRAMS),
        folders=(BACKENDS, str(AT.dist), str(AT.runner), str(AT.logs)),
        stamps=(product_stamp, compiler_stamp, tree_stamp),
    ),
    Step(
        name="verify",
        doc="prove that the library runs the models",
        run="verify_step",
        reads=(str(AT.models), LIBRARIES, PROGRAMS),
        writes=(str(AT.result("verification")),),
        folders=(str(AT.verify),),
        user_files=_samples,
        stamps=(run_stamp,),
    ),
    Step(
        name="size",
        doc="measure, and compare with the budget",
        run="size_step",
        reads=(LIBRARIES, PROGRAMS),
        writes=(str(AT.result("size")),),
        folders=(str(AT.size),),
    ),
    Step(
        name="profile",
        doc="measure how long the models take, node by node",
        run="profile_step",
        reads=(str(AT.models), LIBRARIES, PROGRAMS),
        folders=(str(AT.profile),),
        user_files=_samples,
        wanted=runs_graphs,
        unwanted="only graphs can be profiled yet, not .tflite models",
        measures=True,
        asks=(str(AT.plan), str(AT.models)),
    ),
    Step(
        name="app",
        doc="write a small app that runs the model, into apps/, for you to go on with",
        run="app_step",
        reads=(str(AT.plan), str(AT.models)),
        wanted=has_app,
        unwanted="no app is written for such a target yet; see docs/apps.md",
        measures=True,
        once=True,
    ),
    Step(
        name="diff",
        doc="compare with the build before, another target or a report: diff:pi against=linux",
        run="diff_step",
        folders=(str(AT.diff),),
        looks=True,
    ),
    Step(
        name="package",
        doc="pack the slices of a target together",
        run="package_step",
        reads=(PACKED, LIBRARIES),
        writes=(str(AT.result("package")),),
        folders=(str(AT.dist), str(AT.package)),
        after=("verify",),
        packs=True,
    ),
    Step(
        name="build",
        doc="all of it: a library that is proved to run the models, and the report",
        run="build_step",
        reads=(str(AT.result("verification")), str(AT.result("size"))),
        writes=(*REPORTS, str(AT.bill)),
        folders=(str(AT.last),),
        # The proof first: a library over its budget is still worth knowing to work.
        after=("verify", "size"),
        ends_with=("package",),
    ),
)
