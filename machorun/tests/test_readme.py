"""What README.md tells people to type."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

from machorun.tests.macho_files import linker, tool

README = Path(__file__).resolve().parents[1] / "README.md"


def test_the_first_program(tmp_path: Path) -> None:
    found = re.search(r"```sh\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    programs = {"clang": tool("clang-14", "clang"), "ld64.lld": linker(), "python3": sys.executable}
    script = found[1]
    for name, path in programs.items():
        script, count = re.subn(rf"(?m)^{re.escape(name)} ", f"{shlex.quote(path)} ", script)
        assert count == 1
    done = subprocess.run(
        ["/bin/sh", "-ec", script],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(README.parents[1])},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("hi, 2 words\nended with 3\n", "")
