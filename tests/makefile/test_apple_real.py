"""TensorFlow 1.x itself for an iPhone, run in the emulator."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from buildtool.core.errors import BuildError

if TYPE_CHECKING:
    from tests.makefile.phones import Phone

pytestmark = [pytest.mark.build, pytest.mark.tree_1x]


def test_a_real_tree(real_phone: Callable[[str], Phone], tmp_path: Path) -> None:
    phone = real_phone("")
    report = json.loads((phone.folder / "report.json").read_text(encoding="utf-8"))
    assert report["proved"] is True
    (model,) = report["verification"]["models"]
    assert model["compared"] is True

    runner = [phone.folder / "runner" / "runner.o"]
    whole = phone.link(runner, phone.link_flags, tmp_path / "whole")
    assert phone.start(whole, "--session") == '{"session": true}\n'
    flags = [flag for flag in phone.link_flags if flag != "-force_load"]
    lost = phone.link(runner, flags, tmp_path / "lost")
    with pytest.raises(BuildError, match="No session factory registered"):
        phone.start(lost, "--session")
