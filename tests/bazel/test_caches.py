"""What one build made, another takes from a cache: on the disk, or behind a web server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from buildtool.tools.bazel.release_flags import flags
from tests.bazel.conftest import Bazel
from tests.bazel.web_server import web_server

pytestmark = [pytest.mark.network, pytest.mark.build]

BUILD = """
cc_library(name = "a", srcs = ["a.cc"])
cc_binary(name = "m", srcs = ["m.cc"], deps = [":a"])
"""


def workspace(folder: Path) -> Path:
    folder.mkdir()
    (folder / "WORKSPACE").touch()
    (folder / "BUILD").write_text(BUILD)
    (folder / "a.cc").write_text("int a() { return 1; }\n")
    (folder / "m.cc").write_text("int a();\nint main() { return a() - 1; }\n")
    return folder


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """nginx as a cache: its address, and its log of requests."""
    with web_server(tmp_path / "nginx") as found:
        yield found


def processes(bazel: Bazel, folder: Path, *words: str) -> dict[str, int]:
    """Build, and return how many processes ran where."""
    done = bazel(folder, "build", *words, "//:m")
    assert done.returncode == 0, done.stderr
    line = re.findall(r"^INFO: \d+ process(?:es)?: (.*)\.$", done.stderr, re.MULTILINE)
    return {kind: int(count) for count, kind in re.findall(r"(\d+) ([a-z -]+)", line[-1])}


def test_a_folder_as_cache(bazel: Bazel, tmp_path: Path) -> None:
    words = flags(bazel.version, {"disk_cache": str(tmp_path / "cache")})
    first = processes(bazel, workspace(tmp_path / "one"), *words)
    assert "remote cache hit" not in first
    second = processes(bazel, workspace(tmp_path / "two"), *words)
    assert second == {"remote cache hit": sum(first.values())}


def test_a_web_server_as_cache(bazel: Bazel, tmp_path: Path, server: tuple[str, Path]) -> None:
    address, log = server
    words = flags(bazel.version, {"http_cache": address})
    first = processes(bazel, workspace(tmp_path / "one"), *words)
    assert "remote cache hit" not in first
    assert '"PUT /cache/ac/' in log.read_text()
    second = processes(bazel, workspace(tmp_path / "two"), *words)
    assert second == {"remote cache hit": sum(first.values())}
