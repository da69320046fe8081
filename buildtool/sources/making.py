"""Making a tree that the cache lacks: each place in turn, then one error that says why none gave
it.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from buildtool.core.errors import DownloadError, Problem, ToolError
from buildtool.sources.cache import StorageError, writing
from buildtool.sources.lock import Local, LockedSource, Place
from buildtool.sources.places import obtain
from buildtool.sources.session import Session
from buildtool.sources.treehash import tree_sha256
from buildtool.sources.unpack import unpack


def make(session: Session, source: LockedSource) -> None:
    """Make the verified tree of ``source`` in the cache; the caller holds the tree's lock.

    Raises:
        DownloadError: no place gave it; one problem for each place says why.
        StorageError: the cache cannot be written.
    """
    problems = [Problem(where=source.where, what=f"{source.name}: no place gave this source")]
    for place in source.places:
        failures = _try_place(session, source, place)
        if not failures:
            session.progress.note(f"{source.name} {source.version}: from {place.origin}, verified")
            return
        problems += failures
    raise DownloadError(problems)


def _try_place(session: Session, source: LockedSource, place: Place) -> Sequence[Problem]:
    try:
        _make_from(session, source, place)
    except StorageError:
        raise
    except (DownloadError, ToolError) as failure:
        return failure.problems
    return ()


def _make_from(session: Session, source: LockedSource, place: Place) -> None:
    """Unpack beside the final place, verify, then give it its name; all under the tree's lock."""
    cache = session.cache
    final = cache.tree(source.name, source.tree)
    stamp = cache.stamp(source.name, source.tree)
    work = cache.folder("trees") / f".unpacking-{final.name}"
    _remove(work)
    archive = obtain(session, source, place)
    try:
        unpack(archive, work, source.selection(place), label=source.name, progress=session.progress)
        _verify(source, place, work)
        with writing(final):
            stamp.unlink(missing_ok=True)
            _remove(final)
            work.replace(final)
            temporary = stamp.with_suffix(".part")
            temporary.write_text(f"{source.tree}\n", "ascii")
            temporary.replace(stamp)
    finally:
        _remove(work)
        if place.archive is None and not isinstance(place.origin, Local):
            archive.unlink(missing_ok=True)


def _verify(source: LockedSource, place: Place, work: Path) -> None:
    got = tree_sha256(work)
    if got != source.tree:
        count = sum(1 for path in work.rglob("*") if not path.is_dir())
        raise DownloadError(
            Problem(
                where=f"{place.where}: {place.origin}",
                what=f"{source.name}: its {count} files have the tree hash {got}, "
                f"but the lock file says {source.tree}",
                todo="it is not the locked source, or 'strip', 'subdir', 'include' or 'exclude' "
                "selects other files; it is not used",
            )
        )


def _remove(folder: Path) -> None:
    if folder.exists():
        with writing(folder):
            shutil.rmtree(folder)
