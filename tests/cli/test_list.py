"""``doit list`` and its relatives read target files, and nothing else."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from buildtool.cli.steps import STEPS
from buildtool.config import load_targets

if TYPE_CHECKING:
    from tests.conftest import Project

NAMED = ("plan:pi", "generate:pi", "compile:pi", "verify:pi", "size:pi", "build:pi")
# doit as "python -m doit" starts it, in a Python that notes what it opens, starts and imports.
WATCHED = """
import json, sys
opened, started = set(), []
def note(event, arguments):
    if event == "open":
        opened.add(str(arguments[0]))
    if event in ("subprocess.Popen", "os.posix_spawn", "os.fork", "socket.connect"):
        started.append(event)
sys.addaudithook(note)
from doit.doit_cmd import DoitMain
code = DoitMain().run(sys.argv[2:])
with open(sys.argv[1], "w") as file:
    seen = {"opened": sorted(opened), "started": started, "modules": sorted(sys.modules)}
    json.dump(seen, file)
sys.exit(code)
"""


def watch(project: Project, tmp_path: Path, *words: str) -> dict[str, list[str]]:
    result = tmp_path / "seen.json"
    program = (sys.executable, "-c", WATCHED, str(result))
    dataclasses.replace(project, program=program).doit(*words)
    seen: dict[str, list[str]] = json.loads(result.read_text(encoding="utf-8"))
    return seen


def test_every_step_of_every_target_is_listed_with_what_it_does(project: Project) -> None:
    lines = project.doit("list").out.splitlines()
    names = {line.split(maxsplit=1)[0]: line.split(maxsplit=1)[1] for line in lines}
    targets = load_targets(project.root / "targets", checks=())
    assert {path.stem for path in (project.root / "targets").glob("*.yaml")} < set(targets)
    sliced = [name for name, target in targets.items() if target.slices]
    steps = {
        f"{step.name}:{name}"
        for step in STEPS
        for name in (() if step.of_files else sliced if step.packs else targets)
    }
    assert set(names) == {*(step.name for step in STEPS), *steps}
    assert {*NAMED, "build:ios", "build:ios-arm64", "package:ios"} < set(names)
    assert names["plan"] == "decide what is built, and why"
    assert names["plan:pi"] == "Raspberry Pi 2 and later under a 32-bit system (armhf with NEON)"


@pytest.mark.parametrize("words", [("list",), ("list", "--all", "--deps"), ("help", "plan")])
def test_listing_reads_no_tree_and_starts_nothing(
    project: Project, tmp_path: Path, words: tuple[str, ...]
) -> None:
    seen = watch(project, tmp_path, *words)
    own = [path for path in seen["opened"] if path.startswith(str(project.root))]
    assert str(project.root / "targets" / "pi.yaml") in own
    read = [path for path in own if "/targets/" not in path and ".py" not in path]
    assert read in ([], [str(project.root / ".doit.db")])
    assert seen["started"] == []
    heavy = {"tensorflow", "numpy", "jinja2", "starlark", "google.protobuf", "requests"}
    assert heavy.isdisjoint(seen["modules"])
    assert not (tmp_path / "cache").exists()
    assert not (project.root / "build").exists()


def test_listing_for_an_own_tree_does_not_look_into_it(project: Project, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "tensorflow").mkdir(parents=True)
    (tree / "tensorflow" / "a.cc").write_text("int a;", encoding="utf-8")
    seen = watch(project, tmp_path, "list", f"tf={tree}")
    assert not [path for path in seen["opened"] if path.startswith(str(tree))]


def test_listing_needs_no_tools(project: Project) -> None:
    assert "build:pi" in project.doit("list", env={"PATH": "/nowhere"}).out


def test_info_shows_what_a_step_reads_and_writes(project: Project) -> None:
    out = project.doit("info", "compile:pi", code=1).out  # doit's way to say that it would run
    assert "Raspberry Pi 2 and later" in out
    for file in ("plan.json", "generated/manifest.json", "dist/lib/libtensorflow.a"):
        assert f"build/pi/{file}" in out
    assert " - whether the target, this tool, the compiler and the tree are unchanged" in out
    assert not project.folder("pi").exists()


def test_a_target_file_that_is_added_is_listed(project: Project) -> None:
    project.target("mine", "extends: pi\ndescription: My own board\n")
    assert "My own board" in project.doit("list").out


def test_mistakes_in_target_files_are_all_told_at_once(project: Project) -> None:
    project.target("one", "extends: pi\nplatfrom: linux\n")
    project.target("two", "extends: pi\nabi: armv8\n")
    err = project.doit("list", code=3).err
    assert "targets/one.yaml:2: platfrom: unknown key" in err
    assert "'platform'" in err
    assert "targets/two.yaml:2: abi: platform 'raspberrypi' has no ABI 'armv8'" in err


def test_who_reads_a_list_may_stop(project: Project) -> None:
    program = (sys.executable, "-m", "buildtool")
    asked = dataclasses.replace(project, program=program)
    for word in ("list", "help"):
        # Nobody reads any more when it writes.
        assert asked.doit(word, prefix=("sh", "-c", '"$@" | true', "sh")).err == ""
