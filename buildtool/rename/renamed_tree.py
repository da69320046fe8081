"""Renames protobuf in a tree: the source is only read, what is made stands beside it."""

from __future__ import annotations

import enum
import json
import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from buildtool.core.decode import from_json
from buildtool.core.errors import ConfigError, Problem
from buildtool.core.render import to_json, write_bytes_if_changed
from buildtool.rename.names import check_prefix, defined_macros, is_protobuf_path, rename_path
from buildtool.rename.text import Kind, kind_of, rename_lines

# What a renamed tree says of itself.
RENAMED = "protobuf-renamed.json"
_HEADERS = (".h", ".inc")


class Unchanged(enum.Enum):
    """What becomes of files that stay as they are."""

    LINK = "links to the source"
    COPY = "copies: the tree's hash then says its content, wherever it stands"
    OMIT = "left out, for an overlay on the source"


@dataclass(frozen=True, kw_only=True)
class RenameRecord:
    """How a tree was renamed: with which prefix, and ``macros``, those of protobuf that got it,
    under their old names. ``files`` are relative to the tree."""

    prefix: str
    macros: tuple[str, ...]
    files: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RenameReport:
    """What :func:`rename_tree` made. Paths are relative to the destination and sorted.

    ``changed`` files have another text or another path than in the source, ``kept`` ones are as
    they were. ``doubts`` name lines, as ``file:line`` in the source, that bring in all of the
    namespace ``google``: they were left alone, and do not reach the renamed protobuf.
    """

    destination: Path
    renamed: RenameRecord
    changed: tuple[str, ...]
    kept: tuple[str, ...]
    doubts: tuple[str, ...]


def rename_tree(
    source: Path,
    destination: Path,
    *,
    prefix: str,
    macros: Collection[str] | None = None,
    files: Iterable[str] | None = None,
    unchanged: Unchanged = Unchanged.LINK,
) -> RenameReport:
    """Make ``destination``: ``source`` with protobuf renamed.

    ``macros`` are protobuf's own; unset, they are read from the protobuf in ``source``. For a tree
    that only uses protobuf, give those of its protobuf's report. ``files``, relative to the
    source, are those that are taken; unset, all.

    Files whose content stays the same keep their time, and those of an earlier run that are not
    made now are removed. A tree that was renamed with the same prefix comes out as it is.

    Raises:
        ConfigError: the prefix cannot be used, the source was renamed with another one, or the
            destination holds something that is not ours.
    """
    check_prefix(prefix)
    earlier = read_renamed(source)
    _check_places(source, destination, prefix, earlier)
    names = sorted(set(_files(source) if files is None else files) - {RENAMED})
    if macros is None:
        macros = {*_macros(source, names), *(earlier.macros if earlier else ())}
    made = {name: _new_name(name, prefix) for name in names}
    old = read_renamed(destination)
    # First all that may be there when this is interrupted, so that the next run knows it.
    planned = {*made.values(), *(old.files if old else ())}
    _write_record(destination, prefix, macros, planned)
    changed: list[str] = []
    kept: list[str] = []
    doubts: list[str] = []
    for name, place in made.items():
        data, lines = _renamed_data(source / name, kind_of(name), prefix, macros)
        doubts += [f"{name}:{line}" for line in lines]
        same = data is None and place == name
        if same and unchanged is Unchanged.OMIT:
            continue
        _put(destination / place, source / name, data, copy=unchanged is Unchanged.COPY)
        (kept if same else changed).append(place)
    for name in planned.difference(changed, kept):
        (destination / name).unlink(missing_ok=True)
    record = _write_record(destination, prefix, macros, (*changed, *kept))
    return RenameReport(
        destination=destination,
        renamed=record,
        changed=tuple(sorted(changed)),
        kept=tuple(sorted(kept)),
        doubts=tuple(doubts),
    )


def read_renamed(tree: Path) -> RenameRecord | None:
    """What a tree that :func:`rename_tree` made says of itself; None for any other tree, and for
    one whose word is spoilt."""
    try:
        text = (tree / RENAMED).read_text("utf-8", "surrogateescape")
        return from_json(RenameRecord, json.loads(text))
    except (FileNotFoundError, NotADirectoryError, ValueError, TypeError):
        return None


def _check_places(
    source: Path, destination: Path, prefix: str, earlier: RenameRecord | None
) -> None:
    here, there = source.resolve(), destination.resolve()
    problem = None
    if earlier and earlier.prefix != prefix:
        what = f"its protobuf was renamed before, with the prefix '{earlier.prefix}'"
        problem = Problem(where=str(source), what=what, todo="rename the original tree instead")
    elif here.is_relative_to(there) or there.is_relative_to(here):
        what = f"the renamed tree cannot stand inside the original, {source}, or around it"
        problem = Problem(where=str(destination), what=what, todo="name a folder beside it")
    elif destination.exists() and not read_renamed(destination) and any(destination.iterdir()):
        what = "is not empty, and holds no tree with a renamed protobuf"
        problem = Problem(where=str(destination), what=what, todo="name a new or an empty folder")
    if problem:
        raise ConfigError(problem)


def _files(source: Path) -> Iterator[str]:
    """All files, also those in folders that are links, but for git's own."""
    seen = {source.resolve()}
    for folder, folders, names in os.walk(source, followlinks=True):
        for inner in tuple(folders):
            real = Path(folder, inner).resolve()
            # A link that leads back would be walked for ever.
            if inner == ".git" or real in seen:
                folders.remove(inner)
            elif Path(folder, inner).is_symlink():
                seen.add(real)
        base = Path(folder).relative_to(source)
        yield from ((base / name).as_posix() for name in names if Path(folder, name).is_file())


def _macros(source: Path, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        if name.endswith(_HEADERS) and is_protobuf_path(name):
            yield from defined_macros((source / name).read_text("utf-8", "surrogateescape"))


def _new_name(name: str, prefix: str) -> str:
    """Code of protobuf's moves, as its headers are included by another path. What protoc reads
    stays: in ``.proto`` files, paths are names of descriptors."""
    return rename_path(name, prefix) if kind_of(name) is Kind.PROTOBUF else name


def _renamed_data(
    path: Path, kind: Kind, prefix: str, macros: Collection[str]
) -> tuple[bytes | None, tuple[int, ...]]:
    """The new content of a file, None if it stays; and its doubtful lines."""
    if kind in {Kind.PROTO, Kind.OTHER}:
        return None, ()
    data = path.read_bytes()
    done = rename_lines(data.decode("utf-8", "surrogateescape"), kind, prefix, macros=macros)
    new = done.text.encode("utf-8", "surrogateescape")
    return (None if new == data else new), done.doubts


def _put(place: Path, original: Path, data: bytes | None, *, copy: bool) -> None:
    """Make a file of the new tree: with other content, or a copy of the original, or a link."""
    if data is None and not copy:
        _link(place, original.absolute())
        return
    if place.is_symlink():  # of an earlier run; it may show the same content
        place.unlink()
    write_bytes_if_changed(place, original.read_bytes() if data is None else data)


def _link(place: Path, target: Path) -> None:
    if place.is_symlink() and place.readlink() == target:
        return
    place.unlink(missing_ok=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target)


def _write_record(
    destination: Path, prefix: str, macros: Iterable[str], files: Iterable[str]
) -> RenameRecord:
    record = RenameRecord(prefix=prefix, macros=tuple(sorted(macros)), files=tuple(sorted(files)))
    text = to_json({"prefix": prefix, "macros": record.macros, "files": record.files})
    write_bytes_if_changed(destination / RENAMED, text.encode("utf-8", "surrogateescape"))
    return record
