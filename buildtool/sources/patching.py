"""A patched tree beside the original: unchanged files are links to it, patched ones are copies.

All folders are real, so that whoever walks the tree sees it as it would see the original.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from buildtool.core.errors import ConfigError, Problem
from buildtool.core.own_files import stamp_of
from buildtool.core.run import Command, run
from buildtool.core.values import SourceTree
from buildtool.sources.treehash import file_sha256

# git's own settings and the repository that the build folder may lie in must not matter.
GIT_ENVIRONMENT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def patched_tree(tree: SourceTree, patches: Sequence[Path], folder: Path) -> SourceTree:
    """``tree`` with ``patches``, as ``git diff`` writes them, applied in this order.

    The original is only read. What is made stands below ``folder``, is kept, and is made anew when
    the tree or a patch changes. Without patches this is ``tree`` itself.

    Raises:
        ConfigError: patches that do not apply; all of them at once, with the file and line.
        ToolError: there is no ``git``.
    """
    if not patches:
        shutil.rmtree(folder, ignore_errors=True)
        return tree
    digest = _digest(tree, patches)
    # Another original gets another place: its files may be older than what was compiled here.
    root = folder / hashlib.sha256(os.fsencode(tree.path)).hexdigest()[:12]
    stamp = root.with_suffix(".txt")
    if stamp_of(stamp) != digest:
        making = folder.with_name(f"{folder.name}.new")
        shutil.rmtree(making, ignore_errors=True)
        _make(tree.path, patches, making / root.name, earlier=root)
        (making / stamp.name).write_text(digest, "ascii")
        shutil.rmtree(folder, ignore_errors=True)
        making.rename(folder)
    return dataclasses.replace(tree, path=root, digest=digest)


def _digest(tree: SourceTree, patches: Iterable[Path]) -> str:
    parts = [tree.digest, *(file_sha256(patch) for patch in patches)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _make(tree: Path, patches: Iterable[Path], root: Path, *, earlier: Path) -> None:
    _link(tree, root)
    # What was patched before stays a copy: its time says that it is newer than what was compiled.
    _copy(root, _copies(earlier))
    problems = [problem for patch in patches for problem in _apply(patch, root)]
    if problems:
        raise ConfigError(problems)


def _copies(root: Path) -> list[str]:
    found = []
    for folder, _, names in os.walk(root):
        paths = [Path(folder, name) for name in names]
        found += [path.relative_to(root).as_posix() for path in paths if not path.is_symlink()]
    return found


def _link(tree: Path, root: Path) -> None:
    for folder, folders, names in os.walk(tree):
        if ".git" in folders:
            folders.remove(".git")
        place = root / Path(folder).relative_to(tree)
        place.mkdir(parents=True)
        links = [name for name in folders if Path(folder, name).is_symlink()]
        for name in (*names, *links):
            (place / name).symlink_to(Path(folder, name))


def _copy(root: Path, names: Iterable[str]) -> None:
    """Turn links into copies; what is no link of ours is left alone."""
    for name in names:
        path = root / name
        inside = ".." not in PurePosixPath(name).parts and path.is_relative_to(root)
        if inside and path.is_symlink() and path.is_file():
            original = path.readlink()
            path.unlink()
            shutil.copyfile(original, path)
            shutil.copymode(original, path)


def _apply(patch: Path, root: Path) -> Iterator[Problem]:
    environment = {**GIT_ENVIRONMENT, "GIT_CEILING_DIRECTORIES": str(root.parent)}
    git = ("git", "apply", "--whitespace=nowarn")
    what = f"reading {patch}"
    listed = run(
        Command(argv=(*git, "--numstat", "-z", str(patch)), cwd=root, env=environment),
        what=what,
        check=False,
    )
    names = [entry.split("\t", 2)[2] for entry in listed.stdout.split("\0") if entry]
    text = patch.read_text("utf-8", "replace")
    sources = re.findall(r"^(?:rename|copy) from (.+)$", text, re.MULTILINE)
    _copy(root, (*names, *sources))
    done = run(
        Command(argv=(*git, str(patch)), cwd=root, env=environment),
        what=f"applying {patch}",
        check=False,
    )
    if done.returncode != 0:
        said = "\n    ".join(done.stderr.strip().splitlines())
        yield Problem(
            where=str(patch),
            what=f"does not apply to this tree\n    {said}",
            todo="make it anew with 'git diff' at the root of the very tree that is built",
        )
