"""The tree's file lists: what is mended, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtool.backends.makefile.file_lists import FOLDER, OPS, read_lists
from buildtool.core.errors import ConfigError

KERNELS = "tensorflow/core/kernels"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with three kernels, and lists that name them."""
    (tmp_path / KERNELS).mkdir(parents=True)
    for name in ("relu_op.cc", "segment_reduction_ops.cc", "sparse_reshape_op.cc", "fftsg.c"):
        (tmp_path / KERNELS / name).touch()
    write(tmp_path, OPS, f"{KERNELS}/relu_op.cc")
    write(tmp_path, "tf_proto_files.txt")
    write(tmp_path, "tf_pb_text_files.txt", "tensorflow/core/framework/types.pb_text.cc")
    return tmp_path


def write(tree: Path, name: str, *lines: str) -> None:
    path = tree / FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))


def test_a_good_list_is_taken_as_it_is(tree: Path) -> None:
    found = read_lists(tree)
    assert found.ops == (f"{KERNELS}/relu_op.cc",)
    # Generated files need not be there.
    assert found.proto_texts == ("tensorflow/core/framework/types.pb_text.cc",)
    assert found.notes == ()


def test_what_stands_twice_is_built_once(tree: Path) -> None:
    twice = f"{KERNELS}/segment_reduction_ops.cc"
    write(tree, OPS, f"{KERNELS}/relu_op.cc", twice, twice)
    found = read_lists(tree)
    assert found.ops == (f"{KERNELS}/relu_op.cc", twice)
    assert found.notes == (
        f"{FOLDER}/{OPS}:3: {twice} is already listed in line 2; it is built once",
    )


def test_a_slip_of_the_suffix_is_mended(tree: Path) -> None:
    write(tree, OPS, f"{KERNELS}/sparse_reshape_op.c", f"{KERNELS}/fftsg.c")
    found = read_lists(tree)
    assert found.ops == (f"{KERNELS}/sparse_reshape_op.cc", f"{KERNELS}/fftsg.c")
    assert found.notes == (
        f"{FOLDER}/{OPS}:1: {KERNELS}/sparse_reshape_op.c is taken to mean sparse_reshape_op.cc",
    )


def test_a_slip_that_stands_there_rightly_too_is_one_file(tree: Path) -> None:
    write(tree, OPS, f"{KERNELS}/sparse_reshape_op.cc", f"{KERNELS}/sparse_reshape_op.c")
    assert read_lists(tree).ops == (f"{KERNELS}/sparse_reshape_op.cc",)


def test_missing_files_are_named_with_their_lines(tree: Path) -> None:
    write(tree, OPS, f"{KERNELS}/relu_ops.cc", "", f"{KERNELS}/relu_op.cc", "nowhere/x.cc")
    (tree / FOLDER / "tf_proto_files.txt").unlink()
    with pytest.raises(ConfigError) as failure:
        read_lists(tree)
    first, second, third = failure.value.problems
    assert first.where == f"{tree / FOLDER / OPS}:1"
    assert first.what == f"the tree has no {KERNELS}/relu_ops.cc; perhaps you meant 'relu_op.cc'"
    assert (second.where, second.what) == (
        f"{tree / FOLDER / OPS}:4",
        "the tree has no nowhere/x.cc",
    )
    assert third.what == "cannot read this list: No such file or directory"


def test_downloads_are_not_looked_for_in_the_tree(tree: Path) -> None:
    path = f"{FOLDER}/downloads/fft2d/fftsg.c"
    write(tree, OPS, path)
    assert read_lists(tree).ops == (path,)
