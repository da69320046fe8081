"""A board that is this machine: ``ssh`` is a script that hands its command to a shell here."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from buildtool.tools.board.board_search import find_board

# Its last word is the command; what it was called with is beside it.
SSH = """
printf '%s\\n' "$@" > "$0.log"
for command; do :; done
exec sh -c "$command"
"""


@pytest.fixture
def board(
    tools: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Path]:
    """Puts ssh on the path: ``board(scripts={"uname": "echo armv6l"}, without=("tar",))`` changes
    the tools, ``ssh`` what hands on the command. Scratch folders are in the folder that it
    returns."""

    def make(
        *, ssh: str = SSH, scripts: Mapping[str, str] | None = None, without: Sequence[str] = ()
    ) -> Path:
        own = {"ssh": ssh, **(scripts or {})}
        for name in without:
            own.pop(name, None)
        if without:
            path = str(tools(without=without, scripts=own))
        else:
            path = f"{_folder_of(own, tmp_path / 'own')}{os.pathsep}{os.environ['PATH']}"
        there = tmp_path / "there"
        there.mkdir()
        monkeypatch.setenv("PATH", path)
        monkeypatch.setenv("TMPDIR", str(there))
        find_board.cache_clear()
        return there

    return make


def _folder_of(scripts: Mapping[str, str], folder: Path) -> Path:
    folder.mkdir()
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return folder
