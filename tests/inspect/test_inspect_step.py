"""``doit inspect``: shown each time, without sources, compilers or a network."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.inspect.graphs import NETWORK

if TYPE_CHECKING:
    from tests.conftest import Project

Write = Callable[..., Path]


@pytest.fixture
def project(make_project: Callable[..., Project], tmp_path: Path) -> Project:
    return make_project(tmp_path / "project", cache=tmp_path / "cache")


def test_the_targets_models_are_shown_each_time(project: Project, tmp_path: Path) -> None:
    first = project.doit("inspect:pi", "offline=1", env={"PATH": "/nowhere"}).out
    assert "4.74 kFLOP" in first
    assert project.doit("inspect:pi", "offline=1").out.count("4.74 kFLOP") == 1
    assert {path.name for path in (project.folder("pi") / "inspect").iterdir()} >= {
        "digits.txt",
        "digits.json",
    }
    assert not (tmp_path / "cache" / "trees").exists()
    project.doit("clean", "inspect:pi")
    assert not (project.folder("pi") / "inspect").exists()


def test_a_target_of_several_abis_is_shown_once(project: Project) -> None:
    said = project.doit("inspect:ios", "offline=1")
    assert said.steps == ["inspect:ios"]


def test_all_that_can_be_shown_is_and_all_that_is_wrong_is_told(
    project: Project, tmp_path: Path, write: Write
) -> None:
    whole = write(NETWORK, "whole.pb")
    cut = tmp_path / "cut.pb"
    cut.write_bytes(whole.read_bytes()[:700])
    ops = tmp_path / "ops.txt"
    ops.write_text("Relu\n", encoding="utf-8")
    models = ",".join(map(str, (cut, ops, whole)))
    said = project.doit("inspect:pi", f"model={models}", code=5)
    assert "cut.pb: is not a whole GraphDef" in said.out + said.err
    assert "ops.txt: is an op list" in said.out + said.err
    folder = project.folder("pi") / "inspect"
    assert json.loads((folder / "whole.json").read_text("utf-8"))["work"]["flops"] == 4192
    assert json.loads((folder / "cut.json").read_text("utf-8"))["nodes"] > 0


def test_who_reads_may_stop(project: Project) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f"{sys.executable} -m doit inspect:pi offline=1 | head -2"],
        cwd=project.root,
        env=dict(project.env),
        capture_output=True,
        text=True,
        check=False,
    )
    assert len(done.stdout.splitlines()) == 2
    assert done.stderr == ""
