"""The doit tasks. Only this module and ``reporter`` know doit; it holds no logic of its own.

``doit list`` loads target files and nothing else: trees are scanned and tools are started inside
the actions, whose module is imported there.
"""

from __future__ import annotations

import functools
import os
import shutil
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from doit import doit_cmd, get_initial_workdir
from doit.exceptions import InvalidDodoFile

from buildtool.cli.database import usable
from buildtool.cli.locks import lock_targets
from buildtool.cli.reporter import Failure, StepReporter
from buildtool.cli.stamps import Unchanged, stamp
from buildtool.cli.words import unknown_words
from buildtool.config import (
    Overrides,
    Target,
    load_targets,
    missing_files,
    parse_overrides,
    slice_targets,
)
from buildtool.core.errors import BuildToolError, ConfigError, ExitCode, Problem, disk_problem
from buildtool.core.paths import PROJECT, TARGETS
from buildtool.platforms import find_abi, find_platform
from buildtool.products.artefacts import ARTEFACTS
from buildtool.sources.cache import Cache
from buildtool.tools.android import android_sdk as sdk
from buildtool.tools.android import ndk

BUILD = Path("build")
DATABASE = PROJECT / ".doit.db"

Task = dict[str, Any]

# What a step reads and writes, below build/<target id>/, and what it does in a few words; names in
# braces stand for files of the platform's artefact.
STEPS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "plan": ((), ("plan.json", "models.json"), "decide what is built, and why"),
    "generate": (
        ("plan.json",),
        ("generated/manifest.json", "{flags}"),
        "write headers, flags, project",
    ),
    "compile": (
        ("plan.json", "generated/manifest.json"),
        ("generated/files.json", "{products}", "{programs}"),
        "compile the library and link the runner with it",
    ),
    "verify": (
        ("models.json", "{products}", "{programs}"),
        ("verification.json",),
        "prove that the library runs the models",
    ),
    "size": (
        ("{products}", "{programs}"),
        ("size.json",),
        "measure, and compare with the budget",
    ),
    "build": (
        ("verification.json", "size.json"),
        ("report.json", "report.txt", "report.html"),
        "all of it: a library that is proved to run the models, and the report",
    ),
}
# The same for packing the slices of a target; what it reads is below the folder of each slice.
PACKAGE = (
    ("{packed}", "{products}"),
    ("package.json",),
    "pack the slices of a target together",
)
# Folders that belong to a step as a whole.
FOLDERS = {
    "plan": ("overlay", "renamed"),
    "generate": ("generated",),
    "compile": ("native", "makefile", "bazel", "dist", "runner", "logs"),
    "verify": ("verify",),
    "size": ("size",),
    "package": ("dist", "package"),
}


class Reporter(StepReporter):
    """Waits for other builds of the targets that are asked for, before anything is checked."""

    def initialize(self, tasks: Mapping[str, Any], selected_tasks: Sequence[str]) -> None:
        super().initialize(tasks, selected_tasks)
        _lock(selected_tasks)


def _lock(selected: Sequence[str]) -> None:
    """Lock the targets that are selected, by name or as all subtasks of a step.

    Raises:
        InvalidDodoFile: their folders cannot be written.
    """
    _, targets = load()
    ids = {name.partition(":")[2] for name in selected}
    ids |= {each.id for name in ids & set(targets) for each in slice_targets(targets[name])}
    try:
        lock_targets(targets if "" in ids else ids, build=PROJECT / BUILD, say=_say)
    except OSError as failure:
        raise InvalidDodoFile(str(disk_problem(failure, str(BUILD)) or failure)) from None


def _say(text: str) -> None:
    print(text, flush=True)


def _database() -> str:
    try:
        return usable(DATABASE)
    except ConfigError as failure:
        raise InvalidDodoFile(str(failure)) from None


DOIT_CONFIG = {
    "reporter": Reporter,
    "verbosity": 2,
    # One that a killed build cannot corrupt.
    "backend": "sqlite3",
    "dep_file": _database(),
    "subtasks": True,
    "default_tasks": ["build:pi"],
}


