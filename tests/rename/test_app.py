"""The protobuf that an app has of its own, found by its headers."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtool.core.errors import ConfigError
from buildtool.rename.app_protobuf import check_app_protobuf, read_app_protobuf

OLD = "// headers\n#define GOOGLE_PROTOBUF_VERSION 3005001\n"
NEW = "#define PROTOBUF_VERSION 5029003\n"


def header(folder: Path, name: str, text: str) -> Path:
    place = folder / "google" / "protobuf" / name
    place.parent.mkdir(parents=True)
    place.write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("folder", ["", "include", "src"])
def test_the_version_is_read(tmp_path: Path, folder: str) -> None:
    header(tmp_path / folder, "stubs/common.h", OLD)
    assert read_app_protobuf(tmp_path, "x.yaml:3") == "3.5.1"


def test_newer_ones_say_it_elsewhere(tmp_path: Path) -> None:
    header(tmp_path, "runtime_version.h", NEW)
    assert read_app_protobuf(tmp_path, "x.yaml:3") == "5.29.3"


@pytest.mark.parametrize("text", ["", "#define OTHER_VERSION 3005001\n", None])
def test_a_folder_without_one(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        header(tmp_path, "stubs/common.h", text)
    with pytest.raises(ConfigError) as caught:
        read_app_protobuf(tmp_path, "x.yaml:3")
    (problem,) = caught.value.problems
    assert problem.where == "x.yaml:3"
    assert f"no protobuf in {tmp_path}" in problem.what


def test_two_in_one_program(tmp_path: Path) -> None:
    header(tmp_path, "stubs/common.h", OLD)
    with pytest.raises(ConfigError) as caught:
        check_app_protobuf(tmp_path, "3.5.0", None, "x.yaml:3")
    (problem,) = caught.value.problems
    assert "the app has protobuf 3.5.1 and the library 3.5.0" in problem.what
    assert "protobuf_prefix" in problem.todo
    (note,) = check_app_protobuf(tmp_path, "3.5.0", "ours", "x.yaml:3")
    assert "3.5.1" in note
