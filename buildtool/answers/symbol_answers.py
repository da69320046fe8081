"""Why a symbol is in a program, or why not."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from buildtool.answers.answer import Answer, Part
from buildtool.answers.grounds import DefinedSymbol, Grounds
from buildtool.binary.link_map import Demangle, MapSymbol, symbols_named
from buildtool.binary.symbols import cxx_names, members_symbols
from buildtool.core.values import PlannedFile
from buildtool.report.size import planned_sources, shown_place

_MOST, _MOST_FILES = 8, 3


def explain_symbol(wanted: str, grounds: Grounds) -> tuple[Answer, ...]:
    """The answers for symbols of this C++ name, with or without its parameters."""
    if not grounds.is_built or grounds.link_map is None:
        return ()
    found = symbols_named(
        grounds.link_map, wanted, archives=grounds.archives, demangle=grounds.demangle
    )
    kept = [each for each in found or () if _is(wanted, each.name)]
    if kept:
        by_file: dict[str, list[MapSymbol]] = defaultdict(list)
        for each in kept:
            by_file[each.input].append(each)
        answers = [_of_program(wanted, name, of_it, grounds) for name, of_it in by_file.items()]
        answers.sort(key=lambda answer: -sum(part.size for part in answer.parts))
        return (*_told_of_others(answers[:_MOST_FILES], len(answers)),)
    dropped = {each.member for each in grounds.archived() if _is(wanted, each.name)}
    if not dropped:
        return ()
    files = _files(dropped, grounds)
    whose = ", ".join(sorted(map(shown_place, files))) or ", ".join(sorted(dropped))
    said = "" if found is not None else ", or the linker's map does not name it"
    return (
        Answer(
            kind="symbol",
            name=wanted,
            included=False,
            summary=f"the linker dropped it: nothing that runs reaches it{said}",
            reasons=(f"the library defines it in {whose}",),
            todo=("a program that calls it keeps it: the proof links one that only runs models",),
            chain=grounds.chain(next(iter(files))) if len(files) == 1 else (),
        ),
    )


def _told_of_others(answers: Sequence[Answer], count: int) -> Iterator[Answer]:
    """The answers for the files that take the most, and how many others there are."""
    if count == len(answers):
        yield from answers
        return
    told = f"symbols of this name are in {count} files: these take the most"
    yield from (dataclasses.replace(each, reasons=(*each.reasons, told)) for each in answers)


def _of_program(wanted: str, source: str, symbols: Sequence[MapSymbol], grounds: Grounds) -> Answer:
    files = _files([source], grounds)
    # One function can have several symbols, as constructors do.
    sizes = {each.name: each.size for each in symbols if each.size is not None}
    whose = " or ".join(sorted(map(shown_place, files))) or PurePosixPath(source).name
    return Answer(
        kind="symbol",
        name=wanted,
        included=True,
        summary=f"it is linked from {whose}",
        reasons=() if sizes else ("this linker's map does not say how many bytes symbols take",),
        chain=grounds.chain(files[0]) if len(files) == 1 else (),
        parts=tuple(
            Part(name=name, size=size)
            for name, size in sorted(sizes.items(), key=lambda each: (-each[1], each[0]))[:_MOST]
        ),
    )


def read_archives(
    nm: Path, names: Path, archives: Sequence[Path], *, underscores: bool
) -> Sequence[DefinedSymbol]:
    """The symbols that archives define; see :func:`~buildtool.binary.symbols.members_symbols`."""
    found = members_symbols(nm, names, archives, underscores=underscores)
    return [DefinedSymbol(name=name, member=member) for name, member in found]


def names_by(filter_: Path, *, underscores: bool) -> Demangle:
    """What gives C++ names by the program ``filter_``."""
    return functools.partial(cxx_names, filter_, underscores=underscores)


def _files(sources: Iterable[str], grounds: Grounds) -> list[PlannedFile]:
    """The linked files that inputs of the linker can have been made of."""
    found = planned_sources(grounds.linked, sources)
    return [*dict.fromkeys(file for files in found.values() for file in files)]


def _is(wanted: str, name: str) -> bool:
    """Whether a C++ name is the wanted one, but for parameters, and for the namespace before it."""
    return bool(re.search(rf"(?:^|[ :]){re.escape(wanted)}(?:$|[(<\[ ])", name))
