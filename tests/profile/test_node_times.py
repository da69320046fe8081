"""What is read of traced runs, and what is made of it, beside TensorFlow's own tables."""

from __future__ import annotations

import subprocess
import sys

import pytest

from buildtool.core.errors import VerificationError
from buildtool.profile.node_times import cumulated, node_times, op_times, slowest
from buildtool.profile.step_stats import read_runs
from tests.limits import HANG
from tests.profile.made_stats import FIRST, SECOND, Node, record, step_stats

# The binding of TensorFlow's summariser prints its tables; it runs in a process of its own.
SUMMARISE = """
import sys
from tensorflow.python.util import _pywrap_stat_summarizer as own
summary = own.StatSummarizer()
data = sys.stdin.buffer.read()
while data:
    length = 4 + int.from_bytes(data[:4], "little")
    summary.ProcessStepStatsStr(data[4:length])
    data = data[length:]
print(summary.GetOutputString())
"""
RUNS = record(step_stats(FIRST)) + record(step_stats(SECOND))


def test_a_run_is_read() -> None:
    first, second = read_runs(RUNS)
    assert [(node.name, node.op) for node in first] == [node[:2] for node in FIRST]
    assert [(node.start, node.time) for node in second] == [
        (node[2] / 1000, node[3] / 1000) for node in SECOND
    ]
    assert [node.memory for node in first] == [node[4] for node in FIRST]


def test_a_release_without_nanoseconds() -> None:
    (run,) = read_runs(record(step_stats(FIRST, nanos=False)))
    assert [node.time for node in run] == [0, 8, 1, 0, 4]
    assert [node.start for node in run] == [0, 1, 10, 12, 1]


def test_what_is_told_twice_counts_once() -> None:
    stats = step_stats(FIRST) + step_stats(SECOND, device="/host:CPU")
    (run,) = read_runs(record(stats))
    assert len(run) == len(FIRST)


@pytest.mark.parametrize("data", [RUNS[:-1], RUNS[:2], record(b"\x0a\xff")])
def test_what_is_no_message(data: bytes) -> None:
    with pytest.raises(VerificationError, match="what the runner has traced cannot be read"):
        read_runs(data)


def test_nodes_in_the_order_of_their_first_run() -> None:
    nodes = node_times(read_runs(RUNS))
    assert [node.name for node in nodes] == ["_SOURCE", "a/product", "loop/add", "b/product"]
    add = nodes[2]
    assert (add.op, add.calls, add.memory) == ("AddV2", 2, 32)
    assert add.first == pytest.approx(0.0015)
    assert add.average == pytest.approx((1.5 + 0.7 + 1.1 + 0.9) / 4 / 1000)
    assert add.start == pytest.approx((10 + 12 + 9 + 11) / 4 / 1000)
    assert sum(node.share for node in nodes) == pytest.approx(100)
    assert [node.name for node in slowest(nodes)][:2] == ["a/product", "b/product"]


def test_ops_the_slowest_first() -> None:
    ops = op_times(read_runs(RUNS))
    assert [(each.op, each.nodes, each.calls) for each in ops] == [
        ("MatMul", 2, 2),
        ("AddV2", 1, 2),
        ("NoOp", 1, 1),
    ]
    assert ops[0].average == pytest.approx((8.5 + 4 + 6.5 + 5) / 2 / 1000)
    assert ops[0].memory == 300_128
    assert [round(percent, 6) for _, percent in cumulated(ops)][-1] == 100


def test_nothing_took_any_time() -> None:
    still: Node = ("x", "NoOp", 0, 0, 0)
    runs = read_runs(record(step_stats((still,))))
    assert [node.share for node in node_times(runs)] == [0]
    assert [each.share for each in op_times(runs)] == [0]


@pytest.mark.wheel
@pytest.mark.usefixtures("wheel_dir")
def test_tensorflow_makes_the_same_tables() -> None:
    """Of runs in whole microseconds, because it drops what is less."""
    whole = [
        tuple((*node[:2], node[2] * 1000, node[3] * 1000, node[4]) for node in run)
        for run in (FIRST, SECOND)
    ]
    data = b"".join(record(step_stats(run)) for run in whole)
    done = subprocess.run(
        [sys.executable, "-c", SUMMARISE],
        input=data,
        capture_output=True,
        check=True,
        timeout=HANG,
    )
    rows = [line.split("\t") for line in done.stdout.decode().splitlines()]
    numbers = [[cell.strip() for cell in row] for row in rows]
    by_node = [row[1:] for row in numbers if len(row) == 9 and row[1] != "[node type]"]
    by_op = [row[1:] for row in numbers if len(row) == 8 and row[1] != "[Node type]"]
    runs = read_runs(data)
    nodes = node_times(runs)
    # With a loop it counts calls as nodes, and so loses the order in which they ran.
    assert sorted([*row[:4], *row[5:]] for row in by_node[: len(nodes)]) == sorted(
        [
            node.op,
            *(f"{value:.3f}" for value in (node.first, node.average)),
            f"{node.share:.3f}%",
            f"{node.memory / 1000:.3f}",
            str(node.calls),
            node.name,
        ]
        for node in nodes
    )
    assert [row[:6] for row in by_op] == [
        [
            each.op,
            str(each.nodes),
            f"{each.average:.3f}",
            *(f"{value:.3f}%" for value in (each.share, percent)),
            f"{each.memory / 1000:.3f}",
        ]
        for each, percent in cumulated(op_times(runs))
    ]
    assert "4 nodes observed" in done.stdout.decode()
