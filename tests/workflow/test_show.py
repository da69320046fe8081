"""The step ``show``: the text, to the letter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from buildtool.config import load_targets
from buildtool.workflow.show_step import written


def test_a_target_as_a_file(tmp_path: Path, golden: Callable[[Path, str], None]) -> None:
    folder = tmp_path / "targets"
    folder.mkdir()
    (folder / "defaults.yaml").write_text("optimise: {level: O3}\n", encoding="utf-8")
    (folder / "local.yaml").write_text("jobs: 3\n", encoding="utf-8")
    text = (
        "platform: android\nslices: [arm64-v8a, x86_64]\nandroid: {sdk: /opt/sdk}\n"
        "description: One that is for phones, with a line that is longer than others\n"
        "models:\n  - path: a b.pb\n    inputs: [{name: x, shape: [1, -1]}]\n  - /models/c.pb\n"
    )
    (folder / "phone.yaml").write_text(text, encoding="utf-8")
    target = load_targets(folder, checks=())["phone"]
    golden(Path(__file__).parent / "golden" / "show.yaml", written(target))
