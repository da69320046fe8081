"""What is said of all targets, what is one machine's, and how a target shows where all is from."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from buildtool.config import COMMAND_LINE, Target, load_targets, parse_overrides
from buildtool.config.layers import LOCAL_VARIABLE
from buildtool.config.shown_target import DEFAULT, shown_keys, unread_sections

Write = Callable[..., Path]
PC = "platform: linux\nabi: x86_64\nmodels: [m.pb]\n"
PHONE = "platform: android\nabi: arm64-v8a\nmodels: [m.pb]\n"


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes files of targets, each by its path without ``.yaml``, and returns their folder."""
    monkeypatch.delenv(LOCAL_VARIABLE, raising=False)

    def files(**texts: str) -> Path:
        folder = tmp_path / "repository" / "targets"
        for name, text in texts.items():
            path = folder / f"{name}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return folder

    return files


def load(folder: Path, name: str = "pc", **words: str) -> Target:
    overrides = parse_overrides(words, cwd=folder.parent)
    return load_targets(folder, overrides=overrides, checks=())[name]


def test_targets_in_folders(write: Write) -> None:
    folder = write(pc=PC, **{"boards/door": "extends: pc\njobs: 2\n", "boards/old/gate": PC})
    assert list(load_targets(folder, checks=())) == ["door", "gate", "pc"]
    door = load(folder, "door")
    assert door.where("jobs") == "targets/boards/door.yaml:2"
    assert door.models[0].path == folder.parent / "m.pb"


def test_defaults_lie_between_the_own_targets_and_the_tools(write: Write) -> None:
    folder = write(
        defaults="optimise: {level: O3, lto: full}\nregistration: all\ntypes: slim\njobs: 3\n",
        pc="extends: buildtool/linux\nmodels: [m.pb]\noptimise: {lto: thin}\n",
        child="extends: pc\njobs:\n",
    )
    target = load(folder, "child")
    assert (target.optimise.level, target.optimise.lto) == ("O3", "thin")
    assert (target.registration, target.types, target.jobs) == ("all", "slim", None)
    assert target.where("optimise.level") == "targets/defaults.yaml:1"
    assert target.where("optimise.lto") == "targets/pc.yaml:3"
    assert target.where("platform").startswith("buildtool/targets/linux.yaml:")


def test_a_model_for_all(write: Write) -> None:
    folder = write(defaults="models: [m.pb]\n", pc="extends: buildtool/linux\n")
    assert load(folder).models[0].path == folder.parent / "m.pb"


def test_what_is_local_wins_and_changes_nothing_that_is_built(write: Write) -> None:
    folder = write(pc=f"{PC}jobs: 2\n", other=PC)
    before = load(folder).canonical()
    write(local="jobs: 5\nlauncher: none\ntargets:\n  pc: {run: {host: pi@board}, jobs: 7}\n")
    target, other = load(folder), load(folder, "other")
    assert (target.jobs, target.launcher, target.run.host) == (7, "none", "pi@board")
    assert (other.jobs, other.launcher, other.run.host) == (5, "none", "")
    assert target.where("run.host") == "targets/local.yaml:4"
    assert target.canonical() == before
    assert load(folder, jobs="9").jobs == 9
    write(defaults="types: slim\n")
    assert load(folder).canonical() == {**before, "types": "slim"}


def test_sections_go_to_the_targets_that_read_them(write: Write) -> None:
    folder = write(
        defaults="android: {api_level: 24}\nbazel: {flags: [-k]}\n",
        local="android: {sdk: /opt/sdk}\nbazel: {program: /opt/bazel}\n",
        pc=f"{PC}backend: native\n",
        phone=f"{PHONE}android: {{page_size: 4 KiB}}\n",
    )
    pc, phone = load(folder), load(folder, "phone")
    assert "android" not in pc.origins
    assert "bazel" not in pc.origins
    assert (phone.android.api_level, phone.android.sdk) == (24, Path("/opt/sdk"))
    assert phone.bazel.flags == ("-k",)
    assert phone.where("android") == "targets/phone.yaml:4"


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "jobs:\n", "targets:\n"])
def test_files_that_say_nothing(write: Write, text: str) -> None:
    plain = load(write(pc=PC))
    assert load(write(local=text)) == plain
    assert load(write(defaults=text.replace("targets:", ""))) == plain


