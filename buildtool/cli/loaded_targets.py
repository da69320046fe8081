"""The targets that the command line asks for, as it changes them."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from doit import doit_cmd, get_initial_workdir
from doit.exceptions import InvalidDodoFile

from buildtool.cli.steps import STEPS
from buildtool.cli.words import KnownWords, asked_targets, unknown_words
from buildtool.config import (
    Overrides,
    Target,
    load_targets,
    missing_files,
    parse_overrides,
    unreadable_names,
    without_suppositions,
)
from buildtool.core.errors import ConfigError, Problem, tell_all
from buildtool.core.plain_paths import make_absolute
from buildtool.core.terminal import one_line
from buildtool.platforms import PLATFORMS, platform_problems
from buildtool.products import product_problems
from buildtool.runtimes import runtime_problems

CHECKS = (missing_files, platform_problems, product_problems, runtime_problems, unreadable_names)
_FILES_SHOWN = 3


def load_asked(folder: Path, default: Sequence[str]) -> tuple[Overrides, Mapping[str, Target]]:
    """What ``name=value`` words say, and the targets of ``folder`` as they change them. Where some
    are wrong, but none that is asked for, those that are; ``default`` are the tasks where no word
    names one.

    Raises:
        InvalidDodoFile: everything that is wrong with them; doit prints it and ends with 3.
    """
    words = dict(doit_cmd._CMDLINE_VARS or {})  # get_var cannot list them
    stands = Path(get_initial_workdir())
    for platform in PLATFORMS.values():
        make_absolute(os.environ, platform.path_variables, stands)
    try:
        overrides = parse_overrides(words, cwd=stands)
        targets = _load(folder, overrides, _named_targets(default))
        if unknown := _unknown_words(targets):
            raise ConfigError(unknown)
    except ConfigError as failure:
        raise InvalidDodoFile(tell_all(failure.problems)) from None
    return overrides, targets


def load_stated(folder: Path, name: str, overrides: Overrides) -> Target:
    """The target of this name, or the slice, as its file states it: of what the command line says
    only that counts which does not change the library.

    Raises:
        ConfigError: the file is wrong.
    """
    kept = without_suppositions(overrides)
    return _load(folder, kept, frozenset({name}))[name]


def _load(folder: Path, overrides: Overrides, asked: Collection[str]) -> Mapping[str, Target]:
    try:
        return load_targets(folder, overrides=overrides, checks=CHECKS)
    except ConfigError as failure:
        if not asked:
            raise
        try:
            targets = load_targets(folder, overrides=overrides, checks=CHECKS, only=asked)
        except ConfigError:
            raise failure from None
        if not targets.keys() >= set(asked):
            raise
        sys.stderr.write(f"{_left_out(failure.problems)}\n")
        return targets


def _left_out(problems: Sequence[Problem]) -> str:
    """Which files are wrong, but not asked for."""
    files = list(dict.fromkeys(_file_of(problem) for problem in problems))
    more = len(files) - _FILES_SHOWN
    named = ", ".join(files[:_FILES_SHOWN]) + (f" and {more} more" if more > 0 else "")
    return f"left out, because of mistakes in it: {named}; doit list says which"


def _file_of(problem: Problem) -> str:
    file, _, line = problem.where.rpartition(":")
    return one_line(file if line.isdigit() else problem.where)


def _commands() -> list[str]:
    return [command.get_name() for command in doit_cmd.DoitMain.DOIT_CMDS]


def _named_targets(default: Sequence[str]) -> frozenset[str]:
    return asked_targets(
        sys.argv[1:],
        default=default,
        commands=_commands(),
        answering=[step.name for step in STEPS if step.answers],
    )


def _unknown_words(targets: Collection[str]) -> list[Problem]:
    known = KnownWords(
        commands=_commands(),
        steps=[step.name for step in STEPS],
        targets=targets,
        answering=[step.name for step in STEPS if step.answers],
        of_files=[step.name for step in STEPS if step.of_files],
    )
    return [*unknown_words(sys.argv[1:], known)]
