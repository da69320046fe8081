"""Every exact step on many small graphs, which TensorFlow runs before and after."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from buildtool.core.run import Command, run
from tests.limits import HANG

pytestmark = [pytest.mark.wheel, pytest.mark.real_tree]
PROJECT = Path(__file__).parents[2]
Records = Sequence[dict[str, Any]]


@pytest.fixture(scope="session")
def records(real_tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Records:
    about = tmp_path_factory.mktemp("steps") / "about.json"
    argv = (sys.executable, "-m", "tests.prepare.run_steps", str(about))
    env = {"TREE": str(real_tree), "PYTHONPATH": str(PROJECT)}
    run(Command(argv=argv, cwd=PROJECT, env=env), what="preparing graphs", timeout=HANG)
    found: Records = json.loads(about.read_text(encoding="utf-8"))
    return found


def of(records: Records, case: str, step: str) -> dict[str, Any]:
    """What a step did to a graph."""
    (found,) = (each for each in records if (each["case"], each["steps"]) == (case, [step]))
    return found


def test_no_step_changes_an_output(records: Records) -> None:
    assert len({each["case"] for each in records}) > 50
    wrong = [(r["case"], r["steps"], r["difference"]) for r in records if r["difference"] > 1e-5]
    assert not wrong


def test_every_step_changes_graphs_and_keeps_their_version(records: Records) -> None:
    steps = {tuple(each["steps"]) for each in records}
    assert {tuple(each["steps"]) for each in records if each["changed"]} == steps
    versions: dict[str, set[int]] = {}
    for each in records:
        versions.setdefault(each["case"], set()).add(each["versions"])
    assert all(len(each) == 1 and min(each) > 1000 for each in versions.values())


@pytest.mark.parametrize(
    ("case", "step", "gone", "kept"),
    [
        ("passed_on", "remove-nodes", {"Identity", "Identity_1", "StopGradient"}, {"out", "same"}),
        ("passed_on_among_control_edges", "remove-nodes", {"NoOp", "Identity_2"}, {"out"}),
        ("either_side", "remove-nodes", {"cond/Identity"}, {"cond/switch_t", "Identity"}),
        ("around_a_loop", "remove-nodes", {"while/Identity_1"}, {"while/Identity"}),
        ("calls_functions", "fold-constants", {"Const_1"}, {"StatefulPartitionedCall"}),
        ("keeps_state", "strip", {"total/IsInitialized/VarIsInitializedOp"}, {"total/Assign"}),
    ],
)
def test_what_goes_and_what_stays(
    records: Records, case: str, step: str, gone: set[str], kept: set[str]
) -> None:
    left = of(records, case, step)["nodes"]
    assert not gone & left.keys()
    assert kept <= left.keys()


@pytest.mark.parametrize(
    ("case", "step", "node", "reason"),
    [
        ("waits_for_what_counts", "remove-nodes", "counter/read", "may change before"),
        ("waits_for_what_counts", "remove-nodes", "Identity", "waits for 'AssignAdd'"),
        ("either_side", "remove-nodes", "cond/switch_t", "others wait for this side"),
        ("passed_on", "remove-nodes", "same", "by its name"),
        ("too_large_to_keep", "fold-constants", "Fill", "would grow by 4194"),
        ("odd_constants", "fold-constants", "StringJoin", "of type string"),
    ],
)
def test_what_is_refused_has_its_reason(
    records: Records, case: str, step: str, node: str, reason: str
) -> None:
    assert reason in of(records, case, step)["refused"][node]


def test_what_can_be_computed_once_is_a_constant(records: Records) -> None:
    nodes = of(records, "many_constants", "fold-constants")["nodes"]
    assert set(nodes.values()) == {"Const", "Placeholder", "Mul", "AddV2", "Split"}
    assert nodes["alone"] == "Const"
    inside = of(records, "around_a_loop", "fold-constants")["nodes"]
    assert inside["while/add"] == "Const"
    assert "while/Exp" not in inside
