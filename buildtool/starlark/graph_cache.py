"""Keeps evaluated packages on disk, valid for as long as everything that was read is unchanged.

One JSON file holds the packages of one set of conditions. A package is taken from it only if each
BUILD and .bzl file that its evaluation read, and each folder listing that its globs used, still
has the same SHA-256.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from buildtool.core.own_files import load_kept
from buildtool.starlark.build_values import Package, Target
from buildtool.starlark.conditions import BuildConditions
from buildtool.starlark.globbing import Listing
from buildtool.starlark.prelude import prelude_source

FORMAT = 1


class PackageStore:
    """The packages of ``tree`` known from earlier runs. ``folder`` None keeps nothing."""

    def __init__(self, tree: Path, conditions: BuildConditions, folder: Path | None) -> None:
        self._tree = tree
        place = str(tree.resolve())
        key = json.dumps([FORMAT, place, dataclasses.asdict(conditions), prelude_source()])
        name = f"buildfiles-{hashlib.sha256(key.encode()).hexdigest()[:16]}.json"
        self._path = folder / name if folder else None
        self._digests: dict[str, str] = {}
        self._changed = False

    @functools.cached_property
    def _packages(self) -> dict[str, Any]:
        return _read(self._path) if self._path else {}

    def get(self, name: str) -> Package | None:
        """Return the stored package if its inputs are what they were."""
        stored = self._packages.get(name)
        return load_kept(lambda: self._package(name, stored)) if stored is not None else None

    def _package(self, name: str, stored: Any) -> Package | None:
        if not self._fresh(stored["inputs"]):
            return None
        targets = {key: _target(value) for key, value in stored["targets"].items()}
        notes = tuple(stored["notes"])
        return Package(name=name, targets=targets, notes=notes, inputs=stored["inputs"])

    def put(self, package: Package) -> None:
        """Remember ``package``; :meth:`save` writes it."""
        self._packages[package.name] = {
            "inputs": dict(package.inputs),
            "notes": list(package.notes),
            "targets": {key: _stored(value) for key, value in package.targets.items()},
        }
        self._changed = True

    def save(self) -> None:
        """Write what is new, whole or not at all."""
        if self._path is None or not self._changed:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", dir=self._path.parent, suffix=".tmp", delete=False, encoding="utf-8"
        ) as file:
            json.dump({"packages": self._packages}, file, sort_keys=True)
        os.replace(file.name, self._path)  # noqa: PTH105
        self._changed = False

    def _fresh(self, inputs: Mapping[str, str]) -> bool:
        return all(self._digest(path) == digest for path, digest in inputs.items())

    def _digest(self, path: str) -> str:
        if path not in self._digests:
            self._digests[path] = _digest(self._tree, path)
        return self._digests[path]


def _digest(tree: Path, path: str) -> str:
    """Digest an input as :class:`Package` names it; "" for a file that is gone."""
    folder, _, last = path.rpartition("/")
    if last in {"*", "**"}:
        return Listing(tree / folder).digest(deep=last == "**")
    try:
        return hashlib.sha256((tree / path).read_bytes()).hexdigest()
    except OSError:
        return ""


def _read(path: Path) -> dict[str, Any]:
    """Read a store; one that is missing or damaged counts as empty."""
    try:
        packages = json.loads(path.read_text(encoding="utf-8"))["packages"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return packages if isinstance(packages, dict) else {}


_FIELDS = tuple(field.name for field in dataclasses.fields(Target))


def _stored(target: Target) -> dict[str, Any]:
    values = {name: getattr(target, name) for name in _FIELDS}
    return {name: value for name, value in values.items() if value}


def _target(stored: dict[str, Any]) -> Target:
    lists = {name: tuple(value) for name, value in stored.items() if isinstance(value, list)}
    return Target(**{**stored, **lists})
