"""Is a linked file one that an Android can load? Looked at, not run.

The note ``.note.android.ident`` holds the API level, and since NDK r14 the NDK's revision and
build (bionic, ``crtbrand.S``: a 32-bit number and twice 64 characters). Text relocations are
refused since API level 23 (developer.android.com, "Android changes for NDK developers"). A 64-bit
Android may have pages of 16 KiB ("Support 16 KB page sizes"); a 32-bit one has not.
"""

from __future__ import annotations

import dataclasses
import fnmatch
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from buildtool.binary.elf_file import NotElfError
from buildtool.binary.shared_libraries import SharedLibrary, read_shared
from buildtool.core.errors import Problem
from buildtool.core.values import Abi, ElfExpectation, LibraryFacts
from buildtool.verify.architecture import program_faults

OWNER = "Android"
TEXTREL_REFUSED = 23
LARGE_PAGE = 16384
SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class Ident:
    """What the note says: the oldest API level, the NDK (``r23c``) and its build, both empty
    before r14."""

    level: int
    ndk: str = ""
    build: str = ""


@dataclass(frozen=True, kw_only=True)
class LibraryWanted:
    """What a library must be. ``level`` is the oldest API level that it must run on; ``system`` are
    Android's own libraries that an app may load, and since which level; ``packed``
    are libraries that come with it; ``symbols`` must be exported; ``page_size`` and ``budget``
    are bytes, 0 where it does not matter. ``stand_in``: it was made by something else than an NDK,
    so that what only an NDK does is not asked for. ``stubs`` is the folder that stands for
    Android's libraries at that level (None: imports are not looked at), ``only`` are patterns of
    all that may be exported (empty: anything). ``hardened``: what the loader fills in must be
    read-only."""

    soname: str
    level: int
    system: Mapping[str, int]
    symbols: tuple[str, ...] = ()
    packed: tuple[str, ...] = ()
    page_size: int = 0
    budget: int = 0
    stand_in: bool = False
    stubs: Path | None = None
    only: tuple[str, ...] = ()
    hardened: bool = False

    @classmethod
    def of(
        cls, expected: ElfExpectation, *, soname: str, exports: tuple[str, ...] = ()
    ) -> LibraryWanted:
        """What the target's platform asks of a file of this soname, empty for a program; of a
        library that exports these functions and nothing else."""
        android = expected.android
        found = cls(
            soname=soname,
            level=android.level if android else 0,
            system=android.libraries if android else {},
            symbols=exports,
            only=exports,
            hardened=True,
            stand_in=android is None or android.stand_in,
        )
        if android is None or android.stand_in:
            return found
        return dataclasses.replace(found, page_size=android.page_size, stubs=android.stubs)


@dataclass(frozen=True, kw_only=True)
class LibraryReport:
    """One library: what it is (None if it is no library) and what is wrong with it."""

    path: Path
    abi: str
    facts: SharedLibrary | None
    ident: Ident | None
    problems: tuple[Problem, ...]


def check_library(path: Path, abi: Abi, wanted: LibraryWanted, *, where: str = "") -> LibraryReport:
    """Look at one library of one ABI. ``where`` is what problems call it, if not its path."""
    return _looked_at(path, ElfExpectation.of(abi), wanted, abi=abi.name, where=where)


def check_linked(path: Path, expected: ElfExpectation, wanted: LibraryWanted) -> LibraryReport:
    """Look at a linked file: a library, or a program, of which a loader asks the same but for a
    name."""
    return _looked_at(path, expected, wanted, abi="", where="")


def _looked_at(
    path: Path, expected: ElfExpectation, wanted: LibraryWanted, *, abi: str, where: str
) -> LibraryReport:
    where = f"{abi}: {where or path}" if abi else str(path)
    try:
        facts = read_shared(path)
    except (NotElfError, OSError) as failure:
        what = f"is {failure}" if isinstance(failure, NotElfError) else "is not there"
        todo = "look at the log of its link"
        problem = Problem(where=where, what=what, todo=todo)
        return LibraryReport(path=path, abi=abi, facts=None, ident=None, problems=(problem,))
    ident = read_ident(facts)
    faults = [(fault, "compile it for this ABI") for fault in program_faults(path, expected)]
    faults += _faults(facts, ident, expected.bits, wanted)
    problems = tuple(Problem(where=where, what=what, todo=todo) for what, todo in faults)
    return LibraryReport(path=path, abi=abi, facts=facts, ident=ident, problems=problems)


