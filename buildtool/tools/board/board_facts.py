"""What a board says of itself, and of how far a program has come there.

The script of :mod:`buildtool.tools.board.board_visit` says it in lines of a word of ours, a key and
a value; a login shell may print more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SAYS = "board-says"


@dataclass(frozen=True, kw_only=True)
class BoardFacts:
    """The names of its processor and of its system (both empty: it said nothing), its C library
    (``glibc 2.36``, empty where it does not say), whether a 32-bit processor has NEON. ``lacks``
    are tools that are missing there, ``folder`` is where a program gets its own, ``room`` what is
    free there in KiB (-1: not said), and ``begun`` whether the program was."""

    machine: str = ""
    system: str = ""
    libc: str = ""
    neon: bool = False
    lacks: tuple[str, ...] = ()
    folder: str = ""
    room: int = -1
    begun: bool = False

    @property
    def silent(self) -> bool:
        """Whether it has said nothing at all."""
        return not self.machine and not self.lacks

    @property
    def text(self) -> str:
        """What it is: ``aarch64, Linux 6.1, glibc 2.36``."""
        kernel = re.match(r"(\S+ \d+\.\d+)", self.system)
        parts = (self.machine, kernel[1] if kernel else self.system, self.libc)
        return ", ".join(part for part in parts if part)


def read_facts(said: bytes) -> BoardFacts:
    """The facts in what a board has printed."""
    values: dict[str, list[str]] = {}
    for line in said.decode("utf-8", "replace").splitlines():
        if match := re.fullmatch(rf"{SAYS} (\w+) ?(.*)", line):
            values.setdefault(match[1], []).append(match[2])
    last = {key: found[-1] for key, found in values.items()}
    room = re.search(r" \d+ \d+ (\d+) \d+% ", last.get("room", ""))  # as "df -Pk" has it
    return BoardFacts(
        machine=last.get("machine", ""),
        system=last.get("system", ""),
        libc=last.get("libc", ""),
        neon="neon" in last,
        lacks=tuple(values.get("lacks", ())),
        folder=last.get("folder", "").rpartition("/")[0],
        room=int(room[1]) if room else -1,
        begun="begun" in last,
    )
