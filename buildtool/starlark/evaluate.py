"""Evaluates one package's BUILD file, with the .bzl files of the same tree that it loads.

The tree's own macros run as they are; only the rules at the bottom are replaced (see
``preludes/build_rules.bzl``). Where a top-level statement cannot be evaluated, it is left out, a
note with file and line is kept, and the file is evaluated again without it: one odd statement must
not hide the hundreds of targets around it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import starlark

from buildtool.starlark.build_values import (
    Package,
    Target,
    absolute_label,
    build_file,
    make_target,
)
from buildtool.starlark.globbing import BUILD_NAMES, Listing
from buildtool.starlark.prelude import (
    PRELUDE,
    prelude_names,
    prelude_source,
    stub_source,
)

MAX_DROPPED = 40

_OLD_CONSTANT = re.compile(r"\b(?:PACKAGE|REPOSITORY)_NAME\b")
_WORD = re.compile(r"\w+")


@dataclass(kw_only=True)
class _Frame:
    """What is known of the package that is being evaluated."""

    package: str
    known: Mapping[str, Target] = field(default_factory=dict)
    targets: dict[str, Target] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    inputs: dict[str, str] = field(default_factory=dict)


def _dialect() -> starlark.Dialect:
    dialect = starlark.Dialect.standard()
    dialect.enable_keyword_only_arguments = True
    return dialect


_DIALECT = _dialect()


class PackageEvaluator:
    """Evaluates packages of one tree. ``choose`` picks the branch of a ``select``: given the
    complete labels of the branches, it returns the index of the one that applies.
    """

    def __init__(self, tree: Path, choose: Callable[[Sequence[str]], int | None]) -> None:
        self._tree = tree
        self._choose = choose
        self._frames: list[_Frame] = []
        self._modules: dict[str, starlark.FrozenModule] = {}
        self._module_inputs: dict[str, dict[str, str]] = {}
        self._module_notes: dict[str, list[str]] = {}
        self._listings: dict[str, Listing] = {}
        self._names = prelude_names()
        self._globals = starlark.Globals.extended_by([starlark.LibraryExtension.StructType])
        self._modules[PRELUDE] = self._make_prelude()

    def evaluate(self, package: str, known: Mapping[str, Target]) -> Package:
        """Evaluate the BUILD file of ``package``. ``known`` are its targets from an earlier pass,
        for a ``select`` that stands before the setting it asks for.
        """
        path = build_file(self._tree, package)
        if path is None:
            notes = (f"{package}: no BUILD file",)
            gone = {f"{package}/{name}": "" for name in BUILD_NAMES}
            return Package(name=package, targets={}, notes=notes, inputs=gone)
        frame = _Frame(package=package, known=known)
        self._frames.append(frame)
        try:
            self._run_file(path.relative_to(self._tree).as_posix(), frame)
        finally:
            self._frames.pop()
        return Package(
            name=package,
            targets=dict(sorted(frame.targets.items())),
            notes=tuple(frame.notes),
            inputs=dict(sorted(frame.inputs.items())),
        )

    @property
    def under_way(self) -> list[str]:
        """The packages under evaluation, each asked for by the one before it."""
        return [frame.package for frame in self._frames]

    def declared(self, package: str) -> Mapping[str, Target] | None:
        """Return the targets declared so far of a package under evaluation, else None."""
        for frame in self._frames:
            if frame.package == package:
                return {**frame.known, **frame.targets}
        return None

    def add_inputs(self, inputs: Mapping[str, str]) -> None:
        """Record that the package under evaluation depends on these inputs too."""
        if self._frames:
            self._frames[-1].inputs.update(inputs)

    # ---------------------------------------------------------------- files and loads

    def _run_file(self, path: str, frame: _Frame) -> starlark.Module:
        """Evaluate a file, leaving out the statements that fail."""
        text = self._read(path, frame.inputs)
        for _ in range(MAX_DROPPED):
            frame.targets.clear()
            try:
                return self._run_text(path, text, frame)
            except starlark.StarlarkError as error:
                line, message = _locate(str(error), path)
                frame.notes.append(f"{path}:{line}: {message}")
                text = drop_statement(text, line)
        frame.notes.append(f"{path}: given up after {MAX_DROPPED} statements")
        return starlark.Module()

    def _run_text(self, path: str, text: str, frame: _Frame) -> starlark.Module:
        wanted = sorted(self._names.intersection(_WORD.findall(text)))
        names = "".join(f', "{name}"' for name in wanted)
        prefix = f'load("{PRELUDE}"{names})\n' if wanted else "\n"
        tree = starlark.parse(path, prefix + text, _DIALECT)
        symbols: dict[str, set[str]] = {}
        for load in tree.loads():
            symbols.setdefault(load.module_id, set()).update(load.symbols.values())
        module = starlark.Module()
        loader = starlark.FileLoader(lambda name: self._load(name, symbols[name], path, frame))
        starlark.eval(module, tree, self._globals, loader)
        return module

    def _load(
        self, name: str, symbols: set[str], loader: str, frame: _Frame
    ) -> starlark.FrozenModule:
        if name == PRELUDE:
            return self._modules[PRELUDE]
        folder, _, base = absolute_label(name, loader.rpartition("/")[0]).partition(":")
        path = f"{folder.removeprefix('//')}/{base}".removeprefix("/")
        if folder.startswith("@") or not (self._tree / path).is_file():
            return self._stand_in(name, symbols)
        if path not in self._modules:
            own = _Frame(package=frame.package)
            self._modules[path] = self._run_file(path, own).freeze()
            self._module_inputs[path] = own.inputs
            self._module_notes[path] = own.notes
        frame.inputs.update(self._module_inputs[path])
        frame.notes += [note for note in self._module_notes[path] if note not in frame.notes]
        return self._modules[path]

    def _stand_in(self, name: str, symbols: set[str]) -> starlark.FrozenModule:
        module = starlark.Module()
        tree = starlark.parse(name, stub_source(symbols), _DIALECT)
        prelude = starlark.FileLoader(lambda _: self._modules[PRELUDE])
        starlark.eval(module, tree, self._globals, prelude)
        return module.freeze()

    def _read(self, path: str, inputs: dict[str, str]) -> str:
        data = (self._tree / path).read_bytes()
        inputs[path] = hashlib.sha256(data).hexdigest()
        # Old trees write PACKAGE_NAME for package_name().
        text = data.decode("utf-8", "replace")
        return _OLD_CONSTANT.sub(lambda found: f"{found[0].lower()}()", text)

    # ---------------------------------------------------------------- what the prelude calls

    def _make_prelude(self) -> starlark.FrozenModule:
        module = starlark.Module()
        for name, call in (
            ("_declare", self._declare),
            ("_choose", self._choose_branch),
            ("_glob", self._glob),
            ("_package_name", lambda: self._frames[-1].package),
            ("_existing_rules", self._existing_rules),
        ):
            module.add_callable(name, call)
        tree = starlark.parse(PRELUDE, prelude_source(), _DIALECT)
        starlark.eval(module, tree, self._globals)
        return module.freeze()

    def _declare(self, kind: str, attrs: dict[str, Any]) -> None:
        frame = self._frames[-1]
        name = attrs.pop("name", None)
        if isinstance(name, str):
            frame.targets[name] = make_target(kind, name, attrs, frame.package)

    def _choose_branch(self, keys: list[str]) -> int | None:
        package = self._frames[-1].package
        return self._choose([absolute_label(key, package) for key in keys])

    def _existing_rules(self) -> dict[str, Any]:
        targets = self._frames[-1].targets
        empty: dict[str, Any] = {"data": [], "srcs": [], "tags": []}
        return {name: {**empty, "name": name, "kind": targets[name].kind} for name in targets}

    def _glob(self, include: list[str], exclude: list[str]) -> list[str]:
        frame = self._frames[-1]
        deep = any("/" in glob for glob in include)
        listing = self._listings.get(frame.package)
        if listing is None:
            listing = self._listings[frame.package] = Listing(self._tree / frame.package)
        key = listing_key(frame.package, deep=deep)
        if key not in frame.inputs:
            frame.inputs[key] = listing.digest(deep=deep)
        return listing.glob(include, exclude, deep=deep)


def listing_key(package: str, *, deep: bool) -> str:
    """Name the listing of a package's files among a package's inputs."""
    return f"{package}/**" if deep else f"{package}/*"


def _locate(error: str, path: str) -> tuple[int, str]:
    """Find the line of ``path`` (as the user sees it) that an error came from, and its message."""
    place = re.compile(rf"(?:\* |--> ){re.escape(path)}:(\d+)")
    lines = [int(number) for number in place.findall(error)]
    message = re.findall(r"^error: (.*)", error, re.MULTILINE)
    return (lines[0] if lines else 2) - 1, (message[-1] if message else error.splitlines()[-1])


_STATEMENT = re.compile(r"[^\s#)\]}]")


def drop_statement(text: str, line: int) -> str:
    """Blank the top-level statement around ``line`` (counted from 1), keeping all line numbers."""
    lines = text.split("\n")
    first = min(max(line, 1), len(lines)) - 1
    while first > 0 and not _STATEMENT.match(lines[first]):
        first -= 1
    last = first + 1
    while last < len(lines) and not _STATEMENT.match(lines[last]):
        last += 1
    return "\n".join([*lines[:first], *[""] * (last - first), *lines[last:]])
