"""The bazel backend: any tree, compiled by its own BUILD files on an overlay."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from buildtool.backends.backend import ForeignLibraries, Foreseen, Job, Library
from buildtool.backends.bazel import bazel_flags as flags
from buildtool.backends.bazel.bazel_build import BazelBuild
from buildtool.backends.bazel.bazel_flags import SIZE_KEYS
from buildtool.backends.bazel.bazel_overlay import FOLDER, make_workspace, read_graph
from buildtool.backends.bazel.given_macros import macro_notes, macro_problems
from buildtool.backends.bazel.groups import find_flavour, grouped, needed_kernels
from buildtool.backends.bazel.setup import find_setup, setup_helpers, with_setup
from buildtool.backends.bazel.trimming import SOURCES
from buildtool.backends.common.flags import CUT_TYPE_DEFINES
from buildtool.backends.common.selection_header import render_ops_to_register
from buildtool.backends.common.size_choices import unable
from buildtool.catalogue.cxxfiles import CxxFiles
from buildtool.catalogue.macros import find_registering
from buildtool.config import Target
from buildtool.core.errors import ConfigError, Problem
from buildtool.core.render import Renderer
from buildtool.core.values import Abi, BuildPlan, FileKind, SelectedKernel, Toolchain
from buildtool.plan.build_plan import TENSORFLOW, Offer, selections
from buildtool.platforms.android_parts import chosen_parts
from buildtool.platforms.facts import Platform
from buildtool.sources import Lock
from buildtool.starlark.buildfiles import BuildConditions, BuildGraph, android_conditions
from buildtool.tools.compilers import reading_toolchain
from buildtool.tools.helpers import Helper

# What the target may ask of other backends, and this one cannot do.
_UNKNOWN: Mapping[str, Callable[[Target], bool]] = {
    "optimise.lto": lambda target: target.optimise.lto != "none",
    "makefile.dependencies": lambda target: bool(target.makefile.dependencies),
    "app_protobuf": lambda target: target.app_protobuf is not None,
}


class BazelBackend:
    """See :class:`~buildtool.backends.backend.Backend`."""

    name = "bazel"
    packages = ("clang", "llvm")
    folder = FOLDER
    cxx_standard = "c++11"
    products = ("aar",)
    object_formats = ("elf",)
    runtimes = ("full",)
    type_policies = tuple(CUT_TYPE_DEFINES)

    def takes(self, tree: Path | None) -> bool:
        del tree
        return True

    def check_tree(self, target: Target) -> None:
        del target

    def sources(self, target: Target, version: str, tree: Path | None, lock: Lock) -> Sequence[str]:
        del version, tree, lock
        problems = [
            Problem(
                where=target.where(key),
                what=f"{key}: the backend 'bazel' cannot do that; the tree's BUILD files decide",
                todo="leave the key out",
            )
            for key, asked in _UNKNOWN.items()
            if asked(target)
        ]
        problems += unable(target, SIZE_KEYS, who="the backend 'bazel'")
        if not chosen_parts(target, "library"):
            problems.append(
                Problem(
                    where=target.where("android.build"),
                    what="android.build: names no library, and everything else in it needs one",
                    todo="add 'inference' or 'portable'",
                )
            )
        if target.size_budget.archive is not None:
            problems.append(
                Problem(
                    where=target.where("size_budget.archive"),
                    what="size_budget.archive: these apps get shared libraries, not archives",
                    todo="limit 'linked', 'stripped' or 'compressed' instead",
                )
            )
        problems += macro_problems(target)
        if problems:
            raise ConfigError(problems)
        return []  # Bazel fetches what its WORKSPACE names

    def toolchain(
        self, target: Target, platform: Platform, abi: Abi, sysroot: Path | None
    ) -> Toolchain:
        del platform
        return reading_toolchain(abi, compile_flags=target.cpu_flags, sysroot=sysroot)

    def helpers(self, target: Target) -> tuple[Helper, ...]:
        return setup_helpers(target)

    def prepare(self, job: Job) -> Job:
        return with_setup(job, find_setup(job))

    def conditions(self, job: Job) -> BuildConditions:
        return android_conditions(job.abi.name)

    def defines(self, job: Job, types: str) -> tuple[str, ...]:
        graph = read_graph(job, self.conditions(job))
        library = graph.target(find_flavour(graph).kernels)
        copts = library.attrs.get("copts") or () if library is not None else ()
        graph.save()
        return tuple(
            sorted(
                {
                    *flags.tree_defines(map(str, copts)),
                    *flags.own_defines(job.target, job.abi, types),
                    flags.OPTIMISED,
                }
            )
        )

    def compile_flags(self, job: Job) -> tuple[str, ...]:
        return flags.compile_flags(job.target)

    def link_flags(self, job: Job) -> tuple[str, ...]:
        return flags.link_flags(job.target)

    def optional_flags(self, link_flags: Sequence[str]) -> tuple[str, ...]:
        del link_flags
        return ()

    def notes(self, job: Job) -> list[str]:
        told = macro_notes(job.tree.path, job.abi.name, job.target.defines)
        return [*find_setup(job).notes, *told]

    def portable(self, job: Job, graph: BuildGraph) -> frozenset[str]:
        del job
        return grouped(graph, find_flavour(graph))

    def foreign_libraries(
        self, job: Job, defines: Sequence[str], kernels: Sequence[SelectedKernel]
    ) -> ForeignLibraries:
        del job, defines, kernels
        return ForeignLibraries()  # what the tree's own library depends on, Bazel brings

    def offers(
        self,
        job: Job,
        graph: BuildGraph,
        kernel_files: Sequence[str],
        libraries: Collection[str] = (),
    ) -> list[Offer]:
        del libraries
        flavour = find_flavour(graph)
        registering = find_registering(CxxFiles(job.tree.path)).sources
        kernels = needed_kernels(graph, flavour, kernel_files, registering)
        if job.target.file_list != "trimmed" or job.target.registration == "all":
            kernels |= {path for path in grouped(graph, flavour) if path.endswith(SOURCES)}
        if job.target.file_list == "stock":
            kernels &= grouped(graph, flavour)
        found = dict.fromkeys(kernels, flavour.kernels)
        for label in (flavour.whole, flavour.runtime):
            library = graph.target(label)
            paths = graph.sources(library) if library is not None else set()
            real = {path for path in paths if (graph.tree / path).is_file()}
            found |= {path: label for path in real if path.endswith(SOURCES)}
        return [
            Offer(
                root=TENSORFLOW,
                path=path,
                kind=FileKind.RUNTIME,
                reason=f"compiled by {label}",
                required=True,
            )
            for path, label in sorted(found.items())
        ]

    def foresee(self, job: Job, plan: BuildPlan) -> Foreseen:
        del job  # the tree's own BUILD files say what is linked
        return Foreseen(files=frozenset(file.key for file in plan.files))

    def render(self, renderer: Renderer, plan: BuildPlan, target: Target, abi: Abi) -> None:
        del target, abi
        render_ops_to_register(renderer, plan, selections(plan))

    def place(self, find_job: Callable[[], Job], plan: BuildPlan) -> str:
        job = find_job()
        folder = make_workspace(job, plan, find_setup(job), self.conditions(job)).folder
        root = job.folder.parent.parent
        shown = folder.relative_to(root) if folder.is_relative_to(root) else folder
        return f"Bazel works in {shown}"

    def build(self, job: Job, plan: BuildPlan) -> Library:
        return BazelBuild(
            job=job, plan=plan, setup=find_setup(job), conditions=self.conditions(job)
        ).run()
