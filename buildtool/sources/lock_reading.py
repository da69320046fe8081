"""Reading a lock file strictly: all mistakes are reported together, with file and line."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from buildtool.config.nodes import Reader
from buildtool.core.errors import ConfigError, Problem
from buildtool.sources.located import Entry
from buildtool.sources.lock import (
    ArchiveHash,
    Debian,
    Git,
    GitHub,
    LicenceFile,
    Local,
    Lock,
    LockedSource,
    Origin,
    Place,
    PyPI,
    Url,
)

SCHEMA_VERSION = "1"
SHA256 = (r"[0-9a-f]{64}", "a SHA-256 in 64 lower-case hex digits")
RELATIVE = (r"(?!/)(?!(.*/)?\.\.(/|$)).+", "a relative path without '..'")
# A file from these is the same for ever, so that its hash belongs in the lock.
HASHED = ("debian", "pypi", "url")


def load_lock(path: Path) -> Lock:
    """Read the lock file at ``path``, once for each state of it.

    Raises:
        ConfigError: it cannot be read or something in it is wrong.
    """
    try:
        found = path.stat()
    except OSError:
        return _load(path, 0, 0)  # says why
    return _load(path, found.st_mtime_ns, found.st_size)


@functools.lru_cache(maxsize=4)
def _load(path: Path, changed: int, size: int) -> Lock:
    del changed, size
    root = _root(path)
    top = root.mapping(("schema_version", "sources"), ("debian_suites",))
    if version := top.get("schema_version"):
        version.text(SCHEMA_VERSION, f"{SCHEMA_VERSION}, the version this program reads")
    found = top["sources"].mapping((), None) if "sources" in top else {}
    sources = {name: _source(name, found[name], path) for name in sorted(found)}
    for source in sources.values():
        for licence in source.licences:
            if licence.source not in sources:
                found[source.name].wrong(f"licences: there is no source {licence.source!r}")
    suites = _texts(top.get("debian_suites"))
    if root.problems:
        raise ConfigError(root.problems)
    return Lock(path=path, sources=sources, debian_suites=suites)


def _root(path: Path) -> Entry:
    reader = Reader(str(path))
    try:
        root = reader.read(path.read_bytes())
    except OSError as failure:
        raise ConfigError(Problem(where=str(path), what=f"cannot be read: {failure}")) from None
    if root is None:
        raise ConfigError(reader.problems)
    return Entry(value=root, key="", problems=reader.problems)


def _source(name: str, value: Entry, path: Path) -> LockedSource:
    fields = value.mapping(
        ("version", "tree", "licences", "places"), ("include", "exclude", "spdx")
    )
    if not re.fullmatch(r"[A-Za-z0-9][\w.+-]*", name, re.ASCII):
        value.wrong("a source's name has letters, digits and '_.+-' only")
    return LockedSource(
        where=value.where,
        name=name,
        version=fields["version"].text() if "version" in fields else "",
        tree=fields["tree"].text(*SHA256) if "tree" in fields else "",
        include=_texts(fields.get("include")) or ("**",),
        exclude=_texts(fields.get("exclude")),
        licences=tuple(_licence(name, text) for text in _texts(fields.get("licences"))),
        places=_places(fields["places"], path) if "places" in fields else (),
        spdx=fields["spdx"].text() if "spdx" in fields else "",
    )


def _texts(value: Entry | None) -> tuple[str, ...]:
    return tuple(item.text() for item in value.items()) if value else ()


def _licence(name: str, text: str) -> LicenceFile:
    source, colon, path = text.rpartition(":")
    return LicenceFile(source=source if colon else name, path=path)


def _places(value: Entry, path: Path) -> tuple[Place, ...]:
    return tuple(_place(item, path.absolute().parent) for item in value.items())


def _place(value: Entry, folder: Path) -> Place:
    fields = value.mapping((), (*ORIGINS, "sha256", "size", "strip", "subdir"))
    kinds = [kind for kind in ORIGINS if kind in fields]
    if len(kinds) != 1:
        value.wrong(f"a place is exactly one of {', '.join(ORIGINS)}")
        kinds = []
    origin: Origin = Url(url="")
    for kind in kinds:
        origin = ORIGINS[kind](fields[kind], folder)
        if kind in HASHED and not {"sha256", "size"} <= fields.keys():
            value.wrong(f"a place of kind {kind!r} needs 'sha256' and 'size' of its file")
    return Place(
        where=value.where,
        origin=origin,
        archive=_archive(value, fields),
        strip=fields["strip"].number() if "strip" in fields else 0,
        subdir=fields["subdir"].text(*RELATIVE) if "subdir" in fields else "",
    )


def _archive(place: Entry, fields: Mapping[str, Entry]) -> ArchiveHash | None:
    present = {"sha256", "size"} & fields.keys()
    if len(present) == 1:
        place.wrong("'sha256' and 'size' stand together or not at all")
    if len(present) != 2:
        return None
    return ArchiveHash(sha256=fields["sha256"].text(*SHA256), size=fields["size"].number())


def _url(value: Entry, _: Path) -> Url:
    return Url(url=value.text(r"https?://.+", "an http or https URL"))


def _github(value: Entry, _: Path) -> GitHub:
    text = value.text(r"[\w.-]+/[\w.-]+@[\w./-]+", "OWNER/NAME@TAG-OR-COMMIT")
    repository, _at, ref = text.partition("@")
    return GitHub(repository=repository, ref=ref)


def _git(value: Entry, _: Path) -> Git:
    text = value.text(r"[^-].*@[0-9a-f]{40}", "URL-OR-PATH@COMMIT, the commit in 40 hex digits")
    repository, _at, commit = text.rpartition("@")
    return Git(repository=repository, commit=commit)


def _local(value: Entry, folder: Path) -> Local:
    path = Path(value.text()).expanduser()
    return Local(path=folder / path)


def _debian(value: Entry, _: Path) -> Debian:
    fields = value.mapping(("package", "version", "file"), ())
    texts = {key: fields[key].text(r"[\w.+~:-]+", "a plain name") for key in fields}
    return Debian(
        package=texts.get("package", ""),
        version=texts.get("version", ""),
        file=texts.get("file", ""),
    )


def _pypi(value: Entry, _: Path) -> PyPI:
    fields = value.mapping(("project", "version", "file"), ())
    texts = {key: fields[key].text(r"[\w.+-]+", "a plain name") for key in fields}
    return PyPI(
        project=texts.get("project", ""),
        version=texts.get("version", ""),
        file=texts.get("file", ""),
    )


ORIGINS: Mapping[str, Callable[[Entry, Path], Origin]] = {
    "path": _local,
    "debian": _debian,
    "pypi": _pypi,
    "github": _github,
    "url": _url,
    "git": _git,
}
