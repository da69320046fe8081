"""A command line that is run on another machine, to which its program and files are sent."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

OUT = "--out"
PASSED_ON = "TF_CPP_MIN_LOG_LEVEL"
PROGRAM, WRITTEN = "program", "out"  # what the program and that folder are called there


@dataclass(frozen=True, kw_only=True)
class SentCommand:
    """``line`` is for a shell there. ``files`` are sent, by the names that they get there in the
    folder of the command; ``out`` is the folder here that gets what the program writes into the
    folder ``WRITTEN`` there (None: it writes nothing)."""

    line: str
    files: Mapping[str, Path]
    out: Path | None


def sent_command(program: Path, rest: Sequence[str], *, folder: str) -> SentCommand:
    """The command in ``folder`` there: each word that is a file here gets its name there, and so
    does the folder after ``--out``."""
    out = Path(rest[rest.index(OUT) + 1]) if OUT in rest else None
    files, words = {PROGRAM: program}, [f"{folder}/{PROGRAM}"]
    for place, word in enumerate(rest):
        if out is not None and word == str(out):
            words.append(f"{folder}/{WRITTEN}")
        elif os.sep in word and os.path.isfile(word):  # noqa: PTH113  (Path's raises for long ones)
            files[f"file-{place}"] = Path(word)
            words.append(f"{folder}/file-{place}")
        else:
            words.append(word)
    level = shlex.quote(os.environ.get(PASSED_ON, "0"))
    return SentCommand(line=f"{PASSED_ON}={level} {shlex.join(words)}", files=files, out=out)
