"""The texts in a program or library: what is printable and ends with a null byte, in what is loaded
of it. What is for debuggers names all that was compiled, and is left out."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import islice, takewhile

from buildtool.binary.elf_file import PT_LOAD, ElfFile, NotElfError

_TEXT = re.compile(rb"[\x20-\x7e]{2,}(?=\0)")
# Where compilers put constant texts; names of symbols stand elsewhere.
_CONSTANTS = (".rodata", ".lrodata", ".data")


def loaded_texts(data: bytes | memoryview) -> frozenset[bytes]:
    """All texts of one file. Of one that is no ELF file, all that is in it counts as loaded."""
    return frozenset(text for part in _loaded(data) for text in _TEXT.findall(part))


def _loaded(data: bytes | memoryview) -> Iterator[bytes | memoryview]:
    try:
        elf = ElfFile(data)
        constants = [each for each in elf.sections if each.name.startswith(_CONSTANTS)]
        yield from [elf.content(part) for part in constants or elf.segments_of(PT_LOAD)]
    except NotElfError:
        yield data


def squeezed(text: bytes) -> bytes:
    """Without spaces, which preprocessors place differently."""
    return text.replace(b" ", b"")


class Texts:
    """Texts without their spaces; linkers put a text at the end of a longer one that ends like
    it."""

    def __init__(self, texts: Iterable[bytes]) -> None:
        self.whole = frozenset(map(squeezed, texts))
        self._reversed = sorted(text[::-1] for text in self.whole)

    def ending_with(self, text: bytes) -> set[bytes]:
        """Those that are it, or end with it."""
        wanted = text[::-1]
        start = bisect_left(self._reversed, wanted)
        found = takewhile(lambda each: each.startswith(wanted), islice(self._reversed, start, None))
        return {each[::-1] for each in found}
