"""The YAML files of a folder of targets: which there are, and what is written in them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from buildtool.config import nodes
from buildtool.config.nodes import Value
from buildtool.core.errors import ConfigError, Problem
from buildtool.core.regular_files import irregular

MOST_BYTES = 1 << 20
TARGET_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# Files that are no targets: what holds for all of them, and what is one machine's alone.
DEFAULTS, LOCAL = "defaults.yaml", "local.yaml"


@dataclass(frozen=True, kw_only=True)
class TargetFile:
    """The file of a target; ``shown`` is what messages call it, such as ``targets/pi.yaml``."""

    path: Path
    shown: str

    @property
    def id(self) -> str:
        """The target that it makes."""
        return self.path.stem


def find_files(folder: Path) -> tuple[list[TargetFile], list[Problem]]:
    """The target files of a folder and of all folders in it, by their paths, and those that cannot
    be ones.

    Raises:
        ConfigError: the folder cannot be read.
    """
    found: list[TargetFile] = []
    problems: list[Problem] = []

    def cannot(error: OSError) -> None:
        place = Path(error.filename)
        if place == folder:
            raise ConfigError(_unreadable(str(folder), error)) from None
        problems.append(_unreadable(str(place.relative_to(folder.parent)), error))

    for place, folders, names in os.walk(folder, onerror=cannot):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            shown = path.relative_to(folder.parent).as_posix()
            if problem := _misnamed(path, shown, is_top=path.parent == folder):
                problems.append(problem)
            is_hidden = path.suffix != ".yaml" or name.startswith(".")
            if not is_hidden and name not in {DEFAULTS, LOCAL}:
                found.append(TargetFile(path=path, shown=shown))
    return sorted(found, key=lambda each: each.path), problems


def _unreadable(folder: str, error: OSError) -> Problem:
    return Problem(
        where=folder,
        what=f"cannot read the folder of targets: {error.strerror}",
        todo="run this in the project's folder, the one that holds targets/",
    )


def _misnamed(path: Path, shown: str, *, is_top: bool) -> Problem | None:
    """What is wrong with the name of a file, if it could be meant as one of ours."""
    if path.suffix == ".yml":
        what, todo = "this file is not read", f"call it {path.stem}.yaml"
    elif path.suffix != ".yaml" or path.name.startswith("."):
        return None
    elif path.name in {DEFAULTS, LOCAL} and not is_top:
        what = "this file is not read: it is for all targets, and stands beside their folders"
        todo = f"move it up to {shown.partition('/')[0]}/{path.name}"
    elif not TARGET_ID.fullmatch(path.stem):
        what = f"'{path.stem}' cannot be the id of a target"
        todo = "name the file with letters, digits, '.', '_' and '-'"
    else:
        return None
    return Problem(where=shown, what=what, todo=todo)


def read_mapping(
    path: Path, shown: str, *, may_be_empty: bool = False
) -> tuple[Value | None, list[Problem]]:
    """What is written in a file, None if it cannot be read; and all that is wrong with its YAML."""
    if kind := irregular(path):
        what, todo = f"is {kind}, not a file", "write the target into a file"
        return None, [Problem(where=shown, what=what, todo=todo)]
    try:
        with path.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except OSError as error:
        what, todo = f"cannot read this file: {error.strerror}", "is it a file that you may read?"
        return None, [Problem(where=shown, what=what, todo=todo)]
    if len(content) > MOST_BYTES:
        what = f"is larger than {MOST_BYTES} bytes, which no target needs"
        return None, [Problem(where=shown, what=what, todo="is it another kind of file?")]
    reader = nodes.Reader(shown, may_be_empty=may_be_empty)
    return reader.read(content), reader.problems
