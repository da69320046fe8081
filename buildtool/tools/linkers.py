"""The flags that an app needs, for the linkers of each object format.

Sources: GNU ld manual, ``--whole-archive``, ``--gc-sections``; ld(1) of Apple's tools,
``-force_load``, ``-dead_strip``, ``-map``; lld manual and binutils manual (gold), ``--icf``. Each
flag is its own token: an archive's path after ``-force_load`` is one more, so that no path is cut
at a comma.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LLD = "-fuse-ld=lld"
GOLD = "-fuse-ld=gold"
# Folds equal functions where nobody compares their addresses. GNU ld cannot: clang's objects are
# folded by LLVM's linker, GCC's by binutils' other one.
FOLD = "-Wl,--icf=safe"
FOLDING_LINKERS = frozenset({LLD, GOLD})
# What a linker says is not defined, as lld, GNU ld and gold say it.
UNDEFINED = re.compile(r"undefined (?:symbol: |reference to [`'])([^'\n]+)")


@dataclass(frozen=True, kw_only=True)
class Linking:
    """The flags of one object format.

    ``before`` and ``after`` stand around an archive that is linked whole; ``drop`` leaves out what
    nothing refers to; ``link_map`` is followed by the path of a map, ``ask`` by the name in C of a
    symbol that is looked for in archives though nothing asks for it; ``folds`` says whether an app
    can be told to fold equal functions.
    """

    before: tuple[str, ...]
    after: tuple[str, ...]
    drop: tuple[str, ...]
    link_map: str
    ask: str
    folds: bool

    def whole(self, archive: str) -> tuple[str, ...]:
        """The flags that link all of an archive."""
        return (*self.before, archive, *self.after)

    def asking_for(self, symbol: str) -> str:
        """The flag that links what defines a symbol."""
        return f"{self.ask}{symbol}"

    def map_to(self, path: Path) -> str:
        """The flag that writes a map."""
        return f"{self.link_map}{path}"


LINKING: Mapping[str, Linking] = {
    "elf": Linking(
        before=("-Wl,--whole-archive",),
        after=("-Wl,--no-whole-archive",),
        drop=("-Wl,--gc-sections",),
        link_map="-Wl,-Map=",
        ask="-Wl,-u,",
        folds=True,
    ),
    "macho": Linking(
        before=("-force_load",),
        after=(),
        drop=("-Wl,-dead_strip",),
        link_map="-Wl,-map,",
        ask="-Wl,-u,_",
        # Apple's linker does it unasked where it can.
        folds=False,
    ),
}
OBJECT_FORMATS = tuple(LINKING)
