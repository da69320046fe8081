"""Driving make: questions, goals, and what is told when one fails. The makefiles are real."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtool.backends.makefile.make import MAKEFILE, Make, refused_goals, shell_words
from buildtool.core.errors import BuildError

TEXT = """\
GENDIR := gen/
TARGET := HOST
CXXFLAGS := -DIS_SLIM $(OPTFLAGS)
ifeq ($(TARGET),PI)
  CXXFLAGS += -DRASPBERRY_PI
endif
SRCS := $(wildcard src/*.cc)
$(GENDIR)%.o: src/%.cc
\t@mkdir -p $(@D)
\tsh compiler -c $< -o $@ $(CXXFLAGS)
"""
COMPILER = """\
if grep -q bad "$2"; then
  echo "noise before"; echo "$2:1:1: error: this is bad" >&2; echo "and why" >&2; exit 1
fi
if grep -q killed "$2"; then kill -9 $$; fi
cp "$2" "$4"
"""


@pytest.fixture
def make(tmp_path: Path) -> Make:
    folder = tmp_path / "tree"
    (folder / MAKEFILE).parent.mkdir(parents=True)
    (folder / MAKEFILE).write_text(TEXT)
    (folder / "compiler").write_text(COMPILER)
    (folder / "src").mkdir()
    for name in ("a", "b"):
        (folder / "src" / f"{name}.cc").write_text("good")
    return Make(
        folder=folder,
        variables={"TARGET": "PI"},
        more=(),
        jobs=2,
        log=tmp_path / "log.txt",
        say=lambda _: None,
    )


def test_the_command_line_names_everything(make: Make) -> None:
    command = make.command(["gen/a.o"], "--keep-going")
    assert command.cwd == make.folder
    assert command.argv == (
        *("make", "--no-print-directory", "--output-sync=target", "--jobs=2", "--keep-going"),
        *("-o", "tensorflow/core/util/version_info.cc"),
        *("-f", "tensorflow/contrib/makefile/Makefile", "TARGET=PI", "gen/a.o"),
    )


def test_the_makefile_is_asked(make: Make) -> None:
    found = make.ask(["CXXFLAGS", "SRCS", "NOTHING"])
    assert found["CXXFLAGS"] == ("-DIS_SLIM", "-DRASPBERRY_PI")
    assert set(found["SRCS"]) == {"src/a.cc", "src/b.cc"}
    assert found["NOTHING"] == ()


def test_goals_are_made_and_logged(make: Make) -> None:
    make.build(["gen/a.o", "gen/b.o"], title="compiling")
    assert (make.folder / "gen/a.o").read_text() == "good"
    assert "sh compiler -c src/a.cc -o gen/a.o" in make.log.read_text()


def test_a_failure_says_what_the_compiler_said(make: Make) -> None:
    (make.folder / "src/b.cc").write_text("bad")
    with pytest.raises(BuildError) as failure:
        make.build(["gen/a.o", "gen/b.o"], title="compiling")
    (problem,) = failure.value.problems
    assert problem.where == "compiling: gen/b.o"
    assert "src/b.cc:1:1: error: this is bad\n    and why" in problem.what
    assert "noise before" not in problem.what
    assert str(make.log) in problem.todo
    # What repeats it makes that one goal.
    assert problem.todo.endswith(" gen/b.o")
    assert "gen/a.o" not in problem.todo


def test_a_compiler_that_is_killed_is_a_failure(make: Make) -> None:
    (make.folder / "src/b.cc").write_text("killed")
    with pytest.raises(BuildError) as failure:
        make.build(["gen/b.o"], title="compiling")
    assert failure.value.problems[0].where == "compiling: gen/b.o"


def test_the_next_make_goes_on_where_one_ended(make: Make) -> None:
    (make.folder / "src/b.cc").write_text("killed")
    make.build(["gen/a.o", "gen/b.o"], title="compiling", keep_going=True)
    made = (make.folder / "gen/a.o").stat().st_mtime_ns
    (make.folder / "src/b.cc").write_text("good")
    make.build(["gen/a.o", "gen/b.o"], title="compiling")
    assert (make.folder / "gen/a.o").stat().st_mtime_ns == made
    assert (make.folder / "gen/b.o").is_file()


def test_keeping_going_makes_what_can_be(make: Make) -> None:
    (make.folder / "src/a.cc").write_text("bad")
    make.build(["gen/a.o", "gen/b.o"], title="guessing", keep_going=True)
    assert not (make.folder / "gen/a.o").exists()
    assert (make.folder / "gen/b.o").is_file()


def test_what_the_compiler_said_of_each_goal(make: Make) -> None:
    for name in ("a", "c"):
        (make.folder / f"src/{name}.cc").write_text("bad")
    goals = ["gen/a.o", "gen/b.o", "gen/c.o"]
    said = refused_goals(make.build(goals, title="guessing", keep_going=True))
    assert said == {
        f"gen/{name}.o": f"src/{name}.cc:1:1: error: this is bad\nand why" for name in ("a", "c")
    }


def test_nothing_stale_is_left_of_what_cannot_be_made(make: Make) -> None:
    """This compiler leaves what it made before, as some do."""
    make.build(["gen/a.o", "gen/b.o"], title="compiling")
    (make.folder / "src/a.cc").write_text("bad")
    make.build(["gen/a.o", "gen/b.o"], title="guessing", keep_going=True)
    assert not (make.folder / "gen/a.o").exists()
    assert (make.folder / "gen/b.o").is_file()


def test_a_goal_that_nothing_makes(make: Make) -> None:
    with pytest.raises(BuildError) as failure:
        make.build(["gen/none.o"], title="compiling")
    assert "No rule to make target 'gen/none.o'" in failure.value.problems[0].what


def test_words_reach_the_compiler_unchanged(make: Make) -> None:
    words = ["-DA=1", '-DTEXT="a b"', "-DCOST=$5", "it's"]
    flags = shell_words(words)
    (make.folder / "compiler").write_text('shift 4; shift 1; printf "%s\\n" "$@" > words.txt')
    Make(**{**make.__dict__, "variables": {"OPTFLAGS": flags}}).build(["gen/a.o"], title="x")
    assert (make.folder / "words.txt").read_text().splitlines() == words
