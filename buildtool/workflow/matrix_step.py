"""The step ``matrix``: what continuous integration does for which target, and what that needs."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.core.errors import Attempts
from buildtool.core.own_digest import tool_digest
from buildtool.core.render import to_json, write_if_changed
from buildtool.core.values import Toolchain
from buildtool.sources import local_tree
from buildtool.tools.helpers import GIT
from buildtool.workflow.locked_sources import locked_sources
from buildtool.workflow.workspace import Workspace

SCHEMA_VERSION = 1
FOLDER = "matrix"
# The host that the README names, as GitHub calls its runner, and as an image.
RUNNER, IMAGE = "ubuntu-24.04", "ubuntu:24.04"
# What GitLab's matrix has of a target: the values stand in the name of the job, which has 255
# characters at most.
GITLAB = ("target", "image", "sources", "compilers")
# In place of a toolchain that is not on this machine.
NO_TOOLCHAIN = "none"
_DIGITS = 16


@dataclass(frozen=True, kw_only=True)
class MatrixEntry:
    """One target. ``parts`` are the targets that have reports: itself, or its slices; ``packages``
    those of Debian, ``variables`` of the environment name folders of tools that no package has.

    The others are hashes for the keys of caches: of the ``sources`` that any model needs, of the
    ``models``, of the ``compilers``, and of the ``state`` of all that objects are compiled from."""

    target: str
    runner: str
    image: str
    parts: str
    packages: str
    variables: str
    sources: str
    models: str
    compilers: str
    state: str


def run_together(groups: Mapping[str, Sequence[Workspace]], folder: Path, *, named: bool) -> str:
    """Write the targets, each given with its slices, below ``folder``: as ``targets.json``, as
    GitHub's and as GitLab's matrix, and the packages and parts of all. Returns a line.

    Raises:
        BuildToolError: one that is ``named`` cannot be built, or none can; others are left out,
            which is told.
    """
    attempt, entries = Attempts(), []
    for name, works in groups.items():
        entry = attempt(functools.partial(_entry, name, works))
        if entry is not None:
            entries.append(entry)
        elif not named:
            works[0].say(f"left out: {name}: {attempt.failures[-1].problems[0].what}")
    if attempt.failures and (named or not entries):
        raise attempt.failure()
    values = [dataclasses.asdict(entry) for entry in entries]
    variables = [{name.upper(): value[name] for name in GITLAB} for value in values]
    job = {"build": {"extends": ".build", "parallel": {"matrix": variables}}}
    contents = {
        "targets.json": to_json({"schema_version": SCHEMA_VERSION, "targets": values}),
        "github.json": json.dumps({"include": values}) + "\n",
        "gitlab.yml": to_json(job),  # JSON is YAML
        "packages.txt": _words(each.packages for each in entries),
        "parts.txt": _words(each.parts for each in entries),
    }
    for name, content in contents.items():
        write_if_changed(folder / FOLDER / name, content)
    lacking = [each.target for each in entries if each.compilers == NO_TOOLCHAIN]
    told = f"; no compilers here for {', '.join(lacking)}: their keys say so" if lacking else ""
    where = (folder / FOLDER).relative_to(folder.parents[1] if named else folder.parent)
    count = f"{len(entries)} target{'s' * (len(entries) != 1)}"
    return f"{count} in {where}/github.json and gitlab.yml{told}"


def _entry(name: str, works: Sequence[Workspace]) -> MatrixEntry:
    """A target, with what all of its slices need together."""
    sources = sorted({line for work in works for line in _sources(work)})
    models = [line for work in works for line in _models(work)]
    wishes = [repr(work.target.canonical()) for work in works]
    variables = (name for work in works for name in work.platform.path_variables)
    return MatrixEntry(
        target=name,
        runner=RUNNER,
        image=IMAGE,
        parts=" ".join(work.target.id for work in works),
        packages=" ".join(sorted({package for work in works for package in _packages(work)})),
        variables=" ".join(dict.fromkeys(variables)),
        sources=_digest(sources),
        models=_digest(models),
        compilers=_toolchains(works),
        state=_digest([tool_digest(), *sources, *models, *wishes]),
    )


def _packages(work: Workspace) -> Iterator[str]:
    """The Debian packages of a target's programs, also of those that can be done without."""
    yield from work.abi.packages
    yield from work.backend.packages
    helpers = work.backend.helpers(work.target), work.product.maker(work.target).helpers(), (GIT,)
    yield from (each.package for own in helpers for each in own if each.package)


def _sources(work: Workspace) -> Iterator[str]:
    """The sources of a target, each with the hash of its files."""
    if isinstance(work.target.tensorflow, Path):
        yield f"tree {local_tree(work.target.tensorflow).digest}"
    yield from (f"{each.name} {each.tree}" for each in locked_sources(work))


def _toolchains(works: Sequence[Workspace]) -> str:
    """What decides the bytes of objects besides sources and flags, of all slices; nothing is
    fetched for it."""
    attempt, found = Attempts(), []
    for work in works:
        toolchain = attempt(functools.partial(_toolchain, work))
        found.append(toolchain.identity if toolchain else NO_TOOLCHAIN)
    return NO_TOOLCHAIN if attempt.failures else _digest(found)


def _toolchain(work: Workspace) -> Toolchain:
    return dataclasses.replace(work, offline=True).toolchain


def _models(work: Workspace) -> Iterator[str]:
    """The bytes of the models' files."""
    for model in work.target.models:
        inside = sorted(model.path.rglob("*")) if model.path.is_dir() else [model.path]
        for path in (path for path in inside if path.is_file()):
            yield hashlib.sha256(path.read_bytes()).hexdigest()


def _words(texts: Iterable[str]) -> str:
    """All words of these, one a line."""
    return "".join(
        f"{word}\n" for word in sorted({word for text in texts for word in text.split()})
    )


def _digest(lines: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:_DIGITS]
