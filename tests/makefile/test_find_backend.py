"""Which backend a target gets, and what is said where it can have none."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtool.backends import BACKENDS
from buildtool.backends import find_backend as find
from buildtool.backends.backend import Backend
from buildtool.backends.makefile.make import MAKEFILE
from buildtool.config import Target
from buildtool.core.errors import ConfigError


def target(tmp_path: Path, backend: str, tensorflow: str | Path = "tensorflow-2.14.1") -> Target:
    return Target(
        id="t",
        root=tmp_path,
        origins={"": "targets/t.yaml", "backend": "targets/t.yaml:3"},
        platform="linux",
        abi="x86_64",
        backend=backend,
        tensorflow=tensorflow,
    )


def find_backend(asking: Target) -> Backend:
    return find(asking, product="static", object_format="elf")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A tree with a makefile."""
    path = tmp_path / "tf-1.8" / MAKEFILE
    path.parent.mkdir(parents=True)
    path.touch()
    return tmp_path / "tf-1.8"


def test_auto_asks_the_tree(tmp_path: Path, old: Path) -> None:
    assert find_backend(target(tmp_path, "auto")).name == "native"
    assert find_backend(target(tmp_path, "auto", tmp_path)).name == "native"
    assert find_backend(target(tmp_path, "auto", old)).name == "makefile"


def test_a_backend_is_taken_by_name(tmp_path: Path, old: Path) -> None:
    assert find_backend(target(tmp_path, "native", old)) is BACKENDS["native"]
    assert find_backend(target(tmp_path, "makefile", old)) is BACKENDS["makefile"]


def test_an_unknown_backend(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as failure:
        find_backend(target(tmp_path, "makefil"))
    (problem,) = failure.value.problems
    assert problem.where == "targets/t.yaml:3"
    assert "perhaps you meant 'makefile'" in problem.what
    assert problem.todo == "backends: auto, bazel, makefile, native"


def test_a_tree_without_the_makefile(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as failure:
        find_backend(target(tmp_path, "makefile", tmp_path))
    assert failure.value.problems[0].where == str(tmp_path)
    assert MAKEFILE in failure.value.problems[0].what


def test_no_tree_at_all(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as failure:
        find_backend(target(tmp_path, "makefile"))
    assert "tf=FOLDER" in failure.value.problems[0].todo
