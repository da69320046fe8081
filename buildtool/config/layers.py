"""What is said about all targets of a folder: ``defaults.yaml``, which stands with them in the
repository, and ``local.yaml``, which is one machine's alone.

Defaults lie between what a target says itself and what it extends of this tool's own. What is local
lies above both; as it is in no repository, it may hold only keys that decide nothing about the
result, and places of tools.
"""

from __future__ import annotations

import dataclasses
import os
import typing
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from buildtool.config.nodes import Value
from buildtool.config.reader import Key, SectionReader, keys_of
from buildtool.config.target import SCHEMA_VERSION, DraftTarget, Target
from buildtool.config.target_files import DEFAULTS, LOCAL, read_mapping
from buildtool.config.unread import AUTO, READ_BY
from buildtool.core.errors import Problem
from buildtool.core.suggest import suggest

# A file to read in place of ``local.yaml``; an empty value is none at all.
LOCAL_VARIABLE = "BUILDTOOL_LOCAL"
# The mapping in it from ids to what is for one target alone.
OF_TARGETS = "targets"
_VERSION = "schema_version"
# What one target is, which no two have in common.
OF_ONE_TARGET = ("extends", "description", "platform", "abi", "slices")


def not_a_target(path: Path) -> bool:
    """Whether a file is one of those that are about all targets."""
    return path.name in {DEFAULTS, LOCAL}


def machine_keys() -> tuple[str, ...]:
    """The keys that ``local.yaml`` may have, as messages name them: ``android.sdk``."""
    return tuple(_machine_keys(Target, ""))


def _machine_keys(section: type, prefix: str) -> Iterator[str]:
    for name, key in keys_of(section).items():
        if key.machine:
            yield prefix + name
        elif dataclasses.is_dataclass(key.type) and not prefix:
            yield from _machine_keys(typing.cast("type", key.type), f"{name}.")


