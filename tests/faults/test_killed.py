"""The short form of :mod:`tests.faults.campaign`: a few points on the miniature TensorFlow 1.x."""

from __future__ import annotations

import dataclasses
import itertools
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from buildtool.sources import Cache
from tests.faults.campaign import Outcome, Trial
from tests.limits import HANG
from tests.makefile.conftest import CLASSES, MINIATURE, PINNED

if TYPE_CHECKING:
    from tests.conftest import Project


@pytest.fixture
def trial(tmp_path: Path, make_project: Callable[..., Project]) -> Trial:
    """The plan and the generated files of the miniature, which takes the real protobuf."""
    cache = Cache.of_user()
    for program in ("g++", "make", "prlimit"):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}")
    if any(not list(cache.root.glob(f"trees/{name}-*.verified")) for name in PINNED):
        pytest.skip(f"needs the sources {' and '.join(PINNED)}: python -m buildtool.sources")
    (tmp_path / "m.pbtxt").write_text(CLASSES, encoding="utf-8")
    number = itertools.count()

    def fresh() -> Project:
        project = make_project(tmp_path / str(next(number)) / "project", cache=cache.root)
        model, tree = tmp_path / "m.pbtxt", MINIATURE
        text = f"extends: linux\nbackend: makefile\ntensorflow: {tree}\nmodels: [{model}]\n"
        project.target("mini", text)
        return project

    return Trial(fresh=fresh, words=("generate:mini", "offline=1"), target="mini")


def test_after_a_kill_the_next_run_gives_the_same(trial: Trial) -> None:
    assert good(trial.killed(2, random.Random(2026)))  # noqa: S311  (no secret)


def test_two_at_once_give_the_same(trial: Trial) -> None:
    assert good(trial.at_once(2, one_project=True))


def test_after_a_full_disk_the_next_run_gives_the_same(trial: Trial) -> None:
    assert good(trial.without_room([1 << 12, 1 << 18]))


def good(outcome: Outcome) -> bool:
    assert outcome.bad == ()
    return outcome.tries > 0


def test_a_full_disk_spoils_no_code_of_this_tool(
    tmp_path: Path, make_project: Callable[..., Project]
) -> None:
    """Python would keep compiled code that is cut off, and fail at it for ever."""
    project = make_project(tmp_path / "project", cache=tmp_path / "cache", own=True)
    limited = dataclasses.replace(project, program=("prlimit", "--fsize=4096", *project.program))
    limited.start("list").communicate(timeout=HANG)
    assert not list((project.root / "buildtool" / "config").rglob("*.pyc"))
    project.doit("list")
    assert list((project.root / "buildtool" / "config").rglob("*.pyc"))
