"""Facts about a shared library: what the loader of a system reads of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from buildtool.binary.elf import DT_NEEDED, KINDS, SHN_UNDEF
from buildtool.binary.elf_file import PT_DYNAMIC, PT_LOAD, ElfFile, Note, NotElfError, Segment

DT_SONAME, DT_TEXTREL, DT_BIND_NOW, DT_FLAGS, DT_FLAGS_1 = 14, 22, 24, 30, 0x6FFFFFFB
DF_TEXTREL, DF_BIND_NOW, DF_1_NOW = 0x4, 0x8, 0x1
PT_GNU_STACK, PT_GNU_RELRO = 0x6474E551, 0x6474E552
PF_X = 1
STB_GLOBAL, STB_WEAK = 1, 2
PUBLIC = (STB_GLOBAL, STB_WEAK)


@dataclass(frozen=True, kw_only=True)
class SharedLibrary:
    """What a library says of itself. ``size`` is the file's, in bytes; ``soname`` may be empty;
    ``exports`` are the symbols that others can use. ``page_size`` is the largest page, in bytes,
    with which every part can be mapped. ``text_relocations``: code is changed when it is loaded;
    ``executable_stack``: it asks for one. ``imports`` are the symbols that it cannot do without and
    takes from others. ``relro``: what the loader has filled in is read-only afterwards, all of it
    before the first call."""

    size: int
    soname: str
    needed: tuple[str, ...]
    exports: frozenset[str]
    page_size: int
    text_relocations: bool
    executable_stack: bool
    notes: tuple[Note, ...] = ()
    imports: frozenset[str] = frozenset()
    relro: bool = False


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
    symbols = [each for each in elf.dynamic_symbols() if each.name and each.binding in PUBLIC]
    return SharedLibrary(
        size=len(elf.data),
        soname=next(iter(elf.dynamic_texts(DT_SONAME)), ""),
        needed=elf.dynamic_texts(DT_NEEDED),
        exports=frozenset(each.name for each in symbols if each.section != SHN_UNDEF),
        page_size=min(map(_page_size, elf.segments_of(PT_LOAD)), default=0),
        text_relocations=bool(tags.get(DT_FLAGS, 0) & DF_TEXTREL) or DT_TEXTREL in tags,
        executable_stack=_has_executable_stack(elf),
        notes=tuple(elf.notes()),
        imports=frozenset(
            each.name
            for each in symbols
            if each.section == SHN_UNDEF and each.binding == STB_GLOBAL
        ),
        relro=any(elf.segments_of(PT_GNU_RELRO)) and _bound_at_once(tags),
    )


def _page_size(segment: Segment) -> int:
    """The alignment that the segment has, which its place in the file must share."""
    size = segment.alignment
    while size > 1 and (segment.address - segment.offset) % size:
        size //= 2
    return size


def _bound_at_once(tags: Mapping[int, int]) -> bool:
    now = tags.get(DT_FLAGS, 0) & DF_BIND_NOW or tags.get(DT_FLAGS_1, 0) & DF_1_NOW
    return bool(now) or DT_BIND_NOW in tags


def _has_executable_stack(elf: ElfFile) -> bool:
    """Without a word about it, a stack is executable on old kernels."""
    return all(segment.flags & PF_X for segment in elf.segments_of(PT_GNU_STACK))
