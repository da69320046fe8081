"""What programs answered is kept, and never once what it rests on is another."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.core.kept_answers import KeptAnswers, Reply
from buildtool.core.values import Tool
from buildtool.sources import cache
from buildtool.tools.asked_programs import compilation_files, program_files
from buildtool.tools.probing import tool

PROGRAM = '#include <stdio.h>\nint main() {{ puts("{version}"); return 0; }}\n'


class Asked:
    """Answers by what a file holds, and counts how often it was asked."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.times = 0

    def __call__(self) -> Reply:
        self.times += 1
        text = self.file.read_text(encoding="utf-8") if self.file.exists() else "none"
        return Reply(text=text, rests_on=[str(self.file)])


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    (tmp_path / "file").write_text("one", encoding="utf-8")
    return Asked(tmp_path / "file")


@pytest.fixture
def kept(tmp_path: Path) -> KeptAnswers:
    return KeptAnswers(tmp_path / "answers")


def answers(kept: KeptAnswers, asked: Asked, question: str = "what?") -> str:
    grow_old()
    return kept.ask((question,), asked)


def grow_old() -> None:
    """Wait until each file is older than a step of the file system's clock."""
    time.sleep(0.03)


def test_a_question_is_asked_once(kept: KeptAnswers, asked: Asked) -> None:
    assert [answers(kept, asked), answers(kept, asked)] == ["one", "one"]
    assert asked.times == 1
    answers(kept, asked, "what else?")
    assert asked.times == 2


def test_a_file_of_the_same_size_and_time_is_noticed(kept: KeptAnswers, asked: Asked) -> None:
    answers(kept, asked)
    before = asked.file.stat()
    asked.file.write_text("two", encoding="utf-8")
    os.utime(asked.file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert answers(kept, asked) == "two"


def test_a_file_that_comes_and_one_that_goes_are_noticed(kept: KeptAnswers, asked: Asked) -> None:
    asked.file.unlink()
    assert answers(kept, asked) == "none"
    assert answers(kept, asked) == "none"
    assert asked.times == 1
    asked.file.write_text("new", encoding="utf-8")
    assert answers(kept, asked) == "new"
    asked.file.unlink()
    assert answers(kept, asked) == "none"


def test_another_environment_is_asked_again(
    kept: KeptAnswers, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(kept, asked)
    monkeypatch.setenv("SHLVL", "7")
    answers(kept, asked)
    assert asked.times == 1
    monkeypatch.setenv("SDKROOT", "/elsewhere")
    answers(kept, asked)
    assert asked.times == 2


def test_what_just_changed_is_not_kept(kept: KeptAnswers, asked: Asked) -> None:
    def ask() -> Reply:
        asked.file.write_text("changing", encoding="utf-8")
        return asked()

    kept.ask(("what?",), ask)
    assert not kept.folder.exists()


def test_what_follows_is_found_once_for_each_question(kept: KeptAnswers) -> None:
    found: list[str] = []

    def find() -> str:
        found.append("found")
        return "answer"

    assert [kept.derive(("of", digest), find) for digest in ("a", "a", "b")] == ["answer"] * 3
    assert len(found) == 2


def test_a_spoilt_or_unwritable_folder_costs_no_more_than_the_question(
    kept: KeptAnswers, asked: Asked
) -> None:
    answers(kept, asked)
    (file,) = kept.folder.iterdir()
    file.write_text('{"states": 3}', encoding="utf-8")
    assert answers(kept, asked) == "one"
    shutil.rmtree(kept.folder)
    kept.folder.write_text("", encoding="utf-8")
    assert answers(kept, asked) == "one"


@pytest.fixture
def compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Compiles a program that says a version, always at the same place."""
    gcc = shutil.which("gcc")
    if gcc is None:
        pytest.skip("needs gcc")
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))

    def make(version: str) -> Path:
        source = tmp_path / "say.c"
        source.write_text(PROGRAM.format(version=version), encoding="utf-8")
        program = tmp_path / "say"
        subprocess.run([gcc, str(source), "-o", str(program)], check=True)
        grow_old()
        return program

    return make


def test_a_replaced_compiler_is_noticed(compiled: Callable[[str], Path], tmp_path: Path) -> None:
    program = compiled("clang 1.0")
    said = Tool(name="cc", path=program, version="clang 1.0")
    assert [tool("cc", program), tool("cc", program)] == [said, said]
    assert len(list((tmp_path / "cache" / "answers").iterdir())) == 1
    before = program.stat()
    compiled("clang 2.0")
    os.utime(program, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert tool("cc", program).version == "clang 2.0"


def test_a_script_is_asked_each_time(tmp_path: Path) -> None:
    script = tmp_path / "cc"
    script.write_text('#!/bin/sh\nexec clang "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    assert program_files(script) is None


def test_an_answer_rests_on_libraries_and_on_others_of_the_name(
    compiled: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path / 'first'}:{os.environ['PATH']}")
    found = program_files(compiled("1.0"))
    assert found is not None
    assert {str(tmp_path / "say"), str(tmp_path / "first" / "say")} <= set(found)
    assert any("/libc.so" in path for path in found)


def test_a_program_rests_on_headers_libraries_and_the_folders_above(tmp_path: Path) -> None:
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("needs g++")
    source = tmp_path / "probe.cc"
    source.write_text("#include <cmath>\nint main() { return 0; }\n", encoding="utf-8")
    found = compilation_files((compiler,), source, ("-pthread",))
    if found is None:
        pytest.skip("g++ is a script here")
    names = {Path(path).name for path in found}
    assert {"cmath", "cc1plus", "as", "crti.o"} <= names
    assert "/usr" in found
    assert not any(path.startswith(str(tmp_path)) for path in found)
