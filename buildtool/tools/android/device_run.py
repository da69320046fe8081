"""Runs a program on a device as if it ran here: files are pushed, what it writes is pulled.

It is put before the program's path, as an emulator is::

    python -m buildtool.tools.android.device_run ADB SERIAL PROGRAM WORDS...

Each word that is a file here is pushed and gets its name there; the folder after ``--out`` is made
there, and what is in it at the end is here. Exit code and output are the program's.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from buildtool.core.errors import BuildToolError, VerificationError
from buildtool.core.run import Command, Completed, run
from buildtool.tools.android.adb import FOLDER, SECONDS, Device

OUT = "--out"
PASSED_ON = "TF_CPP_MIN_LOG_LEVEL"
EXIT = "buildtool-exit="


def command(device: Device) -> tuple[str, ...]:
    """The words that are put before a program's path."""
    return (sys.executable, "-m", __name__, str(device.adb), device.serial)


def main(words: Sequence[str]) -> int:
    """Run it. Returns the exit code."""
    adb, serial, program, *rest = words
    here = _Device(adb=adb, serial=serial)
    try:
        return here.run(Path(program), rest)
    except BuildToolError as failure:
        print(failure, file=sys.stderr)
        return 1


class _Device:
    def __init__(self, *, adb: str, serial: str) -> None:
        self.adb = (adb, "-s", serial)

    def run(self, program: Path, rest: Sequence[str]) -> int:
        """Push, run, pull."""
        out = Path(rest[rest.index(OUT) + 1]) if OUT in rest else None
        self._shell(f"rm -rf {FOLDER} && mkdir -p {FOLDER}/out")
        there = self._push(program, "program")
        line = [there]
        for place, word in enumerate(rest):
            if out is not None and word == str(out):
                line.append(f"{FOLDER}/out")
            elif os.sep in word and Path(word).is_file():
                line.append(self._push(Path(word), f"file-{place}"))
            else:
                line.append(word)
        level = shlex.quote(os.environ.get(PASSED_ON, "0"))
        # Old releases of Android neither hand on exit codes nor keep the two outputs apart.
        done = self._shell(
            f"chmod 755 {there} && {PASSED_ON}={level} {shlex.join(line)} 2> {FOLDER}/stderr; "
            f"echo {EXIT}$?"
        )
        text, _, code = done.stdout.rpartition(EXIT)
        sys.stdout.write(text)
        sys.stderr.write(self._shell(f"cat {FOLDER}/stderr").stdout)
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            self._adb(("pull", f"{FOLDER}/out/.", str(out)), what=f"pulling from {self.adb[2]}")
        self._shell(f"rm -rf {FOLDER}")
        return int(code) if code.strip().isdigit() else 1

    def _push(self, path: Path, name: str) -> str:
        there = f"{FOLDER}/{name}"
        self._adb(("push", str(path), there), what=f"pushing {path.name} to {self.adb[2]}")
        return there

    def _shell(self, line: str) -> Completed:
        return self._adb(("shell", line), what=f"adb shell on {self.adb[2]}")

    def _adb(self, words: tuple[str, ...], *, what: str) -> Completed:
        command = Command(argv=(*self.adb, *words))
        return run(command, what=what, timeout=SECONDS, error=VerificationError)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
