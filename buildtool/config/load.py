"""A folder of target files to targets: read, merge with parents, resolve, check.

All mistakes in all files are reported together, in one :class:`ConfigError`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from buildtool.config.layers import Layers, merged, not_a_target
from buildtool.config.nodes import Value
from buildtool.config.overrides import Overrides, overridden
from buildtool.config.reader import SectionReader, complete, keys_of
from buildtool.config.slices import slice_problems, slice_targets
from buildtool.config.target import SCHEMA_VERSION, DraftTarget, Target
from buildtool.config.target_checks import contradictions, missing_files
from buildtool.config.target_files import TargetFile, find_files, read_mapping
from buildtool.config.unread import unread_by_all
from buildtool.core.errors import ConfigError, Problem
from buildtool.core.paths import TARGETS
from buildtool.core.suggest import did_you_mean

Check = Callable[[Target], Iterable[Problem]]

# Before the id of a target that comes with this tool; and what it says of the sample model alone.
SHIPPED = "buildtool/"
OF_THE_SAMPLE = ("models", "size_budget", "description")


def load_targets(
    folder: Path,
    *,
    overrides: Overrides = Overrides(),  # noqa: B008  (frozen)
    checks: Sequence[Check] = (missing_files,),
    only: Collection[str] = (),
) -> Mapping[str, Target]:
    """All targets of ``folder`` and of the folders in it, sorted by id, and those of the slices
    that they have; ``defaults.yaml`` and ``local.yaml`` in it are about all of them. Paths start at
    the folder's parent. A target may extend ``buildtool/pi``: the target ``pi`` that comes
    with this tool, without what that says of its sample model.

    ``checks`` run on every target, as the command line changed it, that can be made at all; what
    they find is reported together with what is wrong in the files. Of all files but those of the
    targets that ``only`` names, if any, of those that these extend, and of those that are about all
    targets, nothing is read.

    Raises:
        ConfigError: everything that is wrong, in the order of files and lines.
    """
    loader = _Loader(folder)
    if only:
        loader.problems[:] = loader.layers.problems
    names = [name for name in loader.files if not only or _is_named(name, only)]
    targets = [loader.resolve(name, overrides, checks) for name in names]
    if not targets:
        loader.note(folder.name, "there is no target file in this folder", "add one, <id>.yaml")
    readable = [target for target in targets if target]
    if len(readable) == len(loader.files):  # one that cannot be made may be the one that reads them
        loader.problems += unread_by_all(readable)
        loader.problems += loader.layers.unread()
    loader.finish()
    found = {each.id: each for target in targets if target for each in _with_slices(target)}
    return MappingProxyType(dict(sorted(found.items())))


def _is_named(name: str, targets: Collection[str]) -> bool:
    """Whether one of the targets is that of the file ``name``, or may be a slice of it."""
    return any(target == name or target.startswith(f"{name}-") for target in targets)


class _Loader:
    """Reads the files of one folder, each at most once, and collects all problems."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder.absolute().parent
        self.problems: list[Problem] = []
        self.drafts: dict[str, DraftTarget | None] = {}
        self.files = self._files()
        self.shipped = _shipped()
        self.layers = Layers(folder, ids=self.files)
        self.problems += self.layers.problems

    def note(self, where: str, what: str, todo: str) -> None:
        self.problems.append(Problem(where=where, what=what, todo=todo))

    def finish(self) -> None:
        """Raise if there are problems, each said once, by file and line."""
        if self.problems:
            raise ConfigError(sorted(dict.fromkeys(self.problems), key=_file_and_line))

    def resolve(self, name: str, overrides: Overrides, checks: Sequence[Check]) -> Target | None:
        """The target, merged and checked; None, with problems noted, if it cannot be made."""
        target = self._target(name)
        if target is None:
            return None
        target = overridden(target, overrides)
        files = {*self.layers.files, *(draft.file for draft in self._lineage(name))}
        # A misspelt or wrong value is reason enough for contradictions that follow from it.
        if not any(problem.where.rpartition(":")[0] in files for problem in self.problems):
            self.problems += contradictions(target)
            self.problems += slice_problems(target)
        for each in _with_slices(target):
            if each is not target and each.id in self.files:
                other = self.files[each.id].shown
                what = f"the slice {each.abi} would be called '{each.id}', as {other} is"
                self.note(each.where("abi"), what, "rename the file")
            for check in checks:
                self.problems += check(each)
        return target

    def _files(self) -> Mapping[str, TargetFile]:
        """The target files by id, sorted."""
        found: dict[str, TargetFile] = {}
        files, problems = find_files(self.folder)
        self.problems += problems
        for file in files:
            if file.id in found:
                what = f"the id '{file.id}' is that of {found[file.id].shown}, too"
                self.note(file.shown, what, "rename one of the two files")
            found.setdefault(file.id, file)
        return dict(sorted(found.items()))

    def _draft(self, name: str) -> DraftTarget | None:
        """The file of a target, as written; None, with problems noted, if it cannot be read. The
        name of one that comes with this tool begins with :data:`SHIPPED`."""
        if name not in self.drafts:
            self.drafts[name] = self._read(name)
        return self.drafts[name]

    def _read(self, name: str) -> DraftTarget | None:
        file = self.shipped.get(name) or self.files[name]
        written, problems = read_mapping(file.path, file.shown)
        self.problems += problems
        return None if written is None else self._split(name, file.shown, written)

    def _split(self, name: str, file: str, written: Value) -> DraftTarget | None:
        """What the file says of itself, apart from what it says of the target."""
        reader = SectionReader(self.root)
        own = keys_of(DraftTarget)
        header = reader.section(DraftTarget, written, "")
        version = header.get("schema_version", SCHEMA_VERSION)
        if version != SCHEMA_VERSION:
            what = f"schema_version: this tool reads version {SCHEMA_VERSION}, not {version}"
            self.note(reader.origins["schema_version"], what, "use the tool this was written for")
            return None
        left_out = OF_THE_SAMPLE if name in self.shipped else ()
        current = {key: each for key, each in _entries(written).items() if key not in left_out}
        reader.unknown(Value(data=current, where=written.where), [*own, *keys_of(Target)], "")
        self.problems += reader.problems
        entries = {key: value for key, value in current.items() if key not in own}
        settings = Value(data=entries, where=written.where)
        return DraftTarget(id=name, file=file, settings=settings, origins=reader.origins, **header)

    def _lineage(self, name: str) -> list[DraftTarget]:
        """The target and its parents, oldest last; empty, with problems noted, if that fails."""
        chain: list[DraftTarget] = []
        parent: str | None = name
        while parent is not None:
            if parent in (ids := [draft.id for draft in chain]):
                self._cycle(ids[ids.index(parent) :])
                return []
            if parent not in self.files and parent not in self.shipped:
                what = f"extends: there is no target '{parent}' in {self.folder.name}/"
                self.note(chain[-1].origins["extends"], what, self._other_parent(parent))
                return []
            draft = self._draft(parent)
            if draft is None:
                return []
            chain.append(draft)
            parent = draft.extends
            if parent is not None and draft.id in self.shipped:
                parent = f"{SHIPPED}{parent}"
        return chain

    def _other_parent(self, name: str) -> str:
        if (shipped := f"{SHIPPED}{name}") in self.shipped:
            return f"that which comes with this tool is called '{shipped}'"
        near = did_you_mean(name, (*self.files, *self.shipped)).removeprefix("; ")
        own = ", ".join(self.files)
        return near or f"it can be: {own}; or {SHIPPED}NAME, for a target that comes with this tool"

    def _cycle(self, ids: list[str]) -> None:
        """Note a circle of parents, the same way from wherever it is met."""
        start = ids.index(min(ids))
        first = self.drafts[ids[start]]
        assert first is not None  # noqa: S101  (it is part of the circle)
        way = " -> ".join([*ids[start:], *ids[:start], ids[start]])
        what = f"extends: this goes round in a circle: {way}"
        self.note(first.origins["extends"], what, "take one 'extends' of these out")

    def _target(self, name: str) -> Target | None:
        """The target as its file and parents say; None, with problems noted, if that fails."""
        chain = self._lineage(name)
        draft = self._draft(name)
        if draft is None:
            return None
        # What a team says for all its targets is nearer to them than what comes with this tool.
        shipped = [each.settings for each in reversed(chain) if each.id in self.shipped]
        own = [each.settings for each in reversed(chain or [draft]) if each.id not in self.shipped]
        written = functools.reduce(merged, [*shipped, *own])
        defaults, local = self.layers.of(name, written)
        values = functools.reduce(merged, [*shipped, *defaults, *own])
        for layer in local:
            values = merged(values, layer, keep_places=True)
        merged_values = Value(data=values.data, where=draft.settings.where)
        reader = SectionReader(self.root)
        reader.origins[""] = draft.file
        arguments: dict[str, Any] = reader.section(Target, merged_values, "")
        if chain:
            reader.missing(merged_values, Target, "")
        self.problems += reader.problems
        if not chain or not complete(Target, arguments):
            return None
        origins = MappingProxyType(reader.origins)
        return Target(id=name, root=self.root, origins=origins, **arguments)


def _shipped() -> dict[str, TargetFile]:
    """The targets that come with this tool, by the names under which others extend them."""
    paths = sorted(path for path in TARGETS.glob("*.yaml") if not not_a_target(path))
    return {
        f"{SHIPPED}{path.stem}": TargetFile(path=path, shown=f"{SHIPPED}{TARGETS.name}/{path.name}")
        for path in paths
    }


def _with_slices(target: Target) -> tuple[Target, ...]:
    return (target, *slice_targets(target))


def _entries(value: Value) -> Mapping[str, Value]:
    assert isinstance(value.data, Mapping)  # noqa: S101  (a file's root is a mapping)
    return value.data


def _file_and_line(problem: Problem) -> tuple[str, int]:
    file, _, line = problem.where.rpartition(":")
    return (file, int(line)) if line.isdigit() else (problem.where, 0)
