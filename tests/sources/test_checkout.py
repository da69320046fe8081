from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from buildtool.core.errors import ConfigError
from buildtool.core.run import Command, run
from buildtool.sources import Cache, local_tree

VERSION_H = """\
// #define TF_MAJOR_VERSION 9
#define TF_MAJOR_VERSION 2
#define TF_MINOR_VERSION 14
#define TF_PATCH_VERSION 1
#define TF_VERSION_SUFFIX "-rc1"
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "my tree"
    files = {
        "tensorflow/core/BUILD": "x",
        "tensorflow/core/framework/op_kernel.h": "x",
        "tensorflow/core/kernels/a.cc": "x",
        "tensorflow/core/ops/ops.pbtxt": "x",
        "tensorflow/core/public/version.h": VERSION_H,
        "third_party/eigen3/BUILD": "x",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_says_what_the_tree_is(tree: Path, cache: Cache) -> None:
    found = local_tree(tree, cache=cache)
    assert (found.name, found.path, found.version) == ("tensorflow", tree, "2.14.1-rc1")
    assert found.local_changes == ()
    assert len(found.digest) == 64


def test_the_digest_is_of_the_content_not_of_times_or_place(tree: Path, cache: Cache) -> None:
    before = local_tree(tree, cache=cache).digest
    copy = tree.with_name("copy")
    shutil.copytree(tree, copy)
    os.utime(copy / "tensorflow/core/kernels/a.cc", (1, 1))
    assert local_tree(copy, cache=cache).digest == before
    (copy / "README").write_text("nothing that is compiled")
    assert local_tree(copy, cache=cache).digest == before


@pytest.mark.parametrize("name", ["kernels/a.cc", "ops/ops.pbtxt", "BUILD", "new/b.h"])
def test_the_digest_changes_with_a_file_that_matters(tree: Path, cache: Cache, name: str) -> None:
    before = local_tree(tree, cache=cache).digest
    path = tree / "tensorflow/core" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("y")  # as long as it was
    assert local_tree(tree, cache=cache).digest != before


def test_a_git_checkout_tells_its_changes_and_is_not_written_to(tree: Path, cache: Cache) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    for step in (("init", "-q"), ("add", "."), (*identity, "commit", "-qm", "all")):
        run(Command(argv=("git", "-C", str(tree), *step)), what="git")
    assert local_tree(tree, cache=cache).local_changes == ()
    (tree / "tensorflow/core/kernels/a.cc").write_text("changed")
    (tree / "tensorflow/core/kernels/new one.cc").write_text("new")
    index = (tree / ".git/index").read_bytes()
    changes = local_tree(tree, cache=cache).local_changes
    assert changes == ("tensorflow/core/kernels/a.cc", "tensorflow/core/kernels/new one.cc")
    assert (tree / ".git/index").read_bytes() == index


def test_no_such_folder(tmp_path: Path, cache: Cache) -> None:
    with pytest.raises(ConfigError, match=r"/no: there is no such folder\n    name the root"):
        local_tree(tmp_path / "no", cache=cache)


def test_a_folder_that_is_no_tree_names_what_is_missing(tmp_path: Path, cache: Cache) -> None:
    (tmp_path / "tensorflow/core").mkdir(parents=True)
    (tmp_path / "tensorflow/core/BUILD").touch()
    with pytest.raises(ConfigError) as caught:
        local_tree(tmp_path, cache=cache)
    assert "is not a TensorFlow tree: it lacks tensorflow/core/framework/op_kernel.h, " in str(
        caught.value
    )
    assert "name the folder that holds 'tensorflow/core'" in str(caught.value)


@pytest.mark.parametrize("below", ["..", "tensorflow", "tensorflow/core"])
def test_a_folder_near_a_tree_is_told_where_it_is(tree: Path, cache: Cache, below: str) -> None:
    with pytest.raises(ConfigError) as caught:
        local_tree(Path(os.path.normpath(tree / below)), cache=cache)
    assert str(caught.value).endswith(f"perhaps you meant {tree}")


def test_a_version_that_cannot_be_read(tree: Path, cache: Cache) -> None:
    header = tree / "tensorflow/core/public/version.h"
    header.write_text("#define TF_MAJOR_VERSION 2\n")
    with pytest.raises(ConfigError, match="does not define TF_MAJOR_, TF_MINOR_ and TF_PATCH_"):
        local_tree(tree, cache=cache)


@pytest.mark.real_tree
def test_the_real_tree(real_tree: Path, cache: Cache) -> None:
    found: Any = local_tree(real_tree, cache=cache)
    assert found.version == "2.14.1"
    assert local_tree(real_tree, cache=cache) == found
