"""Runs a program on a device as if it ran here: files are pushed, what it writes is pulled.

It is put before the program's path, as an emulator is::

    python -m buildtool.tools.android.device_run ADB SERIAL PROGRAM WORDS...

Each word that is a file here is pushed and gets its name there; the folder after ``--out`` is made
there, and what is in it at the end is here. Exit code and output are the program's; the code is
``UNREACHED`` where it could not be run.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from buildtool.core.errors import BuildToolError, Problem, VerificationError
from buildtool.core.run import UNREACHED, Command, Completed, run
from buildtool.tools.android.adb import FOLDER, SECONDS, Device
from buildtool.tools.sent_command import PROGRAM, WRITTEN, sent_command

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
        return UNREACHED


class _Device:
    def __init__(self, *, adb: str, serial: str) -> None:
        self.adb = (adb, "-s", serial)

    def run(self, program: Path, rest: Sequence[str]) -> int:
        """Push, run, pull."""
        command = sent_command(program, rest, folder=FOLDER)
        self._shell(f"rm -rf {FOLDER} && mkdir -p {FOLDER}/{WRITTEN}")
        for name, path in command.files.items():
            words = ("push", str(path), f"{FOLDER}/{name}")
            self._adb(words, what=f"pushing {path.name} to {self.adb[2]}")
        # Old releases of Android neither hand on exit codes nor keep the two outputs apart.
        done = self._shell(
            f"chmod 755 {FOLDER}/{PROGRAM} && {command.line} 2> {FOLDER}/stderr; echo {EXIT}$?"
        )
        text, _, code = done.stdout.rpartition(EXIT)
        sys.stdout.write(text)
        sys.stderr.write(self._shell(f"cat {FOLDER}/stderr").stdout)
        if command.out is not None:
            command.out.mkdir(parents=True, exist_ok=True)
            words = ("pull", f"{FOLDER}/{WRITTEN}/.", str(command.out))
            self._adb(words, what=f"pulling from {self.adb[2]}")
        self._shell(f"rm -rf {FOLDER}")
        if not code.strip().isdigit():
            what = "did not say how the program ended"
            todo = "look whether it is still there: adb devices"
            raise VerificationError(Problem(where=self.adb[2], what=what, todo=todo))
        return int(code)

    def _shell(self, line: str) -> Completed:
        return self._adb(("shell", line), what=f"adb shell on {self.adb[2]}")

    def _adb(self, words: tuple[str, ...], *, what: str) -> Completed:
        command = Command(argv=(*self.adb, *words))
        return run(command, what=what, timeout=SECONDS, error=VerificationError)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
