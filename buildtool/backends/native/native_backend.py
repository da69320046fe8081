"""The native backend: a 2.x tree, compiled by a CMake project that is generated for it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

from buildtool.backends.backend import ForeignLibraries, Foreseen, Job, Library
from buildtool.backends.common.flags import TYPE_DEFINES, optional_flags
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
from buildtool.backends.common.source_globs import matching
from buildtool.backends.native import native_flags as flags
from buildtool.backends.native.cmake_project import render_project
from buildtool.backends.native.lite_ops import LITE_OPS
from buildtool.backends.native.native_build import NativeInputs, build_library
from buildtool.backends.native.native_dependencies import (
    Dependency,
    dependency_sources,
    load_dependencies,
    planned_dependencies,
    with_required,
)
from buildtool.backends.native.native_flavours import FLAVOURS, FULL, Flavour
from buildtool.backends.native.tree_facts import candidates, portable_files, protos
from buildtool.catalogue.cxxfiles import CxxFiles
from buildtool.config import Target
from buildtool.core.errors import ConfigError, Problem
from buildtool.core.render import Renderer
from buildtool.core.values import Abi, BuildPlan, FileKind, SelectedKernel, SourceTree, Toolchain
from buildtool.plan.build_plan import GENERATED, TENSORFLOW, Offer, selections
from buildtool.plan.eight_bit import eight_bit_defines
from buildtool.platforms.facts import Platform
from buildtool.sources import Lock, Progress, fetch_all, licence_files
from buildtool.starlark.buildfiles import BuildConditions, BuildGraph
from buildtool.tools.compilers import find_protoc, protoc_helper
from buildtool.tools.helpers import Helper
from buildtool.tools.launcher import launcher_helpers
from buildtool.tools.linkers import OBJECT_FORMATS

# The header by which kernels find the descriptors of messages.
DESCRIPTORS = "tensorflow/core/util/proto/descriptors.h"
PROTOC_SERIES = "3.21"


class NativeBackend:
    """See :class:`~buildtool.backends.backend.Backend`."""

    name = "native"
    packages = ("cmake", "ninja-build")
    folder = "native"
    cxx_standard = "c++17"
    products = ("static", "xcframework", "shared", "prefab", "java-library", "java-aar")
    object_formats = OBJECT_FORMATS
    runtimes = tuple(FLAVOURS)
    type_policies = tuple(TYPE_DEFINES)

    def takes(self, tree: Path | None) -> bool:
        del tree
        return True  # the version is checked with its dependencies

    def check_tree(self, target: Target) -> None:
        del target

    def sources(self, target: Target, version: str, tree: Path | None, lock: Lock) -> Sequence[str]:
        del tree, lock
        if target.makefile.dependencies:
            raise ConfigError(
                Problem(
                    where=target.where("makefile.dependencies"),
                    what="makefile.dependencies: the backend 'native' builds what "
                    "data/dependencies.yaml names for a release",
                    todo="leave the key out, or change that file",
                )
            )
        found = (
            item
            for each in OBJECT_FORMATS
            for item in load_dependencies(version, each, runtime=target.runtime)
        )
        return list(dict.fromkeys(item.source for item in found if not item.on_demand))

    def toolchain(
        self, target: Target, platform: Platform, abi: Abi, sysroot: Path | None
    ) -> Toolchain:
        if problems := unable(target, _able(target, platform), who=_builder(target)):
            raise ConfigError(problems)
        return own_toolchain(target, platform, abi, sysroot)

    def helpers(self, target: Target) -> tuple[Helper, ...]:
        protoc = (protoc_helper(PROTOC_SERIES),) if FLAVOURS[target.runtime].has_protos else ()
        return (*protoc, *launcher_helpers(target.launcher))

    def prepare(self, job: Job) -> Job:
        return job

    def conditions(self, job: Job) -> BuildConditions:
        return small_device(job)

    def defines(self, job: Job, types: str) -> tuple[str, ...]:
        own = eight_bit_defines(job.abi, job.target.defines)
        flavour = FLAVOURS[job.target.runtime]
        return flavour.all_defines(types=types, extra=(*own, *job.target.defines))

    def compile_flags(self, job: Job) -> tuple[str, ...]:
        return own_compile_flags(job, _choices(job), own=flags.COMPILE_FLAGS)

    def link_flags(self, job: Job) -> tuple[str, ...]:
        chosen = own_link_flags(job, _choices(job), linker=job.toolchain.link_flags)
        return (*chosen, *_framework_flags(job))

    def optional_flags(self, link_flags: Sequence[str]) -> tuple[str, ...]:
        return optional_flags(link_flags)

    def notes(self, job: Job) -> list[str]:
        return size_notes(_choices(job))

    def portable(self, job: Job, graph: BuildGraph) -> frozenset[str]:
        return portable_files(job, graph)

    def foreign_libraries(
        self, job: Job, defines: Sequence[str], kernels: Sequence[SelectedKernel]
    ) -> ForeignLibraries:
        dependencies, compiler = _dependencies(job), job.toolchain
        always = [item for item in dependencies if not item.on_demand]
        trees = _trees(job, always)
        headers = {header: item.name for item in dependencies for header in item.headers}
        foreign = foreign_headers(
            {kernel.registration.source for kernel in kernels},
            tree=job.tree.path,
            digest=job.tree.digest,
            include_dirs=[trees[item.name] / folder for item in always for folder in item.include],
            compiler=(
                *(str(compiler.cxx.path), *compiler.compile_flags),
                *(f"-D{define}" for define in defines),
            ),
            standard=self.cxx_standard,
            on_demand=headers,
        )
        found = libraries_of(foreign, headers)
        sources = {item.name: item.source for item in dependencies}
        built = {
            file: tuple(sources[name] for name in with_required(names, dependencies))
            for file, names in found.built.items()
        }
        problems = tuple(_reflecting(job, kernels))
        return ForeignLibraries(built=built, missing=found.missing, problems=problems)

    def offers(
        self,
        job: Job,
        graph: BuildGraph,
        kernel_files: Sequence[str],
        libraries: Collection[str] = (),
    ) -> list[Offer]:
        wanted = [d for d in _dependencies(job) if not d.on_demand or d.source in libraries]
        trees = _trees(job, wanted)
        flavour, lite = FLAVOURS[job.target.runtime], _choices(job).protos == "lite"
        found = candidates(job, graph, flavour, kernel_files)
        paths = [each.path for each in found]
        users = _users(job, paths, wanted, trees)
        made = protos(job, graph, paths) if flavour.has_protos else {}
        tensorflow = [
            Offer(
                root=TENSORFLOW,
                path=candidate.path,
                kind=FileKind.RUNTIME,
                reason=f"{candidate.reason}: {' > '.join(candidate.chain)}",
                libraries=users.get(candidate.path, ()),
            )
            for candidate in found
        ]
        generated = [
            Offer(root=TENSORFLOW, path=path, kind=FileKind.PROTO, reason="included as .pb.h")
            for path in sorted(set(made.values()))
        ]
        others = [
            Offer(
                root=item.name,
                path=path,
                kind=FileKind.DEPENDENCY,
                reason=f"part of {item.source}",
                required=path in item.always,
            )
            for item in wanted
            for path in dependency_sources(item, trees[item.name], lite=lite)
        ]
        others += [
            Offer(
                root=item.name, path=path, kind=FileKind.PROTO, reason="its messages, as lite ones"
            )
            for item in wanted
            if lite
            for path in matching(trees[item.name], item.protos, ())
        ]
        return [*tensorflow, *generated, *_own_files(flavour), *others]

    def foresee(self, job: Job, plan: BuildPlan) -> Foreseen:
        return foresee(job_memory(job, messages=_choices(job).protos), plan)

    def render(self, renderer: Renderer, plan: BuildPlan, target: Target, abi: Abi) -> None:
        flavour = FLAVOURS[target.runtime]
        render_project(
            renderer,
            plan,
            selections=selections(plan) if flavour.selects else {},
            dependencies=planned_dependencies(plan, abi.object_format, runtime=target.runtime),
            proto_code=_proto_code(target) if flavour.has_protos else "",
            flavour=flavour,
            everything=target.registration == "all",
            protobuf_prefix=target.protobuf_prefix,
        )

    def place(self, find_job: Callable[[], Job], plan: BuildPlan) -> str:
        del find_job, plan
        return ""

    def build(self, job: Job, plan: BuildPlan) -> Library:
        flavour = FLAVOURS[job.target.runtime]
        dependencies = planned_dependencies(plan, job.abi.object_format, runtime=job.target.runtime)
        fetched = _fetched(job, dependencies)
        project = job.layout.generated / "native"
        trees = {**_trees(job, dependencies), GENERATED: project}
        folder = job.folder / self.folder
        built = build_library(
            NativeInputs(
                plan=plan,
                trees=trees,
                dependencies=dependencies,
                toolchain=job.toolchain,
                flavour=flavour,
                protoc=_protoc(job) if flavour.has_protos else None,
                project=project,
                folder=folder,
                cache=job.cache.root,
                memory=job_memory(job, messages=_choices(job).protos),
                jobs=job.target.jobs,
                launcher=job.target.launcher,
                log=job.log,
                say=job.say,
            )
        )
        own, protos, tree = project / "include", folder / "protos", job.tree.path
        folders = [trees[item.name] / place for item in dependencies for place in item.include]
        return Library(
            archives=built.archives,
            files=built.files,
            compiled=built.compiled,
            unfound=built.unfound,
            licences={
                item.source: licence_files(job.lock, item.source, fetched)
                for item in dependencies
                if item.source not in job.sources
            },
            includes=(own, tree, protos, *folders),
            roots=(own, protos, *folders, tree),
        )


def _able(target: Target, platform: Platform) -> tuple[str, ...]:
    """The keys of size that it knows what to do with."""
    return (*size_keys(target, platform), *_message_keys(target), "rtti")


def _message_keys(target: Target) -> tuple[str, ...]:
    usual = target.runtime == FULL.runtime and target.protobuf_prefix is None
    return ("protos",) if usual else ()


def _builder(target: Target) -> str:
    """What a key that cannot be followed is up to."""
    renamed = " with 'protobuf_prefix'" if target.protobuf_prefix else ""
    return f"the backend 'native' for the runtime '{target.runtime}'{renamed}"


def _proto_code(target: Target) -> str:
    choices = size_choices(target, ("level", *_message_keys(target)))
    return flags.proto_code(level=choices.level, protos=choices.protos)


def _choices(job: Job) -> SizeChoices:
    return size_choices(job.target, _able(job.target, job.platform))


def _reflecting(job: Job, kernels: Sequence[SelectedKernel]) -> Iterator[Problem]:
    """Kernels that read messages of any kind by their descriptors, where messages have none."""
    if _choices(job).protos != "lite":
        return
    files = CxxFiles(job.tree.path)
    sources = sorted({kernel.registration.source for kernel in kernels})
    for source in (each for each in sources if DESCRIPTORS in files.includes(each)):
        ops = sorted({k.registration.op for k in kernels if k.registration.source == source})
        yield Problem(
            where=job.target.where("optimise.protos"),
            what=f"optimise.protos: the kernels of {', '.join(ops)} ({source}) read messages by "
            "their descriptors, which lite ones do not have",
            todo=f"write 'optimise: {{goal: {job.target.optimise.goal}, protos: full}}'",
        )


def _own_files(flavour: Flavour) -> Iterator[Offer]:
    """What is written for the models and compiled with the rest."""
    if flavour.resolves:
        reason = "registers the models' ops, in their versions"
        yield Offer(root=GENERATED, path=LITE_OPS, kind=FileKind.OP, reason=reason, required=True)


def _framework_flags(job: Job) -> list[str]:
    """The flags that link Apple's frameworks which the dependencies call."""
    if job.toolchain.object_format != "macho":
        return []
    names = [name for item in _dependencies(job) for name in item.frameworks]
    return [word for name in names for word in ("-framework", name)]


