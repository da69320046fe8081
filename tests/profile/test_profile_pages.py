"""The text, the page and the JSON of a profile, and two of them side by side."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.core.errors import ConfigError
from buildtool.core.values import ModelInfo
from buildtool.profile.model_profile import find_profile
from buildtool.profile.profile_pages import picture, write_profile
from tests.profile.made_stats import FIRST, made_profile

GOLDEN = Path(__file__).parent / "golden"
NAME = "<b> & co"


def model(sha256: str) -> ModelInfo:
    return ModelInfo(name="m", path=Path(), sha256=sha256, inputs=(), outputs=(), node_count=1)


def test_text_and_page(tmp_path: Path, golden: Callable[[Path, str], None]) -> None:
    other = made_profile("linux", emulated=False, slower=0.5).profile
    short = write_profile(tmp_path, made_profile(), (other,))
    golden(GOLDEN / "profile.short.txt", short)
    golden(GOLDEN / "profile.txt", (tmp_path / f"{NAME}.txt").read_text(encoding="utf-8"))
    html = (tmp_path / f"{NAME}.html").read_text(encoding="utf-8")
    golden(GOLDEN / "profile.html", html)
    assert "<b>" not in html
    assert "http" not in html


def test_a_viewer_of_traces_gets_every_node(tmp_path: Path) -> None:
    write_profile(tmp_path, made_profile(), ())
    trace = json.loads((tmp_path / f"{NAME}.trace.json").read_text(encoding="utf-8"))
    events = trace["traceEvents"]
    assert sorted(event["args"]["node"] for event in events) == sorted(node[0] for node in FIRST)
    assert {(event["ts"], event["dur"]) for event in events} == {
        (node[2] / 1000, node[3] / 1000) for node in FIRST
    }


def test_nodes_that_ran_at_the_same_time_do_not_hide_each_other() -> None:
    bars = list(picture(made_profile()))
    lanes = {bar.node.name: bar.lane for bar in bars}
    assert (lanes["a/product"], lanes["b/product"]) == (0, 1)
    for bar in bars:
        later = [other for other in bars if other.lane == bar.lane and other.left > bar.left]
        assert all(bar.left + bar.width <= other.left for other in later)


def test_another_targets_profile_is_found_by_what_the_model_is(tmp_path: Path) -> None:
    measured = made_profile("linux")
    write_profile(tmp_path, measured, ())
    assert find_profile(tmp_path, "linux", model("12" * 32)) == measured.profile


def test_another_targets_profile_is_of_another_model(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is none at all"):
        find_profile(tmp_path / "gone", "linux", model("34" * 32))
    write_profile(tmp_path, made_profile("linux"), ())
    with pytest.raises(ConfigError, match=r"of m \(343434343434\) on it; .* of <b> & co \(1212"):
        find_profile(tmp_path, "linux", model("34" * 32))
