"""Activations of eight bits: which nodes change, and that TensorFlow computes nearly the same."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from buildtool.core.errors import ToolError
from buildtool.core.run import Command, run
from buildtool.model.encoding import make_node, type_attr
from buildtool.model.graphdef import GraphDef
from buildtool.model.runtime_facts import RuntimeFacts
from buildtool.model.specs import Specs
from buildtool.model.transform_tool import transform_tool
from buildtool.model.transforms import Choice, transform_graph
from buildtool.model.transforms.lossy.quantize_activations import QUANTIZE_ACTIVATIONS
from buildtool.model.transforms.transform import Setting, Tree
from tests.limits import HANG

PROJECT = Path(__file__).parents[2]
NINE = {
    *("QuantizedAvgPool", "QuantizedBiasAdd", "QuantizedConcat", "QuantizedConv2D"),
    *("QuantizedMatMul", "QuantizedMaxPool", "QuantizedRelu", "QuantizedRelu6"),
    "QuantizedReshape",
}
Records = Sequence[dict[str, Any]]
FLOAT = type_attr("DT_FLOAT")
PRODUCT = GraphDef(
    (
        *(make_node(name, "Placeholder", (), dtype=FLOAT) for name in "ab"),
        make_node("y", "MatMul", ("a", "b"), T=FLOAT),
    ),
    *({}, 1575, 0, ()),
)


@pytest.fixture(scope="module")
def records(real_tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Records:
    about = tmp_path_factory.mktemp("bytes") / "about.json"
    argv = (sys.executable, "-m", "tests.prepare.run_eight_bits", str(about))
    env = {"TREE": str(real_tree), "PYTHONPATH": str(PROJECT)}
    run(Command(argv=argv, cwd=PROJECT, env=env), what="graphs in eight bits", timeout=HANG)
    found: Records = json.loads(about.read_text(encoding="utf-8"))
    return found


def of(records: Records, case: str, ranges: str = "dynamic") -> Mapping[str, Any]:
    """What became of a graph."""
    (found,) = (each for each in records if (each["case"], each["ranges"]) == (case, ranges))
    return found


@pytest.mark.wheel
@pytest.mark.real_tree
class TestInTensorFlow:
    def test_nothing_that_is_left_differs_by_more_than_bytes_do(self, records: Records) -> None:
        apart = {each["case"]: each["difference"] for each in records if "difference" in each}
        assert {case for case, each in apart.items() if each > 0} == {
            *("all_nine", "taken_by_others", "dead_weights", "only_negative"),
            *("in_a_loop_and_a_branch", "in_a_function", "after_floats"),
        }
        assert of(records, "all_nine")["difference"] < 0.15
        others = {case: each for case, each in apart.items() if case != "all_nine"}
        assert max(others.values()) < 0.03, others

    @pytest.mark.parametrize("ranges", ["dynamic", "observed", "given"])
    def test_all_nine_ops_have_their_eight_bit_form(self, records: Records, ranges: str) -> None:
        found = of(records, "all_nine", ranges)
        assert {op: found["ops"].get(op, 0) for op in NINE} == dict.fromkeys(NINE, 1)
        # Weights are bytes in the file; what is fed is the only thing whose range is computed.
        assert found["ops"]["QuantizeV2"] == found["ops"]["Min"] == 1
        assert found["ops"]["Dequantize"] == 2  # the output, and what Sum takes
        assert found["ops"].get("RequantizationRange", 0) == (3 if ranges == "dynamic" else 0)

    def test_observed_ranges_are_those_that_the_tool_reads_from_its_log(
        self, records: Records
    ) -> None:
        found = of(records, "all_nine", "as the tool")
        assert len(found["ours"]) == 6
        assert found["ours"] == pytest.approx(found["theirs"], rel=1e-5)

    def test_graphs_keep_their_version_functions_and_types(self, records: Records) -> None:
        rows = [each for each in records if "versions" in each]
        assert {each["versions"] for each in rows} == {1575}
        assert [each["case"] for each in rows if each["functions"]] == ["in_a_function"]
        assert all(each["types"] for each in rows)

    def test_what_others_take_stays_under_its_name(self, records: Records) -> None:
        found = of(records, "taken_by_others")
        assert found["changed"] == ["y", "Relu", "MatMul"]
        assert {found["nodes"][name] for name in found["changed"]} == {"Dequantize"}
        # The matrix that two of them take is there once.
        assert "Const" not in found["nodes"]

    def test_what_takes_floats_stays_unless_it_convolves_or_multiplies(
        self, records: Records
    ) -> None:
        found = of(records, "after_floats")
        assert found["changed"] == ["y", "after"]
        assert sorted(found["refused"]) == ["BiasAdd", "Relu6", "excluded"]

    def test_loops_branches_and_functions_are_left_alone(self, records: Records) -> None:
        found = of(records, "in_a_loop_and_a_branch")
        reason = "it is in a loop or a branch"
        assert {name for name, why in found["refused"].items() if why == reason} == {
            *("while/MatMul", "cond/MatMul"),
        }
        assert found["changed"] == ["after"]
        assert of(records, "in_a_function")["changed"] == ["MatMul"]

    def test_what_the_tool_or_the_kernels_take_for_something_else_stays(
        self, records: Records
    ) -> None:
        found = of(records, "as_they_are")
        assert found["changed"] == []
        assert found["refused"] == {
            "dilated": "it is dilated, and no eight-bit kernel is",
            "padded": "its padding is explicit, which no eight-bit kernel takes",
            "uneven": "its strides differ, and eight-bit kernels take one for rows and columns",
            "grouped": "its channels are in groups, and no eight-bit kernel takes these",
            "padded_pool": "its padding is explicit, which no eight-bit kernel takes",
            "half": "its numbers are of type half, and only float is changed",
            "endless": "its constant 'endless_kernel': it holds numbers that are infinite or not "
            "a number",
            "alone": "what it takes are floats, so bytes would gain nothing",
        }


@pytest.mark.wheel
def test_the_tool_has_a_limit_on_its_time_and_its_failures_are_told(tmp_path: Path) -> None:
    log = tmp_path / "log"
    slow = transform_tool(python=sys.executable, log=log, timeout=0.01)
    with pytest.raises(ToolError, match=r"\(quantize_nodes\): did not end within 0 s"):
        slow(PRODUCT, ["a", "b"], ["y"], "quantize_nodes")
    tool = transform_tool(python=sys.executable, log=log)
    with pytest.raises(ToolError, match=r"(?s)no_such_transform.*activations: float"):
        tool(PRODUCT, ["a", "b"], ["y"], "no_such_transform")
    assert "no_such_transform" in log.read_text(encoding="utf-8")


def test_a_release_without_the_tool_is_told(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 2.99.0\nexit 3\n")
    python.chmod(0o755)
    tool = transform_tool(python=str(python), log=tmp_path / "log")
    with pytest.raises(ToolError) as caught:
        tool(PRODUCT, ["a", "b"], ["y"], "quantize_nodes")
    (problem,) = caught.value.problems
    assert problem.where == str(python)
    assert problem.what == "its TensorFlow 2.99.0 has no Graph Transform Tool"


def test_without_tensorflow_nothing_changes() -> None:
    setting = Setting(Tree(Specs({}), RuntimeFacts()), inputs=("a:0", "b:0"), outputs=("y:0",))
    graph, (outcome,) = transform_graph(PRODUCT, [Choice(QUANTIZE_ACTIVATIONS)], setting)
    assert graph is PRODUCT
    assert [name for name, _ in outcome.refused] == ["y"]


def test_names_that_its_parts_would_have_are_not_taken_twice() -> None:
    other = make_node("y/eightbit", "NoOp", ())
    graph = PRODUCT._replace(nodes=(*PRODUCT.nodes, other))
    setting = Setting(Tree(Specs({}), RuntimeFacts()), outputs=("y:0",))
    _, (outcome,) = transform_graph(graph, [Choice(QUANTIZE_ACTIVATIONS)], setting)
    why = "the graph has nodes of the names that its parts would have"
    assert outcome.refused == (("y", why),)
