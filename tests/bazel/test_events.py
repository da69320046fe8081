from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from buildtool.tools.bazel.events import FLAG, EventFile, problems_of
from buildtool.tools.bazel.release_flags import flags
from tests.bazel.conftest import Bazel

BUILD = """
cc_library(name = "a", srcs = ["a.cc"])
cc_binary(name = "m", srcs = ["m.cc"], deps = [":a"])
cc_library(name = "bad", srcs = ["bad.cc"])
cc_library(name = "lost", srcs = ["a.cc"], deps = [":nowhere"])
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "ws"
    folder.mkdir()
    (folder / "WORKSPACE").touch()
    (folder / "BUILD").write_text(BUILD)
    (folder / "a.cc").write_text("int a() { return 1; }\n")
    (folder / "m.cc").write_text("int a();\nint main() { return a() - 1; }\n")
    (folder / "bad.cc").write_text("int x = ;\n")
    return folder


def events(bazel: Bazel, folder: Path, *words: str) -> tuple[int, EventFile]:
    path = folder.parent / "events.json"
    path.unlink(missing_ok=True)
    own = flags(bazel.version, {"events": str(path)})
    return bazel(folder, "build", *own, FLAG, *words).returncode, EventFile(path)


@pytest.mark.network
@pytest.mark.build
def test_a_real_build(bazel: Bazel, workspace: Path) -> None:
    """One server for all of it: a build that succeeds, one that fails, one that cannot begin."""
    code, file = events(bazel, workspace, "--copt=-DSELECTIVE_REGISTRATION", "//:m")
    ended = file.end()
    assert code == 0
    assert (ended.code, ended.failed, ended.aborted) == (0, (), ())
    compiles = [each for each in ended.actions if each.type == "CppCompile"]
    assert {each.label for each in compiles} == {"//:a", "//:m"}
    assert all("-DSELECTIVE_REGISTRATION" in each.command for each in compiles)
    (program,) = ended.outputs["//:m"]
    assert program.name == "m"
    assert program.is_file()
    assert problems_of(ended, what="x", log=Path("log")) == []

    code, file = events(bazel, workspace, "--keep_going", "//:m", "//:bad")
    ended = file.end()
    assert (code, ended.code, ended.name) == (1, 1, "BUILD_FAILURE")
    assert [(each.type, each.label) for each in ended.failed] == [("CppCompile", "//:bad")]
    (problem,) = problems_of(ended, what="x", log=Path("log"))
    assert problem.where == "//:bad"
    assert "bad.cc:1:9: error: expected primary-expression" in problem.what
    assert "bad.cc" in problem.todo

    code, file = events(bazel, workspace, "//:lost")
    ended = file.end()
    assert code == ended.code == 1
    (problem,) = problems_of(ended, what="x", log=Path("log"))
    assert "target '//:nowhere' does not exist" in problem.what


def lines(*events: dict[str, Any]) -> str:
    return "".join(json.dumps(event) + "\n" for event in events)


def action(label: str, **said: Any) -> dict[str, Any]:
    identity = {"actionCompleted": {"primaryOutput": f"{label[3:]}.o", "label": label}}
    return {"id": identity, "action": {"label": label, "type": "CppCompile", **said}}


def test_a_growing_file_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "e"
    file = EventFile(path)
    assert file.poll() == ()
    text = lines(action("//:a", success=True), action("//:b", success=True))
    path.write_text(text[:-10])
    assert [each.label for each in file.poll()] == ["//:a"]
    assert file.poll() == ()
    path.write_text(text)
    assert [each.label for each in file.poll()] == ["//:b"]


def test_sets_within_sets_are_outputs(tmp_path: Path) -> None:
    inner = {"files": [{"name": "b", "uri": "file:///o%20x/b"}]}
    outer = {"files": [{"name": "a", "uri": "file:///a"}], "fileSets": [{"id": "0"}]}
    groups = [{"name": "default", "fileSets": [{"id": "1"}]}, {"name": "x", "fileSets": []}]
    (tmp_path / "e").write_text(
        lines(
            {"id": {"namedSet": {"id": "0"}}, "namedSetOfFiles": inner},
            {"id": {"namedSet": {"id": "1"}}, "namedSetOfFiles": outer},
            {
                "id": {"targetCompleted": {"label": "//:t"}},
                "completed": {"success": True, "outputGroup": groups},
            },
            {"id": {"buildFinished": {}}, "finished": {"exitCode": {"name": "SUCCESS"}}},
        )
    )
    ended = EventFile(tmp_path / "e").end()
    assert ended.outputs == {"//:t": (Path("/a"), Path("/o x/b"))}
    assert ended.code == 0


def test_a_bazel_that_was_killed(tmp_path: Path) -> None:
    (tmp_path / "e").write_text(lines(action("//:a", success=True)) + '{"id": {"act')
    (problem,) = problems_of(EventFile(tmp_path / "e").end(), what="build x", log=Path("/l"))
    assert "Bazel was killed" in problem.what
    assert "/l" in problem.todo
    assert problems_of(EventFile(tmp_path / "none").end(), what="x", log=Path("/l"))


@pytest.mark.parametrize(
    ("name", "code", "todo"),
    [
        ("LOCAL_ENVIRONMENTAL_ERROR", 36, "is there space on the disk"),
        ("COMMAND_LINE_ERROR", 2, "a flag given that this Bazel does not know"),
        ("NEW_ONE", 99, "its output: /l"),
    ],
)
def test_other_ends(tmp_path: Path, name: str, code: int, todo: str) -> None:
    finished = {"exitCode": {"name": name, "code": code}}
    (tmp_path / "e").write_text(lines({"id": {"buildFinished": {}}, "finished": finished}))
    (problem,) = problems_of(EventFile(tmp_path / "e").end(), what="x", log=Path("/l"))
    assert f"{name} (exit code {code})" in problem.what
    assert todo in problem.todo