def read_ident(facts: SharedLibrary) -> Ident | None:
    """What the NDK wrote into the library; None if no NDK linked it."""
    for note in facts.notes:
        if note.owner == OWNER and len(note.content) >= 4:
            level = int.from_bytes(note.content[:4], "little")
            texts = (note.content[4:68], note.content[68:132])
            ndk, build = (text.split(b"\0", 1)[0].decode("ascii", "replace") for text in texts)
            return Ident(level=level, ndk=ndk, build=build)
    return None


def library_facts(report: LibraryReport) -> LibraryFacts:
    """What a report tells of a library."""
    facts, ident = report.facts, report.ident
    return LibraryFacts(
        name=report.path.name,
        size=facts.size if facts else 0,
        needed=facts.needed if facts else (),
        exports=len(facts.exports) if facts else 0,
        page_size=facts.page_size if facts else 0,
        level=ident.level if ident else 0,
        ndk=ident.ndk if ident else "",
    )


def sizes(reports: Collection[LibraryReport]) -> Mapping[str, int]:
    """Bytes of the libraries of each ABI."""
    found: dict[str, int] = {}
    for report in reports:
        if report.facts is not None:
            found[report.abi] = found.get(report.abi, 0) + report.facts.size
    return dict(sorted(found.items()))


def _faults(
    facts: SharedLibrary, ident: Ident | None, bits: int, wanted: LibraryWanted
) -> Iterator[tuple[str, str]]:
    """What is wrong, and what to do about it."""
    if facts.soname != wanted.soname:
        said = f"is called {facts.soname!r}" if facts.soname else "has no soname"
        yield f"{said}, not {wanted.soname!r}", f"link it with -Wl,-soname,{wanted.soname}"
    if ident is None and not wanted.stand_in:
        yield "was not linked by an NDK: it has no .note.android.ident", "link it with the NDK"
    elif ident is not None and ident.level > wanted.level:
        yield (
            f"needs API level {ident.level}; the target's is {wanted.level}",
            "link it for the target's level, or set api_level",
        )
    if facts.text_relocations:
        yield (
            f"has text relocations, with which Android refuses it from API level "
            f"{TEXTREL_REFUSED} on",
            "compile all of it with -fPIC; -Wl,-z,text names the object",
        )
    if facts.executable_stack:
        yield "asks for an executable stack", "link it with -Wl,-z,noexecstack"
    if wanted.page_size > facts.page_size and (bits == 64 or wanted.page_size < LARGE_PAGE):
        yield (
            f"can be mapped with pages of {facts.page_size} bytes only; asked for are "
            f"{wanted.page_size}",
            f"link it with -Wl,-z,max-page-size={wanted.page_size}",
        )
    if wanted.hardened and not facts.relro:
        yield (
            "leaves what the loader has filled in writable",
            "link it with -Wl,-z,relro -Wl,-z,now",
        )
    if not wanted.stand_in:
        yield from _needed_faults(facts, wanted)
        yield from _import_faults(facts, wanted)
    missing = sorted(set(wanted.symbols) - facts.exports)
    if missing:
        yield (
            f"does not export {', '.join(missing)}",
            "is the object linked whole, and is a version script too strict?",
        )
    if wanted.only:
        surplus = sorted(
            name
            for name in facts.exports
            if not any(fnmatch.fnmatchcase(name, each) for each in wanted.only)
        )
        if surplus:
            yield (
                f"exports {_shown(surplus)}, which nobody asked for",
                "give its link a version script",
            )
    if 0 < wanted.budget < facts.size:
        yield f"has {facts.size} bytes; the budget is {wanted.budget}", "see the size report"


def _import_faults(facts: SharedLibrary, wanted: LibraryWanted) -> Iterator[tuple[str, str]]:
    """Symbols that Android does not have at the level, as the NDK's own stubs say."""
    if wanted.stubs is None:
        return
    there = frozenset[str]().union(
        *(
            read_shared(wanted.stubs / name).exports
            for name in facts.needed
            if (wanted.stubs / name).is_file()
        )
    )
    if missing := sorted(facts.imports - there):
        yield (
            f"asks for {_shown(missing)}, which no library that it needs has at API level "
            f"{wanted.level}",
            "set android.api_level to one that has it, or link without it",
        )


def _shown(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"


def _needed_faults(facts: SharedLibrary, wanted: LibraryWanted) -> Iterator[tuple[str, str]]:
    system = wanted.system
    for name in facts.needed:
        if name in wanted.packed:
            continue
        if name not in system:
            yield (
                f"needs {name}, which is neither one of Android's libraries nor packed with it",
                "pack it, or link it in",
            )
        elif system[name] > wanted.level:
            yield (
                f"needs {name}, which Android has from API level {system[name]} on; the target's "
                f"is {wanted.level}",
                "link without it, or set api_level",
            )
