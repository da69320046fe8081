"""A repository of the user's own: its targets, its tasks, and how it gets both."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.cli.init_command import find_parent, write_target
from buildtool.config.schema import SCHEMAS
from buildtool.workflow.first_look import FirstLook
from tests.conftest import PROJECT, Project

MODEL = "what it's {% for %} é.pb"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keeps what TensorFlow says of the model."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def home(tmp_path: Path, cache: Path) -> Project:
    """An empty repository of the user's; the tool is this checkout."""
    folder = tmp_path / "an app's own"
    folder.mkdir()
    shutil.copy(PROJECT / "models" / "digits.pb", folder / MODEL)
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(PROJECT),
        "BUILDTOOL_CACHE": str(cache),
    }
    return Project(root=folder, env=env, program=(sys.executable, "-m", "buildtool"))


@pytest.mark.parametrize("runtime", ["full", "lite"])
def test_what_is_written(tmp_path: Path, golden: Callable[[Path, str], None], runtime: str) -> None:
    graph = runtime == "full"
    model = FirstLook(
        name="a model",
        runtime=runtime,
        graph=graph,
        inputs=("x:0: float [?, 64]", "seed:0: int32 []"),
        outputs=("y:0: float [1, 10]",) if graph else (),
        notes=("it was frozen",),
    )
    parent = find_parent(model, "raspberrypi")
    write_target(tmp_path, Path("models/a model.pb"), model, parent, "app")
    for name in ("dodo.py", "targets/app.yaml", ".gitignore"):
        place = Path(__file__).parent / "golden" / "init" / runtime / Path(name).name
        golden(place, (tmp_path / name).read_text("utf-8"))


def files(home: Project) -> dict[str, str]:
    found = {str(path.relative_to(home.root)): path for path in home.root.rglob("*")}
    texts = {name: path for name, path in found.items() if path.suffix in {".py", ".yaml", ".json"}}
    return {name: path.read_text("utf-8") for name, path in texts.items()}


def test_a_model_gets_a_target(home: Project) -> None:
    ended = home.doit("init", MODEL, "--platform", "raspberrypi", "--name=app")
    assert ended.out.splitlines() == [
        "dodo.py: written",
        ".gitignore: written",
        "targets/schema.json: written",
        "targets/defaults-schema.json: written",
        "targets/local-schema.json: written",
        "targets/app.yaml: written",
        "next: buildtool build:app",
    ]
    written = files(home)
    schemas = {f"targets/{name}": make() for name, make in SCHEMAS.items()}
    assert written.keys() == {"dodo.py", "targets/app.yaml", *schemas}
    assert {name: json.loads(written[name]) for name in schemas} == schemas
    assert "/targets/local.yaml\n" in (home.root / ".gitignore").read_text("utf-8")
    text = written["targets/app.yaml"]
    assert "extends: buildtool/pi\n" in text
    assert "    #   x:0: float [?, 64]\n" in text
    assert "    #   probabilities:0: float [1, 10]\n" in text
    listed = home.doit("list", cwd=home.root / "targets").out
    assert "build:app " in listed
    assert "build:pi" not in listed
    # The keys that it offers are keys, with such values.
    offered = text.replace("\n# ", "\n").replace("\n    # ", "\n    ")
    kept = [line for line in offered.splitlines() if line.lstrip().startswith(("types:", "opt"))]
    (home.root / "targets" / "app.yaml").write_text("\n".join([text, *kept]), "utf-8")
    assert home.doit("list").out == listed


def test_a_model_of_tensorflow_lite(home: Project) -> None:
    shutil.copy(PROJECT / "models" / "digits.tflite", home.root)
    home.doit("init", "-p", "raspberrypi", "digits.tflite")
    text = files(home)["targets/pi-lite.yaml"]
    assert "extends: buildtool/pi-lite\n" in text
    assert "types:" not in text
    assert "outputs:" not in text
    assert "plan:pi-lite" in home.doit("list").out


def test_nothing_is_written_over(home: Project) -> None:
    (home.root / "dodo.py").write_text("def task_own(): return {'actions': None}\n", "utf-8")
    (home.root / ".gitignore").write_text("build\n*.pyc", "utf-8")
    out = home.doit("init", MODEL, "-p", "linux").out
    assert "dodo.py: is there already, and stays as it is\n" in out
    assert "add to it, so that it has these tasks: from buildtool.cli.tasks import" in out
    told = "add to .gitignore, unless it says so in other words: /.doit.db* /targets/local.yaml\n"
    assert told in out
    assert (home.root / ".gitignore").read_text("utf-8") == "build\n*.pyc"
    before = files(home)
    err = home.doit("init", MODEL, "-p", "linux", code=3).err
    assert "targets/linux.yaml: is there already, and stays as it is" in err
    assert "--name NAME writes another target" in err
    assert files(home) == before
    (home.root / "targets" / "pcs").mkdir()
    (home.root / "targets" / "linux.yaml").rename(home.root / "targets" / "pcs" / "linux.yaml")
    err = home.doit("init", MODEL, "-p", "linux", code=3).err
    assert "targets/pcs/linux.yaml: is there already" in err


