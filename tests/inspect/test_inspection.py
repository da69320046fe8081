"""What is found in a model, without TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.core.errors import ModelError
from buildtool.inspect.bounds import load_devices
from buildtool.inspect.inspection import Inspection
from buildtool.inspect.views import file_names
from tests.inspect.graphs import NETWORK, T, node, placeholder, weight

GOLDEN = Path(__file__).with_name("golden")
Look = Callable[..., Inspection]
Views = Callable[..., dict[str, str]]
Write = Callable[..., Path]
Golden = Callable[[Path, str], None]

# By hand: outputs 4x4x4, 2x2x8 and 10; filters 3x3x3, 3x3 and 8.
CONVOLUTION, DEPTHWISE, DENSE = 2 * 64 * 27, 2 * 32 * 9, 2 * 10 * 8


def test_a_small_model_as_text_and_json(write: Write, views: Views, golden: Golden) -> None:
    made = views(write(NETWORK))
    for end in (".txt", ".json"):
        golden(GOLDEN / f"model{end}", made[end])


def test_work_is_counted_by_op_and_by_layer(write: Write, look: Look) -> None:
    work = look(write(NETWORK)).work
    by_op = {each.name: each.count for each in work.by_op}
    assert by_op == {"Conv2D": CONVOLUTION, "DepthwiseConv2dNative": DEPTHWISE, "MatMul": DENSE}
    assert (work.flops, work.other, work.unknown) == (CONVOLUTION + DEPTHWISE + DENSE, 0, ())
    layers = {each.name: each for each in look(write(NETWORK)).layers}
    assert (layers["first"].flops, layers["first"].parameters) == (CONVOLUTION, 108)
    assert (layers["dense"].flops, layers["dense"].parameters) == (DENSE, 80)


def test_a_stated_shape_is_taken_in_place_of_one(write: Write, look: Look) -> None:
    found = look(write(NETWORK), shapes={"image": (5, 16, 16, 3)})
    assert found.inputs[0].shape == (5, 16, 16, 3)
    assert {each.name: each.count for each in found.work.by_op}["Conv2D"] == 5 * 4 * CONVOLUTION


def test_what_benchmark_model_leaves_out_is_counted_apart(write: Write, look: Look) -> None:
    batch = placeholder("a", 2, 3, 4) + placeholder("b", 2, 4, 5)
    found = look(write(batch + node("out", "BatchMatMulV2", "a", "b")))
    assert (found.work.flops, found.work.other) == (0, 2 * 2 * 3 * 5 * 4)


def test_nodes_of_unknown_shapes_are_named(write: Write, look: Look) -> None:
    text = 'node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } } }'
    found = look(write(text + weight("w", 4, 4) + node("out", "Conv2D", "x", "w")))
    assert found.work.unknown == ("out",)
    assert "x:0: its shape is not known: state it for more figures" in found.notes


def test_ends_are_told_with_their_reasons(write: Write, look: Look) -> None:
    found = look(write(NETWORK + placeholder("loose", 1)))
    assert [(each.name, each.dtype, each.shape) for each in found.inputs] == [
        ("image:0", "DT_FLOAT", (-1, 8, 8, 3))
    ]
    assert "images of 3 channels" in found.inputs[0].why
    assert [each.name for each in found.outputs] == ["late:0"]
    others = {each.name: each.why for each in found.other_outputs}
    assert "others wait for it" in others["probabilities:0"]
    assert others["debug/summary:0"] == "it is there for its effect"
    assert {each.name: each.why for each in found.other_inputs} == {"loose:0": "nothing takes it"}


def test_stated_ends_come_first(write: Write, look: Look) -> None:
    found = look(write(NETWORK), inputs=("Mean",), outputs=("probabilities",))
    assert [each.name for each in found.inputs] == ["Mean:0"]
    assert found.outputs[0].why == "stated in the target"
    assert {each.name for each in found.other_outputs} >= {"debug/summary:0", "late:0"}
    # What is before the fed tensor is not run.
    assert found.work.flops == DENSE


def test_a_tensor_lives_until_its_last_reader(write: Write, look: Look) -> None:
    """x, a and b of 400 bytes each live when c, the second reader of x, is computed."""
    chain = (
        placeholder("x", 10, 10)
        + node("a", "Relu", "x")
        + node("b", "Relu", "a")
        + node("c", "AddV2", "b", "x")
        + node("same", "Identity", "c")
    )
    memory = look(write(chain)).memory
    assert (memory.peak, memory.at, memory.total, memory.unknown) == (1200, "b", 1600, 0)


def test_the_order_of_the_file_does_not_matter(write: Write, look: Look) -> None:
    parts = [
        placeholder("x", 10, 10),
        node("a", "Relu", "x"),
        node("b", "Relu", "a"),
        node("c", "AddV2", "b", "x"),
    ]
    assert look(write("".join(reversed(parts)))).memory == look(write("".join(parts))).memory


def test_weights_that_are_alike_compress(write: Write, look: Look) -> None:
    found = look(write(weight("w", 100, 100) + placeholder("x", 1, 100)))
    assert found.compressed.as_is < 1000
    assert found.parameters == 10000


@pytest.mark.parametrize(
    "value",
    [
        "float_val: 1 tensor_shape { dim { size: 1000000000000 } }",
        "float_val: 1 tensor_shape { dim { size: -1 } }",
        'tensor_content: "abc" tensor_shape { dim { size: 5 } }',
    ],
)
def test_constants_that_are_not_what_they_say(write: Write, views: Views, value: str) -> None:
    text = (
        'node { name: "w" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } } attr { key: '
        f'"value" value {{ tensor {{ dtype: DT_FLOAT {value} }} }} }} }}'
    )
    made = views(write(placeholder("x", 1) + text + node("y", "Mul", "x", "w")))
    assert "y:0" in made[".txt"]


def test_a_damaged_model_shows_what_is_before_the_damage(write: Write, look: Look) -> None:
    path = write(NETWORK)
    path.write_bytes(path.read_bytes()[:700])
    found = look(path)
    assert 0 < found.nodes < 12
    assert "is not a whole GraphDef" in found.problems[0].what
    assert f"only the {found.nodes} nodes before the damage are shown" in found.notes


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"Relu\nMatMul\n", "there is no graph to look at"),
        (b"\xfe\x01\x02\x03" * 9, "is not a whole GraphDef"),
        (b"", "0 bytes long"),
        (b"\0\0\0\0TFL3", "is a TensorFlow Lite model"),
    ],
)
def test_what_holds_no_graph_is_told(look: Look, tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "model"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=told):
        look(path)


def test_a_text_graph_is_looked_at_too(look: Look, tmp_path: Path) -> None:
    path = tmp_path / "model.pbtxt"
    path.write_text(NETWORK, encoding="utf-8")
    assert look(path).work.flops == CONVOLUTION + DEPTHWISE + DENSE


def test_names_cannot_write_to_the_terminal(write: Write, views: Views) -> None:
    text = views(write(placeholder("x", 1) + node("y", "a\\033[2Jb", "x")))[".txt"]
    assert "\x1b" not in text
    assert "a\\x1b[2Jb" in text


def test_old_loops_and_functions(write: Write, look: Look) -> None:
    function = (
        'library { function { signature { name: "body" input_arg { name: "x" type: DT_FLOAT } '
        'output_arg { name: "y" type: DT_FLOAT } } node_def { name: "r" op: "Relu" input: "x" '
        f'{T} }} ret {{ key: "y" value: "r:activations:0" }} }} }}'
    )
    call = placeholder("x", 2) + 'node { name: "c" op: "body" input: "x" }'
    found = look(write(call + node("next", "NextIteration", "x") + function))
    assert [(each.name, each.count) for each in found.functions] == [("body", 1)]
    assert ("Relu", 1) in [(each.name, each.count) for each in found.ops]
    assert found.work.notes == ("a loop counts as one turn of it: how often it turns is not known",)


def test_each_model_has_files_of_its_own() -> None:
    assert file_names(["a/b", "a_b", "c d", "..", "é"]) == ["a_b-1", "a_b-2", "c_d", "model", "é"]


def test_bounds_are_no_larger_than_what_they_are_made_of(write: Write, look: Look) -> None:
    for bound, device in zip(look(write(NETWORK)).bounds, load_devices(), strict=True):
        assert bound.device == device.name
        assert device.source
        flops = CONVOLUTION + DEPTHWISE + DENSE
        assert bound.arithmetic * device.hertz * device.cores * 16 == pytest.approx(flops)
        assert bound.seconds == max(bound.arithmetic, bound.transfer)
