"""The folder that make runs in: the user's tree by links, with what a build writes beside them:
file lists, downloads, generated code, ``version_info.cc``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from buildtool.backends.common.overlay import overlay
from buildtool.backends.makefile.file_lists import DOWNLOADS, FOLDER

# The generated files, and the folder of everything that make makes.
GENERATED = "buildtool"
MADE = f"{FOLDER}/gen"
VERSION_INFO = "tensorflow/core/util/version_info.cc"
# What the tree's own builds leave in it: never used here.
LEFT_OVERS = (DOWNLOADS.rstrip("/"), MADE, VERSION_INFO)


def make_overlay(
    tree: Path, folder: Path, *, files: Mapping[str, str], links: Mapping[str, Path]
) -> None:
    """Make ``folder`` look like ``tree``, with ``files`` (contents) and ``links`` (targets) in
    place of its own. What stands there already and is right keeps its time; the folder of what
    make has made is kept."""
    overlay(tree, folder, files=files, links=links, hidden=LEFT_OVERS)
    (folder / MADE).mkdir(exist_ok=True)
