"""What is told of a machine, whatever is or is not on it."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.core.errors import Problem, ToolError
from buildtool.doctor import machine
from buildtool.doctor.finding import Finding, State, lacking, merged, missing
from buildtool.report.page_rendering import render_page
from buildtool.sources import Cache
from buildtool.tools.helpers import program

GOLDEN = Path(__file__).parent / "golden"
NDK = ToolError(
    [
        Problem(where="NDK", what="not found", todo="set ANDROID_NDK_HOME"),
        Problem(where="a.cc", what="failed:\nIn file a.h\n  a.h:1: error: no b\n", todo="repeat"),
    ]
)


def test_the_same_finding_of_several_targets_is_one_row_and_what_is_missing_comes_first() -> None:
    ok = Finding(name="c++", state=State.OK, where="/bin/c++", targets=("pi",))
    also = dataclasses.replace(ok, targets=("linux",))
    fact = Finding(name="p", state=State.TOLD)
    rows = merged([ok, *lacking("compilers", NDK, targets=("android",)), ok, fact, also])
    assert [(row.name, row.state, row.targets) for row in rows] == [
        ("compilers", State.MISSING, ("android",)),
        ("compilers", State.MISSING, ("android",)),
        ("c++", State.OK, ("pi", "linux")),
        ("p", State.TOLD, ()),
    ]
    assert rows[1].version == "failed: a.h:1: error: no b"
    assert missing(rows) == rows[:2]


def test_what_can_be_done_without_is_not_missing() -> None:
    rows = lacking("ccache", NDK, without="nothing is kept")
    assert missing(rows) == []
    assert rows[0].todo == "set ANDROID_NDK_HOME; without it nothing is kept"


def test_the_table(golden: Callable[[Path, str], None]) -> None:
    targets = ("pi", "linux", "ios")
    rows = merged(
        [
            Finding(name="c++", state=State.OK, where="/bin/c++", version="14", targets=targets),
            *lacking("compilers", NDK, targets=("android",)),
            *lacking("ccache", NDK, targets=("pi",), without="nothing is kept"),
            Finding(name="proxy", state=State.TOLD, where="https_proxy", version="http://p"),
        ]
    )
    text = render_page("doctor.txt.j2", rows=rows, several=True, shown=2)
    golden(GOLDEN / "doctor.txt", text)


def test_every_package_of_the_project_is_imported() -> None:
    found = {each.name.lower(): each for each in machine.python_packages()}
    assert {"python", "python package doit", "python package starlark-pyo3"} <= set(found)
    assert {each.state for each in found.values()} == {State.OK}
    assert found["python package pyyaml"].where.endswith("yaml/__init__.py")


def test_packages_that_are_not_there_too_old_or_broken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    named = ["doit>=99.5", "no-such-package (>=1.0)", 'ruff==1; extra == "dev"', "PyYAML"]
    monkeypatch.setattr("importlib.metadata.requires", lambda _: named)
    told = [each.version for each in machine.python_packages() if each.state is State.MISSING]
    assert "99.5 or newer is needed" in told[0]
    assert told[1:] == ["no-such-package is not installed"]


def test_a_tool_that_was_not_installed_does_not_know_what_it_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(machine, "DISTRIBUTION", "nobody-has-this")
    told = [each.version for each in machine.python_packages() if each.state is State.MISSING]
    assert told == ["nobody-has-this itself is not installed here: what it needs is not known"]


def test_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a folder that is not there yet, it is that of the one that it will be in."""
    (found,) = machine.room({"cache": tmp_path / "a" / "b"})
    assert (found.state, found.where) == (State.OK, str(tmp_path / "a" / "b"))
    monkeypatch.setattr(machine, "LEAST_FREE", 10**18)
    (found,) = machine.room({"cache": tmp_path})
    assert found.state is State.LACKING
    monkeypatch.setattr(os, "access", lambda *_: False)
    (found,) = machine.room({"cache": tmp_path})
    assert (found.state, found.version) == (State.MISSING, "cannot be written")


def test_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.memory(3).version.endswith("3 compilers at once")
    monkeypatch.setattr(machine, "free_memory", lambda: 10**8)
    assert machine.memory(1).state is State.LACKING


def test_a_proxys_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://me:secret@proxy:3128")
    monkeypatch.setenv("PIP_INDEX_URL", "https://me:secret@index.example/simple")
    told = {each.version for each in machine.network()}
    assert {"http://proxy:3128", "https://index.example/simple"} <= told
    assert not any("secret" in each for each in told)


def test_sources_that_are_not_here_are_missing_only_offline(tmp_path: Path) -> None:
    cache = Cache(root=tmp_path)
    states = {
        (absent, offline): machine.sources(
            ["a", "b"], absent, cache=cache, offline=offline, target="pi"
        ).state
        for absent in ((), ("b",))
        for offline in (False, True)
    }
    assert states == {
        ((), False): State.OK,
        ((), True): State.OK,
        (("b",), False): State.TOLD,
        (("b",), True): State.MISSING,
    }


def test_a_program_is_started_to_be_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helper = program("odd-tool", "odd-package")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="apt-get install odd-package"):
        helper.find()
    tool = tmp_path / "odd-tool"
    tool.write_text("#!/bin/sh\necho odd-tool 7\n", encoding="utf-8")
    tool.chmod(0o755)
    assert (helper.find().version, helper.find().path) == ("odd-tool 7", tool)
    tool.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    with pytest.raises(ToolError):
        helper.find()
