"""Facts about a shared library: what the loader of a system reads of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from buildtool.binary.elf import DT_NEEDED, KINDS, SHN_UNDEF
from buildtool.binary.elf_file import PT_DYNAMIC, PT_LOAD, ElfFile, Note, NotElfError, Segment

DT_SONAME, DT_TEXTREL, DT_FLAGS = 14, 22, 30
DF_TEXTREL = 0x4
PT_GNU_STACK = 0x6474E551
PF_X = 1
PUBLIC = (1, 2)  # STB_GLOBAL, STB_WEAK


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
    elf = ElfFile(path)
    kind = KINDS.get(elf.type, f"type {elf.type}")
    if kind != "shared":
        raise NotElfError(f"an ELF file that is {kind}, not shared")
    if not any(elf.segments_of(PT_DYNAMIC)):
        raise NotElfError("an ELF file without a dynamic segment")
    tags = dict(elf.dynamic())
    return SharedLibrary(
        size=len(elf.data),
        soname=next(iter(elf.dynamic_texts(DT_SONAME)), ""),
        needed=elf.dynamic_texts(DT_NEEDED),
        exports=frozenset(
            symbol.name
            for symbol in elf.dynamic_symbols()
            if symbol.name and symbol.section != SHN_UNDEF and symbol.binding in PUBLIC
        ),
        page_size=min(map(_page_size, elf.segments_of(PT_LOAD)), default=0),
        text_relocations=bool(tags.get(DT_FLAGS, 0) & DF_TEXTREL) or DT_TEXTREL in tags,
        executable_stack=_has_executable_stack(elf),
        notes=tuple(elf.notes()),
    )


def _page_size(segment: Segment) -> int:
    """The alignment that the segment has, which its place in the file must share."""
    size = segment.alignment
    while size > 1 and (segment.address - segment.offset) % size:
        size //= 2
    return size


def _has_executable_stack(elf: ElfFile) -> bool:
    """Without a word about it, a stack is executable on old kernels."""
    return all(segment.flags & PF_X for segment in elf.segments_of(PT_GNU_STACK))
