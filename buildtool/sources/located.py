"""Strict reading of located YAML values: every mistake is noted with its line, none stops us."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from buildtool.config.nodes import Value
from buildtool.core.errors import Problem
from buildtool.core.suggest import suggest


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One value of the file and the ``key`` it stands at. Its methods give something harmless
    where the value is not of the kind asked for, and add to ``problems``, which all entries share.
    """

    value: Value
    key: str
    problems: list[Problem] = field(repr=False)

    @property
    def where(self) -> str:
        """The ``file:line``."""
        return self.value.where

    def wrong(self, what: str, todo: str = "") -> None:
        """Note that this value is wrong."""
        prefix = f"{self.key}: " if self.key else ""
        self.problems.append(Problem(where=self.where, what=prefix + what, todo=todo))

    def text(self, pattern: str = r".+", meaning: str = "a text") -> str:
        """Return a scalar as it is written, which ``pattern`` must match wholly."""
        if isinstance(self.value.data, (tuple, Mapping)):
            self.wrong(f"must be {meaning}")
            return ""
        if not re.fullmatch(pattern, self.value.raw):
            self.wrong(f"must be {meaning}, not {self.value.raw!r}")
        return self.value.raw

    def number(self) -> int:
        """Return a whole number, 0 or more."""
        text = self.text(r"[0-9]+", "a whole number")
        return int(text) if text.isdecimal() else 0

    def items(self) -> Iterator[Entry]:
        """Yield the items of a list that is not empty."""
        if not isinstance(self.value.data, tuple) or not self.value.data:
            self.wrong("must be a list with at least one item")
            return
        for index, item in enumerate(self.value.data):
            yield Entry(value=item, key=f"{self.key}[{index}]", problems=self.problems)

    def mapping(
        self, required: Collection[str] = (), optional: Collection[str] | None = ()
    ) -> dict[str, Entry]:
        """Return a mapping's entries; ``optional`` None allows any further key."""
        if not isinstance(self.value.data, Mapping):
            self.wrong("must be a mapping of keys")
            return {}
        prefix = f"{self.key}." if self.key else ""
        found = {
            name: Entry(value=value, key=prefix + name, problems=self.problems)
            for name, value in self.value.data.items()
        }
        known = {*required, *(optional or ())}
        for name, entry in found.items():
            if optional is not None and name not in known:
                entry.wrong("unknown key", suggest(name, known))
        for name in required:
            if name not in found:
                self.wrong(f"the key {name!r} is missing")
        return found
