"""The doit tasks, made of the table of steps. ``dodo.py`` hands them to doit.

``doit list`` loads target files and nothing else: trees are scanned and tools are started inside
the actions, whose module is imported there.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import importlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doit import get_initial_workdir
from doit.exceptions import InvalidDodoFile

from buildtool.cli.cleaning import clean_step
from buildtool.cli.database import usable
from buildtool.cli.loaded_targets import load_asked, load_stated
from buildtool.cli.locks import lock_targets
from buildtool.cli.mistakes import tell_unexpected
from buildtool.cli.reporter import Failure, StepReporter
from buildtool.cli.stamps import FilesUnchanged, Unchanged, step_stamp
from buildtool.cli.steps import STEPS, Step
from buildtool.cli.words import only_names
from buildtool.config import Overrides, Target, slice_targets
from buildtool.core.errors import (
    BuildToolError,
    ConfigError,
    Problem,
    ToolError,
    disk_problem,
    tell_all,
)
from buildtool.core.paths import Layout
from buildtool.core.plain_paths import plain
from buildtool.core.terminal import one_line, visible
from buildtool.products import find_product
from buildtool.sources.cache import Cache

if TYPE_CHECKING:
    from buildtool.workflow.workspace import Workspace

# The folder of dodo.py, to which doit goes before it reads that file: a checkout of this tool, or
# the user's own repository.
HOME = Path.cwd()
TARGETS = HOME / "targets"
BUILD = Path("build")
DATABASE = HOME / ".doit.db"

Task = dict[str, Any]


class Reporter(StepReporter):
    """Waits for other builds of the same targets, before anything is checked."""

    def initialize(self, tasks: Mapping[str, Any], selected_tasks: Sequence[str]) -> None:
        super().initialize(tasks, selected_tasks)
        with _netted("waiting for other builds"):
            _lock(selected_tasks)


@contextlib.contextmanager
def _netted(where: str) -> Iterator[None]:
    """Ends all with a few lines where something goes wrong that nobody expected, outside of tasks;
    doit itself would print a traceback."""
    try:
        yield
    except InvalidDodoFile:
        raise
    except Exception as failure:
        problem, code = tell_unexpected(failure, where, folder=HOME / BUILD)
        sys.stderr.write(f"{problem}\n")
        raise SystemExit(int(code)) from None


def _lock(selected: Sequence[str]) -> None:
    """Lock the targets that are selected, by name or as all subtasks of a step.

    Raises:
        InvalidDodoFile: their folders cannot be written.
    """
    _, targets = load()
    waits = {step.name for step in STEPS if not (step.together or step.of_files)}
    parts = [name.partition(":") for name in selected]
    ids = {target for step, _, target in parts if step.removeprefix("_") in waits}
    ids |= {each.id for name in ids & set(targets) for each in slice_targets(targets[name])}
    try:
        lock_targets(targets if "" in ids else ids, build=HOME / BUILD, say=_say)
    except OSError as failure:
        raise InvalidDodoFile(str(disk_problem(failure, str(BUILD)) or failure)) from None


def _say(text: str) -> None:
    try:
        print(visible(text), flush=True)
    except BrokenPipeError:  # who reads, as ``head`` does, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _database() -> str:
    try:
        return usable(DATABASE)
    except ConfigError as failure:
        raise InvalidDodoFile(str(failure)) from None


DEFAULT = ("build:pi" if any(TARGETS.rglob("pi.yaml")) else "build",)
DOIT_CONFIG = {
    "reporter": Reporter,
    "verbosity": 2,
    # One that a killed build cannot corrupt.
    "backend": "sqlite3",
    "dep_file": _database(),
    "subtasks": True,
    "default_tasks": [*DEFAULT],
}


@functools.cache
def load() -> tuple[Overrides, Mapping[str, Target]]:
    """What the command line says, and the targets as it changes them; see :func:`load_asked`."""
    return load_asked(TARGETS, DEFAULT)


def task_steps() -> Iterator[Task]:
    """The doit tasks of all steps, one for each target that has the step."""
    with _netted("reading the targets"):
        yield from _all_tasks()


def _all_tasks() -> Iterator[Task]:
    overrides, targets = load()
    make = _listing_task if only_names(sys.argv[1:]) else _task
    for step in STEPS:
        if step.of_files:
            yield _of_files(step, overrides)
            continue
        if step.together:
            yield _together(step, step.name, step.doc, [*targets.values()], overrides)
            for target in targets.values():
                name = f"{step.name}:{target.id}"
                yield _together(step, name, one_line(target.description), [target], overrides)
            continue
        yield {"basename": step.name, "name": None, "doc": step.doc}
        for target in targets.values():
            if step.asks:
                yield _question(step, target, overrides)
            if step.packs:
                if _is_packed(target):
                    yield make(step, target, overrides)
            elif not step.wanted(target):
                yield _idle(step, target)
            elif target.slices and not (step.looks or step.is_of_slices or step.once):
                yield _sliced(step, target)
            else:
                yield make(step, target, overrides)


def _is_packed(target: Target) -> bool:
    return bool(target.slices) and find_product(target).packs


def _listing_task(step: Step, target: Target, _: Overrides) -> Task:
    """A task as far as its name is only listed: what it reads and writes is not looked for."""
    doc = one_line(target.description)
    return {"basename": step.name, "name": target.id, "doc": doc, "actions": None}


def _task(step: Step, target: Target, overrides: Overrides) -> Task:
    """One step of one target; one that packs reads the folders of all slices, and one that answers
    does it for each."""
    folder = BUILD / target.id
    slices = slice_targets(target) or (target,)
    sources: tuple[Target, ...] = (target,)
    if step.packs or step.is_of_slices or step.once:
        sources = slices[:1] if step.once else slices
    acting = slices if step.is_of_slices else (target,)
    reads = [BUILD / each.id / name for each in sources for name in step.read_by(each)]
    writes = step.written_for(target)
    checks = [
        Unchanged(stamp=functools.partial(step_stamp, target, step.stamps)),
        FilesUnchanged(find=functools.partial(step.found, folder)),
    ]
    # What it reads is made once it is known that it can be done.
    made = {"calc_dep": [_asking(step, target)]} if step.asks else {}
    return {
        **made,
        **({"pos_arg": "words"} if step.answers else {}),
        "basename": step.name,
        "name": target.id,
        "doc": one_line(target.description),
        "actions": [action(step, each, overrides) for each in acting],
        "file_dep": [*map(str, step.user_files(target)), *map(str, () if made else reads)],
        "targets": [str(folder / name) for name in writes],
        "task_dep": [f"{name}:{each.id}" for name in step.after for each in sources],
        "uptodate": [False] if step.looks or step.measures or step.is_of_slices else checks,
        "clean": [functools.partial(_cleaned, step, folder, writes)],
    }


def _together(
    step: Step, name: str, doc: str, targets: Sequence[Target], overrides: Overrides
) -> Task:
    """A step that is done for several targets at once, slices and all; it reads no files of theirs.
    What a target of several ABIs needs is what its slices do."""
    named = name != step.name
    folder = HOME / BUILD / targets[0].id if named else HOME / BUILD

    def act() -> str:
        groups = {
            target.id: [
                _workspace(each, name, overrides) for each in slice_targets(target) or (target,)
            ]
            for target in targets
            if named or not target.is_slice
        }
        return str(_module(step).run_together(groups, folder, named=named))

    return {"basename": name, "doc": doc, "actions": [_guarded(name, act)], "uptodate": [False]}


def _of_files(step: Step, overrides: Overrides) -> Task:
    """A step that is asked of files, which the words behind it name."""

    def act(words: Sequence[str] = ()) -> Failure | None:
        stands = Path(get_initial_workdir())
        return _guarded(step.name, lambda: str(_module(step).run(_question_of(stands, words))))()

    def _question_of(stands: Path, words: Sequence[str]) -> Any:
        return _module(step).Question(
            files=tuple(stands / word for word in words),
            models=overrides.models,
            signature=overrides.signature,
            tags=overrides.tags,
            tensorflow=overrides.tensorflow,
            builds=HOME / BUILD,
            cache=Cache.of_run(),
            say=lambda text: _say(f"{step.name}: {text}"),
        )

    return {
        "basename": step.name,
        "doc": step.doc,
        "actions": [act],
        "pos_arg": "words",
        "uptodate": [False],
    }


def _asking(step: Step, target: Target) -> str:
    """The task that asks whether a step can be done; doit lists none with such a name."""
    return f"_{step.name}:{target.id}"


def _question(step: Step, target: Target, overrides: Overrides) -> Task:
    """Can a step be done? Its answer is what the step depends on besides: the files that it reads,
    or for a target of several ABIs the steps of those for which it can."""
    parts = slice_targets(target) or (target,)

    def ask() -> Failure | dict[str, list[str]]:
        try:
            refused = {each.id: _refusal(step, each, overrides) for each in parts}
        except BuildToolError as failure:
            return _failed(failure)
        where = f"{step.name}:{target.id}"
        fit = [each for each in parts if not refused[each.id]]
        if not fit:
            told = (
                Problem(where=f"{step.name}:{name}", what=why, todo=f"see docs/{step.name}.md")
                for name, why in refused.items()
            )
            return _failed(ToolError(told))
        for name in (name for name, why in refused.items() if why):
            _say(f"{where}: left out: {name}: {refused[name]}")
        if target.slices:
            return {"task_dep": [f"{step.name}:{each.id}" for each in fit]}
        return {"file_dep": [str(BUILD / target.id / name) for name in step.read_by(target)]}

    return {
        "basename": f"_{step.name}",
        "name": target.id,
        "actions": [ask],
        "file_dep": [str(BUILD / each.id / name) for each in parts for name in step.asks],
        "uptodate": [False],
    }


def _idle(step: Step, target: Target) -> Task:
    """A step that this target does not want: it is there to say so."""
    return {
        "basename": step.name,
        "name": target.id,
        "doc": one_line(target.description),
        "actions": [(_say, [f"{step.name}:{target.id}: {step.unwanted}"])],
    }


def _sliced(step: Step, target: Target) -> Task:
    """A step of a target of several ABIs: that of each, and what it ends with."""
    task: Task = {
        "basename": step.name,
        "name": target.id,
        "doc": one_line(target.description),
        "actions": None,
        "task_dep": [f"{step.name}:{each.id}" for each in slice_targets(target)],
    }
    if step.asks:
        task |= {"task_dep": [], "calc_dep": [_asking(step, target)]}
    if step.ends_with and _is_packed(target):
        task["task_dep"] += [f"{name}:{target.id}" for name in step.ends_with]
        shown = f"package in {BUILD}/{target.id}/dist, a report for each slice in its own folder"
        task["actions"] = [(_say, [f"{step.name}:{target.id}: {shown}"])]
    return task


def action(step: Step, target: Target, overrides: Overrides) -> Callable[..., Failure | None]:
    """The action of one step of one target: it says in a line what it did. ``words`` are those
    behind it on the command line."""
    name = f"{step.name}:{target.id}"

    def act(words: Sequence[str] = ()) -> Failure | None:
        asked = dataclasses.replace(overrides, asked=(*words, *overrides.asked))
        return _guarded(name, lambda: _run(step, target, name, asked))()

    return act


def _guarded(name: str, do: Callable[[], str]) -> Callable[[], Failure | None]:
    """An action that says the line that ``do`` gives, or what is wrong."""

    def act() -> Failure | None:
        started = time.monotonic()
        try:
            line = do()
        except BuildToolError as failure:
            return _failed(failure)
        except Exception as failure:
            problem, code = tell_unexpected(failure, name, folder=HOME / BUILD)
            return Failure(str(problem), int(code))
        _say(f"{name}: {line} ({time.monotonic() - started:.1f} s)")
        return None

    return act


def _failed(failure: BuildToolError) -> Failure:
    return Failure(tell_all(failure.problems), int(failure.exit_code))


def _run(step: Step, target: Target, name: str, overrides: Overrides) -> str:
    work = _workspace(target, name, overrides)
    if step.supposes:
        work = dataclasses.replace(work, stated=load_stated(TARGETS, target.id, overrides))
    return str(_module(step).run(work))


def _refusal(step: Step, target: Target, overrides: Overrides) -> str:
    work = _workspace(target, f"{step.name}:{target.id}", overrides)
    return str(_module(step).refusal(work))


def _module(step: Step) -> Any:
    return importlib.import_module(f"buildtool.workflow.{step.run}")


def _workspace(target: Target, name: str, overrides: Overrides) -> Workspace:
    from buildtool.workflow.workspace import Workspace  # noqa: PLC0415 - heavy, as all steps are

    return Workspace(
        target=target,
        layout=Layout(folder=plain(target.root) / BUILD / target.id),
        cache=Cache.of_run(),
        offline=overrides.offline,
        say=lambda text: _say(f"{name}: {text}"),
        runs=overrides.runs,
        against=overrides.against,
        asked=overrides.asked,
        grow=overrides.grow,
    )


def _cleaned(step: Step, folder: Path, files: Sequence[str]) -> None:
    """Remove what a step wrote; what cannot be is told, and all else goes."""
    try:
        _clean(step, folder, files)
    except Exception as failure:
        problem, _ = tell_unexpected(failure, f"clean {folder.name}", folder=HOME / BUILD)
        sys.stderr.write(f"{problem}\n")


def _clean(step: Step, folder: Path, files: Sequence[str]) -> None:
    lock_targets([folder.name], build=HOME / BUILD, say=_say)
    clean_step(step, folder, files)
