"""The lossy transforms beside TensorFlow's own tool, which 2.14.1's wheel has compiled in."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from buildtool.core.run import Command, run
from buildtool.model.encoding import constant, make_node, type_attr, write_graph
from buildtool.model.graphdef import GraphDef, Node, read_graph
from buildtool.model.runtime_facts import RuntimeFacts
from buildtool.model.specs import Specs
from buildtool.model.tensors import Array, array_of
from buildtool.model.transforms import Choice, transform_graph
from buildtool.model.transforms.lossy.quantize_weights import (
    QUANTIZE_WEIGHTS,
    Range,
    eight_bits,
)
from buildtool.model.transforms.lossy.round_weights import ROUND_WEIGHTS
from buildtool.model.transforms.transform import Setting, Transform, Tree, Value
from tests.limits import HANG

pytestmark = pytest.mark.wheel

HERE = Path(__file__).parent
SETTING = Setting(Tree(Specs({}), RuntimeFacts()))
STEPS = (256, 64, 3)


def random(seed: int) -> Array:
    return np.random.default_rng(seed).normal(size=4000).astype(np.float32)


# Where the tool is right.
NUMBERS: dict[str, Array] = {
    "normal": random(1),
    "small": random(2) * np.float32(1e-6),
    "large": random(3) * np.float32(1e6),
    "positive": np.abs(random(4)) + np.float32(0.25),
    "one_sided": np.maximum(random(5), 0),
    "skewed": np.exp(random(6) * 3),
    "uniform": np.linspace(-1, 1, 3001, dtype=np.float32),
    "two": np.where(random(7) > 0, np.float32(0.1), np.float32(-0.7)),
    "in_rows": random(8).reshape(20, 10, 20),
}
# Where it is not: it takes the greatest number to be 0, or moves what need not be.
WRONG = {
    "zero": np.zeros(2000, np.float32),
    "same": np.full(2000, 3.7, np.float32),
    "negative": -np.abs(random(9)) - np.float32(5),
}


def whole_graph() -> GraphDef:
    nodes: list[Node] = []
    for name, numbers in {**NUMBERS, **WRONG}.items():
        nodes.append(constant(name, numbers))
        nodes.append(make_node(f"{name}/read", "Identity", (name,), T=type_attr("DT_FLOAT")))
    return read_graph(write_graph(GraphDef(tuple(nodes), {}, 0, 0, ())))


GRAPH = whole_graph()
OUTPUTS = [f"{name}/read:0" for name in (*NUMBERS, *WRONG)]


def ours(transform: Transform, **parameters: Value) -> GraphDef:
    return transform_graph(GRAPH, [Choice(transform, parameters)], SETTING)[0]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Graphs that the tool made of that graph, and what the graphs give."""
    folder = tmp_path_factory.mktemp("tool")
    (folder / "graph.pb").write_bytes(write_graph(GRAPH))
    (folder / "ours.pb").write_bytes(write_graph(ours(QUANTIZE_WEIGHTS)))
    words = [f"round_weights(num_steps={steps})" for steps in STEPS] + ["quantize_weights"]
    files = [f"{steps}.pb" for steps in STEPS] + ["theirs.pb"]
    jobs: list[dict[str, Any]] = [
        {"graph": "graph.pb", "inputs": [], "outputs": OUTPUTS, "transforms": [word], "made": name}
        for word, name in zip(words, files, strict=True)
    ]
    jobs += [
        {"graph": f"{whose}.pb", "feeds": "", "outputs": OUTPUTS, "made": f"{whose}.npz"}
        for whose in ("ours", "theirs")
    ]
    for job in jobs:
        job.update({key: str(folder / job[key]) for key in ("graph", "made")})
    (folder / "jobs.json").write_text(json.dumps(jobs), encoding="utf-8")
    argv = (sys.executable, str(HERE / "in_tensorflow.py"), str(folder / "jobs.json"))
    run(Command(argv=argv), what="TensorFlow's tool", timeout=HANG)
    return folder


def constants(graph: GraphDef) -> Mapping[str, Array]:
    arrays = {node.name: array_of(node.attrs.get("value")) for node in graph.nodes}
    return {name: array for name, array in arrays.items() if array is not None}


def tensors(path: Path, names: Sequence[str]) -> Mapping[str, Array]:
    with np.load(path) as arrays:
        return {name: arrays[f"{name}/read:0"] for name in names}


@pytest.mark.parametrize("steps", STEPS)
def test_rounded_weights_are_the_tools_to_the_bit(made: Path, steps: int) -> None:
    found = constants(ours(ROUND_WEIGHTS, weight_steps=steps))
    theirs = constants(read_graph((made / f"{steps}.pb").read_bytes()))
    for name in NUMBERS:
        assert found[name].tobytes() == theirs[name].tobytes(), name


def test_the_tool_rounds_some_numbers_worse(made: Path) -> None:
    found = constants(ours(ROUND_WEIGHTS))
    theirs = constants(read_graph((made / "256.pb").read_bytes()))
    for name, before in WRONG.items():
        errors = [np.abs(after[name] - before).max() for after in (found, theirs)]
        assert errors[0] < errors[1], name


def test_eight_bits_of_the_tools_range_are_the_tools(made: Path) -> None:
    """But for the range, the same."""
    theirs = read_graph((made / "theirs.pb").read_bytes())
    ends = constants(theirs)
    parts = {node.name: node for node in theirs.nodes}
    for name, numbers in NUMBERS.items():
        covered = Range(*(np.float32(ends[f"{name}_quantized_{end}"]) for end in ("min", "max")))
        attr = parts[f"{name}_quantized_const"].attrs["value"]
        held = bytes(attr.buffer[attr.span[0] : attr.span[1]])
        assert held.endswith(eight_bits(numbers, covered).tobytes()), name
        assert covered.low == min(numbers.min(), 0)
        assert covered.high == max(numbers.max(), 0)


def test_eight_bits_in_our_range_are_as_near(made: Path) -> None:
    """Run by TensorFlow. Its tool makes no numbers of zeros."""
    names = (*NUMBERS, *WRONG)
    found, theirs = (tensors(made / f"{whose}.npz", names) for whose in ("ours", "theirs"))
    for name, before in {**NUMBERS, **WRONG}.items():
        step = (max(before.max(), 0) - min(before.min(), 0)) / 255
        assert np.abs(found[name] - before).max() <= step * 0.5001, name
        assert found[name].shape == before.shape
    assert np.isnan(theirs["zero"]).all()
    assert not found["zero"].any()
