"""Driving Ninja: what is told of the objects that it could not make. Ninja is real."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from buildtool.backends.common.ninja import NativeBuild, refused_goals
from buildtool.core.errors import BuildError
from buildtool.platforms import find_abi
from buildtool.tools.compilers import find_toolchain

RULES = """\
rule compile
  command = sh compiler $in $out
build good.o: compile good.cc
build bad.o: compile bad.cc
build odd/worse.o: compile worse.cc
"""
COMPILER = """\
if grep -q bad "$1"; then
  echo "In file included from x:"; echo "$1:1:1: error: this is bad"; echo "  why"; exit 1
fi
cp "$1" "$2"
"""

needs_tools = pytest.mark.skipif(
    shutil.which("clang++") is None, reason="needs clang and its tools"
)


@needs_tools
def test_the_first_errors_of_each_object(tmp_path: Path) -> None:
    texts = {"build.ninja": RULES, "compiler": COMPILER, "good.cc": "", "bad.cc": "bad"}
    for name, text in {**texts, "worse.cc": "bad bad"}.items():
        (tmp_path / name).write_text(text)
    native = NativeBuild(
        project=tmp_path,
        folder=tmp_path,
        variables={},
        toolchain=find_toolchain(find_abi("linux", "x86_64")[1], probe=False),
        environment={},
        jobs=2,
        log=tmp_path / "log",
        say=lambda _: None,
    )
    with pytest.raises(BuildError) as caught:
        native.build(["good.o", "bad.o"], title="compiling")
    (problem,) = caught.value.problems
    assert problem.what.splitlines()[1:3] == [
        "    In file included from x:",
        "    bad.cc:1:1: error: this is bad",
    ]
    assert problem.todo.endswith(f" -C {tmp_path} -j 2 bad.o")
    goals = ["good.o", "bad.o", "odd/worse.o"]
    output = native.build(goals, title="guessing", keep_going=True)
    assert (tmp_path / "good.o").is_file()
    assert refused_goals(output) == {
        "bad.o": "bad.cc:1:1: error: this is bad\n  why",
        "odd/worse.o": "worse.cc:1:1: error: this is bad\n  why",
    }


def test_newer_releases_say_the_exit_code() -> None:
    output = """\
ninja: Entering directory `x'
[1/2] Building a.o
FAILED: [code=1] a.o
clang++ -c a.cc -o a.o
a.cc:3:4: fatal error: 're2/re2.h' file not found
[2/2] Building b.o
b.cc:1:1: warning: odd
ninja: build stopped: subcommand failed.
"""
    assert refused_goals(output) == {"a.o": "a.cc:3:4: fatal error: 're2/re2.h' file not found"}
