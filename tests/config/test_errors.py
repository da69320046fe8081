"""The exact texts of all that can be wrong, one folder a case.

A case has ``targets/``, maybe ``words.txt`` (the command line, a word a line), and ``errors.txt``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.config import load_targets, parse_overrides
from buildtool.core.errors import ConfigError, ExitCode

CASES = Path(__file__).parent / "golden"


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_everything_wrong_is_said_at_once(case: Path, golden: Callable[[Path, str], None]) -> None:
    words = case / "words.txt"
    lines = words.read_text().splitlines() if words.is_file() else []
    with pytest.raises(ConfigError) as caught:
        load_targets(
            case / "targets",
            overrides=parse_overrides(dict(line.split("=", 1) for line in lines), cwd=case),
        )
    assert caught.value.exit_code is ExitCode.BAD_CONFIG
    golden(case / "errors.txt", f"{caught.value}\n")


def test_the_same_problem_is_said_once_and_in_order() -> None:
    with pytest.raises(ConfigError) as caught:
        load_targets(CASES / "inherited_problem" / "targets")
    wheres = [problem.where for problem in caught.value.problems]
    assert wheres == ["targets/pi.yaml:3", "targets/pi.yaml:5", "targets/pi.yaml:6"]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read the folder of targets: No such file"):
        load_targets(tmp_path / "targets")
