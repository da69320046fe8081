"""The lock file: what each source is, to the byte, and the places that may give it.

The places of a source are tried in the order in which they stand. Whatever gives it, its unpacked
tree must have the locked ``tree`` hash (:mod:`buildtool.sources.treehash`); a place that names an
archive also locks that archive's ``sha256`` and ``size``. GitHub and git places have no archive
hash: GitHub packs its archives anew from time to time, so only the tree hash judges them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from buildtool.core.errors import ConfigError, Problem
from buildtool.core.suggest import suggest
from buildtool.sources.wanted_files import Selection


@dataclass(frozen=True, kw_only=True)
class ArchiveHash:
    """What an archive must be: hex SHA-256 and size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True, kw_only=True)
class Url:
    """``url: https://...``"""

    url: str

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True, kw_only=True)
class GitHub:
    """``github: owner/name@ref``: the archive that GitHub packs of a tag or commit."""

    repository: str
    ref: str

    def __str__(self) -> str:
        return f"GitHub {self.repository} at {self.ref}"


@dataclass(frozen=True, kw_only=True)
class Git:
    """``git: URL-or-path@commit``, with the full commit id."""

    repository: str
    commit: str

    def __str__(self) -> str:
        return f"git {self.repository} at {self.commit[:12]}"


@dataclass(frozen=True, kw_only=True)
class Local:
    """``path: PATH``: an archive or a folder on this machine; relative to the lock file."""

    path: Path

    def __str__(self) -> str:
        return f"path {self.path}"


@dataclass(frozen=True, kw_only=True)
class Debian:
    """``debian: {package, version, file}``: a file of a Debian source package. ``version`` is the
    upstream version; any release in the lock's ``debian_suites`` may have it.
    """

    package: str
    version: str
    file: str

    def __str__(self) -> str:
        return f"Debian source package {self.package} {self.version}"


@dataclass(frozen=True, kw_only=True)
class PyPI:
    """``pypi: {project, version, file}``: a file of a project in the package index that this
    machine's pip uses.
    """

    project: str
    version: str
    file: str

    def __str__(self) -> str:
        return f"Python package {self.project} {self.version}"


Origin = Url | GitHub | Git | Local | Debian | PyPI


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a source can be had. ``where`` is the ``file:line`` that says so; ``strip`` and
    ``subdir`` say which folder of the archive is the source.
    """

    where: str
    origin: Origin
    archive: ArchiveHash | None = None
    strip: int = 0
    subdir: str = ""


@dataclass(frozen=True, kw_only=True)
class LicenceFile:
    """A licence text: ``path`` in the tree of ``source``."""

    source: str
    path: str


@dataclass(frozen=True, kw_only=True)
class LockedSource:
    """One source. ``tree`` is its canonical hash, ``include`` and ``exclude`` the globs that say
    which files of a place belong to it, ``licences`` the texts that a distribution must carry,
    ``spdx`` what SPDX calls the licence of what is compiled of it.
    """

    where: str
    name: str
    version: str
    tree: str
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    licences: tuple[LicenceFile, ...]
    places: tuple[Place, ...]
    spdx: str = ""

    @property
    def family(self) -> str:
        """The name without the version that it may end with: ``nsync`` of ``nsync-1.29.2``."""
        name, _, tail = self.name.rpartition("-")
        own = self.version.removeprefix("v")
        return name if name and tail and own.startswith(tail) else self.name

    def selection(self, place: Place) -> Selection:
        """Return which files of ``place``'s archive are this source."""
        return Selection(
            strip=place.strip,
            subdir=place.subdir,
            include=self.include,
            exclude=self.exclude,
        )


@dataclass(frozen=True, kw_only=True)
class Lock:
    """A whole lock file, sources sorted by name."""

    path: Path
    sources: Mapping[str, LockedSource]
    debian_suites: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> LockedSource:
        """Return a source.

        Raises:
            ConfigError: there is none of that name.
        """
        try:
            return self.sources[name]
        except KeyError:
            todo = suggest(name, self.sources)
            problem = Problem(where=str(self.path), what=f"has no source {name!r}", todo=todo)
            raise ConfigError(problem) from None
