"""Which files of an archive are the source: leading folders dropped, a sub-folder, globs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True, kw_only=True)
class Selection:
    """``strip`` leading folders are dropped from each name, then all outside ``subdir`` is left
    out, then all that matches no ``include`` glob or any ``exclude`` glob.
    """

    strip: int = 0
    subdir: str = ""
    include: tuple[str, ...] = ("**",)
    exclude: tuple[str, ...] = ()

    def compiled(self) -> Selector:
        """Return the same, ready to be asked often."""
        return Selector(
            strip=self.strip,
            subdir=PurePosixPath(self.subdir).parts,
            include=_any_of(self.include),
            exclude=_any_of(self.exclude),
        )


@dataclass(frozen=True, kw_only=True)
class Selector:
    """A compiled :class:`Selection`."""

    strip: int
    subdir: tuple[str, ...]
    include: re.Pattern[str]
    exclude: re.Pattern[str]

    def place(self, parts: tuple[str, ...]) -> str | None:
        """Return where a member goes, relative to the tree's root; None if it is left out."""
        rest = parts[self.strip :]
        depth = len(self.subdir)
        if rest[:depth] != self.subdir or len(rest) == depth:
            return None
        path = "/".join(rest[depth:])
        if self.include.fullmatch(path) and not self.exclude.fullmatch(path):
            return path
        return None


def glob_pattern(glob: str) -> str:
    """Translate a glob: ``*`` and ``?`` stay within one folder, ``**`` crosses folders."""
    tokens = re.split(r"(\*\*/|\*\*|\*|\?)", glob)
    meaning = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(meaning.get(token) or re.escape(token) for token in tokens)


def _any_of(globs: Sequence[str]) -> re.Pattern[str]:
    # "(?!)" never matches: no globs, no files.
    return re.compile("|".join(map(glob_pattern, globs)) or "(?!)", re.DOTALL)
