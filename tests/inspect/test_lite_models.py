"""What is found in ``.tflite`` models."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tflite import BuiltinOperator

from buildtool.core.paths import DATA, SHIPPED
from buildtool.inspect.lite_graph import lite_tree
from buildtool.inspect.lite_inspection import LiteInspection, OpCount, inspect_lite
from buildtool.inspect.lite_views import lite_summary, write_lite_views
from buildtool.model.encoding import make_node, type_attr
from buildtool.model.lite.subgraphs import read_contents
from buildtool.model.lite.tflite_file import DamagedError, read_model
from tests.conftest import Project
from tests.lite.small_models import Op, flex, small_model

GOLDEN = Path(__file__).with_name("golden")
DIGITS, INVERSE = (SHIPPED / "models" / name for name in ("digits.tflite", "inverse.tflite"))
RELU = Op(code=BuiltinOperator.RELU, version=2)
CUMPROD = flex(make_node("c", "Cumprod", ["x"], T=type_attr("DT_FLOAT")))


def look(data: bytes) -> LiteInspection:
    return inspect_lite("m", "m.tflite", data, read_contents(data))


@pytest.mark.parametrize("end", [".txt", ".json", ".html", ".dot"])
def test_a_converted_model(end: str, tmp_path: Path, golden: Callable[[Path, str], None]) -> None:
    data = INVERSE.read_bytes()
    contents = read_contents(data)
    found = inspect_lite("inverse", "models/inverse.tflite", data, contents)
    write_lite_views(tmp_path, "lite", found, lite_tree(contents), target="pi-flex")
    text = (tmp_path / f"lite{end}").read_text(encoding="utf-8")
    for script in (DATA / "viewer").glob("cytoscape*.js") if end == ".html" else ():
        text = text.replace(script.read_text(encoding="utf-8"), f"[{script.name}]")
    golden(GOLDEN / f"lite{end}", text)


def test_figures_of_a_network() -> None:
    found = look(DIGITS.read_bytes())
    assert found.parameters == 64 * 32 + 32 + 32 * 10 + 10
    assert found.flops == 2 * (64 * 32 + 32 * 10)
    (share,) = found.types
    assert (share.dtype, share.tensors, share.bytes) == ("DT_FLOAT", 4, 4 * found.parameters)
    (weights,) = found.weights
    assert (weights.op, weights.elements) == ("FULLY_CONNECTED", found.parameters)


def test_ops_by_version_and_whose_they_are() -> None:
    found = look(small_model(RELU, RELU, CUMPROD, Op(custom="Mine"), subgraphs=2))
    assert found.ops == (
        OpCount(name="RELU", version=2, count=4, of="TensorFlow Lite"),
        OpCount(name="FlexCumprod", version=1, count=2, of="TensorFlow"),
        OpCount(name="Mine", version=1, count=2, of="custom"),
    )
    assert [(each.name, each.operators) for each in found.subgraphs] == [
        ("graph 0", 4),
        ("graph 1", 4),
    ]
    shown = lite_tree(read_contents(small_model(RELU, CUMPROD, subgraphs=2)))
    assert [group.label for group in shown.groups] == ["function 1 graph 1"]
    assert [(node.name, node.op) for node in shown.nodes] == [
        ("t0", "input"),
        ("t1", "RELU"),
        ("t2", "FlexCumprod"),
    ] * 2
    assert shown.nodes[2].edges[0].source == 1


def test_a_damaged_model_is_told_or_read() -> None:
    """Wherever a bit falls over, it is one or the other."""
    whole = INVERSE.read_bytes()
    random = np.random.default_rng(1)
    told = 0
    for place in random.integers(8, len(whole), size=400):
        data = bytearray(whole)
        data[place] ^= 1 << random.integers(8)
        try:
            read_model(bytes(data))
            contents = read_contents(bytes(data))
            lite_summary(inspect_lite("m", "m", bytes(data), contents), "pi")
            lite_tree(contents)
        except DamagedError:
            told += 1
    assert told > 10


def test_the_step_shows_them_for_any_target(
    make_project: Callable[..., Project], tmp_path: Path
) -> None:
    project = make_project(tmp_path / "project", cache=tmp_path / "cache")
    cut = tmp_path / "cut.tflite"
    cut.write_bytes(INVERSE.read_bytes()[:900])
    for target in ("linux-lite", "pi"):
        said = project.doit(f"inspect:{target}", f"model={DIGITS},{cut}", code=5)
        assert "digits: TensorFlow Lite model" in said.out
        assert f"{cut}: is no whole TensorFlow Lite model" in said.err
        made = json.loads((project.folder(target) / "inspect" / "digits.json").read_text("utf-8"))
        assert made["parameters"] == 2410
