"""The native build: configure, narrow, archive."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.backends.common.compile_counts import CompileMeter
from buildtool.backends.common.hunt import Definers
from buildtool.backends.common.linked_files import linked_files, write_link_set
from buildtool.backends.common.narrow import Memory, Narrowed, compiling_in_rounds, narrow
from buildtool.backends.common.ninja import NativeBuild, refused_goals
from buildtool.backends.native.cmake_project import source_lists
from buildtool.backends.native.native_dependencies import Dependency, proto_name
from buildtool.backends.native.native_flavours import Flavour
from buildtool.binary.symbols import demangle, system_symbols
from buildtool.catalogue.definers import DefinerIndex
from buildtool.core.own_files import stamp_of
from buildtool.core.render import Renderer, write_if_changed
from buildtool.core.run import new_log, program_state
from buildtool.core.values import (
    BuildPlan,
    CompileCounts,
    FileKind,
    MissingSymbol,
    PlannedFile,
    Toolchain,
)
from buildtool.plan.build_plan import GENERATED, TENSORFLOW
from buildtool.tools.launcher import Launcher, launching
from buildtool.tools.parallel import parallel_jobs

# What the folder of the project is called among those of the trees.
PROJECT = "native"
Guess = Callable[[str], Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class NativeInputs:
    """What a native build is made from. ``trees`` are the roots of all sources by the names that
    the plan uses; ``project`` is the generated project's folder, ``folder`` the binary one;
    ``flavour`` is that of the runtime, ``protoc`` is None where nothing is made by it;
    ``cache`` holds what builds learn, ``memory`` what those of this tree have."""

    plan: BuildPlan
    trees: Mapping[str, Path]
    dependencies: Sequence[Dependency]
    toolchain: Toolchain
    flavour: Flavour
    protoc: Path | None
    project: Path
    folder: Path
    cache: Path
    memory: Memory
    jobs: int | None
    launcher: str
    log: Path
    say: Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class NativeLibrary:
    """What a native build gave: the archives, the exact files that are in them and why."""

    archives: tuple[Path, ...]
    files: tuple[PlannedFile, ...]
    compiled: CompileCounts
    unfound: tuple[MissingSymbol, ...]


def build_library(inputs: NativeInputs) -> NativeLibrary:
    """Compile what the plan needs and archive it.

    Raises:
        BuildError: CMake, protoc, a compiler or the archiver failed.
    """
    new_log(inputs.log)
    _same_tools(inputs)
    with launching(inputs.launcher, folder=inputs.folder, cache=inputs.cache) as launcher:
        return _build(inputs, launcher)


def _build(inputs: NativeInputs, launcher: Launcher) -> NativeLibrary:
    meter = CompileMeter(inputs.folder, launcher.hits)
    native = _native_build(inputs, launcher)
    inputs.say("configuring")
    native.configure(BUILDTOOL_CANDIDATES="ON")
    objects = native.objects()
    narrowed = _narrow(inputs, native, objects)
    counts = meter.count(objects.values())
    files = linked_files(inputs.plan, narrowed.closure, inputs.toolchain)
    _write_link_set(inputs, files)
    inputs.say(f"archiving {len(files)} objects")
    native.configure(BUILDTOOL_CANDIDATES="OFF")
    native.build((), title="archiving")
    return NativeLibrary(
        archives=tuple(inputs.folder / name for name in inputs.flavour.archives),
        files=files,
        compiled=counts,
        unfound=narrowed.unfound,
    )


def _native_build(inputs: NativeInputs, launcher: Launcher) -> NativeBuild:
    variables = {
        "TENSORFLOW_SOURCE_DIR": str(inputs.trees[TENSORFLOW]),
        **({"BUILDTOOL_PROTOC": str(inputs.protoc)} if inputs.protoc else {}),
        **{
            f"{dependency.variable}_SOURCE_DIR": str(inputs.trees[dependency.name])
            for dependency in inputs.dependencies
        },
    }
    variables["BUILDTOOL_PCH"] = "ON" if launcher.pch else "OFF"
    for language in ("C", "CXX"):
        variables[f"CMAKE_{language}_COMPILER_LAUNCHER"] = launcher.program
    return NativeBuild(
        project=inputs.project,
        folder=inputs.folder,
        variables=variables,
        toolchain=inputs.toolchain,
        environment=launcher.environment,
        jobs=parallel_jobs(inputs.jobs),
        log=inputs.log,
        say=inputs.say,
    )


def _same_tools(inputs: NativeInputs) -> None:
    """Make sure that the binary folder holds nothing that other tools made, that was made in
    another place, or from other folders of sources: Ninja notices no compiler that was replaced
    under its old name, nor a folder behind the same link, and CMake refuses a folder that was
    moved."""
    stamp = inputs.folder / "toolchain.txt"
    compiler = program_state(inputs.toolchain.cxx.path)
    now = f"{inputs.toolchain.identity}\n{compiler}\n{inputs.folder}\n"
    links = {_link(inputs.folder, name): tree for name, tree in inputs.trees.items()}
    others = [link for link, tree in links.items() if link.is_symlink() and link.readlink() != tree]
    if stamp_of(stamp) != now.strip() or others:
        shutil.rmtree(inputs.folder, ignore_errors=True)
        write_if_changed(stamp, now)


def _narrow(inputs: NativeInputs, native: NativeBuild, objects: Mapping[str, Path]) -> Narrowed:
    places = {file.key: _place(inputs, native, file) for file in inputs.plan.files}
    places = {key: path for key, path in places.items() if path in objects}
    keys = {path: key for key, path in places.items()}

    made = {key: objects[path] for key, path in places.items()}

    def build(files: Sequence[str], *, title: str, keep_going: bool) -> Mapping[str, str]:
        goals = {str(made[key].relative_to(inputs.folder)): key for key in files}
        output = native.build(list(goals), title=title, keep_going=keep_going)
        return {goals[goal]: said for goal, said in refused_goals(output).items() if goal in goals}

    def guesses(index: Guess) -> Definers:
        return lambda symbols: [
            [keys[path] for path in index(name) if path in keys]
            for name in demangle(inputs.toolchain, symbols)
        ]

    required = sorted(file.key for file in inputs.plan.files if file.required)
    return narrow(
        required=required,
        offered=places,
        compile_files=compiling_in_rounds(
            build, made, required=required, toolchain=inputs.toolchain
        ),
        definers=guesses(_definers(inputs, places)),
        demangle=lambda symbols: demangle(inputs.toolchain, symbols),
        system=system_symbols(inputs.toolchain),
        memory=inputs.memory,
        say=inputs.say,
    )


def _place(inputs: NativeInputs, native: NativeBuild, file: PlannedFile) -> str:
    """The absolute path of the file that is compiled: of a proto, its generated code."""
    if file.kind is FileKind.PROTO:
        name = proto_name(file, inputs.dependencies)
        return str(native.folder / "protos" / name.removesuffix(".proto")) + ".pb.cc"
    return str(_link(inputs.folder, file.root) / file.path)


def _link(folder: Path, root: str) -> Path:
    """Where the project finds a tree: compilers are told no other name of it."""
    return folder / "trees" / (PROJECT if root == GENERATED else root)


def _definers(inputs: NativeInputs, places: Mapping[str, str]) -> Guess:
    """The text index over all files that may be compiled; protos stand for their code."""
    sources = {
        str(inputs.trees[file.root] / file.path): places[file.key]
        for file in inputs.plan.files
        if file.key in places
    }
    index = DefinerIndex.build(
        [
            (file.root, inputs.trees[file.root] / file.path)
            for file in inputs.plan.files
            if file.key in places
        ],
        inputs.cache / "definers",
    )
    return lambda symbol: [sources[str(path)] for path in index.candidates(symbol)]


def _write_link_set(inputs: NativeInputs, files: Sequence[PlannedFile]) -> None:
    renderer = Renderer(inputs.project.parent)
    renderer.render(
        "native/link_set.cmake",
        "native/sources.cmake.j2",
        lists=source_lists(files, inputs.dependencies, inputs.flavour),
    )
    write_link_set(inputs.project.parent, files)
