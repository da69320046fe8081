"""The file lists of a 1.x tree: ``tf_op_files.txt`` and its like, read and mended.

Mistakes are corrected in the build's own copy only, and noted: entries listed twice (linked whole,
their kernels would be registered twice, and their ops fail with "Multiple OpKernel registrations
match"), and entries that end in ``.c`` where the file is a ``.cc``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from buildtool.core.errors import ConfigError, Problem
from buildtool.core.suggest import did_you_mean

FOLDER = "tensorflow/contrib/makefile"
OPS = "tf_op_files.txt"
PROTOS = "tf_proto_files.txt"
PROTO_TEXTS = "tf_pb_text_files.txt"
# How the sources end that proto_text makes.
PROTO_TEXT = ".pb_text.cc"
# Dependencies are not in the tree but in the build's own folder.
DOWNLOADS = f"{FOLDER}/downloads/"


@dataclass(frozen=True, kw_only=True)
class StockLists:
    """The files of each list, each once, in the tree's order; ``notes`` say what was mended."""

    ops: tuple[str, ...]
    protos: tuple[str, ...]
    proto_texts: tuple[str, ...]
    notes: tuple[str, ...]


def read_lists(tree: Path) -> StockLists:
    """Read the three lists of ``tree``.

    Raises:
        ConfigError: a list cannot be read, or names files that the tree lacks; all of them.
    """
    problems: list[Problem] = []
    notes: list[str] = []
    ops = _read(tree, OPS, problems, notes)
    protos = _read(tree, PROTOS, problems, notes)
    # These do not exist before proto_text has made them.
    texts = _read(tree, PROTO_TEXTS, problems, notes, made=True)
    if problems:
        raise ConfigError(problems)
    return StockLists(ops=ops, protos=protos, proto_texts=texts, notes=tuple(notes))


def _read(
    tree: Path, name: str, problems: list[Problem], notes: list[str], *, made: bool = False
) -> tuple[str, ...]:
    place = f"{FOLDER}/{name}"
    try:
        text = (tree / place).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as failure:
        what = f"cannot read this list: {getattr(failure, 'strerror', 'it is not text')}"
        problems.append(
            Problem(where=str(tree / place), what=what, todo="unpack the TensorFlow sources again")
        )
        return ()
    found: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        for entry in line.split():
            path = entry if made else _existing(tree, entry)
            where = f"{place}:{number}"
            if path is None:
                problems.append(_missing(tree, entry, f"{tree / place}:{number}"))
            elif path in found:
                notes.append(
                    f"{where}: {entry} is already listed in line {found[path]}; it is built once"
                )
            else:
                found[path] = number
                if path != entry:
                    notes.append(f"{where}: {entry} is taken to mean {Path(path).name}")
    return tuple(found)


def _existing(tree: Path, entry: str) -> str | None:
    """The file that an entry means."""
    for path in (entry, f"{entry}c") if entry.endswith(".c") else (entry,):
        if path.startswith(DOWNLOADS) or (tree / path).is_file():
            return path
    return None


def _missing(tree: Path, entry: str, where: str) -> Problem:
    folder = (tree / entry).parent
    near = [path.name for path in folder.glob(f"*{Path(entry).suffix}")] if folder.is_dir() else []
    return Problem(
        where=where,
        what=f"the tree has no {entry}" + did_you_mean(Path(entry).name, near),
        todo="mend this line of the tree's list, or take it out",
    )
