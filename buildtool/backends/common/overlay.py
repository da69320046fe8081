"""The folder that a tree's own build runs in: the user's tree by links, with what a build writes
beside them.

A folder is a real one only if it holds something that is not the tree's. Nothing is ever written
through a link.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from buildtool.core.render import write_if_changed


def overlay(
    tree: Path,
    folder: Path,
    *,
    files: Mapping[str, str],
    links: Mapping[str, Path],
    hidden: Iterable[str] = (),
) -> None:
    """Make ``folder`` look like ``tree``, with ``files`` (contents) and ``links`` (targets) in
    place of its own, and without those that are ``hidden``. What stands there already and is right
    keeps its time."""
    own = {*files, *links, *hidden}
    real = sorted({parent for path in own for parent in _parents(path)})
    for place in real:
        _real_folder(folder / place)
        _link_entries(tree / place, folder / place, _names_below(place, own))
    for path, target in sorted(links.items()):
        _link(folder / path, target)
    for path, content in sorted(files.items()):
        if (folder / path).is_symlink():
            (folder / path).unlink()
        write_if_changed(folder / path, content)


def _parents(path: str) -> Iterable[str]:
    """``a/b/c`` stands in the top folder, ``a`` and ``a/b``."""
    parts = path.split("/")
    return ("/".join(parts[:count]) for count in range(len(parts)))


def _names_below(place: str, own: Iterable[str]) -> set[str]:
    """The entries of a real folder that are not the tree's."""
    start = f"{place}/" if place else ""
    return {path[len(start) :].split("/")[0] for path in own if path.startswith(start)}


def _real_folder(folder: Path) -> None:
    if folder.is_symlink():
        folder.unlink()
    folder.mkdir(parents=True, exist_ok=True)


def _link_entries(original: Path, folder: Path, own: set[str]) -> None:
    names = set(os.listdir(original)) if original.is_dir() else set()  # noqa: PTH208 - names only
    for name in sorted(names - own - {".git"}):
        _link(folder / name, original / name)
    for stale in set(os.listdir(folder)) - names - own:  # noqa: PTH208
        _remove(folder / stale)


def _link(place: Path, target: Path) -> None:
    if place.is_symlink() and place.readlink() == target:
        return
    _remove(place)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target)


def _remove(place: Path) -> None:
    if place.is_symlink() or place.is_file():
        place.unlink()
    elif place.is_dir():
        shutil.rmtree(place)
