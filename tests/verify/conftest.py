"""Small real binaries, and a stand-in for the runner that says what a test tells it to."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
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

Compile = Callable[..., Path]


def _compiler(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"needs the compiler {name}")
    return found


@pytest.fixture
def compile_c(tmp_path: Path) -> Compile:
    """Compiles C text: ``compile_c("a.o", text, "-c", compiler="gcc")``."""

    def build(name: str, text: str, *flags: str, compiler: str = "cc") -> Path:
        source = tmp_path / f"{name}.c"
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_text(text, encoding="utf-8")
        output = tmp_path / name
        argv = [_compiler(compiler), *flags, str(source), "-o", str(output)]
        subprocess.run(argv, check=True, capture_output=True)
        return output

    return build


@pytest.fixture
def make_archive(tmp_path: Path) -> Callable[..., Path]:
    """Makes an archive with the host's ``ar``, members as often as they are given."""

    def build(name: str, *objects: Path, modifiers: str = "qc") -> Path:
        archive = tmp_path / name
        ar = _compiler("ar")
        for item in objects:
            subprocess.run([ar, modifiers, str(archive), str(item)], check=True)
        return archive

    return build


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
