"""The last net: whatever this tool did not expect ends in a few lines and a file to attach."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from buildtool.cli.mistakes import tell_traceback, tell_unexpected
from buildtool.core.errors import ExitCode

if TYPE_CHECKING:
    from tests.conftest import Project

# A mistake in each place from which one could get out, and the task that meets it.
MISTAKES = {
    "buildtool/workflow/plan_step.py": "\ndef run(work):\n    return run(work)\n",
    "buildtool/cli/stamps.py": "\ndef step_stamp(target, stamps):\n    return {}[target.id]\n",
    "buildtool/platforms/__init__.py": "\ndef platform_problems(target):\n    return 1 / 0\n",
    "buildtool/cli/locks.py": "\ndef lock_targets(*_, **__):\n    raise IndexError('\\x1b[2J')\n",
}


@pytest.mark.parametrize("file", MISTAKES)
def test_a_mistake_ends_in_a_few_lines_and_a_file(
    tmp_path: Path, make_project: Callable[..., Project], file: str
) -> None:
    project = make_project(tmp_path / "project", cache=tmp_path / "cache", own=True)
    with (project.root / file).open("a", encoding="utf-8") as code:
        code.write(MISTAKES[file])
    ended = project.doit("plan:linux", code=1)
    assert "a mistake in this tool: " in ended.err
    assert "\x1b" not in ended.err
    assert len(ended.err.splitlines()) < 8
    (written,) = (project.root / "build").glob("mistake-*.txt")
    assert f"please report it, with the file {written}" in ended.err or "build/mistake" in ended.err
    text = written.read_text(encoding="utf-8")
    assert "words: plan:linux\n" in text
    assert "Traceback (most recent call last)" in text
    assert len(text.splitlines()) < 200


def test_where_nothing_can_be_written_it_goes_to_the_folder_for_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "build").write_text("in the way")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    problem = tell_traceback(["ValueError: no\n"], "plan:x/../y", folder=tmp_path / "build")
    (written,) = tmp_path.glob("buildtool-*-mistake-plan-x-..-y.txt")
    assert problem.what == "a mistake in this tool: ValueError: no"
    assert problem.todo.endswith(str(written))


@pytest.mark.parametrize(
    ("failure", "what"),
    [
        (MemoryError(), "the memory is used up"),
        (OSError(28, "No space left", "a/b"), "the disk is full"),
        (OSError(5, "Input/output error", "a/b"), "cannot be used: Input/output error"),
        (OSError(24, "Too many open files", "a/b"), "this machine gives no more"),
    ],
)
def test_what_the_machine_refuses_is_no_mistake(
    tmp_path: Path, failure: Exception, what: str
) -> None:
    problem, code = tell_unexpected(failure, "plan:x", folder=tmp_path)
    assert problem.what.startswith(what)
    assert code == ExitCode.FAILED_BUILD
    assert list(tmp_path.iterdir()) == []