@functools.cache
def load() -> tuple[Overrides, Mapping[str, Target]]:
    """What ``name=value`` words say, and the targets as they change them.

    Raises:
        InvalidDodoFile: everything that is wrong with them; doit prints it and ends with 3.
    """
    words = dict(doit_cmd._CMDLINE_VARS or {})  # get_var cannot list them
    stands = Path(get_initial_workdir())
    sdk.make_absolute(os.environ, (*sdk.VARIABLES, *ndk.VARIABLES), stands)
    try:
        overrides = parse_overrides(words, cwd=stands)
        checks = (missing_files, _abi, _readable_names)
        targets = load_targets(TARGETS, overrides=overrides, checks=checks)
        if unknown := _unknown_words(targets):
            raise ConfigError(unknown)
    except ConfigError as failure:
        raise InvalidDodoFile("\n".join(str(problem) for problem in failure.problems)) from None
    return overrides, targets


def _unknown_words(targets: Collection[str]) -> list[Problem]:
    commands = [command.get_name() for command in doit_cmd.DoitMain.DOIT_CMDS]
    steps = (*STEPS, "package")
    return [*unknown_words(sys.argv[1:], commands=commands, steps=steps, targets=targets)]


def _abi(target: Target) -> Iterator[Problem]:
    try:
        if target.slices:  # each of which is a target that is checked by itself
            find_platform(target.platform, where=target.where("platform"))
        else:
            _, abi = find_abi(
                target.platform,
                target.abi,
                minimum_os=target.ios.minimum_os,
                where=target.where("abi"),
                where_os=target.where("ios.minimum_os"),
            )
            if target.glibc and "-gnu" not in abi.triple:
                yield Problem(
                    where=target.where("glibc"),
                    what=f"glibc: {abi.name} of {target.platform} has another C library",
                    todo="leave the key out",
                )
    except ConfigError as failure:
        yield from failure.problems


def _readable_names(target: Target) -> Iterator[Problem]:
    """Names of models stand in JSON and reports, which are UTF-8."""
    for index, model in enumerate(target.models):
        if "\ufffd" in os.fsencode(model.path).decode("utf-8", "replace"):
            yield Problem(
                where=target.where(f"models[{index}].path"),
                what=f"models[{index}].path: {str(model.path)!r} is no name in UTF-8",
                todo="rename the file or folder",
            )


def make_tasks(step: str) -> Iterator[Task]:
    """The doit tasks of one step, one for each target."""
    reads, writes, doc = STEPS[step]
    yield {"name": None, "doc": doc}
    overrides, targets = load()
    for target in targets.values():
        folder = BUILD / target.id
        if target.slices:
            yield _sliced(step, target)
            continue
        reads_of, writes_of = _files_of(target, reads), _files_of(target, writes)
        yield {
            "name": target.id,
            "doc": target.description,
            "actions": [action(step, target, offline=overrides.offline)],
            "file_dep": [*_own_inputs(step, target), *(str(folder / name) for name in reads_of)],
            "targets": [str(folder / name) for name in writes_of],
            # The proof first: a library over its budget is still worth knowing to work.
            "task_dep": [f"verify:{target.id}", f"size:{target.id}"] if step == "build" else [],
            "uptodate": [Unchanged(stamp=functools.partial(stamp, step, target))],
            "clean": [functools.partial(_clean, step, folder, writes_of)],
        }


def _files_of(target: Target, names: tuple[str, ...]) -> tuple[str, ...]:
    """The files of a step of this target."""
    return ARTEFACTS[find_platform(target.platform).artefact].expand(names, target)


def _sliced(step: str, target: Target) -> Task:
    """A step of a target of several ABIs: that of each; to build them is to pack them, too."""
    task: Task = {
        "name": target.id,
        "doc": target.description,
        "actions": None,
        "task_dep": [f"{step}:{each.id}" for each in slice_targets(target)],
    }
    if step == "build" and find_platform(target.platform).package:
        task["task_dep"].append(f"package:{target.id}")
        shown = f"package in {BUILD}/{target.id}/dist, a report for each slice in its own folder"
        task["actions"] = [(_say, [f"build:{target.id}: {shown}"])]
    return task


