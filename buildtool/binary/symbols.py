"""Symbols of real objects, and what follows from them: which files a library needs to link."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.core.run import ANSWER, Command, run
from buildtool.core.values import Toolchain

# nm's letters (binutils manual, nm(1)) of symbols that must come from elsewhere, and of those
# that may stay undefined.
UNDEFINED = "U"
WEAK_UNDEFINED = "wv"
# What Apple's linkers define themselves.
BY_LINKER = frozenset({"___dso_handle"})


@dataclass(frozen=True, kw_only=True)
class Symbols:
    """Global symbols of one object: what it defines, and what it cannot link without."""

    defined: frozenset[str]
    undefined: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Need:
    """Why a file is linked: it defines ``symbol``, which ``file`` asks for. Both are empty for a
    file that is required in any case."""

    symbol: str
    file: str


@dataclass(frozen=True, kw_only=True)
class Closure:
    """The files that are needed, each with its reason, and the symbols that no known object
    defines, each with a file that asks for it."""

    needed: Mapping[str, Need]
    missing: Mapping[str, str]


def read_symbols(toolchain: Toolchain, objects: Sequence[Path]) -> dict[Path, Symbols]:
    """The global symbols of each object, by the toolchain's ``nm``: it reads ELF, Mach-O and what
    that very compiler leaves for link-time optimisation, thousands of objects in one call."""
    if not objects:
        return {}
    nm = str(toolchain.extra["nm"].path)
    argv = (nm, "-P", "-A", "-g", *(str(path) for path in objects))
    output = run(Command(argv=argv), what="reading symbols").stdout
    defined: dict[str, set[str]] = {str(path): set() for path in objects}
    undefined: dict[str, set[str]] = {str(path): set() for path in objects}
    for line in output.splitlines():
        name, _, rest = line.rpartition(": ")
        symbol, letter, *_ = rest.split()
        if letter == UNDEFINED:
            undefined[name].add(symbol)
        elif letter not in WEAK_UNDEFINED:
            defined[name].add(symbol)
    return {
        Path(name): Symbols(defined=frozenset(defined[name]), undefined=frozenset(undefined[name]))
        for name in defined
    }


def system_symbols(toolchain: Toolchain) -> frozenset[str]:
    """What the C and C++ run-time libraries of the toolchain define."""
    if toolchain.system_stubs:
        return _stub_symbols(toolchain)
    if toolchain.system_libraries:
        return _defined_in(toolchain, toolchain.system_libraries)
    cxx = (str(toolchain.cxx.path), *toolchain.compile_flags)
    paths = (
        run(
            Command(argv=(*cxx, f"-print-file-name={library}")), what=library, timeout=ANSWER
        ).stdout.strip()
        for library in ("libstdc++.so.6", "libc.so.6", "libm.so.6", "libgcc_s.so.1", "libgcc.a")
    )
    return _defined_in(toolchain, map(Path, paths))


def _defined_in(toolchain: Toolchain, libraries: Iterable[Path]) -> frozenset[str]:
    """The symbols of libraries, those that are there."""
    found: set[str] = set()
    for path in libraries:
        if not path.is_file():
            continue
        dynamic = () if path.suffix == ".a" else ("-D",)
        argv = (str(toolchain.extra["nm"].path), *dynamic, "-P", "--defined-only", str(path))
        output = run(Command(argv=argv), what=f"symbols of {path.name}", check=False).stdout
        found.update(re.split(r"@|\s", line, maxsplit=1)[0] for line in output.splitlines() if line)
    return frozenset(found)


def _stub_symbols(toolchain: Toolchain) -> frozenset[str]:
    """The names in text stubs, of whichever processors these are for, and the linker's own."""
    argv = (str(toolchain.extra["nm"].path), "-P", *map(str, toolchain.system_stubs))
    output = run(Command(argv=argv), what="symbols of the system's libraries").stdout
    return BY_LINKER | {line.split()[0] for line in output.splitlines() if " " in line}


def archive_symbols(toolchain: Toolchain, archives: Sequence[Path]) -> frozenset[str]:
    """The global symbols that the members of static libraries define."""
    if not archives:
        return frozenset()
    nm = str(toolchain.extra["nm"].path)
    argv = (nm, "-P", "-A", "-g", "--defined-only", *(str(path) for path in archives))
    output = run(Command(argv=argv), what="reading symbols of libraries").stdout
    found = (line.rpartition(": ")[2].split() for line in output.splitlines())
    return frozenset(words[0] for words in found if words)


