"""What this machine's pip is configured for: indexes, folders and certificates.

Pip itself says it: ``pip config list`` knows all files and variables that configure it, and the
help of ``pip download`` names the index that it takes where nothing is configured.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from buildtool.core.errors import DownloadError, Problem, ToolError
from buildtool.core.run import ANSWER, Command, run

_DEFAULT_INDEX = re.compile(r"--index-url\b.*?\(default\s+(\S+?)\)", re.DOTALL)
# So wide that pip breaks no URL into lines.
_WIDE = {"COLUMNS": "2000"}


@dataclass(frozen=True, kw_only=True)
class PipSettings:
    """pip's settings: ``indexes`` are simple indexes (http, https or file), ``folders`` local
    folders with files, ``verify`` as requests takes it.
    """

    indexes: tuple[str, ...]
    folders: tuple[Path, ...] = ()
    verify: str | bool = True


def pip_settings() -> PipSettings:
    """Ask pip for its settings.

    Raises:
        DownloadError: pip is not installed or does not say its default, and no index is configured.
    """
    python = sys.executable if importlib.util.find_spec("pip") else shutil.which("python3") or ""
    listing = _ask(python, "config", "list")
    options = parse_config(listing)
    index = options.get("index-url") or os.environ.get("PIP_INDEX_URL") or _default(python)
    words = options.get("extra-index-url", "").split()
    places = options.get("find-links", "").split()
    return PipSettings(
        indexes=(index, *words),
        folders=tuple(Path(place) for place in places if Path(place).is_dir()),
        verify=options.get("cert", True),
    )


def parse_config(listing: str) -> Mapping[str, str]:
    """Return the options of ``pip config list`` by name; the more special section wins, and the
    environment over all, as in pip.
    """
    found: dict[str, tuple[int, str]] = {}
    ranks = {"global": 0, "download": 1, "install": 1, ":env:": 2}
    for line in listing.splitlines():
        key, equals, value = line.partition("=")
        section, _, option = key.rpartition(".")
        rank = ranks.get(section, -1)
        if equals and rank >= found.get(option, (0, ""))[0]:
            found[option] = (rank, str(ast.literal_eval(value)))
    return {option: value for option, (_, value) in found.items()}


def _ask(python: str, *words: str) -> str:
    if not python:
        return ""
    command = Command(argv=(python, "-m", "pip", *words), env=_WIDE)
    what = "asking pip for its settings"
    return run(command, what=what, check=False, timeout=ANSWER, error=ToolError).stdout


def _default(python: str) -> str:
    found = _DEFAULT_INDEX.search(_ask(python, "download", "--help"))
    if found is None:
        raise DownloadError(
            Problem(
                where="Python package index",
                what="there is no pip here that says where the index is",
                todo="install pip for this Python, or set PIP_INDEX_URL",
            )
        )
    return found[1]