def make_packages() -> Iterator[Task]:
    """The doit tasks that pack the slices of each target that has some."""
    yield {"name": None, "doc": PACKAGE[2]}
    overrides, targets = load()
    for target in targets.values():
        if not target.slices or not find_platform(target.platform).package:
            continue
        folder = BUILD / target.id
        slices = slice_targets(target)
        reads = [(each.id, name) for each in slices for name in _files_of(each, PACKAGE[0])]
        yield {
            "name": target.id,
            "doc": target.description,
            "actions": [action("package", target, offline=overrides.offline)],
            "file_dep": [str(BUILD / each / name) for each, name in reads],
            "targets": [str(folder / name) for name in PACKAGE[1]],
            "task_dep": [f"verify:{each.id}" for each in slices],
            "uptodate": [Unchanged(stamp=functools.partial(stamp, "package", target))],
            "clean": [functools.partial(_clean, "package", folder, PACKAGE[1])],
        }


def action(step: str, target: Target, *, offline: bool) -> Callable[[], Failure | None]:
    """The action of one step of one target: it says in a line what it did."""

    def act() -> Failure | None:
        started = time.monotonic()
        name = f"{step}:{target.id}"
        try:
            from buildtool.workflow import run_step  # noqa: PLC0415 - heavy; not for `doit list`

            line = run_step(step, target, (PROJECT / BUILD / target.id), offline=offline)
        except BuildToolError as failure:
            text = "\n".join(str(problem) for problem in failure.problems)
            return Failure(text, int(failure.exit_code))
        except OSError as failure:
            problem = disk_problem(failure, name)
            if problem is None:
                raise
            return Failure(str(problem), int(ExitCode.FAILED_BUILD))
        print(f"{name}: {line} ({time.monotonic() - started:.1f} s)", flush=True)
        return None

    return act


def _own_inputs(step: str, target: Target) -> list[str]:
    """The user's files that a step reads."""
    if step == "plan":
        models = [path for model in target.models for path in _files(model.path)]
        return [str(path) for path in (*models, *target.patches)]
    if step == "verify":
        return [str(model.samples) for model in target.models if model.samples]
    return []


def _files(path: Path) -> list[Path]:
    return sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]


def _clean(step: str, folder: Path, files: Sequence[str]) -> None:
    """Remove what a step wrote, also where it stands in the cache because of the folder's name."""
    lock_targets([folder.name], build=PROJECT / BUILD, say=_say)
    for name in files:
        (folder / name).unlink(missing_ok=True)
    for name in FOLDERS.get(step, ()):
        beside = Cache.of_user().instead_of(folder / name)
        for place in (folder / name, *([beside] if beside.is_dir() else ())):
            _remove(place)


def _remove(folder: Path) -> None:
    """Remove a folder; some builds take away the permission to write in what they have made."""
    shutil.rmtree(folder, ignore_errors=True)
    for path in (folder, *folder.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
    shutil.rmtree(folder, ignore_errors=True)


def task_plan() -> Iterator[Task]:
    """Decide what is built, and why."""
    return make_tasks("plan")


def task_generate() -> Iterator[Task]:
    """Write the headers, the flags and the native project."""
    return make_tasks("generate")


def task_compile() -> Iterator[Task]:
    """Compile the library and link the runner with it."""
    return make_tasks("compile")


def task_verify() -> Iterator[Task]:
    """Prove that the library runs the models."""
    return make_tasks("verify")


def task_size() -> Iterator[Task]:
    """Measure, and compare with the budget."""
    return make_tasks("size")


def task_package() -> Iterator[Task]:
    """Pack the slices of a target together."""
    return make_packages()


def task_build() -> Iterator[Task]:
    """All of it: a library that is proved to run the models, and the report."""
    return make_tasks("build")
