"""Two copies of the project, in different folders, make the same bytes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import BuiltProject
    from tests.conftest import Project

pytestmark = [pytest.mark.real_tree, pytest.mark.build]


@pytest.fixture(scope="module")
def copy(
    built: BuiltProject,
    make_project: Callable[..., Project],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """What a second copy, in a plainly named folder, makes of the same target and model."""
    root = tmp_path_factory.mktemp("copy") / "plain"
    project = make_project(root, cache=Path(built.project.env["BUILDTOOL_CACHE"]), own=True)
    for part in ("models", "targets"):
        shutil.rmtree(root / part)
        shutil.copytree(built.project.root / part, root / part)
    built.project.doit("build:pi")
    project.doit("build:pi")
    return project.folder("pi")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("part", ["generated", "dist"])
def test_all_files_are_the_same(built: BuiltProject, copy: Path, part: str) -> None:
    here, there = contents(built.folder / part), contents(copy / part)
    assert sorted(here) == sorted(there)
    assert [name for name in here if here[name] != there[name]] == []


def test_the_plan_is_the_same(built: BuiltProject, copy: Path) -> None:
    for name in ("plan.json", "size.json"):
        assert (built.folder / name).read_bytes() == (copy / name).read_bytes()


def test_the_report_is_the_same_but_for_times(built: BuiltProject, copy: Path) -> None:
    here, there = (
        json.loads((folder / "report.json").read_text("utf-8")) for folder in (built.folder, copy)
    )
    assert here["proved"] is True
    assert without_times(here) == without_times(there)


def without_times(value: Any) -> Any:
    if isinstance(value, dict):
        skipped = ("timings", "peak_kib")
        return {key: without_times(item) for key, item in value.items() if key not in skipped}
    return [without_times(item) for item in value] if isinstance(value, list) else value
