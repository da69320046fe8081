"""Words of the command line that name nothing: what was meant is said, and nothing is done."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from buildtool.cli.words import asked_targets

if TYPE_CHECKING:
    from tests.conftest import Project


@pytest.mark.parametrize(
    ("word", "what"),
    [
        ("build:pi6", "build:pi6: there is no target 'pi6'\n    perhaps you meant 'pi64'"),
        ("bild:pi", "bild:pi: there is no step 'bild'\n    perhaps you meant 'build'"),
        (
            "plan:mars",
            "plan:mars: there is no target 'mars'\n    it can be: android, android-arm64-v8a, ",
        ),
        ("bulid", "bulid: there is no such command or step\n    perhaps you meant 'build'"),
        ("lst", "lst: there is no such command or step\n    perhaps you meant 'list'"),
        ("explain", "explain: of which target?\n    explain:android NAME"),
        ("explian:pi", "explian:pi: there is no step 'explian'\n    perhaps you meant 'explain'"),
        ("what=", "what: nothing is given\n    write what=NAME, such as what=Conv2D"),
        (
            "grow=much",
            "grow: must be a size, not the text 'much'\n    write a number and a unit",
        ),
        ("against=", "against: nothing is given\n    write against=NAME or against=PATH"),
        ("linux", "linux: a step is missing\n    build:linux"),
        ("mdoel=a.pb", "mdoel: unknown name\n    perhaps you meant 'model'"),
        ("model=", "model: a path is empty\n    write model=PATH or model=PATH,PATH"),
        ("model=gone.pb", "models[0].path: no such file or folder: gone.pb\n    put it there"),
        ("jobs=many", "jobs: must be a whole number, 1 or more, not 'many'"),
        ("offline=yes", "offline: cannot be 'yes'\n    it can be: 0, 1"),
        ("tf=./gone", "tensorflow: no such file or folder: gone\n    put it there"),
    ],
)
def test_a_misspelt_word_is_refused_and_the_right_one_named(
    project: Project, word: str, what: str
) -> None:
    words = (word,) if ":" in word or "=" not in word else ("build:linux", word)
    err = project.doit(*words, code=3).err
    assert f"command line: {what}" in err
    assert not (project.root / "build").exists()


def test_all_wrong_words_are_told_at_once(project: Project) -> None:
    err = project.doit("plan:p1", "genrate:pi", code=3).err
    assert "plan:p1: there is no target 'p1'" in err
    assert "genrate:pi: there is no step 'genrate'" in err


def test_a_word_that_is_like_nothing_is_left_to_doit(project: Project) -> None:
    assert 'Invalid parameter: "qqq"' in project.doit("qqq", code=3).err


def test_a_wish_for_models_is_the_built_targets_alone(project: Project) -> None:
    """Of the other targets, those of Android cannot map models into memory."""
    assert "prepare:linux" in project.doit("list", "format=memory-mapped").out
    err = project.doit("build:linux-java", "format=memory-mapped", code=3).err
    assert "command line: prepare.format: only apps in C++ can have TensorFlow map digits" in err
    assert "and apps get 'java-library'" in err
    assert "android" not in err


@pytest.mark.parametrize(
    "words",
    [("clean", "--dry-run", "build:pi"), ("forget", "plan:pi"), ("help", "plan"), ("list",)],
)
def test_right_words_are_no_mistakes(project: Project, words: tuple[str, ...]) -> None:
    assert project.doit(*words).err == ""


def test_what_stands_behind_explain_is_what_it_is_asked(project: Project) -> None:
    """Words that are nearly a step's name are not held to be one."""
    ended = project.doit("explain:linux", "bulid", "linux", "offline=1", code=9)
    assert "perhaps" not in ended.err
    assert "plan:linux failed" in ended.err


def test_what_stands_behind_identify_are_files(project: Project) -> None:
    """Also if they are called nearly like a step; one that is none is told with exit code 3."""
    ended = project.doit("identify", "bulid", "dodo.py", code=3)
    assert "perhaps" not in ended.err
    assert "bulid: there is no such file" in ended.err
    assert 'dodo.py: is no library and no program: it starts with b\'"""The t\'' in ended.err
    ended = project.doit("identify", code=3)
    assert "identify: which file?\n    identify FILE: a library, a program" in ended.err


def test_a_supposition_is_asked_for(project: Project) -> None:
    ended = project.doit("what-if:pi", code=3)
    assert "what-if:pi: nothing is supposed\n    what-if:pi model=B.pb, tf=TREE" in ended.err
    assert not (project.folder("pi") / "what-if").exists()


def test_a_target_that_lacks_something_fails_the_doctor_and_nothing_is_made(
    project: Project,
) -> None:
    """All that is missing is told at once, and the table of all targets is no failure."""
    ended = project.doit("doctor:pi", code=4, env={"PATH": "/nowhere"})
    assert "MISSING  compilers" in ended.out
    for what in ("compiler: 'clang' gives no C++ compiler here", "protoc 3.21 is needed"):
        assert what in ended.err
    assert "Python package numpy" in ended.out
    assert not (project.folder("pi") / "plan.json").exists()
    told = project.doit("doctor", env={"PATH": "/nowhere"})
    assert "what is missing is for" in told.out
    assert json.loads((project.root / "build" / "doctor.json").read_text("utf-8"))["findings"]


def test_there_is_nothing_to_compare_before_a_build(project: Project) -> None:
    err = project.doit("diff:linux", code=3).err
    assert "diff:linux: nothing is built yet\n    doit build:linux" in err
    err = project.doit("diff:ios", code=3).err
    assert "each ABI has a report of its own: diff:ios-arm64, once it is built" in err


def test_what_a_build_is_compared_with_must_be_a_report(project: Project) -> None:
    report = project.folder("linux") / "report.json"
    report.parent.mkdir(parents=True)
    report.write_text('{"schema_version": 1}', encoding="utf-8")
    err = project.doit("diff:linux", code=3).err
    assert "there was no other build before this one" in err
    err = project.doit("diff:linux", "against=linx", code=3).err
    assert "there is no build of a target 'linx'\n    perhaps you meant 'linux'" in err
    err = project.doit("diff:linux", "against=linux,pi", code=3).err
    assert "one report at a time" in err
    err = project.doit("diff:linux", "against=./gone.json", code=3).err
    assert "gone.json: cannot be read: No such file" in err
    (project.root / "old.json").write_text('{"schema_version": 9}', encoding="utf-8")
    err = project.doit("diff:linux", "against=old.json", code=3).err
    assert "old.json: is no report.json of this tool, or of another release" in err


@pytest.mark.parametrize(
    ("words", "targets"),
    [
        ("plan:linux", {"linux"}),
        ("run plan:linux size:pi jobs=2", {"linux", "pi"}),
        ("-n 2 plan:linux", {"linux"}),
        ("", {"pi"}),
        ("model=a.pb", {"pi"}),
        ("explain:pi Conv2D build", {"pi"}),
        ("plan", set()),
        ("list", set()),
        ("clean plan:linux", set()),
        ("plan:linux build", set()),
        ("-n 2", set()),
    ],
)
def test_which_targets_are_asked_for(words: str, targets: set[str]) -> None:
    found = asked_targets(
        words.split(),
        default=("build:pi",),
        commands=("list", "run", "clean"),
        answering=["explain"],
    )
    assert found == targets
