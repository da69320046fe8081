"""Facts about a shared library: what the loader of a system reads of it, by pyelftools."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elftools.common.exceptions import ELFError
from elftools.elf.constants import P_FLAGS
from elftools.elf.dynamic import DynamicSegment
from elftools.elf.elffile import ELFFile
from elftools.elf.segments import NoteSegment

from buildtool.binary.elf import NotElfError, read_object

DF_TEXTREL = 0x4
PUBLIC = ("STB_GLOBAL", "STB_WEAK")


@dataclass(frozen=True, kw_only=True)
class Note:
    """An entry of a note segment."""

    owner: str
    type: int
    content: bytes


@dataclass(frozen=True, kw_only=True)
class SharedLibrary:
    """What a library says of itself. ``size`` is the file's, in bytes; ``soname`` may be empty;
    ``exports`` are the symbols that others can use. ``page_size`` is the largest page, in bytes,
    with which every part can be mapped. ``text_relocations``: code is changed when it is loaded;
    ``executable_stack``: it asks for one."""

    size: int
    soname: str
    needed: tuple[str, ...]
    exports: frozenset[str]
    page_size: int
    text_relocations: bool
    executable_stack: bool
    notes: tuple[Note, ...] = ()


def read_shared(path: Path) -> SharedLibrary:
    """Describe the shared library at ``path``.

    Raises:
        NotElfError: it is none, or is damaged.
    """
    kind = read_object(path).kind
    if kind != "shared":
        raise NotElfError(f"an ELF file that is {kind}, not shared")
    with path.open("rb") as file:
        try:
            return _described(ELFFile(file), path.stat().st_size)
        except (ELFError, ValueError, KeyError, UnicodeDecodeError) as failure:
            raise NotElfError(f"a damaged ELF file: {failure}") from None


def _described(elf: Any, size: int) -> SharedLibrary:
    segments = list(elf.iter_segments())
    dynamic = next((each for each in segments if isinstance(each, DynamicSegment)), None)
    if dynamic is None:
        raise NotElfError("an ELF file without a dynamic segment")
    tags: list[Any] = list(dynamic.iter_tags())
    flags = sum(tag.entry.d_val for tag in tags if tag.entry.d_tag == "DT_FLAGS")
    return SharedLibrary(
        size=size,
        soname=next((tag.soname for tag in tags if tag.entry.d_tag == "DT_SONAME"), ""),
        needed=tuple(tag.needed for tag in tags if tag.entry.d_tag == "DT_NEEDED"),
        exports=frozenset(_exports(dynamic)),
        page_size=min((_page_size(each) for each in _loaded(segments)), default=0),
        text_relocations=bool(flags & DF_TEXTREL)
        or any(tag.entry.d_tag == "DT_TEXTREL" for tag in tags),
        executable_stack=_has_executable_stack(segments),
        notes=tuple(_notes(segments)),
    )


def _loaded(segments: list[Any]) -> Iterator[Any]:
    return (each for each in segments if each.header.p_type == "PT_LOAD")


def _page_size(segment: Any) -> int:
    """The alignment that the segment has, which its place in the file must share."""
    size = int(segment.header.p_align)
    while size > 1 and (segment.header.p_vaddr - segment.header.p_offset) % size:
        size //= 2
    return size


def _exports(dynamic: Any) -> Iterator[str]:
    for symbol in dynamic.iter_symbols():
        entry = symbol.entry
        defined = entry.st_shndx != "SHN_UNDEF"
        if symbol.name and defined and entry.st_info.bind in PUBLIC:
            yield symbol.name


def _has_executable_stack(segments: list[Any]) -> bool:
    """Without a word about it, a stack is executable on old kernels."""
    for each in segments:
        if each.header.p_type == "PT_GNU_STACK":
            return bool(each.header.p_flags & P_FLAGS.PF_X)
    return True


def _notes(segments: list[Any]) -> Iterator[Note]:
    for segment in segments:
        if isinstance(segment, NoteSegment):
            for note in segment.iter_notes():
                yield Note(
                    owner=str(note["n_name"]),
                    type=note["n_type"] if isinstance(note["n_type"], int) else 0,
                    content=bytes(note["n_descdata"]),
                )
