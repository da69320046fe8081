from __future__ import annotations

from pathlib import Path

import pytest

from buildtool.core.errors import ToolError
from buildtool.tools.bazel.release_flags import flags
from buildtool.tools.bazel.versions import wanted_bazel


def test_bazelversion_goes_before_all(tmp_path: Path) -> None:
    (tmp_path / ".bazelversion").write_text("# comment\n6.1.0\n# NOTE: 5.0.0\n")
    (tmp_path / "configure.py").write_text("_TF_MAX_BAZEL_VERSION = '3.99.0'\n")
    found = wanted_bazel(tmp_path)
    assert str(found) == "Bazel 6.1.0"
    assert found.said_in == (f"{tmp_path}/.bazelversion:2",)
    assert [found.accepts(each) for each in ("6.1.0", "6.1.2", "6.0.9", "6.2.0", "7.7.1")] == [
        True, True, False, False, False,
    ]  # fmt: skip


def test_limits_of_configure(tmp_path: Path) -> None:
    text = "def check_bazel_version(min_version, max_version):\n  pass\n\n"
    (tmp_path / "configure.py").write_text(text + "  check_bazel_version('0.19.0', '0.20.0')\n")
    found = wanted_bazel(tmp_path, tensorflow="1.12.0")
    assert (found.least, found.most) == ("0.19.0", "0.20.0")
    assert found.said_in == (f"{tmp_path}/configure.py:4",)
    assert [found.accepts(each) for each in ("0.18.1", "0.19.1", "0.20.0", "0.20.1")] == [
        False, True, True, False,
    ]  # fmt: skip
    lines = "_TF_MIN_BAZEL_VERSION = '0.27.1'\n_TF_MAX_BAZEL_VERSION = '0.29.1'\n"
    (tmp_path / "configure.py").write_text(lines)
    assert str(wanted_bazel(tmp_path, tensorflow="2.1.0")) == "Bazel 0.27.1 to 0.29.1"


def test_an_old_workspace_says_the_oldest_and_the_table_the_newest(tmp_path: Path) -> None:
    (tmp_path / "WORKSPACE").write_text('load("x")\ncheck_version("0.4.2")\n')
    found = wanted_bazel(tmp_path, tensorflow="1.0.0")
    assert str(found) == "Bazel 0.4.2 to 0.20.0"
    assert found.said_in == (f"{tmp_path}/WORKSPACE:2", "bazel.yaml")
    assert str(wanted_bazel(tmp_path, tensorflow="1.9.0")) == "Bazel 0.4.2 or newer"


@pytest.mark.tree_1x
def test_18_itself(tree_1x: Path) -> None:
    assert str(wanted_bazel(tree_1x, tensorflow="1.8.0")) == "Bazel 0.10.0 to 0.20.0"


@pytest.mark.real_tree
def test_214_itself(real_tree: Path) -> None:
    assert str(wanted_bazel(real_tree, tensorflow="2.14.1")) == "Bazel 6.1.0"


def test_settings_become_the_flags_of_the_release() -> None:
    settings: dict[str, str | int] = {"http_cache": "http://x:1/c", "memory": 700, "jobs": 2}
    assert flags("0.20.0", settings) == (
        "--remote_http_cache=http://x:1/c",
        "--local_resources=700,1.0,1.0",
        "--jobs=2",
    )
    assert flags("2.1.0", settings) == (
        "--remote_cache=http://x:1/c",
        "--local_ram_resources=700",
        "--jobs=2",
    )
    with pytest.raises(ToolError, match=r"Bazel 0\.5\.4: has no flag for 'disk_cache'"):
        flags("0.5.4", {"disk_cache": "/x"})


def test_an_executor_as_each_release_names_it() -> None:
    settings: dict[str, str | int] = {"executor": "grpc://b:1", "strategy": "spawn_strategy"}
    assert flags("0.20.0", settings) == ("--remote_executor=b:1", "--spawn_strategy=remote")
    new = ("--remote_executor=grpc://b:1", "--spawn_strategy=remote,local")
    assert flags("7.7.1", settings) == new
