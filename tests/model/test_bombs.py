"""Small models that stand for far more than they hold: told, and not worked through."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from buildtool.model import Reading
from tests.model.test_damaged_graphs import told
from tests.model.test_pruning import T, node, placeholder

Write = Callable[..., Path]
Read = Callable[..., Reading]


@pytest.fixture(autouse=True)
def _bounded() -> Iterator[None]:
    """Each reads in seconds; the fixture is set up before the test begins."""
    began = time.process_time()
    yield
    assert time.process_time() - began < 10


@pytest.mark.parametrize("count", [100_001, 1 << 31, 1 << 62])
@pytest.mark.parametrize(("op", "number"), [("Pack", "N"), ("Split", "num_split")])
def test_more_tensors_than_a_node_can_have(
    write: Write, read: Read, op: str, number: str, count: int
) -> None:
    more = f"{T} attr {{ key: '{number}' value {{ i: {count} }} }}"
    text = placeholder("x") + node("p", op, "x", "x", more=more) + node("out", "Relu", "p")
    assert (
        f"m: node 'p': op {op}: its {number} is {count}, and no node takes or gives more than "
        "100000 tensors: the first run fails"
    ) in told(read(write(text)))


def function(place: int, names: list[str]) -> str:
    """A function that calls the next one twice, with another type each time."""
    attrs = [f"attr {{ name: '{name}' type: 'type' }}" for name in names]
    calls = ""
    for dtype in ("DT_INT32", "DT_FLOAT"):
        given = [f"attr {{ key: '{n}' value {{ placeholder: '{n}' }} }}" for n in names]
        given[place] = f"attr {{ key: '{names[place]}' value {{ type: {dtype} }} }}"
        calls += f"node_def {{ name: '{dtype}' op: 'f{place + 1}' {' '.join(given)} }}"
    return f"function {{ signature {{ name: 'f{place}' {' '.join(attrs)} }} {calls} }}"


def test_functions_that_multiply(write: Write, read: Read) -> None:
    names = [f"A{place}" for place in range(17)]
    library = " ".join(function(place, names) for place in range(16))
    text = f"{placeholder('x')} {node('out', 'f0', 'x', more='')} library {{ {library} }}"
    (line,) = (line for line in told(read(write(text))) if "functions are called" in line)
    assert "m.pb: function 'f" in line


def test_a_shape_of_more_dimensions_than_a_tensor_has(write: Write, read: Read) -> None:
    sizes = f"dim {{ size: {2**62} }} " * 255
    tensor = f"tensor {{ dtype: DT_FLOAT tensor_shape {{ {sizes} }} }}"
    value = f"attr {{ key: 'value' value {{ {tensor} }} }}"
    kind = "attr { key: 'dtype' value { type: DT_FLOAT } }"
    text = node("c", "Const", more=kind + value) + node("out", "Relu", "c")
    (line,) = told(read(write(text)))
    assert "is not a whole GraphDef: a shape has more than 254 dimensions at byte" in line


def test_a_long_cycle(write: Write, read: Read) -> None:
    text = "".join(node(f"n{i}", "Relu", f"n{(i + 1) % 5000}") for i in range(5000))
    assert any("nodes take from each other, n" in line for line in told(read(write(text))))


def test_outputs_that_nobody_stated_are_told_by_the_first(write: Write, read: Read) -> None:
    text = placeholder("x") + "".join(node(f"n{i}", "Relu", "x") for i in range(1000))
    (note,) = (note for note in read(write(text)).notes if "names no outputs" in note)
    assert "n19:0 (float, unknown shape) and 980 more are taken as such" in note
