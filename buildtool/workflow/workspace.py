"""Where one target is built, and the sources and tools that are found for it."""

from __future__ import annotations

import dataclasses
import functools
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.backends import BACKENDS, find_backend
from buildtool.backends.backend import Backend, Job
from buildtool.catalogue.kernels import make_catalogue
from buildtool.config import Target
from buildtool.core.errors import Attempts, ConfigError, Problem
from buildtool.core.paths import LOCK
from buildtool.core.plain_paths import plain
from buildtool.core.values import Abi, KernelCatalogue, SourceTree, Toolchain
from buildtool.plan.build_plan import TENSORFLOW
from buildtool.platforms import find_abi
from buildtool.platforms.facts import Platform
from buildtool.rename.app_protobuf import check_app_protobuf
from buildtool.rename.renamed_sources import Renaming, rename_sources
from buildtool.sources import (
    Cache,
    Lock,
    OwnCopy,
    Progress,
    fetch_all,
    load_lock,
    local_tree,
    patched_tree,
    with_own_copies,
)
from buildtool.tools.apple.stand_in_sdk import find_sdk
from buildtool.tools.probing import NO_TOOLS

PROTOBUF = "protobuf"


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """Where one target is built, and how: ``folder`` is ``build/<target id>``."""

    target: Target
    folder: Path
    cache: Cache
    offline: bool
    say: Callable[[str], None]

    @property
    def platform(self) -> Platform:
        """The target's platform. Raises ConfigError if there is none of that name."""
        return abi_of(self.target)[0]

    @property
    def abi(self) -> Abi:
        """The target's ABI. Raises ConfigError if the platform has none of that name."""
        return abi_of(self.target)[1]

    @property
    def dist(self) -> Path:
        return self.folder / "dist"

    @property
    def program(self) -> Path:
        """The runner, linked with the library."""
        return self.folder / "runner" / "runner"


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The sources and tools of one target, found and verified, and the backend that uses them."""

    backend: Backend
    job: Job
    licences: Mapping[str, tuple[Path, ...]]

    @property
    def tree(self) -> SourceTree:
        return self.job.tree

    @property
    def toolchain(self) -> Toolchain:
        return self.job.toolchain


def find_inputs(work: Workspace) -> Inputs:
    """Fetch the sources and find the tools.

    Raises:
        DownloadError, ConfigError, ToolError: what is missing, with what to do. All of it is told
            at once, but nothing is fetched where a tool is missing.
    """
    target = work.target
    backend = find_backend(target)
    _check_format(work, backend)
    lock = with_own_copies(load_lock(LOCK), given_sources(target))
    sysroot = plain(target.sysroot) if target.sysroot else None
    if work.abi.apple:
        sysroot = find_sdk(
            work.abi, str(target.compiler), sysroot, lock, work.cache, offline=work.offline
        )
    attempt = Attempts()
    toolchain = attempt(lambda: backend.toolchain(target, work.abi, sysroot))
    progress = Progress.of_process()
    own: tuple[str, ...] = ()
    if isinstance(target.tensorflow, Path):
        own_tree = attempt(functools.partial(_own_tree, target.tensorflow, work.cache))
        if own_tree is None:
            raise attempt.failure()
        tree = own_tree
        asked = functools.partial(backend.sources, target, tree.version, tree.path, lock)
    else:
        own = (target.tensorflow,)
        version = lock[target.tensorflow].version
        asked = functools.partial(backend.sources, target, version, None, lock)
    needed = attempt(asked)
    if needed is None or (attempt.failures and (own or needed)):
        raise attempt.failure()
    names = [*own, *needed]
    texts = [licence.source for name in names for licence in lock[name].licences]
    found = fetch_all(
        lock, [*names, *texts], cache=work.cache, offline=work.offline, progress=progress
    )
    if not isinstance(target.tensorflow, Path):
        tree = found[target.tensorflow]
    tree = patched_tree(tree, target.patches, work.folder / "overlay")
    licences = {**_own_licence(tree), **_licences(lock, names, found)}
    renaming = _rename(work, tree, {name: found[name] for name in needed}, lock)
    if renaming is not None:
        found = {**found, renaming.source: renaming.protobuf}
    job = Job(
        target=target,
        platform=work.platform,
        abi=work.abi,
        tree=renaming.tree if renaming else tree,
        lock=lock,
        sources=found,
        toolchain=toolchain or NO_TOOLS,
        folder=work.folder,
        cache=work.cache,
        offline=work.offline,
        log=work.folder / "logs" / "compile.log",
        say=work.say,
        renaming=renaming,
    )
    prepared = attempt(lambda: backend.prepare(job))
    if prepared is None or attempt.failures:
        raise attempt.failure()
    return Inputs(backend=backend, job=prepared, licences=licences)


def _own_tree(path: Path, cache: Cache) -> SourceTree:
    """The user's own tree, under a name that compilers take."""
    tree = local_tree(path, cache=cache)
    return dataclasses.replace(tree, path=plain(tree.path))