def test_each_value_can_be_asked_where_it_is_from(home: Project) -> None:
    home.doit("init", MODEL, "-p", "raspberrypi", "-n", "app")
    (home.root / "targets" / "defaults.yaml").write_text("types: slim\n", "utf-8")
    (home.root / "targets" / "local.yaml").write_text("jobs: 3\n", "utf-8")
    lines = [line.split() for line in home.doit("show:app", "tf=mine").out.splitlines()]
    assert ["types:", "slim", "#", "targets/defaults.yaml:1"] in lines
    assert ["jobs:", "3", "#", "targets/local.yaml:1"] in lines
    assert ["tensorflow:", "mine", "#", "command", "line"] in lines
    assert ["launcher:", "auto", "#", "default"] in lines
    folder = home.root / "build" / "app" / "show"
    shown = json.loads((folder / "target.json").read_text("utf-8"))
    assert {"key": "jobs", "value": 3, "from": "targets/local.yaml:1"} in shown["keys"]
    assert "jobs: 3 " in (folder / "target.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ((), 3, "init takes one model, not 0"),
        (("a.pb", "b.pb"), 3, "init takes one model, not 2"),
        ((MODEL,), 3, "the platform is missing\n    --platform NAME; it can be: android, "),
        ((MODEL, "-p", "linx"), 3, "no platform 'linx'\n    --platform NAME; perhaps you meant"),
        ((MODEL, "--plan", "linux"), 3, "option --plan not recognized"),
        ((MODEL, "-p", "linux", "-n", "../a"), 3, "'../a' cannot be the name of a target"),
        ((MODEL, "-p", "linux", "-n", "local"), 3, "'local' cannot be the name of a target"),
        (("gone.pb", "-p", "linux"), 5, "gone.pb: there is no such file\n    name a frozen graph"),
        (("cut.pb", "-p", "linux"), 5, "cut.pb: is not a whole GraphDef"),
        (("cut.tflite", "-p", "linux"), 5, "cut.tflite: is no TensorFlow Lite model"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_written(
    home: Project, words: tuple[str, ...], code: int, told: str
) -> None:
    for name in ("cut.pb", "cut.tflite"):
        (home.root / name).write_bytes((home.root / MODEL).read_bytes()[:-2000])
    before = {path: path.stat().st_mtime_ns for path in home.root.rglob("*")}
    assert told in home.doit("init", *words, code=code).err
    assert before == {path: path.stat().st_mtime_ns for path in home.root.rglob("*")}


def test_a_folder_that_is_no_repository(home: Project, tmp_path: Path) -> None:
    """As of an installed package: beside it there is no file of tasks."""
    shutil.copytree(PROJECT / "buildtool", tmp_path / "site" / "buildtool")
    env = {**home.env, "PYTHONPATH": str(tmp_path / "site")}
    installed = dataclasses.replace(home, env=env)
    assert installed.doit("list", code=3).err == (
        f"{home.root}: no dodo.py of this tool is in this folder, or in one above it\n"
        "    go to your repository; or start one here: buildtool init MODEL\n"
    )


def test_a_parent_that_comes_with_the_tool(home: Project) -> None:
    home.doit("init", MODEL, "-p", "raspberrypi", "-n", "app")
    path = home.root / "targets" / "app.yaml"
    path.write_text(path.read_text("utf-8").replace("buildtool/pi", "pi"), "utf-8")
    err = home.doit("list", code=3).err
    assert "extends: there is no target 'pi' in targets/" in err
    assert "    that which comes with this tool is called 'buildtool/pi'" in err


def test_the_sample_model_of_a_parent_is_not_inherited(home: Project) -> None:
    (home.root / "targets").mkdir()
    home.target("app", "extends: buildtool/pi64\n")
    (home.root / "dodo.py").write_text(
        "from buildtool.cli.tasks import DOIT_CONFIG, task_steps\n", encoding="utf-8"
    )
    err = home.doit("list", code=3).err
    assert "targets/app.yaml" in err
    assert "models" in err
    assert "digits" not in err
