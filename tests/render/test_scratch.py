"""What a killed run leaves behind does not stay for ever."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from buildtool.core.scratch import scratch_folder

DAY = 24 * 3600


def test_a_folder_goes_whatever_the_end(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    with scratch_folder(cache, "making") as folder:
        (folder / "half").write_text("x")
        assert folder.parent == cache
    with pytest.raises(OSError, match="full"), scratch_folder(cache, "making"):
        raise OSError("full")
    assert not list(cache.iterdir())


def test_what_was_left_a_day_ago_goes_and_nothing_else(tmp_path: Path) -> None:
    for name, age in (("making-a", DAY + 60), ("making-b", 60), ("other-c", DAY + 60)):
        (tmp_path / name / "deep").mkdir(parents=True)
        then = time.time() - age
        os.utime(tmp_path / name, (then, then))
    with scratch_folder(tmp_path, "making"):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["making-b", "other-c"]
