"""The folder that make runs in: the tree's files by links, and nothing written through them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from buildtool.backends.makefile.makefile_overlay import MADE, make_overlay

VERSION = "tensorflow/core/util/version_info.cc"
OPS = "tensorflow/contrib/makefile/tf_op_files.txt"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A user's tree in which something was built already, read-only."""
    files = {
        "README.md": "text",
        "tensorflow/BUILD": "",
        "tensorflow/core/kernels/relu_op.cc": "int relu;",
        "tensorflow/core/util/padding.cc": "int padding;",
        VERSION: "// the user's",
        "tensorflow/contrib/makefile/Makefile": "all:",
        OPS: "tensorflow/core/kernels/relu_op.cc\n",
        "tensorflow/contrib/makefile/downloads/eigen/old.h": "",
        "tensorflow/contrib/makefile/gen/obj/old.o": "stale",
        ".git/HEAD": "ref",
    }
    root = tmp_path / "tree"
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


def state(root: Path) -> Mapping[str, tuple[int, str]]:
    return {
        str(path.relative_to(root)): (path.stat().st_mtime_ns, path.read_text())
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def make(tree: Path, folder: Path, ops: str = "a.cc\n", **links: Path) -> None:
    downloads = {f"tensorflow/contrib/makefile/downloads/{n}": p for n, p in links.items()}
    make_overlay(tree, folder, files={OPS: ops, VERSION: "// ours"}, links=downloads)


def test_the_tree_is_not_written_to(tree: Path, tmp_path: Path) -> None:
    before = state(tree)
    overlay = tmp_path / "overlay"
    make(tree, overlay, eigen=tmp_path)
    (overlay / MADE / "made.o").write_text("object")
    make(tree, overlay, ops="b.cc\n")
    assert state(tree) == before


def test_what_is_ours_stands_in_place_of_the_tree_s(tree: Path, tmp_path: Path) -> None:
    overlay, eigen = tmp_path / "overlay", tmp_path / "eigen"
    eigen.mkdir()
    make(tree, overlay, eigen=eigen)
    assert (overlay / OPS).read_text() == "a.cc\n"
    assert (overlay / VERSION).read_text() == "// ours"
    assert (overlay / "tensorflow/contrib/makefile/downloads/eigen").resolve() == eigen
    # What the user's own build left is not used.
    assert list((overlay / MADE).iterdir()) == []
    assert not (overlay / ".git").exists()


def test_the_rest_is_the_tree_itself(tree: Path, tmp_path: Path) -> None:
    overlay = tmp_path / "overlay"
    make(tree, overlay)
    for name in ("README.md", "tensorflow/core/kernels", "tensorflow/core/util/padding.cc"):
        assert (overlay / name).readlink() == tree / name


def test_what_is_right_keeps_its_time(tree: Path, tmp_path: Path) -> None:
    overlay = tmp_path / "overlay"
    make(tree, overlay)
    (overlay / MADE / "made.o").write_text("object")
    for name in (OPS, VERSION):
        os.utime(overlay / name, ns=(1, 1))
    make(tree, overlay)
    assert (overlay / MADE / "made.o").read_text() == "object"
    assert {(overlay / name).stat().st_mtime_ns for name in (OPS, VERSION)} == {1}


def test_another_tree_in_the_same_place(tree: Path, tmp_path: Path) -> None:
    """Links of what the new tree lacks go, and so do links to the old tree."""
    overlay, other = tmp_path / "overlay", tmp_path / "other"
    make(tree, overlay)
    (other / "tensorflow/core/util").mkdir(parents=True)
    (other / "tensorflow/core/util/padding.cc").touch()
    make(other, overlay)
    assert not (overlay / "README.md").is_symlink()
    assert not (overlay / "tensorflow/core/kernels").is_symlink()
    assert (overlay / "tensorflow/core/util/padding.cc").resolve().is_relative_to(other)


def test_a_link_in_the_way_of_a_folder(tree: Path, tmp_path: Path) -> None:
    """Where an earlier overlay had a link, nothing is written through it."""
    overlay = tmp_path / "overlay"
    overlay.mkdir()
    (overlay / "tensorflow").symlink_to(tree / "tensorflow")
    before = state(tree)
    make(tree, overlay)
    assert state(tree) == before
    assert not (overlay / "tensorflow").is_symlink()
