"""Op lists in both forms."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.model import Reading

Read = Callable[..., Reading]

TODO = '\n    a line is `Op` or `Op:KernelClass`; JSON is [["Op", "KernelClass"], ...]'


def listed(reading: Reading) -> list[tuple[str, str, str]]:
    return [
        (use.op, use.kernel_class, use.nodes[0].node)
        for use in reading.opset.uses
        if not use.added_by_runtime
    ]


def test_lines(tmp_path: Path, read: Read) -> None:
    path = tmp_path / "ops.txt"
    path.write_text("# mine\nRelu\n\nMatMul : MatMulOp<CPUDevice, float, false >  # why\n")
    reading = read(path)
    assert not reading.problems
    assert listed(reading) == [
        ("MatMul", "MatMulOp<CPUDevice, float, false >", "line 4"),
        ("Relu", "*", "line 2"),
    ]
    assert reading.opset.models[0].node_count == 0


def test_json_as_tensorflows_own_tool_takes_it(tmp_path: Path, read: Read) -> None:
    path = tmp_path / "ops.json"
    path.write_text('[["Relu", "ReluOp<CPU, float>"], ["Softmax", null], ["NoOp"], "Pack"]')
    reading = read(path)
    assert not reading.problems
    assert [(op, kernel) for op, kernel, _ in listed(reading)] == [
        ("NoOp", "*"),
        ("Pack", "*"),
        ("Relu", "ReluOp<CPU, float>"),
        ("Softmax", "*"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Relu\nMat Mul\n", ":2: 'Mat Mul' is not the name of an op" + TODO),
        ("# nothing\n", ": names no op" + TODO),
        ('[["Relu", 1]]', ': ["Relu", 1] is not an op' + TODO),
        ('[["Relu",\n"x"', ":2: is not JSON: Expecting ',' delimiter" + TODO),
        ("[]", ": names no op" + TODO),
        ("[" * 100_000, ": has a number that is too long, or too many brackets" + TODO),
        (f"[{'9' * 5000}]", ": has a number that is too long, or too many brackets" + TODO),
    ],
)
def test_what_is_no_op_list(tmp_path: Path, read: Read, text: str, expected: str) -> None:
    path = tmp_path / "ops.txt"
    path.write_text(text)
    assert [str(problem) for problem in read(path).problems] == [f"{path}{expected}"]


def test_ops_that_the_tree_lacks(tmp_path: Path, read: Read) -> None:
    path = tmp_path / "ops.txt"
    path.write_text("Relu\nSoftmaxx\n")
    (problem,) = read(path).problems
    assert str(problem).startswith(
        "ops: node 'line 2': op Softmaxx does not exist in this tree\n    close to it are Softmax;"
    )


def test_a_text_of_another_kind_is_not_told_line_by_line(tmp_path: Path, read: Read) -> None:
    path = tmp_path / "README.md"
    path.write_text("# A model\n" + "It is good.\n" * 300)
    told = read(path).problems
    assert len(told) == 11
    assert told[0].where == f"{path}:2"
    assert (told[10].where, told[10].what) == (
        str(path),
        "290 more lines are no ops either: is it another kind of file?",
    )


def test_only_some_unknown_names_are_compared_with_all_ops(tmp_path: Path, read: Read) -> None:
    path = tmp_path / "ops.txt"
    path.write_text("".join(f"Relu{number}\n" * 2 for number in range(100)))
    told = read(path).problems
    assert len(told) == 100
    assert [problem.todo.startswith("close to it are Relu; ") for problem in told] == [
        *([True] * 20),
        *([False] * 80),
    ]
