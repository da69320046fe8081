"""The libraries and programs in what a person has: a file, an archive, a package or a folder.

ELF and Mach-O files of any kind, static libraries, universal files of Apple's; zip files (AAR, APK,
JAR, IPA, wheel) and folders (XCFramework, an app) that hold such.
"""

from __future__ import annotations

import mmap
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from buildtool.binary import archive, elf, macho
from buildtool.binary.elf_file import MAGIC as ELF
from buildtool.binary.elf_file import ElfFile, NotElfError
from buildtool.core.errors import ConfigError, Problem, VerificationError

ZIP = b"PK\x03\x04"
_LARGEST = 4 << 30  # bytes of a zip file's entry
_TODO = (
    "name an ELF or Mach-O file, a static library, a zip file (AAR, APK, JAR) or a folder of such"
)
_MAGICS = (ELF, archive.MAGIC[:4], *macho.MAGICS, *archive.UNIVERSAL)
_CLASS_FILES = 40  # a universal file's count is less; Java's class files begin in the same way
_ELF_KINDS = {"relocatable": "object", "shared": "shared library or program"}


@dataclass(frozen=True, kw_only=True)
class CodeFile:
    """One file of code. ``name`` is its place within what was named, empty for that itself;
    ``kind`` says what it is; ``parts`` are its bytes: of a static library those of its members."""

    name: str
    kind: str
    parts: tuple[memoryview, ...] = field(repr=False)


def read_code(path: Path) -> tuple[CodeFile, ...]:
    """All files of code in ``path``.

    Raises:
        ConfigError: there are none, or one is damaged.
    """
    try:
        found = tuple(_folder(path) if path.is_dir() else _file(path))
    except OSError as failure:
        raise _bad(str(path), f"cannot be read: {failure.strerror or failure}") from None
    if not found:
        raise _bad(str(path), "holds no library and no program")
    return found


def _bad(where: str, what: str, todo: str = _TODO) -> ConfigError:
    return ConfigError(Problem(where=where, what=what, todo=todo))


def _folder(path: Path) -> Iterator[CodeFile]:
    for file in sorted(each for each in path.rglob("*") if each.is_file()):
        with file.open("rb") as opened:
            start = opened.read(8)
        if _is_code(start) and not file.is_symlink():
            yield from _of(str(file), _mapped(file), str(file.relative_to(path)))


def _file(path: Path) -> Iterator[CodeFile]:
    if not path.is_file():
        raise _bad(str(path), "is no file" if path.exists() else "there is no such file")
    data = _mapped(path)
    start = bytes(data[:8])
    if start.startswith(ZIP):
        yield from _zipped(path)
    elif _is_code(start):
        yield from _of(str(path), data, "")
    else:
        kinds = {b"": "is an empty file", b"MZ": "is a file for Windows, which is not read"}
        said = next((words for mark, words in kinds.items() if mark and start.startswith(mark)), "")
        shown = f"is no library and no program: it starts with {start!r}" if start else kinds[b""]
        raise _bad(str(path), said or shown)


def _mapped(path: Path) -> memoryview:
    """A file's bytes, read when they are looked at."""
    if not path.stat().st_size:
        return memoryview(b"")
    with path.open("rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _is_code(start: bytes) -> bool:
    if start[:4] in archive.UNIVERSAL and int.from_bytes(start[4:8], "big") >= _CLASS_FILES:
        return False
    return start.startswith(_MAGICS)


def _zipped(path: Path) -> Iterator[CodeFile]:
    try:
        with zipfile.ZipFile(path) as packed:
            for entry in sorted(packed.infolist(), key=lambda each: each.filename):
                if entry.is_dir() or entry.file_size > _LARGEST:
                    continue
                with packed.open(entry) as file:
                    start = file.read(8)
                    if not _is_code(start):
                        continue
                    data = memoryview(start + file.read())
                yield from _of(f"{path}: {entry.filename}", data, entry.filename)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as failure:
        todo = "is it whole? Build or download it again"
        raise _bad(str(path), f"is a zip file that cannot be read: {failure}", todo) from None


def _of(where: str, data: memoryview, name: str) -> Iterator[CodeFile]:
    """What one file holds: universal ones a file for each processor."""
    try:
        start = bytes(data[:4])
        if start in archive.UNIVERSAL:
            for cpu, part in archive.universal_parts(Path(where), data).items():
                whole = macho.cpu_name(*cpu)
                for each in _of(f"{where} ({whole})", part, name):
                    label = f"{each.name} ({whole})".strip()
                    yield CodeFile(name=label, kind=each.kind, parts=each.parts)
        elif start == archive.MAGIC[:4]:
            yield _library(where, data, name)
        else:
            yield CodeFile(name=name, kind=_kind(data), parts=(data,))
    except (NotElfError, macho.NotMachoError) as failure:
        raise _bad(where, f"is {failure}", "is it whole? Build or copy it again") from None
    except VerificationError as failure:
        raise ConfigError(failure.problems) from None


def _library(where: str, data: memoryview, name: str) -> CodeFile:
    members = archive.members_of(Path(where), data)
    objects = [each.data for each in members if _is_code(bytes(each.data[:8]))]
    first = f" of {len(objects)} objects: the first is {_kind(objects[0])}" if objects else ""
    return CodeFile(name=name, kind=f"static library{first}", parts=tuple(objects))


def _kind(data: memoryview) -> str:
    """What a file of one processor is."""
    if macho.is_macho(data):
        found = macho.read_object(data)
        return f"Mach-O {found.kind} for {found.platform}, {found.cpu}"
    facts = elf.read_object(data)
    whole = ElfFile(data)
    for segment in whole.segments:
        whole.content(segment)  # or it ends too early
    return f"ELF {_ELF_KINDS.get(facts.kind, facts.kind)} for {facts.machine}, {facts.bits} bits"
