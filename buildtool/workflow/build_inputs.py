"""The sources and tools of one target, found and verified."""

from __future__ import annotations

import dataclasses
import functools
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.backends.backend import Backend, Job
from buildtool.config import Target
from buildtool.core.errors import Attempts, ConfigError, Problem
from buildtool.core.paths import Layout
from buildtool.core.plain_paths import plain
from buildtool.core.values import Abi, SourceTree
from buildtool.plan.build_plan import TENSORFLOW
from buildtool.platforms.facts import Platform, SourceAccess
from buildtool.rename.app_protobuf import check_app_protobuf
from buildtool.rename.renamed_sources import Renaming, rename_sources
from buildtool.sources import (
    Cache,
    Lock,
    Progress,
    fetch_all,
    licence_files,
    local_tree,
    patched_tree,
)
from buildtool.tools.probing import NO_TOOLS

PROTOBUF = "protobuf"


@dataclass(frozen=True, kw_only=True)
class BuildInputs:
    """What a backend works with, and the licence texts of all sources, by their names."""

    job: Job
    licences: Mapping[str, tuple[Path, ...]]


@dataclass(frozen=True, kw_only=True)
class _Sources:
    """The trees of one build: TensorFlow's own, patched, and those of what it ``needed``."""

    tree: SourceTree
    trees: Mapping[str, SourceTree]
    needed: Sequence[str]
    licences: Mapping[str, tuple[Path, ...]]


def find_inputs(
    target: Target,
    *,
    platform: Platform,
    abi: Abi,
    backend: Backend,
    layout: Layout,
    access: SourceAccess,
    sysroot: Path | None,
    say: Callable[[str], None],
) -> BuildInputs:
    """Fetch the sources and find the tools.

    Raises:
        DownloadError, ConfigError, ToolError: what is missing, with what to do. All of it is
            reported at once, but nothing is fetched where a tool is missing.
    """
    attempt = Attempts()
    toolchain = attempt(lambda: backend.toolchain(target, platform, abi, sysroot))
    sources = _fetch(target, backend, layout, access, attempt)
    renaming = _rename(target, sources, layout, access)
    trees = dict(sources.trees)
    if renaming is not None:
        trees[renaming.source] = renaming.protobuf
    job = Job(
        target=target,
        platform=platform,
        abi=abi,
        tree=renaming.tree if renaming else sources.tree,
        lock=access.lock,
        sources=trees,
        toolchain=toolchain or NO_TOOLS,
        folder=layout.folder,
        cache=access.cache,
        offline=access.offline,
        log=layout.log("compile"),
        say=say,
        renaming=renaming,
    )
    prepared = attempt(lambda: backend.prepare(job))
    if prepared is None or attempt.failures:
        raise attempt.failure()
    return BuildInputs(job=prepared, licences=sources.licences)


def _fetch(
    target: Target, backend: Backend, layout: Layout, access: SourceAccess, attempt: Attempts
) -> _Sources:
    """The trees; what fails is among the failures of ``attempt``, and raised where something would
    have to be fetched in vain."""
    lock = access.lock
    own: tuple[str, ...] = ()
    if isinstance(target.tensorflow, Path):
        tree = attempt(functools.partial(_own_tree, target.tensorflow, access.cache))
        if tree is None:
            raise attempt.failure()
        version, path = tree.version, tree.path
    else:
        own, tree = (target.tensorflow,), None
        version, path = lock[target.tensorflow].version, None
    needed = attempt(functools.partial(backend.sources, target, version, path, lock))
    if needed is None or (attempt.failures and (own or needed)):
        raise attempt.failure()
    names = [*own, *needed]
    texts = [licence.source for name in names for licence in lock[name].licences]
    found = fetch_all(
        lock,
        [*names, *texts],
        cache=access.cache,
        offline=access.offline,
        progress=Progress.of_process(),
    )
    tree = patched_tree(tree or found[own[0]], target.patches, layout.overlay)
    return _Sources(
        tree=tree,
        trees=found,
        needed=needed,
        licences={**_own_licence(tree), **_licences(lock, names, found)},
    )


def _own_tree(path: Path, cache: Cache) -> SourceTree:
    """The user's own tree, under a name that compilers take."""
    tree = local_tree(path, cache=cache)
    return dataclasses.replace(tree, path=plain(tree.path))


def _rename(
    target: Target, sources: _Sources, layout: Layout, access: SourceAccess
) -> Renaming | None:
    """Give protobuf other names in the tree and in its own sources, if the target asks for it.

    Raises:
        ConfigError: the build has no protobuf of its own, or one that clashes with the app's.
    """
    lock = access.lock
    source = next((name for name in sources.needed if lock[name].family == PROTOBUF), None)
    notes: tuple[str, ...] = ()
    if target.app_protobuf is not None and source is not None:
        notes = check_app_protobuf(
            target.app_protobuf,
            lock[source].version,
            target.protobuf_prefix,
            target.where("app_protobuf"),
        )
    if target.protobuf_prefix is None:
        shutil.rmtree(layout.renamed, ignore_errors=True)
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
        sources.tree,
        sources.trees[source],
        prefix=target.protobuf_prefix,
        folder=layout.renamed,
        cache=access.cache,
    )
    return dataclasses.replace(renaming, beside=notes)


def _licences(
    lock: Lock, names: Sequence[str], trees: Mapping[str, SourceTree]
) -> dict[str, tuple[Path, ...]]:
    """The licence texts of each source, some of which stand in another source's tree."""
    return {name: licence_files(lock, name, trees) for name in names}


def _own_licence(tree: SourceTree) -> dict[str, tuple[Path, ...]]:
    """The licence of a tree that need not be in the lock file."""
    licence = tree.path / "LICENSE"
    return {f"{TENSORFLOW}-{tree.version}": (licence,)} if licence.is_file() else {}
