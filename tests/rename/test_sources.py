"""The sources of a build: protobuf's in the cache, TensorFlow's beside the build."""

from __future__ import annotations

import dataclasses
import os
import subprocess
from pathlib import Path

import pytest

from buildtool.core.values import SourceTree
from buildtool.rename.renamed_sources import Renaming, rename_sources
from buildtool.sources import Cache

PROTOBUF = {
    "src/google/protobuf/message.h": "#define GOOGLE_CHECK 1\n"
    "namespace google { namespace protobuf { class Message; } }\n",
    "src/google/protobuf/any.proto": "package google.protobuf;\n",
    "LICENSE": "text\n",
}
TENSORFLOW = {
    "tensorflow/core/platform/protobuf.h": "#include <google/protobuf/message.h>\n"
    "namespace tensorflow { namespace protobuf = ::google::protobuf; }\n",
    "tensorflow/core/platform/check.cc": "int check = GOOGLE_CHECK;\n",
    "tensorflow/core/kernels/relu_op.cc": "int relu;\n",
}


def source(root: Path, name: str, files: dict[str, str], digest: str) -> SourceTree:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return SourceTree(name=name, path=root, version="1", digest=digest)


@pytest.fixture
def protobuf(tmp_path: Path) -> SourceTree:
    return source(tmp_path / "protobuf", "protobuf-3.5.0", PROTOBUF, "p")


@pytest.fixture
def tree(tmp_path: Path) -> SourceTree:
    return source(tmp_path / "tensorflow", "tensorflow", TENSORFLOW, "t")


def renamed(tree: SourceTree, protobuf: SourceTree, prefix: str = "ours") -> Renaming:
    root = tree.path.parent
    return rename_sources(
        tree, protobuf, prefix=prefix, folder=root / "renamed", cache=Cache(root=root / "cache")
    )


def times(root: Path) -> dict[str, int]:
    return {str(path): path.lstat().st_mtime_ns for path in root.rglob("*") if path.is_file()}


def test_the_tree_is_links_but_for_what_uses_protobuf(
    tree: SourceTree, protobuf: SourceTree
) -> None:
    made = renamed(tree, protobuf)
    root = made.tree.path / "tensorflow/core"
    assert (root / "platform/protobuf.h").read_text() == (
        "#include <ours_google/protobuf/message.h>\n"
        "namespace tensorflow { namespace protobuf = ::ours_google::protobuf; }\n"
    )
    assert (root / "platform/check.cc").read_text() == "int check = ours_GOOGLE_CHECK;\n"
    assert (
        root / "kernels/relu_op.cc"
    ).readlink() == tree.path / "tensorflow/core/kernels/relu_op.cc"
    assert made.original_tree == tree
    assert made.tree.digest != tree.digest


def test_protobuf_is_a_copy_in_the_cache_under_its_own_hash(
    tree: SourceTree, protobuf: SourceTree
) -> None:
    made = renamed(tree, protobuf)
    root = made.protobuf.path
    assert root.is_relative_to(tree.path.parent / "cache" / "renamed")
    assert "namespace ours_google {" in (root / "src/ours_google/protobuf/message.h").read_text()
    assert (root / "src/google/protobuf/any.proto").read_text() == "package google.protobuf;\n"
    assert not (root / "LICENSE").is_symlink()
    assert (made.source, made.original_protobuf) == ("protobuf-3.5.0", protobuf)
    assert made.protobuf.digest != protobuf.digest
    assert "GOOGLE_CHECK" in made.macros


def test_what_is_there_keeps_its_time(tree: SourceTree, protobuf: SourceTree) -> None:
    first = renamed(tree, protobuf)
    before = times(tree.path.parent)
    assert renamed(tree, protobuf) == first
    assert times(tree.path.parent) == before


def test_a_changed_file_is_seen_and_others_keep_their_times(
    tree: SourceTree, protobuf: SourceTree
) -> None:
    first = renamed(tree, protobuf)
    before = times(first.tree.path)
    place = tree.path / "tensorflow/core/platform/check.cc"
    place.write_text("int check = 1 + GOOGLE_CHECK;\n")
    (tree.path / "tensorflow/core/kernels/relu_op.cc").unlink()
    second = renamed(dataclasses.replace(tree, digest="t2"), protobuf)
    assert second.tree.path == first.tree.path
    assert second.tree.digest != first.tree.digest
    after = times(second.tree.path)
    assert (second.tree.path / "tensorflow/core/platform/check.cc").read_text() == (
        "int check = 1 + ours_GOOGLE_CHECK;\n"
    )
    header = str(second.tree.path / "tensorflow/core/platform/protobuf.h")
    assert after[header] == before[header]
    assert not os.path.lexists(second.tree.path / "tensorflow/core/kernels/relu_op.cc")


def test_each_prefix_has_a_digest_of_its_own(tree: SourceTree, protobuf: SourceTree) -> None:
    made = [renamed(tree, protobuf, prefix) for prefix in ("a", "b", "a")]
    assert made[0].tree == made[2].tree
    assert made[0].tree.digest != made[1].tree.digest
    assert made[0].protobuf.path != made[1].protobuf.path
    assert "::a_google" in (made[2].tree.path / "tensorflow/core/platform/protobuf.h").read_text()


def test_one_that_was_interrupted_is_done_again(tree: SourceTree, protobuf: SourceTree) -> None:
    first = renamed(tree, protobuf)
    (first.protobuf.path.parent / "renamed.json").write_text("{ half")
    (first.folder / "renamed.json").unlink()
    (first.tree.path / "tensorflow/core/platform/protobuf.h").unlink()
    (first.protobuf.path / "src/ours_google/protobuf/message.h").unlink()
    assert renamed(tree, protobuf) == first
    assert (first.tree.path / "tensorflow/core/platform/protobuf.h").is_file()
    assert (first.protobuf.path / "src/ours_google/protobuf/message.h").is_file()


def test_lines_that_nobody_can_decide_are_told(tree: SourceTree, protobuf: SourceTree) -> None:
    (tree.path / "using.cc").write_text("\nusing namespace google;\n")
    assert renamed(tree, protobuf).notes == (
        "protobuf is renamed: its namespace is ours_google::protobuf, its headers are in "
        "ours_google/protobuf/",
        "using.cc:2 uses all of the namespace google; it was not renamed there",
    )


def test_another_protoc_is_another_program(
    tree: SourceTree, protobuf: SourceTree, tmp_path: Path
) -> None:
    made = renamed(tree, protobuf)
    programs = []
    for name in ("one", "two"):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho {name} $1\n")
        program.chmod(0o755)
        programs.append(made.protoc(program))
    assert programs[0] != programs[1]
    argv = [str(programs[1]), "--version"]
    assert subprocess.run(argv, check=True, capture_output=True).stdout == b"two --version\n"
