"""Unpacking without trust: an archive's names and links are input like any other.

The whole archive is read and every member is checked, wanted or not; one bad member refuses the
archive. Links are never followed while writing.
"""

from __future__ import annotations

import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from buildtool.core.errors import DownloadError, Problem
from buildtool.sources.cache import write_all, writing
from buildtool.sources.progress import Progress
from buildtool.sources.treehash import CHUNK
from buildtool.sources.wanted_files import Selection

# What the readers raise; a bad gzip or bzip2 stream is an OSError without an errno, a name with a
# zero a ValueError, and thousands of folders or links in each other a RecursionError.
UNREADABLE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    NotImplementedError,
    ValueError,
    RecursionError,
)
# Several times the largest source; a few megabytes can stand for any number of zeros.
MOST_BYTES = 4 << 30
MOST_FOLDERS = 100


@dataclass(frozen=True, kw_only=True)
class Member:
    """One entry of an archive. ``kind`` is ``file``, ``folder``, ``link`` or what else it is, in
    words; ``target`` is a link's; ``content`` a file's.
    """

    name: str
    kind: str
    mode: int = 0
    target: str = ""
    content: IO[bytes] | None = None


def unpack(
    archive: Path, folder: Path, selection: Selection, *, label: str, progress: Progress
) -> int:
    """Unpack what ``selection`` names of ``archive`` (tar, zip or a folder) into the new
    ``folder``; return how many files that made. Files are made read-only. ``label`` names the
    source for people.

    Raises:
        DownloadError: a member could leave the folder or is no plain file; the archive is damaged.
        StorageError: the folder cannot be written.
    """
    writer = _Writer(folder)
    selector = selection.compiled()
    try:
        for member in _members(archive):
            parts = _safe_parts(member, archive)
            place = selector.place(parts)
            if place is not None and member.kind != "folder":
                writer.add(place, member, archive)
                progress.update(f"unpacking {label}", writer.bytes, None)
        writer.check_links(archive)
    except UNREADABLE as failure:
        raise _refusal(archive, f"cannot be read, or is damaged or cut off ({failure})") from None
    finally:
        progress.end(f"unpacking {label}")
    return writer.count


class _Writer:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kinds = {"": "folder"}
        self.count = 0
        self.bytes = 0
        with writing(folder):
            folder.mkdir()

    def add(self, place: str, member: Member, archive: Path) -> None:
        if place in self._kinds:
            raise _refusal(archive, f"holds {member.name!r} twice")
        self._make_parents(place, member, archive)
        self._kinds[place] = member.kind
        target = self._folder / place
        if member.kind == "link":
            with writing(target):
                target.symlink_to(member.target)
        else:
            self._write(target, member, archive)
        self.count += 1

    def _make_parents(self, place: str, member: Member, archive: Path) -> None:
        parent = place.rpartition("/")[0]
        if self._kinds.get(parent) == "folder":
            return
        chain = [str(step) for step in PurePosixPath(place).parents if str(step) != "."]
        for step in chain:
            if self._kinds.setdefault(step, "folder") != "folder":
                raise _refusal(archive, f"has {member.name!r} below a {self._kinds[step]}")
        with writing(self._folder / parent):
            (self._folder / parent).mkdir(parents=True, exist_ok=True)

    def _write(self, target: Path, member: Member, archive: Path) -> None:
        mode = 0o555 if member.mode & stat.S_IXUSR else 0o444
        with writing(target):
            handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb", buffering=0) as file:
            while member.content is not None and (chunk := member.content.read(CHUNK)):
                with writing(target):
                    write_all(file, chunk)
                self.bytes += len(chunk)
                if self.bytes > MOST_BYTES:
                    raise _refusal(archive, f"unpacks to more than {MOST_BYTES >> 30} GiB")

    def check_links(self, archive: Path) -> None:
        """Refuse links that lead out. Done when all stands, so that links to links count too."""
        root = os.path.realpath(self._folder)
        for link in sorted(p for p, kind in self._kinds.items() if kind == "link"):
            end = os.path.realpath(self._folder / link)
            if end != root and not end.startswith(root + os.sep):
                goal = str((self._folder / link).readlink())
                raise _refusal(archive, f"has a link {link!r} that leads out of it, to {goal!r}")


def _safe_parts(member: Member, archive: Path) -> tuple[str, ...]:
    name = member.name
    parts = PurePosixPath(name).parts
    if name.startswith("/"):
        raise _refusal(archive, f"has a member with an absolute path, {name!r}")
    if ".." in parts:
        raise _refusal(archive, f"has a member that climbs out with '..', {name!r}")
    if len(parts) > MOST_FOLDERS:
        raise _refusal(archive, f"has a member in {len(parts) - 1} folders, {name[:80]!r}...")
    if member.kind not in ("file", "folder", "link"):
        raise _refusal(archive, f"has a member that is a {member.kind}, {name!r}")
    if member.kind == "file" and member.mode & (stat.S_ISUID | stat.S_ISGID):
        raise _refusal(archive, f"has a member with the setuid or setgid bit, {name!r}")
    return parts


def _refusal(archive: Path, what: str) -> DownloadError:
    todo = "nothing of it is used; get the archive from another place"
    return DownloadError(Problem(where=str(archive), what=what, todo=todo))


def _members(archive: Path) -> Iterator[Member]:
    if archive.is_dir():
        return _folder_members(archive)
    with archive.open("rb") as file:
        is_zip = file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
    return _zip_members(archive) if is_zip else _tar_members(archive)


def _tar_members(archive: Path) -> Iterator[Member]:
    kinds = {tarfile.LNKTYPE: "hard link", tarfile.FIFOTYPE: "pipe", tarfile.SYMTYPE: "link"}
    with tarfile.open(archive) as tar:
        for info in tar:
            kind = "file" if info.isreg() else "folder" if info.isdir() else ""
            yield Member(
                name=info.name,
                kind=kind or kinds.get(info.type, "device or of an unknown type"),
                mode=info.mode,
                target=info.linkname,
                content=tar.extractfile(info) if kind == "file" else None,
            )


def _zip_members(archive: Path) -> Iterator[Member]:
    with zipfile.ZipFile(archive) as file:
        for info in file.infolist():
            mode = info.external_attr >> 16
            if info.flag_bits & 1:
                yield Member(name=info.filename, kind="encrypted file")
            elif stat.S_ISLNK(mode):
                target = os.fsdecode(file.read(info))
                yield Member(name=info.filename, kind="link", target=target)
            elif info.is_dir():
                yield Member(name=info.filename, kind="folder")
            elif stat.S_IFMT(mode) in (0, stat.S_IFREG):
                with file.open(info) as content:
                    yield Member(name=info.filename, kind="file", mode=mode, content=content)
            else:
                yield Member(name=info.filename, kind="device")


def _folder_members(root: Path) -> Iterator[Member]:
    for folder, names, files in os.walk(root):
        names.sort()
        links = [name for name in names if Path(folder, name).is_symlink()]
        for name in sorted([*files, *links]):
            path = Path(folder, name)
            relative = path.relative_to(root).as_posix()
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                yield Member(name=relative, kind="link", target=str(path.readlink()))
            elif stat.S_ISREG(mode):
                with path.open("rb") as content:
                    yield Member(name=relative, kind="file", mode=mode, content=content)
            else:
                yield Member(name=relative, kind="device")
