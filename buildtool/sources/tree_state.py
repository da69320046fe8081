"""Whether a tree in the cache is still what was verified.

Its hash takes seconds, so what the file system says of its files is kept beside its stamp: size,
mode and times, also that of the last change of any of these, which nobody can set back. Only where
that differs, as after somebody has changed the tree or copied the cache, is it hashed again.
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

from buildtool.core.own_files import stamp_of
from buildtool.core.render import write_if_changed
from buildtool.sources.cache import Cache, writing
from buildtool.sources.lock import LockedSource
from buildtool.sources.treehash import tree_sha256

_FRESH = 60.0  # s


def is_as_verified(cache: Cache, source: LockedSource) -> bool:
    """Whether the cache has the tree of ``source``, with every file as it was. One that the cache
    remembers was looked at less than a minute ago: for another of many targets."""
    tree = cache.tree(source.name, source.tree)
    if cache.verified is None:
        return _is_as_verified(cache, source)
    now = time.monotonic()
    if now - cache.verified.get(tree, -_FRESH) < _FRESH:
        return True
    if found := _is_as_verified(cache, source):
        cache.verified[tree] = now
    return found


def _is_as_verified(cache: Cache, source: LockedSource) -> bool:
    tree, stamp = cache.tree(source.name, source.tree), cache.stamp(source.name, source.tree)
    if not (tree.is_dir() and stamp_of(stamp) == source.tree):
        return False
    memory, now = stamp.with_suffix(".files"), _state(tree)
    if stamp_of(memory) == now:
        return True
    if tree_sha256(tree) != source.tree:
        return False
    with writing(memory):
        write_if_changed(memory, f"{now}\n")
    return True


def _state(root: Path) -> str:
    """A hash of the path, size, mode and times of each file."""
    whole = hashlib.sha256()
    whole.update("".join(sorted(_lines(str(root)))).encode("utf-8", "surrogateescape"))
    return whole.hexdigest()


def _lines(root: str) -> list[str]:
    """Tens of thousands: this is a good part of the time of a run that has nothing to do."""
    lines, prefixes = [], [""]
    while prefixes:
        prefix = prefixes.pop()
        with os.scandir(f"{root}/{prefix}") as entries:
            for entry in entries:
                name = prefix + entry.name
                if entry.is_dir(follow_symlinks=False):
                    prefixes.append(f"{name}/")
                else:
                    found = entry.stat(follow_symlinks=False)
                    times = f"{found.st_mtime_ns} {found.st_ctime_ns}"
                    lines.append(f"{name}\0{found.st_size} {found.st_mode} {times}\0")
    return lines
