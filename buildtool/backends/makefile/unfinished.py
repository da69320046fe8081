"""What a killed make leaves behind: files that are half-written, and newer than what they need.

A make that is interrupted removes what it was making; one that is killed cannot. Objects that are
whole are kept, so that the next make goes on.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from buildtool.binary.elf_file import ElfFile, NotElfError

MARK = ".making"


@contextmanager
def made_in(folder: Path) -> Iterator[None]:
    """Mark ``folder`` while make makes things in it. If the mark of an earlier make is still there,
    what that one may have been writing is removed first."""
    mark = folder / MARK
    if mark.exists():
        _remove_unfinished(folder, mark.stat().st_mtime_ns)
    folder.mkdir(parents=True, exist_ok=True)
    mark.touch()
    yield
    mark.unlink()


def _remove_unfinished(folder: Path, since: int) -> None:
    for place, _, names in os.walk(folder):
        for path in (Path(place, name) for name in names if name != MARK):
            is_new = not path.is_symlink() and path.stat().st_mtime_ns >= since
            if is_new and not _is_finished(path):
                path.unlink()


def _is_finished(path: Path) -> bool:
    """Makefiles move dependency files (``dep/x.d``) to their place once the object (``obj/x.o``) is
    done. Of what is neither nobody knows, and it is quickly made again."""
    if path.suffix == ".d":
        return True
    first, folder, rest = str(path).rpartition("/obj/")
    depends = Path(f"{first}/dep/{rest}").with_suffix(".d") if folder else path
    return depends.exists() and _is_whole(path)


def _is_whole(path: Path) -> bool:
    """Is it an ELF file with all that its tables name?"""
    try:
        return ElfFile(path).is_whole()
    except NotElfError:
        return False
