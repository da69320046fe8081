"""Fetching locked sources: what the cache has verified is there at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from buildtool.core.errors import DownloadError, Problem
from buildtool.core.values import SourceTree
from buildtool.sources.cache import Cache, StorageError
from buildtool.sources.lock import Lock, LockedSource
from buildtool.sources.patience import Patience
from buildtool.sources.progress import Progress
from buildtool.sources.session import Session
from buildtool.sources.tree_state import is_as_verified


def fetch(
    lock: Lock,
    name: str,
    *,
    cache: Cache | None = None,
    offline: bool = False,
    progress: Progress | None = None,
    patience: Patience | None = None,
) -> SourceTree:
    """Return the tree of the locked source ``name``, fetched and verified if it is not cached.

    Raises:
        ConfigError: the lock has no such source.
        DownloadError: no place gave it; one problem for each place says why.
    """
    return fetch_all(
        lock, [name], cache=cache, offline=offline, progress=progress, patience=patience
    )[name]


def fetch_all(
    lock: Lock,
    names: Iterable[str],
    *,
    cache: Cache | None = None,
    offline: bool = False,
    progress: Progress | None = None,
    patience: Patience | None = None,
) -> dict[str, SourceTree]:
    """Return the trees of several locked sources by name, in the order asked.

    Raises:
        ConfigError: the lock lacks one of them.
        DownloadError: some could not be had: the problems of all of them.
    """
    session = Session(
        cache=cache or Cache.of_user(),
        debian_suites=lock.debian_suites,
        offline=offline,
        progress=progress or Progress(),
        patience=patience or Patience(),
    )
    sources = [lock[name] for name in dict.fromkeys(names)]
    trees: dict[str, SourceTree] = {}
    problems: list[Problem] = []
    for source in sources:
        problems += _fetch_into(trees, session, source)
    if problems:
        raise DownloadError(problems)
    return trees


def licence_files(lock: Lock, name: str, trees: Mapping[str, SourceTree]) -> tuple[Path, ...]:
    """The licence texts of a source, some of which stand in another source's tree, as far as the
    ``trees`` are there."""
    return tuple(
        trees[licence.source].path / licence.path
        for licence in lock[name].licences
        if licence.source in trees
    )


def _fetch_into(
    trees: dict[str, SourceTree], session: Session, source: LockedSource
) -> Sequence[Problem]:
    try:
        trees[source.name] = _fetch(session, source)
    except StorageError:
        raise
    except DownloadError as failure:
        return failure.problems
    return ()


def _fetch(session: Session, source: LockedSource) -> SourceTree:
    cache = session.cache
    tree = SourceTree(
        name=source.name,
        path=cache.tree(source.name, source.tree),
        version=source.version,
        digest=source.tree,
    )
    if is_as_verified(cache, source):
        return tree
    key = tree.path.name
    with cache.locked(key, what=source.name, progress=session.progress):
        if not is_as_verified(cache, source):
            if tree.path.is_dir():
                session.progress.note(f"{tree.path}: is not what was verified: made anew")
            # requests and what else only a fetch needs are half of a warm run's time.
            from buildtool.sources.making import make  # noqa: PLC0415

            make(session, source)
    return tree
