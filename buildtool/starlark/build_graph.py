"""The targets of a tree under given conditions, and the files that they stand for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from buildtool.core.errors import ConfigError, Problem
from buildtool.starlark.build_values import Package, Target, absolute_label, build_file
from buildtool.starlark.closure import LIBRARY_KINDS, OPAQUE_KINDS, Closure, Walk
from buildtool.starlark.conditions import BuildConditions, ConditionSolver
from buildtool.starlark.evaluate import PackageEvaluator
from buildtool.starlark.graph_cache import PackageStore
from buildtool.starlark.protofiles import proto_headers

_PASSES = 3


class BuildGraph:
    """The targets of one tree under one set of conditions, evaluated when first asked for."""

    def __init__(self, tree: Path, conditions: BuildConditions, store: PackageStore) -> None:
        self.tree = tree
        self.conditions = conditions
        self._store = store
        self._solver = ConditionSolver(conditions, self._find_setting)
        self._evaluator = PackageEvaluator(tree, self._choose)
        self._packages: dict[str, Package] = {}
        self._files: dict[str, tuple[str, ...]] = {}
        self._owners: dict[str, dict[str, list[str]]] = {}
        # Packages whose conditions ask each other: those asked for a setting not yet met, those
        # that asked, and what came of these until the first ones are known.
        self._undecided: set[str] = set()
        self._doubtful: set[str] = set()
        self._provisional: dict[str, Package] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be evaluated so far: ``file:line: message``, sorted."""
        return tuple(sorted({note for item in self._packages.values() for note in item.notes}))

    def save(self) -> None:
        """Keep what was evaluated for the next run."""
        self._store.save()

    def package(self, name: str) -> Package:
        """Return the package ``name`` (``tensorflow/core``); without targets if it is none."""
        known = self._packages.get(name) or self._provisional.get(name)
        if known is not None:
            return known
        found = self._store.get(name)
        if found is None:
            found = self._evaluate(name)
            if name in self._doubtful:
                self._doubtful.discard(name)
                self._provisional[name] = found
                return found
            self._store.put(found)
        self._packages[name] = found
        return found

    def target(self, label: str) -> Target | None:
        """Return the target of a label of this tree, None where there is none."""
        if label.startswith("@"):
            return None
        package, _, name = absolute_label(label, "")[2:].partition(":")
        return self.package(package).targets.get(name)

    def filegroup(self, label: str) -> tuple[str, ...]:
        """Return the files of the tree that ``label`` stands for, through groups and aliases,
        sorted. Files that the build generates are not among them.

        Raises:
            ConfigError: no such target, and no such file.
        """
        files = self._expand(absolute_label(label, ""))
        real = tuple(path for path in files if (self.tree / path).is_file())
        if not real and self.target(label) is None:
            raise ConfigError(
                Problem(
                    where=label,
                    what="the tree's BUILD files have no such target",
                    todo="compare the name with this release's BUILD file",
                )
            )
        return real

    def closure(self, roots: Iterable[str]) -> Closure:
        """Follow the dependencies of ``roots``: labels, or paths, which stand for the libraries
        of the nearest package that own them.
        """
        return Walk(self).run(roots)

    def protos(self, paths: Iterable[str]) -> Mapping[str, str]:
        """Map each header made from a proto (``x.pb.h``, ``x.pb_text.h``) that the given files
        include, directly or through headers of the tree, to its ``.proto``; the protos that
        those import included.
        """
        return proto_headers(self.tree, paths)

    # ---------------------------------------------------------------- evaluation

    def _evaluate(self, name: str) -> Package:
        """Evaluate a package again while a ``select`` asked for what came later in it."""
        found = Package(name=name, targets={}, notes=(), inputs={})
        for _ in range(_PASSES):
            self._undecided.discard(name)
            self._provisional.clear()
            found = self._evaluator.evaluate(name, found.targets)
            if name not in self._undecided:
                break
        self._provisional.clear()
        return found

    def _choose(self, keys: Sequence[str]) -> int | None:
        return self._solver.choose(keys)

    def _find_setting(self, label: str) -> Target | None:
        if label.startswith("@"):
            return None
        package, _, name = label[2:].partition(":")
        declared = self._evaluator.declared(package)
        if declared is None:
            found = self.package(package)
            self._evaluator.add_inputs(found.inputs)
            return found.targets.get(name)
        if name not in declared:
            under_way = self._evaluator.under_way
            self._undecided.add(package)
            self._doubtful.update(under_way[under_way.index(package) + 1 :])
        return declared.get(name)

    # ---------------------------------------------------------------- files and owners

    def _expand(self, label: str) -> tuple[str, ...]:
        """Return the paths, generated ones included, that ``label`` stands for among sources."""
        if label not in self._files:
            self._files[label] = ()  # what a cycle sees
            self._files[label] = tuple(sorted(self._expand_new(label)))
        return self._files[label]

    def _expand_new(self, label: str) -> set[str]:
        if label.startswith("@"):
            return set()
        target = self.target(label)
        package, _, name = label[2:].partition(":")
        if target is None:
            return {f"{package}/{name}".lstrip("/")}
        if target.kind == "alias":
            return set(self._expand(target.actual))
        if target.kind in OPAQUE_KINDS or target.kind in LIBRARY_KINDS:
            return set()
        return {path for member in target.outs or target.srcs for path in self._expand(member)}

    def _packages_above(self, path: str) -> list[str]:
        folders = [parent.as_posix() for parent in Path(path).parents]
        names = ["" if folder == "." else folder for folder in folders]
        return [name for name in names if build_file(self.tree, name)]

    def _owner_index(self, package: str) -> dict[str, list[str]]:
        if package not in self._owners:
            index: dict[str, list[str]] = {}
            for target in self.package(package).targets.values():
                if target.kind in LIBRARY_KINDS and not target.testonly:
                    for path in sorted(self.sources(target) | self.headers(target)):
                        index.setdefault(path, []).append(target.label)
            self._owners[package] = index
        return self._owners[package]

    def nearest_owners(self, path: str) -> tuple[str, ...]:
        """Return the owners' labels in the nearest package that has any."""
        for package in self._packages_above(path):
            if labels := self._owner_index(package).get(path):
                return tuple(sorted(labels))
        return ()

    def sources(self, target: Target) -> set[str]:
        """Return all files among the target's sources, generated ones included."""
        return {path for label in target.srcs for path in self._expand(label)}

    def headers(self, target: Target) -> set[str]:
        """Return all files among the target's headers, generated ones included."""
        return {path for label in target.hdrs for path in self._expand(label)}
