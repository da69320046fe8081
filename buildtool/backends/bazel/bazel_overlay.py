"""The folder that Bazel works in: the user's tree by links, with a WORKSPACE that knows the SDK and
the NDK, the header that selects, and a BUILD file that names what is needed.

The user's ``.bazelrc``, ``.tf_configure.bazelrc`` and ``.bazelversion`` are the tree's own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from buildtool.backends.backend import Job
from buildtool.backends.bazel.groups import BUILD, KERNELS, find_flavour, trimmed_build, trims
from buildtool.backends.bazel.labels import PACKAGE
from buildtool.backends.bazel.linkopts import edited, expands_labels
from buildtool.backends.bazel.setup import Setup
from buildtool.backends.common.overlay import overlay
from buildtool.backends.fingerprint_object import fingerprint_source
from buildtool.core.errors import ConfigError, Problem
from buildtool.core.fingerprint import SYMBOL
from buildtool.core.plain_paths import is_plain
from buildtool.core.render import Renderer
from buildtool.core.values import BuildPlan
from buildtool.platforms.android_parts import PARTS
from buildtool.starlark.buildfiles import BuildConditions, BuildGraph, load_packages
from buildtool.tools.bazel.workspace_file import read_text

FOLDER = "bazel"
# Among the kernels' files, which Bazel links whole.
FINGERPRINT = f"{KERNELS}/{SYMBOL}.cc"
# Beside the header that includes it by this name (framework/selective_registration.h), and among
# the headers that BUILD files take by glob(): 1.0 to 2.2.
SELECTION = "tensorflow/core/framework/ops_to_register.h"
# Since 2.3 another header includes it, and BUILD files name each header: it gets into that one.
REGISTRATION = "tensorflow/core/framework/registration/registration.h"
INCLUDE = '#include "ops_to_register.h"\n'
MODULE_LOCK = "MODULE.bazel.lock"
# What a user's own builds leave in the tree.
LEFT_OVERS = ("bazel-*",)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where Bazel works (``folder``), and notes about it."""

    folder: Path
    notes: list[str]


def home_of(job: Job) -> Path:
    """The folder that Bazel works in and makes things in: one of the target's own. Bazel refuses
    paths that have a space, whatever links lead there (0.20.0); if the project is in such a folder,
    it is one in the cache.

    Raises:
        ConfigError: the cache is in such a folder, too.
    """
    own = job.folder / FOLDER
    if is_plain(own):
        return own
    place = job.cache.instead_of(own)
    shared = job.cache.folder(place.parent.name, place.name)
    if is_plain(shared):
        return shared
    raise ConfigError(
        Problem(
            where=str(own.resolve()),
            what="Bazel cannot work in a folder whose path has a space or the like, and the path "
            f"of the cache ({shared.resolve()}) has one, too",
            todo="move the project, or set BUILDTOOL_CACHE to another folder",
        )
    )


def read_graph(job: Job, conditions: BuildConditions) -> BuildGraph:
    """The tree's BUILD files, as for this build."""
    cache = job.cache.folder("buildfiles", job.tree.digest[:16])
    return load_packages(job.tree.path, conditions, cache)


def make_workspace(
    job: Job,
    plan: BuildPlan,
    setup: Setup,
    conditions: BuildConditions,
    learnt: Collection[str] = (),
) -> Place:
    """Make it, or bring it up to date; ``learnt`` are files that a link was found to lack.

    Raises:
        ConfigError: the tree's BUILD file cannot be trimmed; all reasons.
    """
    tree, folder = job.tree.path, home_of(job) / "tree"
    graph = read_graph(job, conditions)
    files, notes = {setup.edit.file: setup.edit.text}, list[str]()
    if job.target.registration == "selective":
        header = job.layout.generated / "ops_to_register.h"
        files |= _selection(tree, header.read_text(encoding="utf-8"))
    if trims(job.target):
        trimmed = trimmed_build(plan, graph, find_flavour(graph), learnt)
        files |= {BUILD: trimmed.text, FINGERPRINT: fingerprint_source(plan)}
        more = len(trimmed.added) - 1  # beside the fingerprint
        added = f", {more} added" if more else ""
        notes.append(
            f"of the tree's kernels for Android {len(trimmed.kept)} files are compiled and "
            f"{len(trimmed.dropped)} are not{added}"
        )
        notes += [f"the group {name} still has all that its glob() finds" for name in trimmed.globs]
    files |= dict(_linked(tree, setup))
    own = {name for name, label in setup.labels.items() if label.startswith(f"//{PACKAGE}:")}
    if own:
        files[f"{PACKAGE}/BUILD"] = Renderer(Path()).text(
            "bazel/BUILD.j2",
            name=PARTS["portable"].file,
            library=find_flavour(graph).whole,
        )
    lock = tree / MODULE_LOCK
    if lock.is_file():  # Bazel writes to it, so it is no link
        files[MODULE_LOCK] = read_text(lock, newline="")
    graph.save()
    hidden = [path.name for pattern in LEFT_OVERS for path in tree.glob(pattern)]
    overlay(tree, folder, files=files, links={}, hidden=hidden)
    return Place(folder=folder, notes=notes)


def _selection(tree: Path, header: str) -> dict[str, str]:
    """The file that selects, where this tree's own headers and BUILD files find it."""
    path = tree / REGISTRATION
    text = read_text(path) if path.is_file() else ""
    if INCLUDE in text:
        return {REGISTRATION: text.replace(INCLUDE, header)}
    return {SELECTION: header}


def _linked(tree: Path, setup: Setup) -> Iterator[tuple[str, str]]:
    """The BUILD files of the products, where their ``linkopts`` need mending."""
    locations = not expands_labels(setup.bazel.version)
    sonames = {each.file for each in PARTS.values() if each.kind == "library"}
    for package in sorted({label[2:].partition(":")[0] for label in setup.labels.values()}):
        path = tree / package / "BUILD"
        if path.is_file():
            text = read_text(path)
            changed = edited(text, path=str(path), locations=locations, sonames=sonames)
            if changed != text:
                yield f"{package}/BUILD", changed
