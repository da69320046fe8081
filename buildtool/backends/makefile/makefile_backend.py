"""The makefile backend: a 1.x tree, compiled by its own ``contrib/makefile`` on an overlay."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from buildtool.backends.backend import ForeignLibraries, Foreseen, Job, Library
from buildtool.backends.common.flags import CUT_TYPE_DEFINES, optional_flags
from buildtool.backends.common.foreign_headers import foreign_headers, libraries_of
from buildtool.backends.common.narrow import foresee, job_memory
from buildtool.backends.common.own_compilers import (
    own_compile_flags,
    own_link_flags,
    own_toolchain,
    size_keys,
    small_device,
)
from buildtool.backends.common.size_choices import SizeChoices, size_choices, size_notes, unable
from buildtool.backends.makefile import makefile_flags as flags
from buildtool.backends.makefile.asking import WORK, ask, files, links, lists_of
from buildtool.backends.makefile.file_lists import PROTO_TEXT, read_lists
from buildtool.backends.makefile.hosttool import HostTool
from buildtool.backends.makefile.make import MAKEFILE, Make
from buildtool.backends.makefile.makefile_build import MakefileBuild
from buildtool.backends.makefile.makefile_dependencies import (
    choices,
    downloads,
    fixes,
    make_libraries,
)
from buildtool.backends.makefile.makefile_overlay import GENERATED, MADE, make_overlay
from buildtool.backends.makefile.makefile_platforms import makefile_variables
from buildtool.backends.makefile.makefile_project import FOLDER as PROJECT
from buildtool.backends.makefile.makefile_project import MORE, render_project
from buildtool.backends.makefile.needs import needed, notes_on_needs
from buildtool.backends.makefile.offers import make_offers
from buildtool.backends.makefile.settings import Settings, keep_only, platform_variables
from buildtool.catalogue.unity import Preprocessor
from buildtool.config import Target
from buildtool.core.errors import ConfigError, Problem, ToolError
from buildtool.core.render import Renderer
from buildtool.core.run import ANSWER, Command, new_log, run
from buildtool.core.values import Abi, BuildPlan, SelectedKernel, Toolchain
from buildtool.plan.build_plan import Offer
from buildtool.plan.eight_bit import eight_bit_defines
from buildtool.plan.selecting_macros import SELECTIVE
from buildtool.platforms.facts import Platform
from buildtool.sources import Lock
from buildtool.starlark.buildfiles import BuildConditions, BuildGraph
from buildtool.tools.compilers import find_host_toolchain
from buildtool.tools.helpers import Helper, program
from buildtool.tools.launcher import launcher_helpers, launching
from buildtool.tools.linkers import GOLD, OBJECT_FORMATS
from buildtool.tools.parallel import parallel_jobs


class MakefileBackend:
    """See :class:`~buildtool.backends.backend.Backend`."""

    name = "makefile"
    packages = ("cmake", "ninja-build")
    folder = WORK
    cxx_standard = "c++11"
    products = ("static", "xcframework")
    object_formats = OBJECT_FORMATS
    runtimes = ("full",)
    type_policies = tuple(CUT_TYPE_DEFINES)

    def takes(self, tree: Path | None) -> bool:
        return tree is not None and (tree / MAKEFILE).is_file()

    def check_tree(self, target: Target) -> None:
        tree = target.tensorflow if isinstance(target.tensorflow, Path) else None
        if not self.takes(tree):
            raise _no_makefile(target, tree)

    def sources(self, target: Target, version: str, tree: Path | None, lock: Lock) -> Sequence[str]:
        if tree is None:
            raise ConfigError(
                Problem(
                    where=f"TensorFlow {version}",
                    what="the backend 'makefile' builds a tree of your own, and none is named",
                    todo="name your own tree of TensorFlow 1.0 to 1.15: tf=FOLDER",
                )
            )
        makefile_variables(target.platform, target.abi, where=target.where("backend"))
        return [choice.source for choice in choices(target, tree, version, lock)]

    def toolchain(
        self, target: Target, platform: Platform, abi: Abi, sysroot: Path | None
    ) -> Toolchain:
        able = (*size_keys(target, platform), "protos")
        if problems := unable(target, able, who="the backend 'makefile'"):
            raise ConfigError(problems)
        return own_toolchain(target, platform, abi, sysroot)

    def helpers(self, target: Target) -> tuple[Helper, ...]:
        return (
            program("make", "make"),
            Helper(
                name="C++ compiler of this machine",
                find=lambda: find_host_toolchain().cxx,
                package="g++",
            ),
            *launcher_helpers(target.launcher),
        )

    def prepare(self, job: Job) -> Job:
        return job

    def conditions(self, job: Job) -> BuildConditions:
        return small_device(job)

    def defines(self, job: Job, types: str) -> tuple[str, ...]:
        if job.target.optimise.protos == "lite":
            _check_lite(job)
        return _defines(job, types, ask(job, ("CXXFLAGS",))["CXXFLAGS"])

    def compile_flags(self, job: Job) -> tuple[str, ...]:
        flags_of_fixes = dict.fromkeys(flag for _, fix in fixes(job) for flag in fix.flags)
        return own_compile_flags(job, _choices(job), needed=tuple(flags_of_fixes))

    def link_flags(self, job: Job) -> tuple[str, ...]:
        linker = job.toolchain.link_flags or _gold(job)
        return own_link_flags(job, _choices(job), linker=linker)

    def optional_flags(self, link_flags: Sequence[str]) -> tuple[str, ...]:
        return optional_flags(link_flags)

    def notes(self, job: Job) -> list[str]:
        chosen = choices(job.target, job.tree.path, job.tree.version, job.lock)
        return [
            *size_notes(_choices(job)),
            *(str(choice) for choice in chosen if choice.reason),
            *(f"{name} needs {' '.join(fix.flags)}: {fix.reason}" for name, fix in fixes(job)),
            *self._notes_on_needs(job),
            *read_lists(job.tree.path).notes,
        ]

    def _notes_on_needs(self, job: Job) -> list[str]:
        """Which of its dependencies the tree needs, and which it only asks for."""
        toolchain = job.toolchain
        asked = ask(job, ("CXXFLAGS", "TF_CC_SRCS"))
        # Some releases of make leave what $(wildcard) finds in the order of the disk.
        sources = sorted(asked["TF_CC_SRCS"])
        defines = _defines(job, job.target.types, asked["CXXFLAGS"])
        preprocessor = Preprocessor(
            argv=(str(toolchain.cxx.path), f"-std={self.cxx_standard}", *toolchain.compile_flags),
            # Not the one that asks for ops_to_register.h, which is not there yet.
            defines=tuple(define for define in defines if define != SELECTIVE),
        )
        # Dependencies are known by the names that their headers have in the user's tree.
        tree = (job.renaming.original_tree if job.renaming else job.tree).path
        try:
            needs = needed(tree, sources, preprocessor, cache=job.cache.folder("stubs"))
        except ToolError:
            # A file that is perhaps never built; if it is, the compiler says what is wrong.
            return [
                "it is not known which dependencies the sources need, as not all of them can be "
                "preprocessed"
            ]
        return notes_on_needs(tree, needs)

    def portable(self, job: Job, graph: BuildGraph) -> frozenset[str]:
        del graph
        return frozenset(read_lists(job.tree.path).ops)

    def foreign_libraries(
        self, job: Job, defines: Sequence[str], kernels: Sequence[SelectedKernel]
    ) -> ForeignLibraries:
        compiler = job.toolchain
        foreign = foreign_headers(
            {kernel.registration.source for kernel in kernels},
            tree=job.tree.path,
            digest=job.tree.digest,
            include_dirs=[
                folder
                for path in downloads(job).values()
                for folder in (path, path / "public", path / "src")
                if folder.is_dir()
            ],
            compiler=(
                *(str(compiler.cxx.path), *compiler.compile_flags),
                *(f"-D{define}" for define in defines),
            ),
            standard=self.cxx_standard,
        )
        return libraries_of(foreign)

    def offers(
        self,
        job: Job,
        graph: BuildGraph,
        kernel_files: Sequence[str],
        libraries: Collection[str] = (),
    ) -> list[Offer]:
        del libraries
        return make_offers(job, graph, kernel_files)

    def foresee(self, job: Job, plan: BuildPlan) -> Foreseen:
        return foresee(job_memory(job), plan)

    def render(self, renderer: Renderer, plan: BuildPlan, target: Target, abi: Abi) -> None:
        del abi
        render_project(
            renderer,
            plan,
            everything=target.registration == "all",
            protobuf_prefix=target.protobuf_prefix,
        )

    def place(self, find_job: Callable[[], Job], plan: BuildPlan) -> str:
        del find_job, plan
        return ""

    def build(self, job: Job, plan: BuildPlan) -> Library:
        new_log(job.log)
        target = job.target
        host = find_host_toolchain()
        libraries = make_libraries(job, plan, host)
        overlay = job.folder / self.folder / "tree"
        project = job.layout.generated / PROJECT
        make_overlay(
            job.tree.path,
            overlay,
            files={**files(job), **lists_of(plan.files)},
            links={GENERATED: project, **links(libraries.downloads)},
        )
        with launching(target.launcher, folder=overlay, cache=job.cache.root) as launcher:
            settings = Settings(
                platform=platform_variables(job),
                types=target.types,
                plan=plan,
                toolchain=job.toolchain,
                host=host,
                libraries=libraries,
                launcher=launcher,
                prefix=(project / "tensorflow_prefix.h").read_text(encoding="utf-8"),
                folder=overlay,
            )
            return _library_of(job, plan, settings)


def _library_of(job: Job, plan: BuildPlan, settings: Settings) -> Library:
    """What make makes in the overlay."""
    keep_only(settings.folder / MADE, settings.keys)
    make = Make(
        folder=settings.folder,
        variables=settings.variables(),
        more=(f"{GENERATED}/{MORE}",),
        jobs=parallel_jobs(job.target.jobs),
        log=job.log,
        say=job.say,
        environment=settings.launcher.environment,
    )
    if any(file.path.endswith(PROTO_TEXT) for file in plan.files):
        make = _with_host_tool(make, settings, job)
    return MakefileBuild(
        settings=settings,
        make=make,
        generated=job.layout.generated,
        archives=job.folder / WORK,
        cache=job.cache.root,
        memory=job_memory(job),
        say=job.say,
    ).run()


def _with_host_tool(make: Make, settings: Settings, job: Job) -> Make:
    """A make that uses the program ``proto_text``, which is first made for this machine."""
    tool = HostTool(
        make=make,
        made=settings.host_made,
        toolchain=settings.host,
        archives=settings.libraries.host_archives,
        memory=job.cache.root / "needs" / f"{settings.plan.tree_digest[:16]}-host.json",
        say=job.say,
    )
    return dataclasses.replace(make, variables={**make.variables, **tool.variables()})


def _defines(job: Job, types: str, compiling: Sequence[str]) -> tuple[str, ...]:
    """All macros, given the flags with which the makefile compiles."""
    return flags.defines(
        [flag[2:] for flag in compiling if flag.startswith("-D")],
        types=types,
        file_list=job.target.file_list,
        protos=_choices(job).protos,
        extra=(*eight_bit_defines(job.abi, job.target.defines), *job.target.defines),
    )


def _no_makefile(target: Target, tree: Path | None) -> ConfigError:
    """The tree is none that this backend builds."""
    if tree is None:
        return ConfigError(
            Problem(
                where=target.where("tensorflow"),
                what=f"tensorflow: {target.tensorflow} is not TensorFlow 1.x, which the backend "
                "'makefile' builds; none can be downloaded",
                todo="name your own tree of TensorFlow 1.0 to 1.15: tf=FOLDER, or 'tensorflow:' in "
                "the target",
            )
        )
    return ConfigError(
        Problem(
            where=str(tree),
            what=f"this tree has no {MAKEFILE}, which the backend 'makefile' needs",
            todo="name a whole tree of TensorFlow 1.0 to 1.15, or set 'backend: auto'",
        )
    )


def _gold(job: Job) -> tuple[str, ...]:
    """The flag for binutils' other linker, where GCC has it (GCC manual, ``-print-prog-name``)."""
    argv = (str(job.toolchain.cxx.path), "-print-prog-name=ld.gold")
    found = run(Command(argv=argv), what="looking for gold", timeout=ANSWER).stdout.strip()
    return (GOLD,) if job.toolchain.kind == "gcc" and Path(found).is_file() else ()


def _choices(job: Job) -> SizeChoices:
    able = size_keys(job.target, job.platform)
    return size_choices(job.target, (*able, "protos") if _knows_lite(job) else able)


def _knows_lite(job: Job) -> bool:
    """Whether the tree has no code then that asks for more of a message than there is."""
    source = job.tree.path / "tensorflow/core/platform/env.cc"
    text = source.read_text(encoding="utf-8", errors="replace") if source.is_file() else ""
    return flags.LITE in text


def _check_lite(job: Job) -> None:
    """Raises ConfigError if there is no way to lite messages."""
    if not _knows_lite(job):
        raise ConfigError(
            Problem(
                where=job.target.where("optimise.protos"),
                what=f"optimise.protos: TensorFlow {job.tree.version} knows no {flags.LITE}",
                todo="set it to 'full', or leave the key out",
            )
        )
