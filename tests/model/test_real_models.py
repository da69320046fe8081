"""Our reading of real models against TensorFlow's own protobuf classes; SavedModels frozen."""

from __future__ import annotations

import json
import mmap
import sys
from pathlib import Path
from typing import Any

import pytest

from buildtool.core.run import Command, run
from buildtool.model import ModelSource, read_models
from buildtool.model.graphdef import GraphDef, Node, read_graph
from buildtool.model.specs import type_list
from buildtool.model.textformat import encode

DUMP = Path(__file__).with_name("dump_model.py")
LARGE = 50_000_000  # as text it would be three times as much

SAVE = """
import sys, tensorflow as tf
class Model(tf.Module):
    def __init__(self):
        self.weight = tf.Variable([[1.0], [2.0]])
    @tf.function(input_signature=[tf.TensorSpec([None, 2], name="features")])
    def __call__(self, features):
        return {"score": tf.nn.relu(tf.matmul(features, self.weight)), "count": tf.shape(features)}
model = Model()
tf.saved_model.save(model, sys.argv[1], signatures={"score": model.__call__})
"""

pytestmark = pytest.mark.wheel


def node(item: Node) -> list[Any]:
    types = {name: type_list(value) for name, value in sorted(item.attrs.items())}
    return [item.name, item.op, list(item.inputs), {k: list(v) for k, v in types.items() if v}]


def seen(graph: GraphDef) -> dict[str, Any]:
    functions = {f.name: [node(item) for item in f.nodes] for f in graph.functions.values()}
    versions = [graph.producer, graph.min_consumer]
    return {"nodes": [*map(node, graph.nodes)], "functions": functions, "versions": versions}


def test_every_model_is_read_as_protobuf_reads_it(made_models: Path, tmp_path: Path) -> None:
    paths = sorted(path for path in made_models.glob("*.pb") if path.stat().st_size < LARGE)
    assert len(paths) > 12
    argv = (sys.executable, str(DUMP), str(tmp_path), *map(str, paths))
    run(Command(argv=argv), what="protobuf")
    for path in paths:
        expected = json.loads((tmp_path / f"{path.stem}.json").read_text(encoding="utf-8"))
        content = path.read_bytes()
        assert seen(read_graph(content)) == expected, path.name
        text = (tmp_path / f"{path.stem}.pbtxt").read_text(encoding="utf-8")
        again = encode(text, "GraphDef")
        assert seen(read_graph(again)) == expected, path.stem
        assert len(again) == pytest.approx(len(content), rel=0.05)


def test_large_models_are_read_in_place(made_models: Path) -> None:
    with (made_models / "inception_v3.pb").open("rb") as file:
        buffer = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    graph = read_graph(buffer)
    assert len(buffer) > 90_000_000
    assert len(graph.nodes) > 1000
    assert all(attr.buffer is buffer for node in graph.nodes for attr in node.attrs.values())


def test_a_saved_model_is_frozen_once(tmp_path: Path) -> None:
    folder = tmp_path / "my model's $(x)"
    run(Command(argv=(sys.executable, "-c", SAVE, str(folder))), what="saving")
    cache = tmp_path / "cache"

    def read(signature: str = "score") -> Any:
        source = ModelSource(path=folder, signature=signature)
        return read_models([source], definitions={}, registered_ops=OPS, cache=cache)

    reading = read()
    assert not reading.problems
    (model,) = reading.opset.models
    assert model.name == "my model's $(x)"
    assert [t.name for t in model.inputs] == ["features:0"]
    assert [t.name for t in model.outputs] == ["Identity:0", "Identity_1:0"]
    used = {use.op for use in reading.opset.uses if not use.added_by_runtime}
    assert {"MatMul", "Relu", "Shape", "Const"} <= used
    assert "VarHandleOp" not in used
    before = model.path.stat().st_mtime_ns
    assert read().opset.models[0].path == model.path
    assert model.path.stat().st_mtime_ns == before
    assert sorted(path.suffix for path in (cache / "frozen").iterdir()) == [".json", ".pb"]
    (problem,) = read("serving_default").problems
    assert problem.what == "the SavedModel has no signature 'serving_default'; it has score"
    assert problem.todo == "set the model's 'signature' to one of them"
    found = read("")
    assert not found.problems
    assert found.notes[0].endswith("its only signature, 'score', is what runs")
    assert found.opset.models[0].made
    (folder / "saved_model.pb").write_bytes(b"\x08\x01\x12\x7f")
    (problem,) = read().problems
    assert " cannot freeze it: " in problem.what
    assert sorted(path.suffix for path in (cache / "frozen").iterdir()) == [
        ".json",
        ".json",
        ".pb",
        ".pb",
    ]


OPS = ("Placeholder", "Const", "MatMul", "Relu", "Shape", "Identity", "NoOp", "ReadVariableOp")
