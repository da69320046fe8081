from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.core.errors import ToolError
from buildtool.sources.cache import Cache
from buildtool.tools.bazel.finder import find_bazel
from buildtool.tools.bazel.versions import VersionRange

HIDDEN = ("bazel*", "npm")


def bazel_that_is(version: str, *, new: bool = True) -> str:
    """A program that answers as Bazel does: old releases only to ``version``."""
    if new:
        return f'[ "$1" = --version ] && echo "bazel {version}"'
    return (
        '[ "$1" = --version ] && { echo "Unknown startup option: --version" >&2; exit 2; }\n'
        f'echo "Build label: {version}"; echo "Build time: x"'
    )


@pytest.fixture
def find(
    tmp_path: Path, tools: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., object]:
    """Looks for a Bazel among ``scripts`` alone."""

    def look(wanted: VersionRange, given: Path | None = None, **scripts: str) -> object:
        named = {name.replace("_", "-", 1): text for name, text in scripts.items()}
        folder = tools(without=HIDDEN, scripts=named)
        monkeypatch.setenv("PATH", str(folder))
        return find_bazel(wanted, cache=Cache(root=tmp_path / "cache"), given=given)

    return look


def test_the_bazel_on_path_is_taken_if_the_tree_accepts_it(
    find: Callable[..., object], tmp_path: Path
) -> None:
    found = find(
        VersionRange(least="0.10.0", most="0.20.0"), bazel=bazel_that_is("0.20.0", new=False)
    )
    assert (found.program, found.version) == (tmp_path / "tools/bazel", "0.20.0")  # type: ignore[attr-defined]


def test_bazel_with_its_version_in_the_name_goes_before_bazel(
    find: Callable[..., object], tmp_path: Path
) -> None:
    scripts = {"bazel": bazel_that_is("6.1.1"), "bazel_6.1.0": bazel_that_is("6.1.0")}
    found = find(VersionRange(exact="6.1.0"), **scripts)
    assert found.program == tmp_path / "tools/bazel-6.1.0"  # type: ignore[attr-defined]


def test_bazelisk_is_told_the_version(find: Callable[..., object]) -> None:
    script = 'echo "bazel $USE_BAZEL_VERSION"'
    found = find(VersionRange(least="0.19.0", most="0.20.0"), bazelisk=script)
    assert found.version == "0.20.0"  # type: ignore[attr-defined]
    assert found.env == {"USE_BAZEL_VERSION": "0.20.0"}  # type: ignore[attr-defined]


def test_a_wrong_one_names_the_right_one_and_the_ways_to_it(find: Callable[..., object]) -> None:
    with pytest.raises(ToolError) as failure:
        find(
            VersionRange(least="0.10.0", most="0.20.0", said_in=("WORKSPACE:21", "bazel.yaml")),
            bazel=bazel_that_is("7.7.1"),
        )
    text = str(failure.value)
    assert "this tree wants Bazel 0.10.0 to 0.20.0 (WORKSPACE:21, bazel.yaml)" in text
    assert "/tools/bazel is 7.7.1" in text
    assert "there is no npm here" in text
    assert "install npm: its package @bazel/bazel-linux_x64@0.20.0 is used then" in text


def test_none_at_all_and_no_npm_package_for_it(find: Callable[..., object]) -> None:
    with pytest.raises(ToolError) as failure:
        find(VersionRange(exact="6.1.0"))
    text = str(failure.value)
    assert "there is no bazelisk and no bazel here" in text
    assert "put bazelisk, which fetches it, or a bazel-6.1.0 on PATH" in text
    assert "npm" not in text


def test_a_program_that_is_no_bazel(find: Callable[..., object]) -> None:
    with pytest.raises(ToolError, match="/tools/bazel does not say its version"):
        find(VersionRange(exact="6.1.0"), bazel="echo hello")


def test_the_named_one_must_be_right(find: Callable[..., object], tmp_path: Path) -> None:
    program = tmp_path / "my bazel"
    program.write_text(f"#!/bin/sh\n{bazel_that_is('5.0.0')}\n")
    program.chmod(0o755)
    with pytest.raises(
        ToolError, match=r"my bazel is 5\.0\.0\n    set .bazel\.version. to Bazel 6\.1\.0"
    ):
        find(VersionRange(exact="6.1.0"), program)
