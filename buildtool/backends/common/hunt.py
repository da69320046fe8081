"""The hunt for what the compiled objects lack: which files to compile next, and when to give up.

Missing symbols are taken by template, as a text index guesses the same files for all instances of
one: where eight sources instantiate a class for one number of dimensions each, all of them are
compiled at once. A template whose guesses were wrong a few times is given up, so that a symbol
which nothing here defines does not have half of the tree compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from buildtool.binary.symbols import Symbols
from buildtool.catalogue.definers_symbols import parse_symbol
from buildtool.core.values import MissingSymbol, RefusedFile

# What the index names later than this has never been right, but for the instances of a template:
# these may be shared out among more files.
GUESSES = 4
AT_ONCE = 16


class Definers(Protocol):
    """Guesses which files define a symbol, best first."""

    def __call__(self, symbols: Sequence[str]) -> Sequence[Sequence[str]]: ...


Demangle = Callable[[Sequence[str]], Sequence[str]]


@dataclass(kw_only=True)
class _Template:
    """What the hunt knows of a name, or of all instances of a template."""

    symbols: set[str] = field(default_factory=set)
    tried: dict[str, None] = field(default_factory=dict)

    def helpful(self, known: Mapping[str, Symbols]) -> set[str]:
        """The files that were tried and define some of the instances."""
        there = (file for file in self.tried if file in known)
        return {file for file in there if not self.symbols.isdisjoint(known[file].defined)}

    def failures(self, known: Mapping[str, Symbols]) -> int:
        """How many files were tried that define none of the instances."""
        return len(self.tried) - len(self.helpful(known))


class Hunt:
    """Chooses files for missing symbols, round after round."""

    def __init__(
        self, *, definers: Definers, demangle: Demangle, say: Callable[[str], None]
    ) -> None:
        self._definers = definers
        self._demangle = demangle
        self._say = say
        self._templates: dict[str, _Template] = {}

    def choose(
        self, missing: Mapping[str, str], known: Mapping[str, Symbols], untried: set[str]
    ) -> set[str]:
        """The likeliest files for the missing symbols, each with a file that asks for it. A file
        that was just chosen for another name is not added to, if it is nearly as likely."""
        chosen: set[str] = set()
        for name, likely in self._likely(missing, known, untried).items():
            template = self._templates[name]
            failures = template.failures(known)
            if failures >= GUESSES:
                continue
            # Instances of a template may each have a file of their own.
            best = dict.fromkeys(files[0] for files in likely if chosen.isdisjoint(files[:2]))
            files = list(best)[: AT_ONCE if not failures else GUESSES - failures]
            if files and template.tried:
                asking = missing[min(template.symbols & missing.keys())]
                self._say(
                    f"still looking for what defines {name}, which {_path(asking)} needs: "
                    f"{len(files)} more to try, {', '.join(map(_path, files))}"
                )
            template.tried.update(dict.fromkeys(files))
            chosen.update(files)
        return chosen

    def unfound(
        self, missing: Mapping[str, str], refused: Mapping[str, str]
    ) -> tuple[MissingSymbol, ...]:
        """What is still missing, and what was tried for it; ``refused`` are the first errors of
        the files that did not compile. Such a file need not have been chosen for the symbol: an
        earlier build may have known that it is needed."""
        symbols = list(missing)
        guessed = zip(symbols, self._demangle(symbols), self._definers(symbols), strict=True)
        return tuple(
            MissingSymbol(
                name=name,
                file=_path(missing[symbol]),
                tried=self._attempts(name),
                refused=tuple(
                    RefusedFile(path=_path(file), errors=refused[file])
                    for file in guesses[:GUESSES]
                    if file in refused
                ),
            )
            for symbol, name, guesses in guessed
        )

    def _attempts(self, name: str) -> tuple[str, ...]:
        template = self._templates.get(parse_symbol(name).template)
        return tuple(map(_path, template.tried)) if template else ()

    def _likely(
        self, missing: Iterable[str], known: Mapping[str, Symbols], untried: set[str]
    ) -> dict[str, list[Sequence[str]]]:
        """By template, what may define each of its instances that are missing."""
        symbols = list(missing)
        found: dict[str, list[Sequence[str]]] = {}
        guessed = zip(symbols, self._demangle(symbols), self._definers(symbols), strict=True)
        for symbol, demangled, guesses in guessed:
            name = parse_symbol(demangled).template
            template = self._templates.setdefault(name, _Template())
            template.symbols.add(symbol)
            # What gave other instances of the template takes no other file's place.
            helpful = template.helpful(known)
            others = [file for file in guesses if file not in helpful]
            likely = [file for file in others[:GUESSES] if file in untried]
            if likely:
                found.setdefault(name, []).append(likely)
        return found


def _path(file: str) -> str:
    """A file's path without the name of its tree."""
    return file.rpartition(":")[2]