class Layers:
    """The two files of a folder of targets, each of which may be missing. ``problems`` is all that
    is wrong in them."""

    def __init__(self, folder: Path, *, ids: Collection[str]) -> None:
        self.problems: list[Problem] = []
        self.files: list[str] = []
        self._root = folder.absolute().parent
        self._taken: set[str] = set()
        self._defaults = self._read(folder / DEFAULTS, f"{folder.name}/{DEFAULTS}")
        self._locals: dict[str, Value] = {}
        named = os.environ.get(LOCAL_VARIABLE)
        where = self._root / os.path.expanduser(named) if named else folder / LOCAL  # noqa: PTH111  (raises)
        local = None
        if named != "":
            shown = named or f"{folder.name}/{LOCAL}"
            local = self._read(where, shown, must_be_there=bool(named))
        self._local = self._split(local, ids) if local else None
        if self._defaults:
            self._check_defaults(self._defaults)

    def of(self, name: str, written: Value) -> tuple[list[Value], list[Value]]:
        """The defaults and the local values for a target, which says ``written`` itself. Sections
        that its platform or its backend does not read are not among them."""
        defaults = [self._read_by(self._defaults, written)] if self._defaults else []
        local = [each for each in (self._local, self._locals.get(name)) if each]
        return defaults, [self._read_by(each, written) for each in local]

    def unread(self) -> Iterator[Problem]:
        """Sections of the defaults that were for none of the targets. What is true of a machine may
        be true for nothing."""
        for name, value in _entries(self._defaults).items() if self._defaults else ():
            if name in READ_BY and name not in self._taken:
                what = f"{name}: only the {READ_BY[name]} {name!r} reads these keys, and no target"
                yield _wrong(value, f"{what} is for it", "take them out")

    def _read_by(self, layer: Value, written: Value) -> Value:
        own = _entries(written)
        kept = {}
        for name, value in _entries(layer).items():
            chosen = own.get(READ_BY.get(name, ""))
            is_auto = READ_BY.get(name) == "backend" and (chosen is None or chosen.data == AUTO)
            if name not in READ_BY or is_auto or (chosen is not None and chosen.data == name):
                kept[name] = value
                self._taken.add(name)
        return Value(data=kept, where=layer.where)

    def _read(self, path: Path, shown: str, *, must_be_there: bool = False) -> Value | None:
        if not must_be_there and not os.path.lexists(path):
            return None
        self.files.append(shown)
        value, problems = read_mapping(path, shown, may_be_empty=True)
        self.problems += problems
        if value is None:
            return None
        entries = dict(_entries(value))
        version = entries.pop(_VERSION, None)
        if version is not None and version.data not in {None, SCHEMA_VERSION}:
            what = f"{_VERSION}: this tool reads version {SCHEMA_VERSION}, not {version.raw}"
            self.problems.append(_wrong(version, what, "use the tool this was written for"))
            return None
        return Value(data=entries, where=value.where)

    def _check_defaults(self, value: Value) -> None:
        entries = _entries(value)
        for name in OF_ONE_TARGET:
            if name in entries:
                what = f"{name}: this is said by each target for itself, not by the defaults of all"
                todo = "write it into the target's own file, or into one that others extend"
                self.problems.append(_wrong(entries[name], what, todo))
        known = [name for name in keys_of(Target) if name not in OF_ONE_TARGET]
        self._check(value, [_VERSION, *known], passed=OF_ONE_TARGET)

    def _split(self, value: Value, ids: Collection[str]) -> Value:
        """What a local file says for all targets; what it says for some is kept by their ids."""
        entries = dict(_entries(value))
        targets = entries.pop(OF_TARGETS, None)
        for_all = Value(data=entries, where=value.where)
        self._check_local(for_all, OF_TARGETS)
        if targets is None or targets.data is None:
            return for_all
        if not isinstance(targets.data, Mapping):
            what = f"{OF_TARGETS}: must be a mapping from ids to keys"
            self.problems.append(_wrong(targets, what, f"such as '{OF_TARGETS}: {{pi: {{}}}}'"))
            return for_all
        for name, each in targets.data.items():
            if name not in ids:
                what = f"{OF_TARGETS}.{name}: there is no such target"
                self.problems.append(_wrong(each, what, suggest(name, ids)))
            elif isinstance(each.data, Mapping):
                self._locals[name] = each
                self._check_local(each)
            elif each.data is not None:
                what = f"{OF_TARGETS}.{name}: must be a mapping of keys"
                self.problems.append(_wrong(each, what, "such as '{run: {host: pi@board}}'"))
        return for_all

    def _check_local(self, value: Value, *more: str) -> None:
        """Note the keys that are not one machine's."""
        refused = list(_not_machines(value, keys_of(Target), ""))
        refused += [
            (name, entry) for name, entry in _entries(value).items() if name in keys_of(DraftTarget)
        ]
        for name, entry in refused:
            what = f"{name}: it has to do with what is built, and this file is one machine's alone"
            todo = f"write it into a target, or into {DEFAULTS} for all of them"
            self.problems.append(_wrong(entry, what, todo))
        known = [*dict.fromkeys(name.partition(".")[0] for name in machine_keys()), *more]
        self._check(value, [_VERSION, *known], passed=[*keys_of(DraftTarget), *keys_of(Target)])

    def _check(self, value: Value, known: Collection[str], *, passed: Collection[str]) -> None:
        """Note unknown keys, and values that their keys cannot take. What is ``passed`` is said
        already."""
        reader = SectionReader(self._root)
        new = {
            name: each
            for name, each in _entries(value).items()
            if name not in passed or name in known
        }
        reader.unknown(Value(data=new, where=value.where), known, "")
        reader.section(Target, value, "")
        self.problems += reader.problems


def _not_machines(
    value: Value, keys: Mapping[str, Key], prefix: str
) -> Iterator[tuple[str, Value]]:
    """The keys of a mapping that are not one machine's, and those of its sections."""
    for name, entry in _entries(value).items():
        key = keys.get(name)
        if key is None or key.machine:
            continue
        inner: Any = key.type
        if not prefix and dataclasses.is_dataclass(inner) and isinstance(entry.data, Mapping):
            yield from _not_machines(entry, keys_of(typing.cast("type", inner)), f"{name}.")
        else:
            yield prefix + name, entry


def merged(parent: Value, child: Value, *, keep_places: bool = False) -> Value:
    """The child's value over the parent's: mappings merge key by key, all else is replaced. A
    mapping stands where the child has it, or where the parent does with ``keep_places``."""
    if not isinstance(parent.data, Mapping) or not isinstance(child.data, Mapping):
        return child
    entries = {
        key: merged(value, child.data[key], keep_places=keep_places) if key in child.data else value
        for key, value in parent.data.items()
    }
    where = parent.where if keep_places else child.where
    return Value(data={**child.data, **entries}, where=where)


def _wrong(value: Value, what: str, todo: str) -> Problem:
    return Problem(where=value.where, what=what, todo=todo)


def _entries(value: Value) -> Mapping[str, Value]:
    assert isinstance(value.data, Mapping)  # noqa: S101  (it was read as a mapping)
    return value.data
