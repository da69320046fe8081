"""Located values to the dataclasses of :mod:`buildtool.config.target`, by their field types."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Union

from buildtool.config.former_keys import FORMER_KEYS, moved
from buildtool.config.kinds import NameOrPath
from buildtool.config.nodes import Value
from buildtool.config.scalars import READERS, WrongValueError, shown
from buildtool.core.errors import Problem
from buildtool.core.suggest import suggest

_MOST_SUGGESTED = 20


@dataclass(frozen=True, kw_only=True)
class Key:
    """One key of a section: ``type`` is its field's type, without None; ``unless`` names another
    key that may be given in its place. One that is a ``machine``'s is about where something is had
    or done, not about what is built."""

    name: str
    type: Any
    required: bool
    shorthand: bool
    unless: str = ""
    machine: bool = False


@functools.cache
def keys_of(section: type) -> Mapping[str, Key]:
    """The keys that a section of a target file may have, in the order of its fields."""
    hints = typing.get_type_hints(section)
    return {
        each.name: Key(
            name=each.name,
            type=_without_none(hints[each.name]),
            required=each.default is dataclasses.MISSING or "unless" in each.metadata,
            shorthand=each.metadata.get("shorthand", False),
            unless=each.metadata.get("unless", ""),
            machine=each.metadata.get("machine", False) or not each.metadata.get("decides", True),
        )
        for each in dataclasses.fields(section)
        if each.metadata.get("key", True)
    }


def _without_none(kind: Any) -> Any:
    """``X`` of ``X | None``; any other type as it is."""
    if typing.get_origin(kind) in {Union, types.UnionType} and kind != NameOrPath:
        (kind,) = (each for each in typing.get_args(kind) if each is not type(None))
    return kind


class SectionReader:
    """Reads values by type; notes every problem, and where every value was written."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.problems: list[Problem] = []
        self.origins: dict[str, str] = {}
        self._unknown = 0

    def unknown(self, value: Value, known: Collection[str], prefix: str) -> None:
        """Note every key of a mapping that is not among ``known``."""
        for name, entry in _mapping(value).items():
            if prefix + name in FORMER_KEYS:
                self._wrong(entry, *moved(prefix + name))
            elif name not in known:
                self._unknown += 1  # what was meant takes a while to find
                todo = suggest(name, known) if self._unknown <= _MOST_SUGGESTED else ""
                self._wrong(entry, f"{prefix}{name}: unknown key", todo)

    def missing(self, value: Value, section: type, prefix: str) -> None:
        """Note every key that ``section`` must have and that nobody wrote."""
        entries = _mapping(value)
        for key in keys_of(section).values():
            written = entries.get(key.name, Value(data=None, where=value.where))
            if key.required and written.data is None and not _is_given(entries, key.unless):
                what = f"{prefix}{key.name}: this key is missing"
                self._wrong(written, what, f"write '{key.name}: ...'")

    def section(self, section: type, value: Value, prefix: str) -> dict[str, Any]:
        """The arguments to make ``section`` with. Keys that are unset or wrong are not there."""
        entries = _mapping(value)
        arguments: dict[str, Any] = {}
        for key in keys_of(section).values():
            if key.name in entries:
                self.origins[prefix + key.name] = entries[key.name].where
                for found in self._read(key.type, entries[key.name], prefix + key.name):
                    arguments[key.name] = found
        return arguments

    def _read(self, kind: Any, value: Value, key: str) -> list[object]:
        """In a list of one, what ``value`` means; nothing if it is unset or wrong."""
        if value.data is None:
            return []
        return (self._list if typing.get_origin(kind) is tuple else self._one)(kind, value, key)

    def _list(self, kind: Any, value: Value, key: str) -> list[object]:
        """In a list of one, the tuple; nothing if it or an item is wrong."""
        if not isinstance(value.data, tuple):
            todo = f"write [{value.raw}]" if value.raw else ""
            self._wrong(value, f"{key}: must be a list, not {shown(value)}", todo)
            return []
        item_kind = typing.get_args(kind)[0]
        found: list[object] = []
        for index, item in enumerate(value.data):
            if item.data is None:
                self._wrong(item, f"{key}[{index}]: is empty", "write a value, or take it out")
            else:
                found += self._one(item_kind, item, f"{key}[{index}]")
        # With an item left out, the others would no longer stand where their origins say.
        return [tuple(found)] if len(found) == len(value.data) else []

    def _one(self, kind: Any, value: Value, key: str) -> list[object]:
        """In a list of one, what ``value`` means; nothing if it is wrong."""
        self.origins[key] = value.where
        try:
            if dataclasses.is_dataclass(kind):
                return self._nested(typing.cast("type", kind), value, key)
            if typing.get_origin(kind) is Literal:
                return [_one_of(typing.get_args(kind), value)]
            return [READERS[kind](value, self.root)]
        except WrongValueError as wrong:
            self._wrong(value, f"{key}: {wrong.what}", wrong.todo)
            return []

    def _nested(self, kind: type, value: Value, key: str) -> list[object]:
        known = keys_of(kind)
        if not isinstance(value.data, Mapping):
            value = _spelled_out(value, known)
        if not isinstance(value.data, Mapping):
            raise WrongValueError(f"must be a mapping of keys, not {shown(value)}")
        self.unknown(value, known, f"{key}.")
        self.missing(value, kind, f"{key}.")
        arguments = self.section(kind, value, f"{key}.")
        return [kind(**arguments)] if complete(kind, arguments) else []

    def _wrong(self, value: Value, what: str, todo: str) -> None:
        self.problems.append(Problem(where=value.where, what=what, todo=todo))


def _spelled_out(value: Value, known: Mapping[str, Key]) -> Value:
    """What a value that is no mapping stands for: the key of the shorthand, if it fits."""
    for name, key in known.items():
        is_list = typing.get_origin(key.type) is tuple
        if key.shorthand and (is_list or not isinstance(value.data, tuple)):
            if is_list and not isinstance(value.data, tuple):
                value = Value(data=(value,), where=value.where, raw=value.raw)
            return Value(data={name: value}, where=value.where)
    return value


def complete(section: type, arguments: Collection[str]) -> bool:
    """Whether ``arguments`` has all that ``section`` must have."""
    keys = (key for key in keys_of(section).values() if key.required)
    return all(key.name in arguments or key.unless in arguments for key in keys)


def _is_given(entries: Mapping[str, Value], key: str) -> bool:
    return key in entries and entries[key].data is not None


def _mapping(value: Value) -> Mapping[str, Value]:
    """The entries of a value that is known to be a mapping."""
    assert isinstance(value.data, Mapping)  # noqa: S101
    return value.data


def _one_of(choices: tuple[str, ...], value: Value) -> str:
    if value.data not in choices:
        raise WrongValueError(f"cannot be {shown(value)}", f"it can be: {', '.join(choices)}")
    return str(value.data)
