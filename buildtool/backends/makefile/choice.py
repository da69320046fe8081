"""Which version of each dependency is built: what the tree pins, or what is built instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.backends.makefile.libraries import LINKED
from buildtool.backends.makefile.pinned import locked_source
from buildtool.backends.makefile.pins import KNOWN, Pin
from buildtool.backends.makefile.recipes import TABLE, Recipes
from buildtool.config import Target
from buildtool.core.errors import ConfigError, Problem
from buildtool.core.suggest import suggest
from buildtool.sources import Lock

PINNED = "pinned"
KEY = "makefile.dependencies"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What is built of one dependency: ``source`` is its name in the lock file. ``reason`` says
    why that is not what the tree pins; it is empty where it is."""

    pin: Pin
    source: str
    reason: str = ""

    def __str__(self) -> str:
        """In words for people, where it is not what the tree pins."""
        return f"the tree pins {self.pin}; {self.source} is built instead: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class Chooser:
    """Chooses for one tree. ``release`` is its release of TensorFlow."""

    target: Target
    tree: Path
    release: str
    lock: Lock
    recipes: Recipes

    def choose(self, pins: Sequence[Pin], names: Iterable[str]) -> tuple[Choice, ...]:
        """What is built of each dependency in ``names``, in their order.

        Raises:
            ConfigError: the tree pins no such dependency, nothing is known that could be built of
                it, or the target asks for what there is not; all of them at once.
        """
        needed = list(names)
        by_name = {pin.name: pin for pin in pins}
        found: list[Choice] = []
        problems = [*self._wrong_names(needed)]
        for name in needed:
            chosen = self._choose(by_name[name]) if name in by_name else self._unpinned(name)
            if isinstance(chosen, Choice):
                found.append(chosen)
            else:
                problems.append(chosen)
        if problems:
            raise ConfigError(problems)
        return tuple(found)

    def _choose(self, pin: Pin) -> Choice | Problem:
        asked = {each.name: index for index, each in enumerate(self.target.makefile.dependencies)}
        if (index := asked.get(pin.name)) is not None:
            use, key = self.target.makefile.dependencies[index].use, f"{KEY}[{index}].use"
            if use != PINNED:
                return self._by_name(pin, use, key)
            return self._pinned(pin) or self._unusable(pin, where=self.target.where(key))
        if pinned := self._pinned(pin):
            return pinned
        if stand_in := self.recipes.stand_in(pin.name, self.release):
            return Choice(pin=pin, source=stand_in.source, reason=stand_in.reason)
        return self._unusable(pin, where=pin.where)

    def _pinned(self, pin: Pin) -> Choice | None:
        source = locked_source(pin, self.lock)
        buildable = source is not None and self._buildable(pin.name, source)
        return Choice(pin=pin, source=source) if source and buildable else None

    def _buildable(self, name: str, source: str) -> bool:
        return name not in LINKED or self.recipes.find(name, source) is not None

    def _by_name(self, pin: Pin, source: str, key: str) -> Choice | Problem:
        """What the target names."""
        where = self.target.where(key)
        known = [each.name for each in self.lock.sources.values() if each.family == pin.name]
        if source not in known:
            what = f"{key}: the lock file has no {source!r} for {pin.name}"
            return Problem(where=where, what=what, todo=suggest(source, [PINNED, *known]))
        if not self._buildable(pin.name, source):
            what = f"{key}: there is no recipe for {source}"
            return Problem(where=where, what=what, todo=_recipe(source))
        if source == locked_source(pin, self.lock):
            return Choice(pin=pin, source=source)
        return Choice(pin=pin, source=source, reason="the target asks for it")

    def _unusable(self, pin: Pin, *, where: str) -> Problem:
        """Nothing is known that could be built."""
        source = locked_source(pin, self.lock)
        if source is None:
            known = [each.version for each in self.lock.sources.values() if each.family == pin.name]
            knows = f"it has {', '.join(known)}" if known else "it has no version of it"
            return Problem(
                where=where,
                what=f"the tree pins {pin}, which is not in the lock file: {knows}",
                todo=f"add it to {self.lock.path} (how: at its beginning) with "
                f"'version: {pin.version}', or name another version in the target's '{KEY}'",
            )
        return Problem(
            where=where,
            what=f"the tree pins {pin}, {source} in the lock file, and there is no recipe for it",
            todo=f"{_recipe(source)}, or name another version in the target's '{KEY}'",
        )

    def _unpinned(self, name: str) -> Problem:
        what = f"the build needs {name}, and the tree's workspace.bzl does not pin it"
        return Problem(where=str(self.tree), what=what, todo="is the tree whole?")

    def _wrong_names(self, needed: Sequence[str]) -> Iterator[Problem]:
        """A key that has no effect is a mistake."""
        known = [each.name for each in KNOWN]
        names = [each.name for each in self.target.makefile.dependencies]
        for index, each in enumerate(self.target.makefile.dependencies):
            key = f"{KEY}[{index}].name"
            where = self.target.where(key)
            if each.name not in known:
                what = f"{key}: no dependency is called {each.name!r}"
                yield Problem(where=where, what=what, todo=suggest(each.name, needed))
            elif each.name not in needed:
                what = f"{key}: the makefile of this tree does not use {each.name}"
                yield Problem(where=where, what=what, todo=f"it uses {', '.join(needed)}")
            elif each.name in names[:index]:
                what = f"{key}: {each.name} is listed twice"
                yield Problem(where=where, what=what, todo="keep one of the two")


def _recipe(source: str) -> str:
    return f"write one for 'only: [{source}]' in {TABLE} (how: at its beginning)"
