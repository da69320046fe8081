"""What is to be run once before a model: found in the graph, or named by the target."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.core.values import ModelInfo
from buildtool.model import Reading
from buildtool.model.graphdef import read_graph
from buildtool.model.tensors import array_of, string_of
from buildtool.model.variable_changes import CHANGE
from buildtool.products import dist
from tests.model.test_pruning import node, ops, placeholder

Write = Callable[..., Path]
Read = Callable[..., Reading]


def types(**named: str) -> str:
    return " ".join(
        f"attr {{ key: '{name}' value {{ type: DT_{kind.upper()} }} }}"
        for name, kind in named.items()
    )


def const(name: str, kind: str) -> str:
    value = f"attr {{ key: 'value' value {{ tensor {{ dtype: DT_{kind.upper()} }} }} }}"
    return node(name, "Const", more=types(dtype=kind) + value)


def lookup(table: str, name: str, keys: str = "x") -> str:
    """A table, and a node that looks something up in it."""
    find = types(Tin="string", Tout="int64")
    return (
        node(table, "HashTableV2", more=types(key_dtype="string", value_dtype="int64"))
        + node(name, "LookupTableFindV2", table, keys, "default", more=find)
    )  # fmt: skip


def fill(name: str, table: str, *waits: str, keys: str = "keys") -> str:
    kinds = types(Tin="string", Tout="int64")
    return node(name, "LookupTableImportV2", table, keys, "values", *waits, more=kinds)


WORDS = (
    node("x", "Placeholder", more=types(dtype="string"))
    + const("keys", "string") + const("values", "int64") + const("default", "int64")
)  # fmt: skip
TABLE = WORDS + lookup("table", "out") + fill("start", "table")
INIT = node("init", "NoOp", "^start", more="")


def initialisers(reading: Reading) -> tuple[str, ...]:
    assert not reading.problems, reading.problems
    return reading.opset.models[0].initialisers


def test_what_fills_the_tables_is_kept_and_told(write: Write, read: Read) -> None:
    extra = node("more", "Softmax", "f") + placeholder("f")
    reading = read(write(TABLE + INIT + extra), inputs=("x",), outputs=("out",))
    assert initialisers(reading) == ("init",)
    assert "LookupTableImportV2" in ops(reading)
    (model,) = reading.opset.models
    assert {each.name for each in read_graph(model.path.read_bytes()).nodes} >= {"init", "start"}
    assert model.rewrites == (("strip", ("more", "f")),)
    assert 'runs once session->Run({}, {}, {"init"}, nullptr)' in reading.notes[0]
    assert model.steps == 1
    assert reading.notes[0].endswith("are in no table: give others as 'samples'")
    (given, *_) = read(write(TABLE + INIT), inputs=("x",), outputs=("out",), has_samples=True).notes
    assert given.endswith("names these nodes, too")


def test_without_a_node_that_waits_for_just_them(write: Write, read: Read) -> None:
    assert initialisers(read(write(TABLE))) == ("start",)
    others = node("all", "NoOp", "^start", "^train", more="") + node("train", "NoOp", more="")
    assert initialisers(read(write(TABLE + others))) == ("start",)


def test_only_tables_in_use_are_filled(write: Write, read: Read) -> None:
    text = TABLE + lookup("unused", "debug") + fill("start2", "unused") + INIT
    assert initialisers(read(write(text), outputs=("out",))) == ("init",)


def test_a_handle_that_is_handed_on(write: Write, read: Read) -> None:
    alias = node("alias", "Identity", "table", more=types(T="resource"))
    text = WORDS + lookup("table", "out") + alias + fill("start", "alias")
    assert initialisers(read(write(text))) == ("start",)


def test_handles_that_go_in_a_circle(write: Write, read: Read) -> None:
    circle = "".join(
        node(name, "Identity", other, more=types(T="resource"))
        for name, other in (("a", "b"), ("b", "a"))
    )
    text = WORDS + lookup("table", "out") + circle + fill("start", "a")
    (problem,) = read(write(text), outputs=("out",)).problems
    assert problem.what == "op HashTableV2: a lookup table that no op of the graph fills"


def test_what_a_saver_would_restore_fills_nothing(write: Write, read: Read) -> None:
    restored = node("restored", "RestoreV2", more="")
    text = WORDS + lookup("table", "out") + restored + fill("start", "table", keys="restored")
    (problem,) = read(write(text), outputs=("out",)).problems
    assert problem.what == "op HashTableV2: a lookup table that no op of the graph fills"
    assert problem.todo.endswith("name it under 'initialise'")


READER = (
    node("path", "Const", more=types(dtype="string") + "attr { key: 'value' value { tensor "
         "{ dtype: DT_STRING string_val: '/home/me/words.txt' tensor_shape {} } } }")
    + node("start", "InitializeTableFromTextFileV2", "table", "path", more="".join(
        f"attr {{ key: '{name}' value {{ i: {value} }} }}"
        for name, value in {"key_index": -2, "value_index": -1, "vocab_size": -1}.items()))
)  # fmt: skip


def test_a_vocabulary_file_is_put_into_the_graph(write: Write, read: Read, tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "words.txt").write_bytes(b"one\r\ntwo\nthree")
    reading = read(write(WORDS + lookup("table", "out") + READER))
    assert initialisers(reading) == ("start",)
    (model,) = reading.opset.models
    assert model.made
    content = model.path.read_bytes()
    nodes = {each.name: each for each in read_graph(content).nodes}
    assert nodes["start"].op == "InitializeTableV2"
    assert nodes["start"].inputs == ("table", "start/keys", "start/values")
    assert array_of(nodes["start/values"].attrs["value"]) is not None
    assert string_of(nodes["start/keys"].attrs["value"]) == "one"
    assert b"three" in content
    assert "path" not in nodes
    assert b"/home/me" not in content


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (None, "the vocabulary file '/home/me/words.txt' is not there: a table stays empty"),
        (b"one\n\ntwo\n", "line 2 of words.txt is empty: a table stays empty"),
    ],
)
def test_a_vocabulary_file_that_cannot_be_read(
    write: Write, read: Read, tmp_path: Path, content: bytes | None, what: str
) -> None:
    if content is not None:
        (tmp_path / "words.txt").write_bytes(content)
    (problem,) = read(write(WORDS + lookup("table", "out") + READER)).problems
    assert (problem.where, problem.what) == ("m: node 'start'", what)


SCALAR = "attr { key: 'shape' value { shape {} } }"
COUNTER = (
    placeholder("x")
    + node("v", "VarHandleOp", more=types(dtype="float") + SCALAR)
    + const("one", "float")
    + node("assign", "AssignVariableOp", "v", "one", more=types(dtype="float"))
    + node("init", "NoOp", "^assign", more="")
    + node("add", "AssignAddVariableOp", "v", "one", more=types(dtype="float"))
    + node("out", "Relu", "x", "^add")
)  # fmt: skip


def test_nodes_that_the_target_names(write: Write, read: Read) -> None:
    reading = read(write(COUNTER), outputs=("out",), initialise=("init",))
    assert initialisers(reading) == ("init",)
    assert "AssignVariableOp" in ops(reading)
    # It counts its runs, so that one of them alone proves little.
    assert reading.opset.models[0].steps == 2
    # A random start is no trained value: variables are never filled unasked.
    (problem,) = read(write(COUNTER), outputs=("out",)).problems
    assert problem.what == "op VarHandleOp: a variable that no op of the graph initialises"


def test_a_constant_that_was_a_variable(write: Write, read: Read) -> None:
    frozen = COUNTER.replace("'VarHandleOp'", "'Const'").replace(
        SCALAR, "attr { key: 'value' value { tensor { dtype: DT_FLOAT } } }"
    )
    (problem,) = read(write(frozen), outputs=("out",)).problems
    assert problem.where == "m: node 'add'"
    assert problem.what == (
        "op AssignAddVariableOp changes 'v', a variable that freezing has made a constant: "
        "no session can be made"
    )
    assert problem.todo.endswith("set the model's 'state' to 'keep'")


@pytest.mark.parametrize(
    ("op", "changes"),
    [
        ("AssignAddVariableOp", True),
        ("ScatterAdd", True),
        ("ScatterNdUpdate", True),
        ("ResourceScatterNdAdd", True),
        ("StridedSliceAssign", True),
        ("ScatterNd", False),
        ("ScatterNdNonAliasingAdd", False),
        ("TensorScatterAdd", False),
        ("StatefulPartitionedCall", False),
    ],
)
def test_ops_that_change_a_variable(op: str, changes: bool) -> None:
    """ScatterNd, whose first input is often a constant, makes a tensor of its own."""
    assert bool(CHANGE.fullmatch(op)) == changes


def test_a_name_that_is_no_node(write: Write, read: Read) -> None:
    (problem,) = read(write(TABLE + INIT), initialise=("initt",)).problems
    assert problem.what == "initialise: 'initt' is no node of the graph"
    assert problem.todo == "close to it are init"


def test_an_iterator_is_fed_past(write: Write, read: Read) -> None:
    kinds = "attr { key: 'output_types' value { list { type: DT_FLOAT } } }"
    text = node("it", "IteratorV2", more=kinds) + node("next", "IteratorGetNext", "it", more=kinds)
    path = write(text + node("out", "Relu", "next"))
    (problem,) = read(path).problems
    assert problem.what == "op IteratorV2: an iterator that no op starts"
    assert problem.todo.startswith("name the tensors that it gives under 'inputs'")
    assert not read(path, inputs=("next",), outputs=("out",)).problems


def test_a_queue_is_fed_past(write: Write, read: Read) -> None:
    kinds = "attr { key: 'component_types' value { list { type: DT_FLOAT } } }"
    text = node("queue", "FIFOQueueV2", more=kinds) + const("n", "int32")
    text += node("batch", "QueueDequeueManyV2", "queue", "n", more=kinds)
    path = write(text + node("out", "Relu", "batch"))
    problem = read(path).problems[-1]  # the others: this small tree has none of these ops
    assert problem.what.startswith("op FIFOQueueV2: a queue that nothing fills")


@pytest.mark.parametrize(
    ("stated", "kinds"),
    [
        ({"signature": "predict"}, "SavedModel"),
        ({"tags": ("serve",)}, "SavedModel"),
        ({"keep_state": True}, "SavedModel and checkpoint with its graph"),
    ],
)
def test_keys_for_other_models(
    write: Write, read: Read, stated: dict[str, object], kinds: str
) -> None:
    (problem,) = read(write(placeholder("x") + node("out", "Relu", "x")), **stated).problems
    assert f": is for a {kinds.partition(' and')[0]}" in problem.what
    assert problem.what.endswith("and this is a binary GraphDef")


def test_an_app_gets_what_was_made_and_what_to_run_first(tmp_path: Path) -> None:
    path = tmp_path / "cache.pb"
    path.write_bytes(b"frozen")
    model = ModelInfo(
        name="m", path=path, sha256="0", inputs=(), outputs=(), node_count=1, made=True,
        initialisers=("init",),
    )  # fmt: skip
    folder = tmp_path / "models"
    dist.install_models([model], folder)
    assert (folder / "m.pb").read_bytes() == b"frozen"
    assert json.loads((folder / "m.json").read_text("utf-8"))["run_once"] == ["init"]
    assert dist.model_file(model, folder) == folder / "m.pb"
    dist.install_models([dataclasses.replace(model, initialisers=())], folder)
    assert [each.name for each in folder.iterdir()] == ["m.pb"]
    dist.install_models([dataclasses.replace(model, made=False)], folder)
    assert [each.name for each in folder.iterdir()] == ["m.json"]
