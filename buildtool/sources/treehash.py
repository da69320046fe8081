"""The canonical hash of an unpacked tree.

It says the same of a tree wherever it came from: a Debian tarball, a GitHub archive that was
re-packed, a wheel, a git checkout. Owners, times and empty folders do not count.

Definition: take every regular file and symbolic link below the root; order them by the bytes of
their relative path (``/`` between the parts); for each write ``KIND SHA256 PATH NUL``, where KIND
is ``f`` for a file, ``x`` for a file that its owner may execute and ``l`` for a link, and SHA256 is
the hex digest of the file's bytes or of the link's target. The tree hash is the SHA-256 of all of
that, in hex.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

CHUNK = 1 << 20


def file_sha256(path: Path) -> str:
    """Return the hex SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def tree_sha256(root: Path) -> str:
    """Return the canonical hash of the tree at ``root``; the module says how it is made."""
    entries = sorted(_entries(os.fsencode(root), b""))
    digest = hashlib.sha256()
    for relative, kind, content in entries:
        digest.update(b"%s %s %s\0" % (kind, content.encode("ascii"), relative))
    return digest.hexdigest()


def _entries(folder: bytes, prefix: bytes) -> Iterator[tuple[bytes, bytes, str]]:
    with os.scandir(folder) as found:
        for entry in found:
            relative = prefix + entry.name
            if entry.is_symlink():
                target = os.fsencode(Path(os.fsdecode(entry.path)).readlink())
                yield relative, b"l", hashlib.sha256(target).hexdigest()
            elif entry.is_dir():
                yield from _entries(entry.path, relative + b"/")
            else:
                runs = entry.stat().st_mode & stat.S_IXUSR
                content = file_sha256(Path(os.fsdecode(entry.path)))
                yield relative, b"x" if runs else b"f", content
