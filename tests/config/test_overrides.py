"""Values from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtool.config import (
    Overrides,
    Target,
    load_targets,
    parse_overrides,
    without_suppositions,
)
from buildtool.core.errors import ConfigError

TEXT = """\
platform: linux
abi: x86_64
models:
  - {path: m.pb, name: digits, outputs: [out]}
jobs: 1
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "targets"
    folder.mkdir()
    (folder / "pc.yaml").write_text(TEXT)
    return folder


def load(folder: Path, overrides: Overrides) -> Target:
    return load_targets(folder, overrides=overrides, checks=())["pc"]


@pytest.fixture
def target(folder: Path) -> Target:
    return load(folder, Overrides())


def test_nothing_said_changes_nothing(target: Target, tmp_path: Path) -> None:
    assert parse_overrides({}, cwd=tmp_path) == Overrides()
    assert target.where("jobs") == "targets/pc.yaml:5"


def test_a_type_policy_is_the_targets(folder: Path, tmp_path: Path) -> None:
    overrides = parse_overrides({"types": "full"}, cwd=tmp_path)
    target = load(folder, overrides)
    assert (target.types, target.where("types")) == ("full", "command line")
    with pytest.raises(ConfigError, match=r"types: cannot be 'all'"):
        parse_overrides({"types": "all"}, cwd=tmp_path)


def test_what_changes_no_library_is_no_supposition(tmp_path: Path) -> None:
    said = {"types": "full", "model": "a.pb", "offline": "1", "jobs": "2", "host": "pi@board"}
    kept = without_suppositions(parse_overrides(said, cwd=tmp_path))
    assert kept == parse_overrides({"offline": "1", "jobs": "2", "host": "pi@board"}, cwd=tmp_path)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("a.pb", ["a.pb"]),
        ("a.pb,b/c.pb", ["a.pb", "b/c.pb"]),
        (r"a\,b.pb,c.pb", ["a,b.pb", "c.pb"]),
        (r"it's a \"b\" $c.pb", [r"it's a \"b\" $c.pb"]),
        ("a=b.pb", ["a=b.pb"]),
    ],
)
def test_models(tmp_path: Path, written: str, expected: list[str]) -> None:
    overrides = parse_overrides({"model": written}, cwd=tmp_path)
    assert overrides.models == tuple(tmp_path / name for name in expected)


def test_paths_of_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    overrides = parse_overrides({"model": "~/m.pb,/abs.pb,rel.pb"}, cwd=tmp_path)
    assert overrides.models == (Path("/home/me/m.pb"), Path("/abs.pb"), tmp_path / "rel.pb")


def test_a_tree_is_a_folder_that_is_there_or_a_name(tmp_path: Path) -> None:
    (tmp_path / "checkout").mkdir()
    trees = [
        parse_overrides({"tf": written}, cwd=tmp_path).tensorflow
        for written in ("checkout", "tensorflow-2.14.1", "../gone")
    ]
    assert trees == [tmp_path / "checkout", "tensorflow-2.14.1", tmp_path / "../gone"]


def test_numbers_and_switches(tmp_path: Path) -> None:
    overrides = parse_overrides({"jobs": "12", "offline": "1"}, cwd=tmp_path)
    assert (overrides.jobs, overrides.offline) == (12, True)
    assert not parse_overrides({"offline": "0"}, cwd=tmp_path).offline
    assert parse_overrides({"rewrite": "add, switch"}, cwd=tmp_path).rewrites == ("add", "switch")
    assert parse_overrides({"rewrite": ""}, cwd=tmp_path).rewrites == ()


@pytest.mark.parametrize("written", ["0", "-1", "1.5", "two", "", "1_0", "²"])
def test_bad_jobs(tmp_path: Path, written: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_overrides({"jobs": written}, cwd=tmp_path)
    (problem,) = caught.value.problems
    assert problem.where == "command line"
    assert problem.what == f"jobs: must be a whole number, 1 or more, not '{written}'"


def test_new_values_come_from_the_command_line(folder: Path, tmp_path: Path) -> None:
    words = {"model": "n.pb", "tf": "./tf", "jobs": "4"}
    changed = load(folder, parse_overrides(words, cwd=tmp_path))
    assert [model.name for model in changed.models] == ["n"]
    assert (changed.tensorflow, changed.jobs) == (tmp_path / "tf", 4)
    for key in ("models", "models[0].path", "models[0].outputs", "tensorflow", "jobs"):
        assert changed.where(key) == "command line"
    assert changed.where("abi") == "targets/pc.yaml:2"


def test_a_model_that_the_file_lists_keeps_what_is_said_there(
    folder: Path, target: Target, tmp_path: Path
) -> None:
    changed = load(
        folder, parse_overrides({"model": f"o.pb,{target.models[0].path}"}, cwd=tmp_path)
    )
    assert changed.models[1] == target.models[0]
    assert changed.where("models[1].outputs") == "targets/pc.yaml:4"
    assert changed.where("models[1].path") == "command line"
    assert changed.where("models[0].outputs") == "command line"


def test_two_models_of_one_name(folder: Path, tmp_path: Path) -> None:
    overrides = parse_overrides({"model": "a/n.pb,b/n.pb"}, cwd=tmp_path)
    with pytest.raises(ConfigError, match=r"^command line: models\[1\].name: models\[0\]"):
        load(folder, overrides)


def test_an_overridden_file_need_not_be_there(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "here.pb").touch()
    overrides = parse_overrides({"model": "here.pb"}, cwd=tmp_path)
    assert load_targets(folder, overrides=overrides)["pc"].models[0].path == tmp_path / "here.pb"
    with pytest.raises(ConfigError, match=r"targets/pc.yaml:4: models\[0\].path: no such file"):
        load_targets(folder)


def test_a_budget_is_for_the_models_of_the_file(folder: Path) -> None:
    (folder / "pc.yaml").write_text(TEXT + "size_budget: {stripped: 1 MB}\n")
    kept = load(folder, Overrides(offline=True))
    other = Overrides(models=(folder / "mine.pb",))
    aside = load(folder, other)
    assert kept.size_budget.stripped == 1_000_000
    assert aside.size_budget.stripped is None


def test_a_signature_is_for_the_saved_models(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "saved").mkdir()
    words = {"model": f"{tmp_path}/saved,{tmp_path}/m.pb", "signature": "predict", "tags": "a,b"}
    saved, frozen = load(folder, parse_overrides(words, cwd=tmp_path)).models
    assert (saved.signature, saved.tags) == ("predict", ("a", "b"))
    assert (frozen.signature, frozen.tags) == ("", ())
    assert frozen.outputs == ("out",)
    with pytest.raises(ConfigError, match="signature: nothing is given"):
        parse_overrides({"signature": ""}, cwd=tmp_path)
