"""The exact texts of all that can be wrong, one folder a case.

A case has ``targets/``, maybe ``words.txt`` (the command line, a word a line), and ``errors.txt``.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.config import load_targets, parse_overrides
from buildtool.config.target_files import MOST_BYTES
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


def test_files_that_never_end_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "targets").mkdir()
    os.mkfifo(tmp_path / "targets" / "pipe.yaml")
    (tmp_path / "targets" / "zero.yaml").symlink_to("/dev/zero")
    (tmp_path / "targets" / "large.yaml").write_bytes(b"#" * (MOST_BYTES + 1))
    os.mkfifo(tmp_path / "model.pb")
    (tmp_path / "targets" / "pi.yaml").write_text(
        "platform: raspberrypi\nabi: aarch64\n"
        "models: [{path: model.pb, samples: /dev/zero}]\npatches: [model.pb]\n"
    )
    with pytest.raises(ConfigError) as caught:
        load_targets(tmp_path / "targets")
    told = [f"{problem.where}: {problem.what}" for problem in caught.value.problems]
    assert told == [
        "targets/large.yaml: is larger than 1048576 bytes, which no target needs",
        f"targets/pi.yaml:3: models[0].path: is a pipe, not a file: {tmp_path}/model.pb",
        "targets/pi.yaml:3: models[0].samples: is a device, not a file: /dev/zero",
        f"targets/pi.yaml:4: patches[0]: is a pipe, not a file: {tmp_path}/model.pb",
        "targets/pipe.yaml: is a pipe, not a file",
        "targets/zero.yaml: is a device, not a file",
    ]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read the folder of targets: No such file"):
        load_targets(tmp_path / "targets")
