"""From a place to an archive or folder on this machine, verified as far as the lock says."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from buildtool.core.errors import DownloadError, Problem
from buildtool.core.regular_files import irregular
from buildtool.core.run import Command, run
from buildtool.sources import debian, pypi
from buildtool.sources.cache import writing
from buildtool.sources.download import Fetchable, download
from buildtool.sources.lock import (
    ArchiveHash,
    Debian,
    Git,
    GitHub,
    Local,
    LockedSource,
    Place,
    PyPI,
    Url,
)
from buildtool.sources.own_copies import how_to_give
from buildtool.sources.session import Session
from buildtool.sources.treehash import file_sha256

Remote = Url | GitHub | Debian | PyPI


def obtain(session: Session, source: LockedSource, place: Place) -> Path:
    """Return an archive or folder with ``source``, from ``place`` or from the cache.

    Raises:
        DownloadError: the place does not give it, or not the bytes that are locked.
    """
    origin, expected = place.origin, place.archive
    if isinstance(origin, Local):
        return _local(origin, expected)
    if expected and (cached := _cached(session, expected)):
        return cached
    if session.offline and not (isinstance(origin, Git) and _is_local(origin)):
        raise DownloadError(_offline_problem(session, source, place))
    if isinstance(origin, Git):
        return _git(session, source.name, origin)
    return _over_http(session, source, place, origin)


def _local(origin: Local, expected: ArchiveHash | None) -> Path:
    path = origin.path
    if not path.exists():
        raise DownloadError(Problem(where=str(path), what="there is no such file or folder"))
    if kind := irregular(path):
        raise DownloadError(Problem(where=str(path), what=f"is {kind}, not a file"))
    if expected and (path.is_dir() or file_sha256(path) != expected.sha256):
        what = f"is not the file with SHA-256 {expected.sha256}"
        raise DownloadError(Problem(where=str(path), what=what))
    return path


def _cached(session: Session, expected: ArchiveHash) -> Path | None:
    """Return the cached archive; its bytes are looked at again, whoever put them there."""
    path = session.cache.archive(expected.sha256)
    if not path.is_file():
        return None
    if path.stat().st_size == expected.size and file_sha256(path) == expected.sha256:
        return path
    session.progress.note(f"{path}: damaged, fetched anew")
    with writing(path):
        path.unlink()
    return None


def _offline_problem(session: Session, source: LockedSource, place: Place) -> Problem:
    by_hand = how_to_give(source)
    if place.archive:
        target = session.cache.archive(place.archive.sha256)
        by_hand = f"copy the file ({place.archive.size} bytes) to {target}"
    return Problem(
        where=f"{place.where}: {place.origin}",
        what=f"{source.name} is not in the cache and offline=1 forbids the network",
        todo=f"run once without offline=1, or {by_hand}",
    )


def _over_http(session: Session, source: LockedSource, place: Place, origin: Remote) -> Path:
    session.cache.folder("archives")
    expected = place.archive
    key = expected.sha256 if expected else f"unlocked-{source.name}-{_short_hash(str(origin))}"
    target = session.cache.archive(key)
    what = f"{source.name} ({place.origin})"
    with session.cache.locked(key, what=what, progress=session.progress):
        if expected and (cached := _cached(session, expected)):
            return cached
        wanted = _fetchable(session, source.name, place, origin)
        if wanted.url.startswith("file:"):
            return _local(Local(path=pypi.local_path(wanted.url)), expected)
        download(wanted, target, progress=session.progress, patience=session.patience)
    return target


def _fetchable(session: Session, label: str, place: Place, origin: Remote) -> Fetchable:
    if isinstance(origin, Debian):
        found = debian.find_file(
            origin, session.debian_suites, cache=session.cache, progress=session.progress
        )
        _agrees(place, found.url, found.sha256)
        return Fetchable(url=found.url, label=label, expected=place.archive)
    if isinstance(origin, PyPI):
        listed = pypi.find_file(session.pip, origin.project, origin.file, patience=session.patience)
        _agrees(place, listed.url, listed.sha256)
        verify = session.pip.verify
        return Fetchable(url=listed.url, label=label, expected=place.archive, verify=verify)
    url = (
        f"https://github.com/{origin.repository}/archive/{origin.ref}.tar.gz"
        if isinstance(origin, GitHub)
        else origin.url
    )
    return Fetchable(url=url, label=label, expected=place.archive)


def _agrees(place: Place, url: str, offered: str) -> None:
    """Refuse before the download what the index itself says is another file."""
    if place.archive and offered and offered != place.archive.sha256:
        what = (
            f"the index offers a file with SHA-256 {offered}, not {place.archive.sha256} as locked"
        )
        raise DownloadError(Problem(where=url, what=what))


def _is_local(origin: Git) -> bool:
    return Path(origin.repository).is_dir()


def _git(session: Session, name: str, origin: Git) -> Path:
    """Bring one commit into a bare repository of ours and pack it as git does."""
    key = "git-" + _short_hash(origin.repository)
    folder = session.cache.folder("git", key)
    target = session.cache.folder("archives") / f"unlocked-{name}-{origin.commit}"
    with session.cache.locked(key, what=str(origin), progress=session.progress):
        call = _git_in(folder, origin)
        if not (folder / "HEAD").exists():
            call("init", "--quiet", "--bare")
        present = run(
            Command(argv=("git", "-C", str(folder), "cat-file", "-e", origin.commit)),
            what=str(origin),
            check=False,
        )
        if present.returncode != 0:
            session.progress.note(f"{origin}: fetching")
            call(
                "fetch", "--quiet", "--depth=1", "--no-tags", "--", origin.repository, origin.commit
            )
        call("archive", "--format=tar", f"--output={target}", origin.commit)
    return target


def _git_in(folder: Path, origin: Git) -> Callable[..., None]:
    def call(*arguments: str) -> None:
        run(
            Command(
                argv=("git", "-C", str(folder), *arguments),
                env={"GIT_TERMINAL_PROMPT": "0", "GIT_DIR": str(folder)},
            ),
            what=str(origin),
            error=DownloadError,
        )

    return call


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
