"""Every exact step on many small graphs, which TensorFlow runs before and after."""

from __future__ import annotations

import json
import sys
from collections import Counter
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
    assert len({each["case"] for each in records}) > 40
    wrong = [(r["case"], r["steps"], r["difference"]) for r in records if r["difference"] > 1e-5]
    assert not wrong


def test_every_step_changes_graphs_and_keeps_their_version(records: Records) -> None:
    steps = {tuple(each["steps"]) for each in records}
    assert {tuple(each["steps"]) for each in records if each["changed"]} == steps
    versions: dict[str, set[int]] = {}
    for each in records:
        versions.setdefault(each["case"], set()).add(each["versions"])
    assert versions.pop("norm_of_the_first_release") == {8}
    assert all(len(each) == 1 and min(each) > 1000 for each in versions.values())


def test_what_an_app_names_stays_and_is_no_news(records: Records) -> None:
    assert of(records, "passed_on", "remove-nodes")["refused"] == {}


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
        ("too_large_to_keep", "fold-constants", "Fill", "would grow by 4194"),
        ("odd_constants", "fold-constants", "StringJoin", "of type string"),
        ("norms_that_stay", "fold-batch-norms", "FusedBatchNormV3_1", "also those of 'Conv2D_1'"),
        ("norms_that_stay", "fold-batch-norms", "FusedBatchNormV3_3", "of 'Conv2D_3' are half"),
        ("norms_that_stay", "fold-batch-norms", "FusedBatchNormV3_4", "is used as it is, too"),
        ("norms_that_stay", "fold-batch-norms", "FusedBatchNormV3", "in training mode"),
        ("norms_that_stay", "fold-batch-norms", "FusedBatchNormV3_2", "what op Cast gives"),
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


@pytest.mark.parametrize(
    ("case", "left"),
    [
        ("norms_of_all_releases", {"Conv2D": 3, "BiasAdd": 3, "Relu": 3}),
        (
            "norms_behind_other_ops",
            {"Conv2D": 3, "DepthwiseConv2dNative": 1, "MatMul": 2, "BiasAdd": 5},
        ),
        ("written_out_norms", {"Conv2D": 2, "BiasAdd": 2}),
        ("scaled_channels", {"Conv2D": 1}),
        ("square_product", {"MatMul": 1}),
        ("weights_shared_and_scaled_alike", {"Conv2D": 2, "BiasAdd": 2}),
    ],
)
def test_what_scales_channels_is_in_the_weights(
    records: Records, case: str, left: dict[str, int]
) -> None:
    nodes = of(records, case, "fold-batch-norms")["nodes"]
    counts = Counter(nodes.values())
    assert {op: counts[op] for op in left} == left
    arithmetic = {"Add", "AddV2", "Mul", "Sub", "Rsqrt", "RealDiv"}
    assert not [op for op in counts if op in arithmetic or op.startswith("FusedBatchNorm")] or (
        case == "weights_shared_and_scaled_alike" and counts["AddV2"] == 1
    )


def test_constants_and_nodes_that_are_alike_are_one(records: Records) -> None:
    nodes = of(records, "many_that_are_alike", "merge-duplicates")["nodes"]
    counts = Counter(nodes.values())
    assert (counts["MatMul"], counts["Split"], counts["RandomUniform"]) == (1, 1, 2)
    assert {"one", "two"} <= nodes.keys()


def test_nodes_are_in_the_order_of_their_inputs(records: Records) -> None:
    for each in records:
        if each["steps"] == ["sort"]:
            places = {name: place for place, name in enumerate(each["nodes"])}
            for name, sources in each["inputs"].items():
                late = [x for x in sources if places[x] > places[name]]
                back = [x for x in late if each["nodes"][x] != "NextIteration"]
                assert not back, (each["case"], name)


def test_only_names_that_an_app_does_not_know_are_replaced(records: Records) -> None:
    nodes = of(records, "passed_on", "obfuscate-names")["nodes"]
    assert {"x", "out", "same"} <= nodes.keys()
    assert all(len(name) == 1 for name in nodes.keys() - {"out", "same"})


def test_channels_that_come_first_are_known(records: Records) -> None:
    counts = Counter(of(records, "norms_with_channels_first", "fold-batch-norms")["nodes"].values())
    assert (counts["BiasAdd"], counts["Mul"], counts["FusedBatchNormV3"]) == (2, 1, 0)


@pytest.mark.parametrize(
    ("case", "step", "least"),
    [
        ("passed_on", "remove-nodes", 0.0),
        ("many_constants", "fold-constants", 0.0),
        ("keeps_state", "strip", 0.0),
        ("old_norm", "fold-batch-norms", 0.0),
        ("scaled_channels", "fold-batch-norms", 0.0),
        ("many_that_are_alike", "merge-duplicates", 0.0),
        ("square_product", "fold-batch-norms", 0.1),  # it scales rows in place of columns
    ],
)
def test_tensorflows_own_tool_leaves_no_fewer_nodes(
    records: Records, case: str, step: str, least: float
) -> None:
    """Where it is right, that is; ``least`` is how far it is off."""
    found = of(records, case, step)
    assert len(found["nodes"]) <= found["tool"]["nodes"]
    assert least <= found["tool"]["difference"] <= (1e-5 if not least else 10)
