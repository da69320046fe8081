"""What real TensorFlow trees say of NDKs."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtool.tools.android.ndk_support import bazel_revisions, tensorflow_revisions


@pytest.mark.tree_1x
def test_18_says_10_to_15(tree_1x: Path) -> None:
    assert tensorflow_revisions(tree_1x, "1.8.0").revisions == tuple(range(10, 16))


@pytest.mark.real_tree
def test_214_says_19_to_21_and_its_bazel_knows_21(real_tree: Path) -> None:
    assert tensorflow_revisions(real_tree, "2.14.1").revisions == (19, 20, 21)
    assert 21 in bazel_revisions("6.1.0").revisions


def test_trees_without_a_list_are_in_the_table(tmp_path: Path) -> None:
    assert tensorflow_revisions(tmp_path, "1.0.0").revisions == (10, 11, 12, 13)
    assert tensorflow_revisions(tmp_path, "1.4.0").revisions[-1] == 15
    assert not tensorflow_revisions(tmp_path, "0.12").known
