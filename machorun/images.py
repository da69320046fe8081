"""Maps a linked Mach-O program and the libraries that it loads, and joins them, as dyld does.

The PyPI package ``lief`` reads segments, exports and both forms in which linkers say what to
mend: the opcodes of ``LC_DYLD_INFO`` and ``LC_DYLD_CHAINED_FIXUPS``. Libraries are looked for under
a folder that stands for the system's root; those that are not there are Python's.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import lief

from machorun.memory import Memory

UNWINDER = "/usr/lib/system/libunwind.dylib"
SYSTEM = "/usr/lib/libSystem.B.dylib"
MASK = (1 << 64) - 1
# <mach-o/loader.h> and <mach-o/fat.h>: thin files of both widths and orders, and universal ones.
MAGICS = frozenset(
    bytes.fromhex(each)
    for each in ("cffaedfe", "cefaedfe", "feedfacf", "feedface", "cafebabe", "cafebabf")
)


class LoadError(Exception):
    """The program cannot be loaded; the text says why."""


@dataclass(kw_only=True)
class Image:
    """A mapped file. ``exports`` and ``symbols`` (all, sorted, for messages) are addresses;
    ``libraries`` are in the order of the two-level namespace's ordinals."""

    name: str
    base: int
    slide: int
    binary: lief.MachO.Binary
    libraries: tuple[str, ...]
    exports: dict[str, int] = field(default_factory=dict)
    symbols: list[tuple[int, str]] = field(default_factory=list)

    def section(self, segment: str, name: str) -> tuple[int, int]:
        """Address and size; zeros if there is none."""
        found = self.binary.get_section(segment, name)
        if found is None:
            return 0, 0
        return found.virtual_address + self.slide, found.size

    def constructors(self, memory: Memory) -> Iterator[int]:
        """The functions that run before ``main``, in order. The pointers are mended already."""
        types = lief.MachO.Section.TYPE
        for section in list(self.binary.sections):
            start = section.virtual_address + self.slide
            if section.type == types.MOD_INIT_FUNC_POINTERS:
                for place in range(start, start + section.size, 8):
                    yield memory.pointer(place)
            elif section.type == types.INIT_FUNC_OFFSETS:
                for place in range(start, start + section.size, 4):
                    yield self.base + memory.number("<I", place)


class Loader:
    """Maps images. ``import_symbol`` gives the address of what no image has, by its name, or 0 if
    nothing has it and it need not be there."""

    def __init__(
        self, memory: Memory, root: Path | None, import_symbol: Callable[[str, bool], int]
    ) -> None:
        self._memory = memory
        self._root = root
        self._import = import_symbol
        self.images: list[Image] = []
        self._by_name: dict[str, Image] = {}

    def load(self, program: Path) -> Image:
        """Map a program and all that it needs.

        Raises:
            LoadError: it is no program for ARM64, or cannot be read.
        """
        main = self._map(program, program.name)
        if main.binary.header.file_type != lief.MachO.Header.FILE_TYPE.EXECUTE:
            raise LoadError(f"{program}: is no program")
        place = 0
        while place < len(self.images):  # libraries add theirs while we go
            for name in self.images[place].libraries:
                self._library(name)
            place += 1
        for image in self.images:
            self._rebase(image)
            self._bind(image)
        return main

    def initialisation_order(self) -> list[Image]:
        """Libraries before what uses them."""
        return list(reversed(self.images))

    def where(self, address: int) -> str:
        """An address in words: the function that it is in, or just the number."""
        for image in self.images:
            place = bisect.bisect_right(image.symbols, (address, "\xff")) - 1
            if place >= 0 and image.base <= address < image.base + image.binary.virtual_size:
                start, name = image.symbols[place]
                return f"{name}+{address - start:#x} ({image.name})"
        return f"{address:#x}"

    def image_at(self, address: int) -> Image | None:
        """The image that an address is in."""
        for image in self.images:
            if image.base <= address < image.base + image.binary.virtual_size:
                return image
        return None

    def _library(self, name: str) -> None:
        if name in self._by_name or self._root is None:
            return
        for wanted in (name, UNWINDER) if name == SYSTEM else (name,):
            path = self._root / wanted.lstrip("/")
            if wanted not in self._by_name and path.is_file():
                self._by_name[wanted] = self._map(path, wanted)

    def _map(self, path: Path, name: str) -> Image:
        binary = _parse(path)
        segments = [item for item in list(binary.segments) if item.name != "__PAGEZERO"]
        first = min(item.virtual_address for item in segments)
        size = max(item.virtual_address + item.virtual_size for item in segments) - first
        base = self._memory.take(size)
        for item in segments:
            self._memory.write(item.virtual_address - first + base, bytes(item.content))
        slide = base - first
        image = Image(
            name=name,
            base=base,
            slide=slide,
            binary=binary,
            libraries=tuple(str(item.name) for item in _loaded(binary)),
        )
        self._read_symbols(image)
        self.images.append(image)
        return image

    def _read_symbols(self, image: Image) -> None:
        undefined = lief.MachO.Symbol.TYPE.UNDEFINED
        for symbol in list(image.binary.symbols):
            if symbol.type == undefined or not symbol.value:
                continue
            name, address = str(symbol.name), symbol.value + image.slide
            image.symbols.append((address, name))
            if symbol.is_external or symbol.raw_type & 1:
                image.exports[name] = address
        image.symbols.sort()

    def _rebase(self, image: Image) -> None:
        """Add the slide to pointers into the image itself. Chained ones are not pointers yet."""
        for item in list(image.binary.relocations):
            place = item.address + image.slide
            if isinstance(item, lief.MachO.RelocationFixup):
                self._memory.put("<Q", place, item.target + image.slide)
            elif isinstance(item, lief.MachO.RelocationDyld):
                self._memory.put("<Q", place, self._memory.pointer(place) + image.slide)

    def _bind(self, image: Image) -> None:
        for item in list(image.binary.bindings):
            symbol = item.symbol
            if symbol is None:
                continue
            name = str(symbol.name)
            address = self._find(image, name, item.library_ordinal, weak=item.weak_import)
            # C++ marks names of types by an addend of the highest bit.
            value = (address + item.addend) & MASK if address else 0
            self._memory.put("<Q", item.address + image.slide, value)

    def _find(self, image: Image, name: str, ordinal: int, *, weak: bool) -> int:
        """In the library that the ordinal names; else in all, the program first: so do weak
        definitions, and what a library hands on from another."""
        if 0 < ordinal <= len(image.libraries):
            library = self._by_name.get(image.libraries[ordinal - 1])
            if library is not None and name in library.exports:
                return library.exports[name]
        for other in self.images:
            if name in other.exports:
                return other.exports[name]
        return self._import(name, weak)


def _parse(path: Path) -> lief.MachO.Binary:
    with path.open("rb") as file:
        start = file.read(4)
    lief.logging.disable()
    known = start in MAGICS
    found = lief.MachO.parse(str(path)) if known else None
    if found is None:
        raise LoadError(f"{path}: is no Mach-O file")
    for place in range(found.size):
        binary = found.at(place)
        if binary is not None and binary.header.cpu_type == lief.MachO.Header.CPU_TYPE.ARM64:
            return binary
    raise LoadError(f"{path}: is not for arm64")


def _loaded(binary: lief.MachO.Binary) -> list[lief.MachO.DylibCommand]:
    own = lief.MachO.LoadCommand.TYPE.ID_DYLIB
    return [item for item in list(binary.libraries) if item.command != own]