def _dependencies(job: Job) -> tuple[Dependency, ...]:
    return load_dependencies(job.tree.version, job.abi.object_format, runtime=job.target.runtime)


def _protoc(job: Job) -> Path:
    """Raises ToolError if there is none of the right release."""
    protoc = find_protoc(PROTOC_SERIES)
    return job.renaming.protoc(protoc) if job.renaming else protoc


def _trees(job: Job, dependencies: Sequence[Dependency]) -> Mapping[str, Path]:
    """The roots of TensorFlow and of these dependencies, by the names that the plan uses.

    Raises:
        DownloadError: one that is built on demand could not be fetched.
    """
    fetched = _fetched(job, dependencies)
    return {
        TENSORFLOW: job.tree.path,
        **{item.name: fetched[item.source].path for item in dependencies},
    }


def _users(
    job: Job, files: Sequence[str], dependencies: Sequence[Dependency], trees: Mapping[str, Path]
) -> Mapping[str, tuple[str, ...]]:
    """The dependencies on demand whose headers each file of TensorFlow includes: other files are
    compiled as they always are, so that their objects are shared with other builds."""
    roots = {item.name: f"{trees[item.name]}/" for item in dependencies if item.on_demand}
    headers = [trees[item.name] / folder for item in dependencies for folder in item.include]
    if not roots:
        return {}
    names = CxxFiles(job.tree.path, [folder.resolve() for folder in headers])
    found = {file: {place for place in names.closure([file]) if place[0] == "/"} for file in files}
    return {
        file: tuple(name for name, root in roots.items() if any(p.startswith(root) for p in places))
        for file, places in found.items()
    }


def _fetched(job: Job, dependencies: Sequence[Dependency]) -> Mapping[str, SourceTree]:
    """The trees of these dependencies and of what has their licences, by their names in the lock
    file: those that every build has were fetched for the job."""
    lock = job.lock
    more = [item.source for item in dependencies if item.source not in job.sources]
    texts = [licence.source for name in more for licence in lock[name].licences]
    wanted = [name for name in (*more, *texts) if name not in job.sources]
    progress = Progress.of_process()
    found = fetch_all(lock, wanted, cache=job.cache, offline=job.offline, progress=progress)
    return {**job.sources, **found}
