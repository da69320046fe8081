"""The command that prepares a machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtool.core.errors import ExitCode
from buildtool.sources.__main__ import main

LOCK = f"""\
schema_version: 1
sources:
  lib:
    version: "1"
    tree: {"a" * 64}
    licences: [LICENSE]
    places:
      - git: no/such/mirror@{"b" * 40}
"""


def test_what_no_package_holds_can_be_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BUILDTOOL_CACHE", str(tmp_path / "cache"))
    lock = tmp_path / "lock.yaml"
    lock.write_text(LOCK, encoding="utf-8")
    words = ["--lock", str(lock), "--offline"]
    assert main([*words, "--packaged"]) == ExitCode.OK
    assert capsys.readouterr().out == ""
    assert main(words) == ExitCode.FAILED_DOWNLOAD
    assert "lib" in capsys.readouterr().err