def abi_of(target: Target) -> tuple[Platform, Abi]:
    """The platform and ABI that a target names.

    Raises:
        ConfigError: there is none of that name, or it is not made for the release that is named.
    """
    return find_abi(
        target.platform,
        target.abi,
        minimum_os=target.ios.minimum_os,
        where=target.where("abi"),
        where_os=target.where("ios.minimum_os"),
    )


def given_sources(target: Target) -> tuple[OwnCopy, ...]:
    """The user's own copies of sources, as the target names them."""
    return tuple(
        OwnCopy(name=own.name, path=own.path, where=target.where(f"sources[{index}]"))
        for index, own in enumerate(target.sources)
    )


def _rename(
    work: Workspace, tree: SourceTree, sources: Mapping[str, SourceTree], lock: Lock
) -> Renaming | None:
    """Give protobuf other names in the tree and in its own sources, if the target asks for it.

    Raises:
        ConfigError: the build has no protobuf of its own, or one that clashes with the app's.
    """
    target, folder = work.target, work.folder / "renamed"
    source = next((name for name in sources if lock[name].family == PROTOBUF), None)
    told: tuple[str, ...] = ()
    if target.app_protobuf is not None and source is not None:
        told = check_app_protobuf(
            target.app_protobuf,
            lock[source].version,
            target.protobuf_prefix,
            target.where("app_protobuf"),
        )
    if target.protobuf_prefix is None:
        shutil.rmtree(folder, ignore_errors=True)
        return None
    if source is None:
        raise ConfigError(
            Problem(
                where=target.where("protobuf_prefix"),
                what="protobuf_prefix: this tree's build compiles no protobuf to rename",
                todo="leave the key out",
            )
        )
    renaming = rename_sources(
        tree,
        sources[source],
        prefix=target.protobuf_prefix,
        folder=folder,
        cache=work.cache,
    )
    return dataclasses.replace(renaming, beside=told)


def _check_format(work: Workspace, backend: Backend) -> None:
    """A backend need not build for every platform."""
    if backend.artefact != work.platform.artefact:
        raise ConfigError(
            Problem(
                where=work.target.where("backend"),
                what=f"backend: {backend.name!r} does not build for {work.platform.name}",
                todo="set 'backend: auto', or leave the key out",
            )
        )
    form = work.abi.object_format
    if form not in backend.object_formats:
        others = [
            each.name
            for each in BACKENDS.values()
            if form in each.object_formats and each.artefact == backend.artefact
        ]
        raise ConfigError(
            Problem(
                where=work.target.where("backend"),
                what=f"backend: {backend.name!r} does not build for {work.platform.name} yet",
                todo=f"backends that do: {', '.join(sorted(others))}",
            )
        )


def target_catalogue(work: Workspace, inputs: Inputs, defines: Sequence[str]) -> KernelCatalogue:
    """The kernels of the tree under ``defines``."""
    chain = inputs.toolchain
    macros = (f"-D{macro}" for macro in work.abi.system_macros)
    return make_catalogue(
        inputs.tree.path,
        defines=defines,
        preprocessor=(str(chain.cxx.path), "-E", *chain.compile_flags, *macros),
        cache=work.cache.folder("catalogue"),
        tree_digest=inputs.tree.digest,
    )


def _licences(
    lock: Lock, names: Sequence[str], trees: Mapping[str, SourceTree]
) -> dict[str, tuple[Path, ...]]:
    """The licence texts of each source, some of which stand in another source's tree."""
    return {
        name: tuple(
            trees[licence.source].path / licence.path
            for licence in lock[name].licences
            if licence.source in trees
        )
        for name in names
    }


def _own_licence(tree: SourceTree) -> dict[str, tuple[Path, ...]]:
    """The licence of a tree that need not be in the lock file."""
    licence = tree.path / "LICENSE"
    return {f"{TENSORFLOW}-{tree.version}": (licence,)} if licence.is_file() else {}
