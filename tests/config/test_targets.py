"""Right target files: what they mean, and where each value comes from."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from buildtool.config import Model, ModelInput, Optimise, Target, load_targets, missing_files
from buildtool.core.errors import ConfigError, Problem

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes target files, by id, and returns their folder."""

    def files(**texts: str) -> Path:
        folder = tmp_path / "my project" / "targets"
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        return folder

    return files


PC = "platform: linux\nabi: x86_64\nmodels: [m.pb]\n"


def load(folder: Path, name: str) -> Target:
    return load_targets(folder, checks=())[name]


def test_defaults(write: Write) -> None:
    folder = write(pc=PC)
    target = load(folder, "pc")
    root = folder.parent
    assert target == Target(
        id="pc",
        root=root,
        origins={},
        platform="linux",
        abi="x86_64",
        models=(Model(path=root / "m.pb"),),
    )
    assert target.models[0].name == "m"
    assert (target.compiler, target.backend, target.optimise.goal) == ("clang", "auto", "balanced")
    assert (target.types, target.registration, target.launcher) == ("model", "selective", "auto")
    assert (target.jobs, target.sysroot, target.size_budget.stripped) == (None, None, None)


def test_every_key(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    folder = write(
        all="""\
schema_version: 1
description: |-
  Two
  lines
platform: raspberrypi
abi: armv7-neon
cpu_flags: [-mcpu=cortex-a53, '-DX="a b"']
backend: native
compiler: ~/x/bin/clang++
sysroot: my sysroot
tensorflow: ../tf
models:
  - plain.pb
  - path: saved/
    name: other
    inputs:
      - x
      - {name: "y:0", dtype: int64, shape: [-1, 28, 28]}
      - {name: z, shape: []}
    outputs: [out]
    samples: s.npz
    tolerance: 1e-3
types: slim
registration: all
optimise:
  level: Oz
  lto: thin
  fold_sections: false
  protos: lite
  rtti: true
  unwind_tables: false
  position_independent: false
size_budget: {archive: 3500, linked: 1.5 MiB, stripped: 4 MB, compressed: 2kB}
defines: [NDEBUG, LIMIT=4, 'TEXT="a b"', EMPTY=]
flags:
  compile: [-I, "with space"]
  link: [-lz]
patches: [a.patch, /abs/b.patch]
jobs: 3
launcher: none
"""
    )
    target = load(folder, "all")
    root = folder.parent
    assert target.description == "Two\nlines"
    assert target.cpu_flags == ("-mcpu=cortex-a53", '-DX="a b"')
    assert target.compiler == Path("/home/me/x/bin/clang++")
    assert target.sysroot == root / "my sysroot"
    assert target.tensorflow == root / "../tf"
    assert target.models[1] == Model(
        path=root / "saved",
        name="other",
        inputs=(
            ModelInput(name="x"),
            ModelInput(name="y:0", dtype="DT_INT64", shape=(-1, 28, 28)),  # type: ignore[arg-type]
            ModelInput(name="z", shape=()),
        ),
        outputs=("out",),
        samples=root / "s.npz",
        tolerance=0.001,  # type: ignore[arg-type]  # plain numbers are the clearest expectation
    )
    assert dataclasses.astuple(target.size_budget) == (3500, 1572864, 4_000_000, 2000)
    assert target.optimise == Optimise(
        level="Oz",
        lto="thin",
        fold_sections=False,
        protos="lite",
        rtti=True,
        unwind_tables=False,
        position_independent=False,
    )
    assert target.defines == ("NDEBUG", "LIMIT=4", 'TEXT="a b"', "EMPTY=")
    assert (target.flags.compile, target.flags.link) == (("-I", "with space"), ("-lz",))
    assert target.patches == (root / "a.patch", Path("/abs/b.patch"))
    assert (target.jobs, target.launcher, target.types) == (3, "none", "slim")


@pytest.mark.parametrize(
    "written",
    ["$HOME/m.pb", "{{ m }}.pb", 'it\'s "m".pb', "a b/*.pb", "`m`.pb", "~root/m.pb", "m~.pb", "%s"],
)
def test_only_a_leading_tilde_is_expanded(write: Write, written: str) -> None:
    folder = write(pc=f"platform: linux\nabi: x86_64\nmodels: [{json.dumps(written)}]\n")
    assert load(folder, "pc").models[0].path == folder.parent / written


@pytest.mark.parametrize(
    ("written", "is_path"),
    [("clang", False), ("arm-linux-gnueabihf-", False), ("bin/arm-", True), ("./clang", True)],
)
def test_a_compiler_is_a_path_if_it_has_a_slash(write: Write, written: str, is_path: bool) -> None:
    folder = write(pc=f"{PC}compiler: {written}\n")
    expected = folder.parent / written if is_path else written
    assert load(folder, "pc").compiler == expected


def test_extends(write: Write) -> None:
    folder = write(
        base=f"{PC}optimise:\n  level: O2\n  lto: thin\ndefines: [A, B]\njobs: 2\n",
        child="extends: base\nabi: aarch64\noptimise:\n\n  lto: full\ndefines: [C]\n",
        grandchild="extends: child\njobs:\nflags:\n  link: [-lm]\n",
    )
    target = load(folder, "grandchild")
    assert (target.abi, target.optimise.level, target.optimise.lto) == ("aarch64", "O2", "full")
    assert target.defines == ("C",)
    assert target.jobs is None
    assert target.flags.link == ("-lm",)
    assert load(folder, "base").jobs == 2


def test_every_value_knows_where_it_was_written(write: Write) -> None:
    folder = write(
        base=f"{PC}optimise:\n  level: O2\n  lto: thin\njobs: 2\n",
        child=(
            "extends: base\noptimise:\n\n  lto: full\njobs:\n"
            "models:\n  - a.pb\n  - path: b.pb\n    inputs:\n    - x\n    - name: y\n"
        ),
    )
    target = load(folder, "child")
    expected = {
        "platform": "targets/base.yaml:1",
        "optimise": "targets/child.yaml:2",
        "optimise.level": "targets/base.yaml:5",
        "optimise.lto": "targets/child.yaml:4",
        "optimise.fold_sections": "targets/child.yaml:2",
        "jobs": "targets/child.yaml:5",
        "models": "targets/child.yaml:6",
        "models[0].path": "targets/child.yaml:7",
        "models[1].path": "targets/child.yaml:8",
        "models[1].inputs[0].name": "targets/child.yaml:10",
        "models[1].inputs[1].name": "targets/child.yaml:11",
        "models[1].inputs[1].dtype": "targets/child.yaml:11",
        "models[1].samples": "targets/child.yaml:8",
        "types": "targets/child.yaml",
        "flags.link": "targets/child.yaml",
    }
    assert {key: target.where(key) for key in expected} == expected


def test_targets_are_sorted_and_other_files_ignored(write: Write) -> None:
    folder = write(b=PC, a=PC, c=PC)
    for name in ("schema.json", ".c.yaml", "a.yaml~"):
        (folder / name).write_text(": not read [")
    assert list(load_targets(folder, checks=())) == ["a", "b", "c"]


def test_targets_can_be_hashed_and_not_changed(write: Write) -> None:
    target = load(write(pc=PC), "pc")
    assert len({target, dataclasses.replace(target), dataclasses.replace(target, abi="x")}) == 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        target.abi = "armv6"  # type: ignore[misc]


def test_canonical_does_not_see_layout_descriptions_or_jobs(write: Write, tmp_path: Path) -> None:
    folder = write(pc=f"{PC}size_budget: {{stripped: 4 MB}}\npatches: [/abs/p.patch]\n")
    before = load(folder, "pc").canonical()
    text = f"# moved\n\n{PC}patches:\n- /abs/p.patch\njobs: 7\ndescription: new\n"
    elsewhere = tmp_path / "elsewhere" / "targets"
    elsewhere.mkdir(parents=True)
    (elsewhere / "pc.yaml").write_text(f"{text}size_budget:\n  stripped: 4000 kB\n")
    after = load(elsewhere, "pc").canonical()
    assert json.dumps(after) == json.dumps(before)
    assert before["models"] == [
        {
            "path": "m.pb",
            "name": "m",
            "inputs": [],
            "outputs": [],
            "signature": "",
            "tags": [],
            "initialise": [],
            "state": "freeze",
            "samples": None,
            "tolerance": 0.0001,
            "prepare": None,
            "convert": None,
        }
    ]
    assert before["patches"] == ["/abs/p.patch"]


@pytest.mark.parametrize("line", ["defines: [A]", "optimise: {lto: thin}", "compiler: gcc"])
def test_canonical_sees_what_changes_the_build(write: Write, line: str) -> None:
    folder = write(pc=PC, other=f"{PC}{line}\n")
    plain, changed = (load(folder, name).canonical() for name in ("pc", "other"))
    assert {key for key in plain if plain[key] != changed[key]} == {"id", line.partition(":")[0]}


def test_missing_files_are_those_that_are_missing(write: Write) -> None:
    folder = write(pc="platform: linux\nabi: x86_64\nmodels: [there.pb, saved, absent.pb]\n")
    (folder.parent / "there.pb").touch()
    (folder.parent / "saved").mkdir()
    (problem,) = missing_files(load(folder, "pc"))
    assert problem.where == "targets/pc.yaml:3"
    assert problem.what == "models[2].path: no such file or folder: absent.pb"


def test_checks_of_other_stages_are_reported_with_the_rest(write: Write) -> None:
    folder = write(a=f"{PC}jobs: 0\n", b="platform: plan9\nabi: mips\nmodels: [m.pb]\n")

    def known_platform(target: Target) -> Iterator[Problem]:
        if target.platform != "linux":
            yield Problem(where=target.where("platform"), what=f"no platform {target.platform}")

    with pytest.raises(ConfigError) as caught:
        load_targets(folder, checks=(known_platform,))
    assert [problem.where for problem in caught.value.problems] == [
        "targets/a.yaml:4",
        "targets/b.yaml:1",
    ]


def test_a_file_with_a_byte_order_mark_and_windows_lines(write: Write) -> None:
    folder = write()
    (folder / "pc.yaml").write_bytes(
        b"\xef\xbb\xbf" + PC.replace("\n", "\r\n").encode() + b"jobs: 2"
    )
    assert load(folder, "pc").where("jobs") == "targets/pc.yaml:4"
