"""What a session runs between feeds and fetches, and what it refuses to load."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.model import Reading, RuntimeFacts, chosen_rewrites
from buildtool.model.devices import is_own_cpu
from buildtool.model.graphdef import read_graph

Write = Callable[..., Path]
Read = Callable[..., Reading]
T = "attr { key: 'T' value { type: DT_FLOAT } }"


def node(name: str, op: str, *inputs: str, more: str = T) -> str:
    taken = " ".join(f"input: '{each}'" for each in inputs)
    return f"node {{ name: '{name}' op: '{op}' {taken} {more} }}"


def placeholder(name: str) -> str:
    return node(name, "Placeholder", more="attr { key: 'dtype' value { type: DT_FLOAT } }")


HEAD = f"{placeholder('jpeg')} {node('decoded', 'Softmax', 'jpeg')}"
MODEL = f"{HEAD} {node('mid', 'Identity', 'decoded')} {node('out', 'Relu', 'mid')}"


def ops(reading: Reading) -> set[str]:
    return {use.op for use in reading.opset.uses if use.nodes}


def test_what_stands_before_a_feed_is_not_built(write: Write, read: Read) -> None:
    reading = read(write(MODEL), inputs=("mid",), outputs=("out",), shapes={"mid": (1, 4)})
    assert not reading.problems
    assert ops(reading) == {"Placeholder", "Relu"}
    (model,) = reading.opset.models
    kept = read_graph(model.path.read_bytes()).nodes
    assert [(each.name, each.op, each.inputs) for each in kept] == [
        ("mid", "Placeholder", ()),
        ("out", "Relu", ("mid",)),
    ]
    assert kept[0].value("shape", "shape") == (1, 4)
    assert model.rewrites == (("strip", ("jpeg", "decoded")),)
    assert "dist/models/m.pb is the model without them" in reading.notes[0]


def test_what_no_fetch_needs_is_not_built(write: Write, read: Read) -> None:
    path = write(f"{placeholder('x')} {node('out', 'Relu', 'x')} {node('log', 'PrintV2', 'out')}")
    reading = read(path, outputs=("out",))
    assert ops(reading) == {"Placeholder", "Relu"}
    # One that is fetched is.
    assert ops(read(path, outputs=("log",))) == {"Placeholder", "Relu", "PrintV2"}


def test_a_file_that_asks_for_nothing_else_stays_as_it_is(write: Write, read: Read) -> None:
    path = write(f"{placeholder('x')} {node('out', 'Relu', 'x')} {node('more', 'Relu', 'x')}")
    reading = read(path, outputs=("out",))
    assert [model.path for model in reading.opset.models] == [path]
    assert not reading.notes


def test_what_a_control_input_waits_for_is_run(write: Write, read: Read) -> None:
    path = write(
        f"{placeholder('x')} {node('log', 'PrintV2', 'x')} {node('out', 'Relu', 'x', '^log')}"
        f"{node('other', 'Softmax', 'x')}"
    )
    assert ops(read(path, outputs=("out",))) == {"Placeholder", "Relu", "PrintV2"}


def test_the_second_output_of_a_fed_node_needs_what_the_node_takes(
    write: Write, read: Read
) -> None:
    k = "node { name: 'k' op: 'Const' attr { key: 'dtype' value { type: DT_INT32 } } " \
        "attr { key: 'value' value { tensor { dtype: DT_INT32 } } } }"  # fmt: skip
    top = node("top", "TopKV2", "x", "k")
    cast = "attr { key: 'T' value { type: DT_INT32 } }"
    path = write(
        f"{placeholder('x')} {k} {top} {node('a', 'Relu', 'top')}"
        f"{node('b', 'Identity', 'top:1', more=cast)} {node('c', 'Softmax', 'x')}"
    )
    found = read(path, inputs=("top:0", "x"), outputs=("a", "b"))
    assert not found.problems
    assert "TopKV2" in ops(found)
    alone = read(path, inputs=("top:0",), outputs=("a",))
    assert ops(alone) == {"Placeholder", "Relu"}


def test_a_fed_second_output_needs_no_input_that_only_its_node_takes(
    write: Write, read: Read
) -> None:
    k = "node { name: 'k' op: 'Const' attr { key: 'dtype' value { type: DT_INT32 } } " \
        "attr { key: 'value' value { tensor { dtype: DT_INT32 } } } }"  # fmt: skip
    cast = "attr { key: 'T' value { type: DT_INT32 } }"
    path = write(
        f"{placeholder('x')} {k} {node('top', 'TopKV2', 'x', 'k')}"
        f"{node('b', 'Identity', 'top:1', more=cast)}"
    )
    found = read(path, inputs=("top:1",), outputs=("b",))
    assert not found.problems
    assert [tensor.name for tensor in found.opset.models[0].inputs] == ["top:1"]


def test_a_placeholder_that_nobody_feeds(write: Write, read: Read) -> None:
    text = f"{placeholder('x')} {placeholder('keep')} {node('out', 'MatMul', 'x', 'keep')}"
    (problem,) = read(write(text), inputs=("x",), outputs=("out",)).problems
    assert problem.where == "m: node 'keep'"
    assert problem.todo == "name it under 'inputs', too"


def test_a_broken_node_is_told_where_nobody_stated_the_outputs(write: Write, read: Read) -> None:
    broken = f"{placeholder('x')} {node('out', 'Relu', 'x')} {node('lost', 'Nope', '^x')}"
    (problem,) = read(write(broken)).problems
    assert "op Nope does not exist in this tree" in problem.what
    assert not read(write(broken), outputs=("out",)).problems


COND = f"""{placeholder("x")} {
    node("p", "Placeholder", more="attr { key: 'dtype' value { type: DT_BOOL } }")
}
  {node("s", "Switch", "x", "p")} {node("on", "Identity", "s:1")} {node("off", "Identity", "s")}
  {node("left", "Relu", "off")} {
    node("m", "Merge", "left", "on", more=T + "attr { key: 'N' value { i: 2 } }")
} {node("dead", "Identity", "s:1")}"""


def test_what_runs_in_one_branch_only_is_no_output(write: Write, read: Read) -> None:
    reading = read(write(f"{COND} {node('out', 'Relu', 'm')}"))
    assert [tensor.name for tensor in reading.opset.models[0].outputs] == ["out:0"]


ODD_ORDER = f"{placeholder('x')} {node('out', 'Relu', '^x', 'x')}"
ON_A_GPU = f"{placeholder('x')} {node('out', 'Relu', 'x', more=T + ' device: %r')}"


@pytest.mark.parametrize(
    ("text", "what", "rewrite"),
    [
        (ODD_ORDER, "a control input stands before a data input", "order-control-inputs"),
        (ON_A_GPU % "/gpu:0", "is pinned to the device '/gpu:0'", "clear-devices"),
    ],
)
def test_what_a_session_refuses_to_load(
    write: Write, read: Read, text: str, what: str, rewrite: str
) -> None:
    path = write(text)
    (problem,) = read(path).problems
    assert problem.where == "m: node 'out'"
    assert problem.what == f"{what}{', which the target lacks' * ('gpu' in text)}: " \
        "no session can be made"  # fmt: skip
    assert problem.todo.startswith(f"add '{rewrite}' to the target's rewrites; or ")
    mended = read(path, transforms=chosen_rewrites([rewrite], ""))
    assert not mended.problems
    (model,) = mended.opset.models
    (_, out) = read_graph(model.path.read_bytes()).nodes
    assert (out.inputs[0], out.device) == ("x", "")
    assert model.rewrites == ((rewrite, ("out",)),)


def test_only_importing_refuses_what_stands_beside_a_node_that_is_gone(
    write: Write, read: Read
) -> None:
    beside = "attr {{ key: '_class' value {{ list {{ s: 'loc:@{}' }} }} }}"
    text = f"{placeholder('x')} {node('out', 'Relu', 'x', more=T + beside.format('gone'))}"
    path = write(text + node("fine", "Relu", "x", more=T + beside.format("x")))
    assert not read(path).problems
    importing = RuntimeFacts(imports=True)
    (problem,) = read(path, facts=importing).problems
    assert problem.where == "m: node 'out'"
    assert problem.what == (
        "is to be placed beside 'gone', which the graph lacks: it cannot be imported"
    )
    assert problem.todo.startswith("add 'clear-devices' to the target's rewrites; or ")
    mended = read(path, facts=importing, transforms=chosen_rewrites(["clear-devices"], ""))
    assert not mended.problems
    _, out, fine = read_graph(mended.opset.models[0].path.read_bytes()).nodes
    assert "_class" not in out.attrs
    assert "_class" in fine.attrs


@pytest.mark.parametrize(
    ("device", "own"),
    [
        ("", True),
        ("/cpu:0", True),
        ("/device:CPU:0", True),
        ("/job:localhost/replica:0/task:0/device:CPU:0", True),
        ("/device:CPU:*", True),
        ("/device:CPU:1", False),
        ("/gpu:0", False),
        ("/device:TPU:0", False),
        ("/job:worker", False),
        ("/job:localhost/task:1", False),
        ("nonsense here", False),
    ],
)
def test_devices_of_a_small_device(device: str, own: bool) -> None:
    assert is_own_cpu(device) is own


@pytest.mark.wheel
def test_the_shape_of_what_is_fed_in_the_midst_is_inferred(write: Write, read: Read) -> None:
    shape = "attr { key: 'shape' value { shape { dim { size: 2 } dim { size: 6 } } } }"
    axis = (
        "node { name: 'axis' op: 'Const' attr { key: 'dtype' value { type: DT_INT32 } } "
        "attr { key: 'value' value { tensor { dtype: DT_INT32 int_val: 1 tensor_shape {} } } } }"
    )
    pieces = node("s", "Split", "axis", "x", more=T + "attr { key: 'num_split' value { i: 3 } }")
    x = node("x", "Placeholder", more=f"attr {{ key: 'dtype' value {{ type: DT_FLOAT }} }} {shape}")
    path = write(x + axis + pieces + node("out", "Relu", "s:1"))
    found = read(path, inputs=("s:1",), outputs=("out",), infers=True)
    (model,) = found.opset.models
    assert [(each.name, each.shape) for each in model.inputs] == [("s:1", (2, 2))]


def test_what_draws_random_numbers_is_noted(write: Write, read: Read) -> None:
    drawn = node("n", "RandomStandardNormal", "x", more=T)
    (note,) = read(write(placeholder("x") + drawn), outputs=("n",)).notes
    assert note.startswith(
        "m: it draws random numbers or reads the clock in 'n' (RandomStandardNormal): outputs"
    )


def test_an_output_that_gives_no_tensor(write: Write, read: Read) -> None:
    text = placeholder("x") + node("out", "Relu", "x") + node("all", "NoOp", "^out", more="")
    (problem,) = read(write(text), outputs=("all",)).problems
    assert problem.what == "the output 'all' is no tensor: op NoOp gives none"
