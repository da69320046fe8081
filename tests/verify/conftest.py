"""Small real binaries, and a stand-in for the runner that says what a test tells it to."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FAKE_RUNNER = """
import json, pathlib, sys, time
program, *words = sys.argv[1:]
play = json.loads(pathlib.Path(program + ".json").read_text())
mode = next(word for word in words if word in ("--session", "--kernels", "--run"))
answer = play.get(mode, {})
time.sleep(answer.get("sleep", 0))
if mode == "--run":
    folder = pathlib.Path(words[words.index("--out") + 1])
    for place, content in enumerate(answer.get("files", [])):
        (folder / f"{place}.bin").write_bytes(bytes.fromhex(content))
for line in answer.get("lines", []):
    print(line if isinstance(line, str) else json.dumps(line))
print(answer.get("stderr", ""), file=sys.stderr)
sys.exit(answer.get("code", 0))
"""


@pytest.fixture
def emulator(tmp_path: Path) -> tuple[str, ...]:
    """A program that plays the emulator and the runner, as ``<program>.json`` tells it."""
    script = tmp_path / "fake-runner.py"
    script.write_text(FAKE_RUNNER, encoding="utf-8")
    return (sys.executable, str(script))


@pytest.fixture
def play() -> Callable[[Path, dict[str, Any]], None]:
    """Tells the fake runner what to do for each mode."""

    def write(program: Path, answers: dict[str, Any]) -> None:
        Path(f"{program}.json").write_text(json.dumps(answers), encoding="utf-8")

    return write


@pytest.fixture
def bare_python(tmp_path: Path) -> str:
    """A Python that sees no installed package, hence no TensorFlow."""
    script = tmp_path / "bare-python"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S -E "$@"\n', encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return str(script)
