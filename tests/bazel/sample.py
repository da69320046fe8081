"""A TensorFlow 1.x in miniature that Bazel builds: the one of ``tests/makefile`` with the BUILD
files, names and settings of a 1.x tree (``tree/``). What its WORKSPACE would download is in this
project's cache already."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from buildtool.sources.cache import Cache

MINIATURE = Path(__file__).resolve().parent.parent / "makefile" / "tree"
OWN = Path(__file__).resolve().parent / "tree"
# What its WORKSPACE declares, and what that is called in the lock file.
EXTERNAL = {"nsync": "nsync-1.29.2", "protobuf_archive": "protobuf-3.21.12"}
BUILD_FILES = {"nsync": "nsync.BUILD", "protobuf_archive": "protobuf.BUILD"}
LIBRARY = "//tensorflow/contrib/android:libtensorflow_inference.so"
BENCHMARK = "//tensorflow/tools/benchmark:benchmark_model"
# Files that the library for Android compiles, by target.
KERNELS, OPS = 22, 7


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The tree in ``root``, as a user has it who ran ``configure``; ``external`` are the folders
    that stand for what it downloads."""

    root: Path
    external: Mapping[str, Path]

    @property
    def rc(self) -> Path:
        """The tree's own named settings, which releases since 0.18 read only when told to."""
        return self.root / "tools/bazel.rc"


def copy_tree(root: Path) -> Path:
    """Copy the tree, as it is published, to ``root``."""
    shutil.copytree(MINIATURE, root)
    shutil.copytree(OWN, root, dirs_exist_ok=True)
    return root


def make_sample(folder: Path) -> Sample:
    """Copy the tree to ``folder/tree``; skips the test if the cache lacks what it downloads."""
    root = copy_tree(folder / "tree")
    external = {name: _external(name, folder / "external" / name) for name in EXTERNAL}
    (root / ".bazelrc").write_text("import %workspace%/.tf_configure.bazelrc\n", encoding="utf-8")
    lines = [
        f'{command} --override_repository="{name}={place}"\n'
        for name, place in external.items()
        for command in ("build", "query", "fetch")
    ]
    (root / ".tf_configure.bazelrc").write_text("".join(lines), encoding="utf-8")
    return Sample(root=root, external=external)


def _external(name: str, folder: Path) -> Path:
    """A repository for Bazel of a tree in the cache, which is linked."""
    stamps = sorted(Cache.of_user().root.glob(f"trees/{EXTERNAL[name]}-*.verified"))
    if not stamps:
        where = "python -m buildtool.sources"
        pytest.skip(f"needs {EXTERNAL[name]} in the cache: run '{where} {EXTERNAL[name]}' once")
    if shutil.which("protoc") is None:
        pytest.skip("needs protoc")
    folder.mkdir(parents=True)
    (folder / "WORKSPACE").touch()
    shutil.copy(OWN / "third_party" / BUILD_FILES[name], folder / "BUILD")
    for each in stamps[0].with_suffix("").iterdir():
        if each.name not in {"BUILD", "WORKSPACE"}:
            (folder / each.name).symlink_to(each)
    (folder / "protoc.sh").write_text('#!/bin/sh\nexec protoc "$@"\n', encoding="utf-8")
    (folder / "protoc.sh").chmod(0o755)
    return folder
