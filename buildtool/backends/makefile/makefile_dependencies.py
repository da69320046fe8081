"""What a tree needs besides itself: which sources, and the libraries that are made of them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path

from buildtool.backends.backend import Job
from buildtool.backends.makefile.choice import Choice, Chooser
from buildtool.backends.makefile.libraries import Libraries, LibraryInputs, build_libraries
from buildtool.backends.makefile.make import MAKEFILE
from buildtool.backends.makefile.pinned import PinnedSource
from buildtool.backends.makefile.pins import KNOWN, read_pins
from buildtool.backends.makefile.recipes import Fix, load_recipes
from buildtool.config import Target
from buildtool.core.values import BuildPlan, SourceTree, Toolchain
from buildtool.sources import Lock

# Folders of downloads that only targets of the makefile use which are not built here: Tegra's
# (cub), and those of TensorFlow Lite's delegate.
UNUSED = ("cub", "farmhash", "flatbuffers")
# Compiled before, so that it stands in no folder of downloads.
NAMED = ("protobuf",)
NO_LIBRARIES = Libraries(
    protoc=Path("protoc"),
    includes=(),
    host_includes=(),
    archives=(),
    host_archives=(),
    licences={},
    downloads={},
)
_DOWNLOAD = re.compile(r"/downloads/(\w+)")


def choices(target: Target, tree: Path, release: str, lock: Lock) -> tuple[Choice, ...]:
    """What is built of the dependencies that the makefile of ``tree`` names.

    Raises:
        ConfigError: nothing is known that could be built of one; all of them at once.
    """
    text = (tree / MAKEFILE).read_text(encoding="utf-8", errors="replace")
    folders = set(_DOWNLOAD.findall(text)).difference(UNUSED)
    folders |= {name for name in NAMED if name in text}
    names = [each.name for each in KNOWN if each.folder in folders]
    chooser = Chooser(target=target, tree=tree, release=release, lock=lock, recipes=load_recipes())
    return chooser.choose(read_pins(tree), names)


def sources_of(job: Job) -> Mapping[str, SourceTree]:
    """By dependency, the sources that are built of it."""
    chosen = choices(job.target, job.tree.path, job.tree.version, job.lock)
    return {choice.pin.name: job.sources[choice.source] for choice in chosen}


def fixes(job: Job) -> list[tuple[str, Fix]]:
    """What the tree and its dependencies need under this compiler, each with whose source it is:
    headers of both are in every file that is compiled."""
    recipes = load_recipes()
    chosen = choices(job.target, job.tree.path, job.tree.version, job.lock)
    names = (f"tensorflow-{job.tree.version}", *(choice.source for choice in chosen))
    return [(name, fix) for name in names for fix in recipes.fixing(name, job.toolchain)]


def downloads(job: Job) -> Mapping[str, Path]:
    """By the folder's name below the makefile's ``downloads``, the tree that it expects there."""
    folders = {each.name: each.folder for each in KNOWN}
    return {folders[name]: tree.path for name, tree in sources_of(job).items()}


def library_flags(plan: BuildPlan) -> tuple[str, ...]:
    """Flags of the libraries' objects: TensorFlow's own, and its ``NDEBUG``, without which protobuf
    is a fifth larger; a macro that its headers read must be the same on both sides."""
    released = (f"-D{define}" for define in plan.defines if define == "NDEBUG")
    return (*plan.compile_flags, *released)


def make_libraries(job: Job, plan: BuildPlan, host: Toolchain) -> Libraries:
    """Compile what TensorFlow is linked with, for the target and for this machine.

    Raises:
        ConfigError, BuildError, ToolError: it cannot be compiled.
    """
    sources = {name: PinnedSource(tree=tree, licences=()) for name, tree in sources_of(job).items()}
    if not sources:
        return NO_LIBRARIES
    renaming = job.renaming
    if renaming:
        sources["protobuf"] = PinnedSource(tree=renaming.original_protobuf, licences=())
    libraries = build_libraries(
        LibraryInputs(
            sources=sources,
            toolchain=job.toolchain,
            host=host,
            compile_flags=library_flags(plan),
            cache=job.cache,
            log=job.log,
            say=job.say,
            launcher=job.target.launcher,
            jobs=job.target.jobs,
            renamed={"protobuf": renaming.protobuf.path} if renaming else {},
        )
    )
    if renaming is None:
        return libraries
    return dataclasses.replace(libraries, protoc=renaming.protoc(libraries.protoc))