def members_symbols(
    nm: Path, filter_: Path, archives: Sequence[Path], *, underscores: bool
) -> Iterator[tuple[str, str]]:
    """The global symbols that members of archives define, by their C++ names, each with
    ``archive(member)``. ``underscores``: each name of C has one before it, as in Mach-O."""
    for archive in archives:
        argv = (str(nm), "-P", "-A", "-g", "--defined-only", str(archive))
        lines = run(Command(argv=argv), what=f"symbols of {archive.name}").stdout.splitlines()
        rows = [line.rpartition(": ") for line in lines if ": " in line]
        members = [place.removeprefix(str(archive)).strip(":[] ") for place, _, _ in rows]
        told = cxx_names(filter_, [rest.split()[0] for _, _, rest in rows], underscores=underscores)
        for name, member in zip(told, members, strict=True):
            yield name, f"{archive}({member})"


def demangle(toolchain: Toolchain, symbols: Sequence[str]) -> list[str]:
    """The C++ names of mangled symbols, in the same order."""
    # Mach-O has an underscore before each name of C.
    underscores = toolchain.object_format == "macho"
    return cxx_names(toolchain.extra["c++filt"].path, symbols, underscores=underscores)


def cxx_names(filter_: Path, symbols: Sequence[str], *, underscores: bool) -> list[str]:
    """The C++ names of mangled symbols by the program ``filter_``, in the same order;
    ``underscores`` as in :func:`members_symbols`."""
    if not symbols:
        return []
    text = "\n".join(symbols).encode()
    argv = (str(filter_), *(("-_",) if underscores else ()))
    return run(Command(argv=argv), what="demangling", stdin=text).stdout.splitlines()


Ranking = Callable[[Sequence[str]], Sequence[Sequence[str]]]


def by_name_only(symbols: Sequence[str]) -> Sequence[Sequence[str]]:
    """Ranks no file before another."""
    return [() for _ in symbols]


def link_closure(
    required: Iterable[str],
    symbols: Mapping[str, Symbols],
    *,
    system: Collection[str],
    prefer: Ranking = by_name_only,
) -> Closure:
    """The least set of files that defines what its own members ask for.

    Where several known files define a symbol (templates, platform variants), one is chosen only
    after everything that has a single definition is in: the one that ``prefer`` names first, or
    else the first by name. So the result does not depend on the order in which objects became
    known.
    """
    definers: dict[str, list[str]] = {}
    for file in sorted(symbols):
        for symbol in symbols[file].defined:
            definers.setdefault(symbol, []).append(file)
    needed = {file: Need(symbol="", file="") for file in sorted(required) if file in symbols}
    have: set[str] = set(system)
    wanted: dict[str, str] = {}
    fresh = list(needed)
    while fresh:
        for file in fresh:
            have |= symbols[file].defined
        for file in fresh:
            for symbol in symbols[file].undefined:
                wanted.setdefault(symbol, file)
        wanted = {symbol: file for symbol, file in wanted.items() if symbol not in have}
        fresh = _single_definitions(wanted, definers, needed) or _chosen_definition(
            wanted, definers, prefer
        )
        for file in fresh:
            needed.setdefault(file, _need(file, wanted, symbols))
    return Closure(needed=needed, missing=dict(sorted(wanted.items())))


def _single_definitions(
    wanted: Iterable[str], definers: Mapping[str, list[str]], needed: Collection[str]
) -> list[str]:
    found = {definers[symbol][0] for symbol in wanted if len(definers.get(symbol, ())) == 1}
    return sorted(found - set(needed))


def _chosen_definition(
    wanted: Iterable[str], definers: Mapping[str, list[str]], prefer: Ranking
) -> list[str]:
    """One file for the first symbol that several define; empty if there is no such symbol."""
    symbol = min((symbol for symbol in wanted if symbol in definers), default=None)
    if symbol is None:
        return []
    ranked = [file for file in prefer([symbol])[0] if file in definers[symbol]]
    return [ranked[0] if ranked else definers[symbol][0]]


def _need(file: str, wanted: Mapping[str, str], symbols: Mapping[str, Symbols]) -> Need:
    symbol = min(symbol for symbol in wanted if symbol in symbols[file].defined)
    return Need(symbol=symbol, file=wanted[symbol])
