"""What a real Bazel does with the files that a tree's ``configure`` leaves, and with the version
that a tree names. Each is a reason for something that this tool does."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtool.core.errors import ToolError
from buildtool.sources.cache import Cache
from buildtool.tools.bazel.events import FLAG, EventFile
from buildtool.tools.bazel.finder import find_bazel
from buildtool.tools.bazel.release_flags import flags
from buildtool.tools.bazel.versions import wanted_bazel
from tests.bazel.conftest import Bazel

pytestmark = [pytest.mark.network, pytest.mark.build]

# Says what it sees of the environment.
RULE = """
def _impl(ctx):
    seen = ctx.os.environ.get("ANDROID_NDK_HOME", "")
    ctx.file("BUILD", 'filegroup(name = "%s", visibility = ["//visibility:public"])' % seen)

seen = repository_rule(implementation = _impl, environ = ["ANDROID_NDK_HOME"])
"""
USERS = """
build --copt=-DOF_USER --copt=-DWHOSE=1
build --action_env ANDROID_NDK_HOME=of_user
build:own --copt=-DOF_CONFIG
"""
OURS = ("--copt=-DWHOSE=2", "--config=own", "--action_env=ANDROID_NDK_HOME=ours")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """As ``configure`` leaves it."""
    folder = tmp_path / "ws"
    folder.mkdir()
    (folder / "WORKSPACE").write_text('load("//:seen.bzl", "seen")\nseen(name = "seen")\n')
    (folder / "seen.bzl").write_text(RULE)
    (folder / "BUILD").write_text('cc_library(name = "a", srcs = ["a.cc"])\n')
    (folder / "a.cc").write_text("int a() { return WHOSE; }\n")
    (folder / ".bazelrc").write_text("import %workspace%/.tf_configure.bazelrc\n")
    (folder / ".tf_configure.bazelrc").write_text(USERS)
    return folder


def rc(bazel: Bazel, folder: Path) -> Path | None:
    """Old releases read the workspace's file only if no other one is named."""
    return folder / ".bazelrc" if bazel.version == "0.17.2" else None


def test_what_configure_wrote_counts_and_the_command_line_wins(
    bazel: Bazel, workspace: Path
) -> None:
    events = workspace.parent / "events.json"
    words = (*flags(bazel.version, {"events": str(events)}), FLAG, *OURS)
    done = bazel(workspace, "build", *words, "//:a", "@seen//:ours", rc=rc(bazel, workspace))
    assert done.returncode == 0, done.stderr
    ended = EventFile(events).end()
    command = next(each.command for each in ended.actions if each.type == "CppCompile")
    said = [word for word in command if word.startswith(("-DOF_", "-DWHOSE"))]
    # The last one counts, for the compiler as well.
    assert said == ["-DOF_USER", "-DWHOSE=1", "-DWHOSE=2", "-DOF_CONFIG"]


def test_without_the_command_line_the_users_values_stand(bazel: Bazel, workspace: Path) -> None:
    done = bazel(workspace, "build", "--nobuild", "@seen//:of_user", rc=rc(bazel, workspace))
    assert done.returncode == 0, done.stderr


def test_a_file_that_is_imported_and_not_there_ends_all(bazel: Bazel, workspace: Path) -> None:
    """An overlay without it would not build at all."""
    (workspace / ".tf_configure.bazelrc").unlink()
    done = bazel(workspace, "build", "--nobuild", "//:a", rc=rc(bazel, workspace))
    assert done.returncode == 37  # which is also said of a crash
    assert ".tf_configure.bazelrc" in done.stderr


def test_no_bazel_minds_which_version_a_tree_names(
    bazel: Bazel, workspace: Path, tmp_path: Path
) -> None:
    """Only bazelisk reads it, and the starter of Bazel's own packages: the check is ours."""
    (workspace / ".bazelversion").write_text("6.1.0\n")
    done = bazel(workspace, "build", "--nobuild", "//:a", rc=rc(bazel, workspace))
    assert done.returncode == 0, done.stderr
    with pytest.raises(ToolError, match=r"this tree wants Bazel 6\.1\.0 .*\.bazelversion:1"):
        find_bazel(
            wanted_bazel(workspace), cache=Cache(root=tmp_path / "cache"), given=bazel.program
        )
