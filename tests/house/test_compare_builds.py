"""The script that compares what two checkouts build, on checkouts that only write files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.conftest import PROJECT

DODO = """\
import json, pathlib

REPORT = {{"size": {size}, "timings": {{"build": {seconds}}}}}

def write():
    folder = pathlib.Path("build/one")
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    (folder / "plan.json").write_text(json.dumps({{"root": str(pathlib.Path.cwd())}}))
    (folder / "report.json").write_text(json.dumps(REPORT))
    (folder / "logs/log.txt").write_text("{seconds}")
    print("one: {seconds}.0 s")

def task_build():
    yield {{"name": "one", "actions": [write], "verbosity": 2}}
"""


def checkout(root: Path, *, size: int, seconds: int) -> str:
    root.mkdir()
    (root / "dodo.py").write_text(DODO.format(size=size, seconds=seconds), encoding="utf-8")
    return str(root)


def compare(*words: str) -> tuple[int, str]:
    script = str(PROJECT / "tests" / "compare_builds.py")
    argv = [sys.executable, script, *words, "one", "--build"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_times_logs_and_the_checkouts_paths_do_not_differ(tmp_path: Path) -> None:
    old = checkout(tmp_path / "old", size=1, seconds=2)
    new = checkout(tmp_path / "new", size=1, seconds=3)
    assert compare(old, new) == (0, "build:one: exit code 0\n2 files compared, 0 differ\n")


def test_a_result_differs(tmp_path: Path) -> None:
    old = checkout(tmp_path / "old", size=1, seconds=2)
    new = checkout(tmp_path / "new", size=4, seconds=2)
    code, said = compare(old, new)
    assert code == 1
    assert '  DIFFERS: one/report.json\n    - "size": 1\n    + "size": 4\n' in said


def test_what_is_said_differs(tmp_path: Path) -> None:
    old = checkout(tmp_path / "old", size=1, seconds=2)
    new = checkout(tmp_path / "new", size=1, seconds=2)
    (tmp_path / "new/dodo.py").write_text("raise SystemExit('broken')", encoding="utf-8")
    code, said = compare(old, new)
    assert code == 1
    assert "broken" in said
    assert "DIFFERS: one/plan.json is in the old one alone" in said
