"""Runs a linked Mach-O program for ARM64 on a machine that is none of Apple's.

    python -m machorun [-L ROOT] PROGRAM [ARGUMENT...]

Like ``qemu-user`` this reads and writes the real files and streams, and ends with the program's own
exit code; 128 + n if it ended by signal n, 127 if it calls a function that the emulator does not
have or cannot be loaded. What the emulator has to say is on standard error, after ``machorun:``.
ROOT holds the libraries that the program loads, under their own paths (``usr/lib/libc++.1.dylib``);
the C library need not be there.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

CANNOT_RUN = 127
USAGE = "usage: python -m machorun [-L ROOT] PROGRAM [ARGUMENT...]"
PARTS = (
    *("memory", "stdio", "files", "runtime", "locks", "threads", "time", "math", "locale"),
    *("accelerate", "corefoundation", "wide"),
)


def command(root: Path | None) -> tuple[str, ...]:
    """What to put before a program's path, from any folder and in any Python environment."""
    return (sys.executable, __file__, *(("-L", str(root)) if root else ()))


def main(words: list[str]) -> int:
    """Run the program that the command line names. Returns its exit code."""
    root = None
    if words[:1] == ["-L"] and len(words) > 1:
        root, words = Path(words[1]), words[2:]
    if not words:
        return _say(USAGE)
    try:
        process_module = importlib.import_module("machorun.process")
        images = importlib.import_module("machorun.images")
        for part in PARTS:
            importlib.import_module(f"machorun.lib_{part}")
    except ImportError as failure:
        return _say(f"{failure}; install it: pip install lief unicorn")
    program = Path(words[0])
    try:
        process = process_module.Process(program, words, root)
    except images.LoadError as failure:
        return _say(str(failure))
    except OSError as failure:
        return _say(f"{program}: {failure.strerror}")
    return int(process.run())


def _say(text: str) -> int:
    print(f"machorun: {text}", file=sys.stderr)
    return CANNOT_RUN


if __name__ == "__main__":
    # Started by its path, so that the package need not be installed.
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    code = main(sys.argv[1:])
    sys.stdout.flush()
    # The emulator's own threads and the mapped memory are not waited for.
    os._exit(code)
