"""A model with its rewrites: what is told, what the plan and the device get, what it is compared
with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from buildtool.core.decode import from_json
from buildtool.core.values import ArgDef, AttrDef, ModelInfo, OpDefinition
from buildtool.model import ModelSource, Reading, RuntimeFacts, chosen_rewrites, read_models
from buildtool.model.graphdef import read_graph
from buildtool.model.textformat import encode
from buildtool.products import dist
from buildtool.verify.compare import Allowance
from buildtool.verify.expected import expected_outputs, find_reference
from buildtool.verify.inputs import ModelRun, model_inputs
from tests.limits import HANG

FLOAT = "attr { key: 'T' value { type: DT_FLOAT } }"
MODEL = f"""
node {{ name: 'x' op: 'Placeholder' attr {{ key: 'dtype' value {{ type: DT_FLOAT }} }}
  attr {{ key: 'shape' value {{ shape {{ dim {{ size: 2 }} dim {{ size: 3 }} }} }} }} }}
node {{ name: 'a' op: 'AddV2' input: 'x' input: 'x' {FLOAT} }}
node {{ name: 'y' op: 'Relu' input: 'a' {FLOAT} }}
versions {{ producer: 1395 }}
"""


def op(name: str, inputs: str, *attrs: AttrDef) -> OpDefinition:
    return OpDefinition(
        name=name,
        inputs=tuple(ArgDef(name=item, type_attr="T") for item in inputs.split()),
        outputs=(ArgDef(name="out", type_attr="T"),),
        attrs=(AttrDef(name="T", type="type", allowed=("DT_FLOAT", "DT_HALF")), *attrs),
    )


PADDING = AttrDef(name="padding", type="string", allowed=("SAME", "VALID"))
COUNT = AttrDef(name="count", type="int", default="i: 2", minimum=2)
LISTED = AttrDef(name="sizes", type="list(int)", default="list { i: 1 }", minimum=1)
TREE: Mapping[str, OpDefinition] = {
    item.name: item
    for item in (
        OpDefinition(
            name="Placeholder",
            outputs=(ArgDef(name="output", type_attr="dtype"),),
            attrs=(AttrDef(name="dtype", type="type"), AttrDef(name="shape", type="shape")),
        ),
        *(
            op("Add", "x y"),
            op("Identity", "input"),
            op("Relu", "features"),
            op("Pool", "x", PADDING, COUNT, LISTED),
        ),
    )
}


def reading(text: str, folder: Path, *rewrites: str) -> Reading:
    path = folder / "m.pb"
    path.write_bytes(encode(text, "GraphDef"))
    return read_models(
        [ModelSource(path=path)],
        definitions=TREE,
        cache=folder / "cache",
        facts=RuntimeFacts(graph_version=21),
        rewrites=chosen_rewrites(rewrites, ""),
    )


def test_the_rewrite_that_would_help_is_named(tmp_path: Path) -> None:
    found = reading(MODEL, tmp_path)
    assert [str(problem) for problem in found.problems] == [
        "m: node 'a': op AddV2 does not exist in this tree: no session can be made\n"
        "    add 'add' to the target's rewrites; or export the model again with the release of "
        "TensorFlow that this library is built from"
    ]
    assert found.opset.models[0].original is None


def test_a_rewritten_model_is_a_file_of_its_own(tmp_path: Path) -> None:
    found = reading(MODEL, tmp_path, "add", "switch")
    assert not found.problems
    assert found.notes == (
        "m: rewrite add changed 'a'",
        "m: the target names no outputs: y:0 taken as such; 'outputs' names others",
    )
    assert {use.op for use in found.opset.uses if use.nodes} == {"Placeholder", "Add", "Relu"}
    (model,) = found.opset.models
    before = tmp_path / "m.pb"
    assert (model.original, model.rewrites) == (before, (("add", ("a",)),))
    assert model.original_sha256 == hashlib.sha256(before.read_bytes()).hexdigest()
    content = model.path.read_bytes()
    assert model.sha256 == hashlib.sha256(content).hexdigest()
    assert [node.op for node in read_graph(content).nodes] == ["Placeholder", "Add", "Relu"]
    assert before.read_bytes() == encode(MODEL, "GraphDef")
    assert reading(MODEL, tmp_path, "add").opset.models[0] == model


def test_a_model_that_needs_nothing_stays_what_it_is(tmp_path: Path) -> None:
    (model,) = reading(MODEL.replace("AddV2", "Add"), tmp_path, "add").opset.models
    assert (model.path, model.original, model.rewrites) == (tmp_path / "m.pb", None, ())


@pytest.mark.parametrize(
    ("attrs", "what", "todo"),
    [
        ("key: 'padding' value { s: 'EXPLICIT' }", "its padding may not be 'EXPLICIT'", "allowed"),
        ("key: 'count' value { i: 1 }", "the value of its count is 1", "it must be 2 or more"),
        ("key: 'sizes' value { list {} }", "the length of its sizes is 0", "it must be 1 or more"),
    ],
)
def test_values_that_a_definition_forbids(tmp_path: Path, attrs: str, what: str, todo: str) -> None:
    given = "attr { key: 'padding' value { s: 'SAME' } }" * ("padding" not in attrs)
    pool = f"node {{ name: 'p' op: 'Pool' input: 'y' {FLOAT} {given} attr {{ {attrs} }} }}"
    (problem,) = reading(MODEL + pool, tmp_path, "add").problems
    assert (problem.where, problem.what) == ("m: node 'p'", f"op Pool: {what}: the first run fails")
    assert problem.todo.startswith(todo)


def test_the_device_gets_the_rewritten_models_and_no_others(tmp_path: Path) -> None:
    (model,) = reading(MODEL, tmp_path, "add").opset.models
    folder = tmp_path / "dist" / "models"
    folder.mkdir(parents=True)
    (folder / "stale.pb").write_bytes(b"old")
    dist.install_models([model], folder)
    assert [path.name for path in folder.iterdir()] == ["m.pb"]
    assert dist.model_file(model, folder).read_bytes() == model.path.read_bytes()
    plain = replace(model, original=None)
    assert dist.model_file(plain, folder) == plain.path
    dist.install_models([plain], folder)
    assert not [*folder.iterdir()]


def test_a_model_goes_to_json_and_back(tmp_path: Path) -> None:
    (model,) = reading(MODEL, tmp_path, "add").opset.models
    value = {**model.__dict__, "path": str(model.path), "original": str(model.original)}
    value |= {name: [item.__dict__ for item in value[name]] for name in ("inputs", "outputs")}
    assert from_json(ModelInfo, json.loads(json.dumps(value))) == model


@pytest.mark.wheel
def test_the_reference_is_the_model_as_it_was(tmp_path: Path) -> None:
    """Told apart by a rewritten model that is a wrong one."""
    (model,) = reading(MODEL, tmp_path, "add").opset.models
    wrong = MODEL.replace("AddV2", "Mul")
    model.path.write_bytes(encode(wrong, "GraphDef"))
    reference = find_reference(
        python="", cache=tmp_path / "known", log=tmp_path / "log", timeout=HANG
    )
    inputs = model_inputs(model, None)
    (found,) = expected_outputs(
        ModelRun(model=model, graph=model.path, allowance=Allowance(share=1e-4)), reference, inputs
    ).tensors
    expected = (inputs[0].array * 2).clip(min=0)
    assert expected.any()
    assert (found.array == expected).all()


def test_loose_ends_of_rewrites_are_no_outputs(tmp_path: Path) -> None:
    """A function that does not use its first argument leaves it behind."""
    types = "list { type: DT_FLOAT type: DT_FLOAT }"
    text = (
        MODEL.replace("versions", "")
        + f"""
    node {{ name: 'z' op: 'PartitionedCall' input: 'y' input: 'x'
      attr {{ key: 'Tin' value {{ {types} }} }}
      attr {{ key: 'Tout' value {{ list {{ type: DT_FLOAT }} }} }}
      attr {{ key: 'f' value {{ func {{ name: 'second' }} }} }} }}
    library {{ function {{
      signature {{ name: 'second' input_arg {{ name: 'p' type: DT_FLOAT }}
        input_arg {{ name: 'q' type: DT_FLOAT }} output_arg {{ name: 'r' type: DT_FLOAT }} }}
      ret {{ key: 'r' value: 'n:out:0' }}
      node_def {{ name: 'n' op: 'Relu' input: 'q' {FLOAT} }} }} }}"""
    )
    text = text.replace("{ producer: 1395 }", "")
    found = reading(text, tmp_path, "add", "lower-functions")
    assert not found.problems
    (model,) = found.opset.models
    after = read_graph(model.path.read_bytes())
    taken = {name for node in after.nodes for name in node.inputs}
    assert {node.name for node in after.nodes} - taken == {"z"}
    assert dict(model.rewrites)["strip"]
    assert [tensor.name for tensor in model.outputs] == ["z:0"]
    assert [tensor.name for tensor in model.inputs] == ["x:0"]
