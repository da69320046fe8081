"""What only reading whole files again can show: which overload a file defines, and who
mentions a name at all. Files are read when first needed and kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from buildtool.catalogue.definers_scan import strip
from buildtool.catalogue.definers_symbols import Symbol

_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
_INCLUDED = re.compile(r'#include\s+"([^"]+\.inc)"')
_PARAMETERS = 400  # characters after a name that may hold its parameter list


class Texts:
    """The texts of some source files and of what belongs to them: the header of the same stem
    and included ``.inc`` files of the same folder."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._sources: dict[int, str] = {}
        self._companions: dict[int, str] = {}

    def source(self, number: int) -> str:
        """Return the stripped text of a file."""
        if number not in self._sources:
            self._sources[number] = strip(_read(self._paths[number]))
        return self._sources[number]

    def companion(self, number: int) -> str:
        """Return the stripped texts of the files that belong to a file."""
        if number not in self._companions:
            path = self._paths[number]
            included = _INCLUDED.findall(_read(path)) if path.suffix == ".cc" else []
            places = [path.with_suffix(".h"), *(path.parent / Path(name).name for name in included)]
            self._companions[number] = "\n".join(strip(_read(place)) for place in places)
        return self._companions[number]

    def overload(self, number: int, symbol: Symbol) -> float:
        """Return how well a file's definitions of the symbol's name fit: 0 to 1 for the parameter
        types, plus 1 where the name stands behind two of its scopes or more."""
        text = self.source(number)
        qualified = re.escape("::".join((*symbol.scopes[-2:], symbol.name)))
        deep = len(symbol.scopes) > 1 and re.search(qualified, text) is not None
        best = 0.0
        for found in re.finditer(re.escape(symbol.name) + r"\s*\(", text):
            rest = text[found.end() : found.end() + _PARAMETERS]
            best = max(best, _alike(symbol.words, _parameter_words(rest)))
        return best + deep

    def mentioning(self, symbol: Symbol) -> dict[int, int]:
        """Return the files whose header declares the symbol's class or function (score 30), or
        where the name is merely mentioned: there (score 10) or in the file itself (score 5). Of a
        class's operator, which half of the files mention, the class's name counts."""
        outer = symbol.scopes[-1] if symbol.scopes else ""
        name = outer if outer[:1].isupper() and not symbol.of_class else symbol.name
        declared = re.compile(rf"\b(?:(?:class|struct)\s[^;{{}}()]*?\b{re.escape(name)}\b[^;]*\{{|"
                              rf"{re.escape(name)}\s*\()")  # fmt: skip
        mentioned = name if symbol.name.startswith("operator") else symbol.name
        word = re.compile(rf"(?<!\w){re.escape(mentioned)}(?!\w)")
        found: dict[int, int] = {}
        for number in range(len(self._paths)):
            companion = self.companion(number)
            if name in companion and declared.search(companion):
                found[number] = 30
            elif mentioned in companion and word.search(companion):
                found[number] = 10
            elif mentioned in self.source(number) and word.search(self.source(number)):
                found[number] = 5
        return found


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _parameter_words(rest: str) -> frozenset[str]:
    """Return the identifiers up to the parenthesis that closes a parameter list."""
    depth = 1
    for place, char in enumerate(rest):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if depth == 0:
            return frozenset(_IDENTIFIER.findall(rest[:place]))
    return frozenset(_IDENTIFIER.findall(rest))


def _alike(wanted: Iterable[str], given: frozenset[str]) -> float:
    """Return the share of the wanted words that are given, less a little for words too many."""
    wanted = frozenset(wanted)
    if not wanted:
        return 1.0 if not given else 0.5
    return len(wanted & given) / len(wanted) - 0.01 * len(given - wanted)
