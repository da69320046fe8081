"""TensorFlow 1.8 itself, built by its own makefile for a Raspberry Pi: no recipe is for what it
pins, so other versions stand in. Eigen and others are wanted by ``BUILDTOOL_SOURCES``."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from buildtool.core.errors import ExitCode
from tests.makefile.conftest import Workshop, state

if TYPE_CHECKING:
    from tests.conftest import CommandResult, Project

pytestmark = [pytest.mark.build, pytest.mark.tree_1x]
WORDS = ("rewrite=all",)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Real(Workshop):
    """A build of the default model, what it said, and what the tree was before."""

    first: CommandResult
    before: dict[str, tuple[object, ...]]

    def step(self, step: str, *, code: int = 0) -> CommandResult:
        """The same again."""
        return self.project.doit(f"{step}:{self.target}", f"tf={self.tree}", *WORDS, code=code)


@pytest.fixture(scope="module")
def real(
    tmp_path_factory: pytest.TempPathFactory,
    make_project: Callable[..., Project],
    libraries_cache: Path,
    tree_1x: Path,
) -> Real:
    project = make_project(tmp_path_factory.mktemp("real") / "project", cache=libraries_cache)
    given = {name: os.environ[name] for name in ("BUILDTOOL_SOURCES",) if name in os.environ}
    project = dataclasses.replace(project, env={**project.env, **given})
    before = state(tree_1x)
    first = project.doit("build:pi-makefile", f"tf={tree_1x}", *WORDS)
    return Real(project=project, tree=tree_1x, first=first, before=before)


def test_it_is_proved_and_the_tree_is_as_it_was(real: Real) -> None:
    assert "are registered, 1 models run" in real.first.out
    report = real.result("report")
    assert report["proved"] is True
    assert report["verification"]["missing"] == []
    assert state(real.tree) == real.before


def test_what_stands_in_is_told_and_its_licence_ships(real: Real) -> None:
    notes = real.result("report")["notes"]
    for pinned, built in (
        ("protobuf 396336eb961b75f03b25824fe86cf6490fb75e3a", "protobuf-3.5.0"),
        ("nsync 0559ce013feac8db639ee1bf776aca0325d28777", "nsync-1.29.2"),
    ):
        note = next(note for note in notes if note.startswith(f"the tree pins {pinned} "))
        assert f"{built} is built instead: " in note
        assert (real.folder / "dist" / "licences" / built / "LICENSE").is_file()


def test_no_place_of_this_machine_is_in_the_library(real: Real) -> None:
    """Checks in protobuf's headers tell the file that they stand in."""
    archive = (real.folder / "dist" / "lib" / "libtensorflow.a").read_bytes()
    named = set(re.findall(rb"[\w./+-]*google/protobuf/\w+\.h\b", archive))
    assert named
    assert not [name for name in named if name.startswith(b"/")]


def test_the_session_factory_is_lost_without_whole_archive(real: Real) -> None:
    real.link(change=lambda flags: [flag for flag in flags if "whole-archive" not in flag])
    err = real.step("verify", code=ExitCode.FAILED_VERIFICATION).err
    assert "No session factory registered" in err
    assert "the library must be linked with -Wl,--whole-archive" in err
