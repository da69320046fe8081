from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import starlark

from buildtool.core.errors import ConfigError, Problem
from buildtool.tools.android.bazel_rules import (
    Generation,
    WorkspaceEdit,
    generation,
    place,
    read_declared,
    with_declared,
)
from buildtool.tools.android.compatibility import Kit, KitRequest
from buildtool.tools.bazel.workspace_file import entries
from tests.android.conftest import make_kit

WORKSPACE = """workspace(name = "org_tensorflow")
#android_sdk_repository(
#    name = "androidsdk",
#)
tf_workspace()
"""
ODD = "with space, \"quotes\" \\ and 'these'"
RULES = {
    "android_sdk_repository",
    "android_ndk_repository",
    "buildtool_android_ndk_repository",
    "android_sdk_repository_extension.configure",
    "android_ndk_repository_extension.configure",
    "http_archive",
}


def put(text: str, kit: Kit, how: Generation) -> WorkspaceEdit:
    return place(text, kit, how, read_declared(text, path="W"), path="W")


def is_starlark(text: str) -> bool:
    """Whether a Starlark parser that is not Bazel's takes it."""
    starlark.parse("W", text, starlark.Dialect.standard())
    return True


def test_the_generation_follows_tree_and_bazel(tmp_path: Path) -> None:
    assert generation(tmp_path, bazel="0.17.2", starlark=False) is Generation.RULES
    (tmp_path / "third_party/android").mkdir(parents=True)
    (tmp_path / "third_party/android/android_configure.bzl").touch()
    assert generation(tmp_path, bazel="0.26.1", starlark=False) is Generation.ENVIRONMENT
    assert generation(tmp_path, bazel="7.4.0", starlark=True) is Generation.STARLARK
    assert generation(tmp_path, bazel="8.0.0", starlark=True) is Generation.MODULE


@pytest.mark.parametrize("name", ["plain", ODD])
@pytest.mark.parametrize("how", [Generation.RULES, Generation.STARLARK, Generation.MODULE])
def test_paths_and_values_come_out_right_and_once(
    tmp_path: Path, name: str, how: Generation
) -> None:
    kit = make_kit(tmp_path / name)
    first = put(WORKSPACE, kit, how)
    assert put(first.text, kit, how).text == first.text
    assert first.text.startswith(WORKSPACE)
    assert is_starlark(first.text)
    found = {
        each.rule.removeprefix("buildtool_"): each for each in entries(first.text, RULES, path="W")
    }
    middle = "_extension.configure" if how is Generation.MODULE else ""
    assert found[f"android_sdk_repository{middle}"].attributes == {
        "path": f"{tmp_path}/{name}/sdk",
        "api_level": 28,
        "build_tools_version": kit.build_tools_version,
    }
    assert found[f"android_ndk_repository{middle}"].attributes == {
        "path": f"{tmp_path}/{name}/ndk",
        "api_level": 21,
    }
    assert ("http_archive" in found) == (how is Generation.STARLARK)
    assert first.file == ("MODULE.bazel" if how is Generation.MODULE else "WORKSPACE")


def test_other_values_replace_ours(kit: Kit) -> None:
    first = put(WORKSPACE, kit, Generation.RULES)
    second = put(first.text, dataclasses.replace(kit, api_level=24), Generation.RULES)
    assert second.text == first.text.replace("api_level = 21", "api_level = 24")


def test_the_environment_is_told_in_a_bazelrc_and_paths_with_quotes_by_another_name(
    tmp_path: Path,
) -> None:
    kit = make_kit(tmp_path / ODD)
    found = put(WORKSPACE, kit, Generation.ENVIRONMENT)
    assert found.text == WORKSPACE
    assert list(found.variables) == [
        "ANDROID_BUILD_TOOLS_VERSION",
        "ANDROID_NDK_API_LEVEL",
        "ANDROID_NDK_HOME",
        "ANDROID_SDK_API_LEVEL",
        "ANDROID_SDK_HOME",
    ]
    home = found.variables["ANDROID_NDK_HOME"]
    assert '"' not in home
    assert Path(home).resolve() == kit.ndk.root
    spaced = make_kit(tmp_path / "with space")
    variables = put(WORKSPACE, spaced, Generation.ENVIRONMENT).variables
    assert variables["ANDROID_SDK_HOME"] == f"{tmp_path}/with space/sdk"


def test_what_users_declared_is_respected_and_reported(kit: Kit) -> None:
    own = (
        WORKSPACE + 'android_ndk_repository(\n  name="androidndk",\n  path="/n",\n  api_level=14)\n'
    )
    found = put(own, kit, Generation.RULES)
    assert [(each.rule, each.where) for each in found.respected] == [
        ("android_ndk_repository", "W:6")
    ]
    rules = [each.rule for each in entries(found.text, RULES, path="W")]
    assert sorted(rules) == ["android_ndk_repository", "android_sdk_repository"]
    assert put(found.text, kit, Generation.RULES) == found
    assert "ANDROID_NDK_HOME" not in put(own, kit, Generation.ENVIRONMENT).variables


def test_with_entries_of_their_own_for_both_nothing_is_put_in(kit: Kit) -> None:
    own = WORKSPACE + 'android_ndk_repository(name="n")\nandroid_sdk_repository(name="s")\n'
    assert put(own, kit, Generation.RULES).text == own


def test_what_users_declared_is_checked_like_the_target() -> None:
    own = 'android_ndk_repository(name="n", path="/n", api_level=14)\n'
    own += 'android_sdk_repository(name="s")\n'
    problems: list[Problem] = []
    asked = with_declared(
        KitRequest(build_tools_version="1.2"), read_declared(own, path="W"), problems
    )
    assert not problems
    assert (asked.ndk, asked.api_level, asked.sdk) == (Path("/n"), 14, None)
    assert asked.build_tools_version == "1.2"
    assert asked.place("api_level") == "W:1: api_level"


def test_all_contradictions_are_said_at_once() -> None:
    own = 'android_ndk_repository(name="n", path="/n", api_level=14)\n'
    asked = KitRequest(ndk=Path("/m"), api_level=21, where={"api_level": "targets/x.yaml:3"})
    problems: list[Problem] = []
    assert with_declared(asked, read_declared(own, path="W"), problems) == asked
    ndk, level = map(str, problems)
    assert "ndk: is /m, but android_ndk_repository in W:1 says path = /n" in ndk
    assert "targets/x.yaml:3: api_level: is 21, but" in level


def test_an_entry_that_stands_twice_is_an_error() -> None:
    own = 'android_sdk_repository(name="a")\nx = 1\nandroid_sdk_repository(name="b")\n'
    with pytest.raises(ConfigError, match=r"W:3: android_sdk_repository is declared again; .*W:1"):
        read_declared(own, path="W")


def test_a_repository_for_the_rules_is_not_fetched_again(kit: Kit) -> None:
    own = 'local_repository(name = "rules_android_ndk", path = "/r")\n'
    assert "http_archive" not in put(own, kit, Generation.STARLARK).text