def test_another_local_file(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(pc=PC, local="jobs: 5\n")
    other = tmp_path / "my machine.yaml"
    other.write_text("jobs: 6\n", encoding="utf-8")
    monkeypatch.setenv(LOCAL_VARIABLE, str(other))
    assert (load(folder).jobs, load(folder).where("jobs")) == (6, f"{other}:1")
    monkeypatch.setenv(LOCAL_VARIABLE, "")
    assert load(folder).jobs is None
    monkeypatch.setenv(LOCAL_VARIABLE, "gone.yaml")
    with pytest.raises(Exception, match=r"^gone.yaml: cannot read this file: No such file"):
        load(folder)


def test_a_key_that_is_missing_is_missing_in_the_target(write: Write) -> None:
    folder = write(pc="models: [m.pb]\nabi: x86_64\n", defaults="jobs: 2\n", local="jobs: 3\n")
    with pytest.raises(Exception, match=r"targets/pc.yaml:1: platform: this key is missing"):
        load(folder)


def test_every_value_says_where_it_is_from(write: Write) -> None:
    folder = write(
        defaults="defines: [A, B]\nprepare: {weights: rounded}\n",
        local="\njobs: 3\n",
        pc="extends: buildtool/linux\nmodels:\n  - path: m.pb\n    tolerance: 1e-3\n  - n.pb\n",
    )
    shown = {key.key: key for key in shown_keys(load(folder, prepare="deploy"))}
    expected = {
        "jobs": (3, "targets/local.yaml:2"),
        "defines": (["A", "B"], "targets/defaults.yaml:1"),
        "models[0].path": ("m.pb", "targets/pc.yaml:3"),
        "models[0].name": ("m", DEFAULT),
        "models[0].tolerance": (0.001, "targets/pc.yaml:4"),
        "models[1].path": ("n.pb", "targets/pc.yaml:5"),
        "prepare.weights": ("rounded", "targets/defaults.yaml:2"),
        "prepare.steps": (["deploy"], COMMAND_LINE),
        "prepare.format": ("graph", DEFAULT),
        "size_budget.stripped": (None, DEFAULT),
        "launcher": ("auto", DEFAULT),
    }
    assert {key: (shown[key].value, shown[key].origin) for key in expected} == expected
    assert "android.sdk" not in shown


def test_what_is_shown_is_a_target_that_says_the_same(write: Write) -> None:
    folder = write(
        defaults="compiler: ./clang\ncpu_flags: ['-DX=\"a: b\"', 'no']\n",
        local="run: {host: pi@board}\n",
        pc=(
            "extends: buildtool/linux\nglibc: '2.10'\nsize_budget: {stripped: 4 MB}\n"
            "description: 'What: it''s # é'\nmodels:\n  - path: 'a #b.pb'\n"
            "    inputs: [{name: x, shape: []}, y]\n    prepare: {weights: rounded}\n"
        ),
        phone="extends: buildtool/android\nmodels: [m.pb]\n",
    )
    for name in ("pc", "phone"):
        target = load(folder, name)
        keys = shown_keys(target)
        text = "\n".join(key.text for key in keys)
        again = load(write(again=text), "again")
        assert {**again.canonical(), "id": name} == target.canonical()
        assert (again.description, again.run) == (target.description, target.run)
        leaves = [key.value for key in keys if key.key == "glibc"]
        assert leaves == [yaml.safe_load(text)["glibc"]]
        assert json.dumps([key.value for key in keys])
        assert set(unread_sections(target)) & {*yaml.safe_load(text)} == set()
