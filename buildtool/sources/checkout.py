"""A TensorFlow tree of the user's own: is it one, which version, what identifies its content.

The tree is only read. Its digest is that of the files that a build or the catalogue may read; it is
remembered under the sizes and times of those files, so that asking again costs one walk.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from buildtool.core.errors import ConfigError, Problem, ToolError
from buildtool.core.own_files import stamp_of
from buildtool.core.render import write_if_changed
from buildtool.core.run import Command, run
from buildtool.core.values import SourceTree
from buildtool.sources.cache import Cache, writing
from buildtool.sources.treehash import file_sha256

# These stand in every release from 1.0 to 2.14.
LANDMARKS = (
    "tensorflow/core/BUILD",
    "tensorflow/core/framework/op_kernel.h",
    "tensorflow/core/kernels",
    "tensorflow/core/ops/ops.pbtxt",
    "tensorflow/core/public/version.h",
)
_HASH = re.compile(r"[0-9a-f]{64}")
# git reads a whole checkout that it has not seen before.
LONGEST_STATUS = 300.0
FOLDERS = ("tensorflow", "third_party")
RELEVANT = re.compile(
    r"(.*\.(BUILD|bzl|c|cc|cpp|def|h|hh|hpp|inc|m|mk|mm|patch|pbtxt|proto|sh|txt))"
    r"|BUILD|BUILD\.bazel|WORKSPACE|Makefile"
)


def local_tree(path: Path, *, cache: Cache | None = None) -> SourceTree:
    """Return the TensorFlow tree at ``path``; ``local_changes`` are the files in which a git
    checkout differs from its commit.

    Raises:
        ConfigError: there is no such folder, or it is no TensorFlow tree.
    """
    root = path.expanduser().absolute()
    if not root.is_dir():
        raise _wrong(root, "there is no such folder", "name the root of a TensorFlow checkout")
    missing = [mark for mark in LANDMARKS if not (root / mark).exists()]
    if missing:
        below = _tree_around(root)
        todo = (
            f"perhaps you meant {below}"
            if below
            else "name the folder that holds 'tensorflow/core'"
        )
        raise _wrong(root, f"is not a TensorFlow tree: it lacks {', '.join(missing)}", todo)
    return SourceTree(
        name="tensorflow",
        path=root,
        version=_version(root),
        digest=_digest(root, cache or Cache.of_user()),
        local_changes=_local_changes(root),
    )


def _wrong(root: Path, what: str, todo: str) -> ConfigError:
    return ConfigError(Problem(where=str(root), what=what, todo=todo))


def _tree_around(root: Path) -> Path | None:
    """Return a TensorFlow tree one level below, or up to three above."""
    near = [*sorted(root.iterdir()), *list(root.parents)[:3]]
    return next((place for place in near if (place / LANDMARKS[-1]).is_file()), None)


def _version(root: Path) -> str:
    """Read ``TF_MAJOR_VERSION`` and the like, in ``tensorflow/core/public/version.h`` of every
    release up to 2.14.
    """
    header = root / LANDMARKS[-1]
    text = header.read_text("utf-8", "replace")
    macros: dict[str, str] = dict(re.findall(r"^#define TF_(\w+) +(\S+)", text, re.MULTILINE))
    parts = [macros.get(f"{part}_VERSION", "") for part in ("MAJOR", "MINOR", "PATCH")]
    if not all(part.isdecimal() for part in parts):
        todo = "is the file whole? A release from 1.0 to 2.14 is expected"
        raise _wrong(header, "does not define TF_MAJOR_, TF_MINOR_ and TF_PATCH_VERSION", todo)
    return ".".join(parts) + macros.get("VERSION_SUFFIX", "").strip('"')


def _digest(root: Path, cache: Cache) -> str:
    files = sorted(_relevant(root))
    state = hashlib.sha256()
    for relative, entry_state in files:
        state.update(f"{relative}\0{entry_state}\0".encode("utf-8", "surrogateescape"))
    memory = cache.folder("checkouts") / state.hexdigest()
    if _HASH.fullmatch(known := stamp_of(memory)):
        return known
    content = hashlib.sha256()
    for relative, _ in files:
        line = f"{file_sha256(root / relative)} {relative}\0"
        content.update(line.encode("utf-8", "surrogateescape"))
    with writing(memory):
        write_if_changed(memory, content.hexdigest())
    return content.hexdigest()


def _relevant(root: Path) -> Iterator[tuple[str, str]]:
    """Yield relative path and state (inode, size, times in ns) of each file that may matter."""
    pending = [str(root / folder) for folder in FOLDERS if (root / folder).is_dir()]
    start = len(str(root)) + 1
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                elif RELEVANT.fullmatch(entry.name) and entry.is_file():
                    found = entry.stat()
                    times = f"{found.st_mtime_ns} {found.st_ctime_ns}"
                    yield entry.path[start:], f"{found.st_ino} {found.st_size} {times}"


def _local_changes(root: Path) -> tuple[str, ...]:
    if not (root / ".git").exists():
        return ()
    argv = ("git", "-C", str(root), "status", "--porcelain", "-z", "--no-renames")
    # Without optional locks git does not write to the user's checkout.
    command = Command(argv=argv, env={"GIT_OPTIONAL_LOCKS": "0"})
    try:
        what = f"git status of {root}"
        status = run(command, what=what, check=False, timeout=LONGEST_STATUS, error=ToolError)
    except ToolError:
        return ()
    return tuple(sorted(line[3:] for line in status.stdout.split("\0") if line))
