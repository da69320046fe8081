"""A whole run fails where a test is skipped that is not listed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
TESTS = """
import pytest

@pytest.mark.parametrize("number", range(3))
def test_skipped(number):
    pytest.skip("needs a tool: apt-get install it")

@pytest.mark.skipif(True, reason="needs Xcode 15")
def test_marked():
    pass

@pytest.mark.xfail
def test_known():
    assert False

def test_passes():
    pass
"""


@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ("# all\n3 needs a tool: apt-get install it\n\n1 needs Xcode *\n", []),
        (
            "2 needs a tool*\n",
            ["1 skipped, 0 listed: needs Xcode 15", "3 skipped, 2 listed: needs a tool*"],
        ),
    ],
)
def test_what_is_skipped_must_be_listed(
    tmp_path: Path, listed: str, said: list[str], workers: str
) -> None:
    (tmp_path / "test_it.py").write_text(TESTS, encoding="utf-8")
    (tmp_path / "skips.txt").write_text(listed, encoding="utf-8")
    argv = [sys.executable, "-m", "pytest", "-p", "tests.skips", "-n", workers, "-c", "/dev/null"]
    done = subprocess.run(
        [*argv, f"--rootdir={tmp_path}", f"--listed-skips={tmp_path / 'skips.txt'}", str(tmp_path)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert [line for line in lines if " listed: " in line] == said
    assert "1 passed, 4 skipped, 1 xfailed" in lines[-1]
    assert done.returncode == (1 if said else 0)
