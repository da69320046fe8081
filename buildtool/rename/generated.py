"""Code that protoc and other tools generate: renamed after they wrote it.

protoc itself stays as it is, and any protoc of the right release does. What it writes comes from
the texts in its generators, from package names and from names of files; renaming its output gets
all three, which renaming texts in its sources would not.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Collection
from pathlib import Path

from buildtool.core.paths import IMPORTED_FROM
from buildtool.core.render import Renderer, write_bytes_if_changed
from buildtool.rename.text import kind_of, rename_text


def rename_generated(
    folder: Path,
    *,
    prefix: str,
    macros: Collection[str],
    destination: Path | None = None,
) -> tuple[str, ...]:
    """Rename protobuf in the generated code of ``folder``: in place, or into ``destination``.

    Returns the files, relative to the folder, sorted. ``macros`` are those of the protobuf that
    the code is for (:attr:`~buildtool.rename.renamed_tree.RenameRecord.macros`).
    """
    names = sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )
    for name in names:
        data = (folder / name).read_bytes()
        text = data.decode("utf-8", "surrogateescape")
        new = rename_text(text, kind_of(name), prefix, macros=macros)
        place = (destination or folder) / name
        write_bytes_if_changed(place, new.encode("utf-8", "surrogateescape"))
        os.utime(place)  # as if the generator had written it: make compares times
    return tuple(names)


def write_protoc(place: Path, *, protoc: Path, renamed: Path) -> Path:
    """Write a program that is used as ``protoc`` is, and whose C++ is for the renamed protobuf in
    the tree ``renamed``. It needs this Python, ``protoc`` and that tree where they are now."""
    Renderer(place.parent).render(
        place.name,
        "rename/protoc.sh.j2",
        python=shlex.quote(sys.executable),
        words=shlex.join([str(IMPORTED_FROM), str(renamed.absolute()), str(protoc.absolute())]),
    )
    place.chmod(0o755)
    return place
