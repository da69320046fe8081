"""What a model uses: ops, types, functions, what the runtime adds, inputs and outputs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from buildtool.core.values import OpDefinition, OpUse
from buildtool.model import ModelSource, Reading, RuntimeFacts, read_models, read_runtime_facts

PROJECT = Path(__file__).resolve().parents[2]
Write = Callable[..., Path]
Read = Callable[..., Reading]

MLP = """
node { name: 'x' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } }
  attr { key: 'shape' value { shape { dim { size: -1 } dim { size: 4 } } } } }
node { name: 'w' op: 'Const' attr { key: 'dtype' value { type: DT_FLOAT } }
  attr { key: 'value' value { tensor { dtype: DT_FLOAT tensor_content: '\\000abc' } } } }
node { name: 'y' op: 'MatMul' input: 'x' input: 'w' device: '/cpu:0'
  attr { key: 'T' value { type: DT_FLOAT } } }
node { name: 'z' op: 'Relu' input: 'y' input: '^x' }
versions { producer: 22 min_consumer: 12 }
"""


def attr(name: str, value: str) -> str:
    return f"attr {{ key: '{name}' value {{ {value} }} }}"


def placeholder(name: str, dtype: str = "DT_FLOAT") -> str:
    return f"node {{ name: '{name}' op: 'Placeholder' {attr('dtype', f'type: {dtype}')} }}"


def shown(reading: Reading) -> dict[str, list[str]]:
    """The model's own ops with their types."""
    found: dict[str, list[str]] = {}
    for use in reading.opset.uses:
        if not use.added_by_runtime:
            said = " ".join(f"{a.name}={'+'.join(a.types)}" for a in use.attrs)
            found.setdefault(use.op, []).append(said)
    return found


def added(reading: Reading) -> dict[str, OpUse]:
    return {use.op: use for use in reading.opset.uses if use.added_by_runtime}


def test_a_plain_model(write: Write, read: Read) -> None:
    path = write(MLP)
    reading = read(path)
    assert not reading.problems
    assert shown(reading) == {
        "Const": ["dtype=DT_FLOAT"],
        "MatMul": ["T=DT_FLOAT"],
        "Placeholder": ["dtype=DT_FLOAT"],
        "Relu": ["T=DT_FLOAT"],  # the default of the tree's definition
    }
    (model,) = reading.opset.models
    assert (model.name, model.path, model.node_count) == ("m", path, 4)
    assert (model.producer, model.min_consumer) == (22, 12)
    assert model.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert [(t.name, t.dtype, t.shape) for t in model.inputs] == [("x:0", "DT_FLOAT", (-1, 4))]
    assert [(t.name, t.dtype, t.shape) for t in model.outputs] == [("z:0", "DT_FLOAT", None)]
    (matmul,) = (use for use in reading.opset.uses if use.op == "MatMul")
    assert [str(node) for node in matmul.nodes] == ["m: node 'y'"]


def test_what_the_runtime_always_adds(write: Write, read: Read) -> None:
    found = added(read(write(MLP)))
    assert set(found) == {"NoOp", "_Arg", "_Retval", "_Send", "_Recv", "Const"}
    assert "graph/subgraph.cc" in found["_Arg"].added_by_runtime


def test_text_is_the_same_model_in_another_form(write: Write, read: Read, tmp_path: Path) -> None:
    text = tmp_path / "m.pbtxt"
    text.write_text(MLP)
    binary, textual = read(write(MLP)), read(text)
    assert textual.opset.uses == binary.opset.uses
    model = textual.opset.models[0]
    assert model.sha256 == binary.opset.models[0].sha256
    assert model.path.read_bytes() == binary.opset.models[0].path.read_bytes()
    assert model.path.parent == tmp_path / "cache" / "frozen"


def test_several_models_give_their_union(write: Write, read: Read) -> None:
    other = write(
        f"{placeholder('x')} node {{ name: 'y' op: 'Softmax' input: 'x' "
        f"{attr('T', 'type: DT_HALF')} }}",
        "other.pb",
    )
    reading = read(write(MLP), other)
    assert [model.name for model in reading.opset.models] == ["m", "other"]
    (dense,) = (use for use in reading.opset.uses if use.op == "Placeholder")
    assert [node.model for node in dense.nodes] == ["m", "other"]
    assert shown(reading)["Softmax"] == ["T=DT_HALF"]


def test_models_of_one_name_are_told_apart(write: Write, read: Read, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    paths = [write(MLP), write(MLP, "a/m.pb")]
    assert [m.name for m in read(*paths).opset.models] == [str(path) for path in paths]


FUNCTION = """
library {{
  function {{
    signature {{ name: 'outer' input_arg {{ name: 'a' type: DT_FLOAT }}
      output_arg {{ name: 'b' type: DT_FLOAT }} }}
    node_def {{ name: 'call' op: 'poly' input: 'a' {t_float} }}
    node_def {{ name: 'again' op: 'PartitionedCall' input: 'call:out:0'
      {tin} {tout} {f} }}
    ret {{ key: 'b' value: 'again:output:0' }}
  }}
  function {{
    signature {{ name: 'poly' input_arg {{ name: 'x' type_attr: 'T' }}
      output_arg {{ name: 'out' type_attr: 'T' }} attr {{ name: 'T' type: 'type' }} }}
    node_def {{ name: 'soft' op: 'Softmax' input: 'x' {placeholder} }}
    ret {{ key: 'out' value: 'soft:softmax:0' }}
  }}
  function {{
    signature {{ name: 'unreached' }}
    node_def {{ name: 'no' op: 'TopKV2' {placeholder} }}
  }}
}}
"""


def functions() -> str:
    inner = f"func {{ name: 'poly' {attr('T', 'type: DT_INT32')} }}"
    return FUNCTION.format(
        t_float=attr("T", "type: DT_FLOAT"),
        tin=attr("Tin", "list { type: DT_FLOAT }"),
        tout=attr("Tout", "list { type: DT_FLOAT }"),
        f=attr("f", inner),
        placeholder=attr("T", "placeholder: 'T'"),
    )


def test_functions_reached_count_with_their_callers_types(write: Write, read: Read) -> None:
    text = f"{placeholder('x')} node {{ name: 'y' op: 'outer' input: 'x' }} {functions()}"
    reading = read(write(text))
    assert not reading.problems
    assert shown(reading) == {
        "PartitionedCall": ["Tin=DT_FLOAT Tout=DT_FLOAT"],
        "Placeholder": ["dtype=DT_FLOAT"],
        "Softmax": ["T=DT_FLOAT", "T=DT_INT32"],
    }
    softmax = next(use for use in reading.opset.uses if use.op == "Softmax")
    assert [str(node) for node in softmax.nodes] == ["m: function 'poly', node 'soft'"]
    assert reading.opset.models[0].node_count == 5
    assert [t.name for t in reading.opset.models[0].outputs] == ["y:0"]
    assert reading.opset.models[0].outputs[0].dtype == "DT_FLOAT"
    assert {"Identity", "IdentityN"} <= set(added(reading))


def test_a_recursive_function_is_walked_once(write: Write, read: Read) -> None:
    loop = """library { function { signature { name: 'f' }
      node_def { name: 'call' op: 'f' } node_def { name: 'n' op: 'NoOp' } } }"""
    reading = read(write(f"node {{ name: 'y' op: 'f' }} {placeholder('x')} {loop}"))
    assert shown(reading) == {"NoOp": [""], "Placeholder": ["dtype=DT_FLOAT"]}


@pytest.mark.parametrize("lowered", [True, False])
def test_while_is_lowered_only_if_it_asks_for_it(write: Write, read: Read, lowered: bool) -> None:
    body = attr("T", "list { type: DT_INT32 type: DT_STRING }")
    text = f"""{placeholder("i", "DT_INT32")} {placeholder("s", "DT_STRING")}
      node {{ name: 'loop' op: 'While' input: 'i' input: 's' {body}
        {attr("cond", "func { name: 'c' }")} {attr("body", "func { name: 'b' }")}
        {attr("_lower_using_switch_merge", f"b: {str(lowered).lower()}")} }}
      library {{ function {{ signature {{ name: 'c' }} node_def {{ name: 'n' op: 'NoOp' }} }}
        function {{ signature {{ name: 'b' }} node_def {{ name: 'n' op: 'NoOp' }} }} }}"""
    reading = read(write(text))
    assert not reading.problems
    loop_ops = {"Enter", "Exit", "Merge", "Switch", "NextIteration", "LoopCond", "IdentityN"}
    assert (loop_ops <= set(added(reading))) is lowered
    switches = [use.attrs[0].types for use in reading.opset.uses if use.op == "Switch"]
    assert switches == ([("DT_INT32",), ("DT_STRING",)] if lowered else [])
    assert {node.function for use in reading.opset.uses for node in use.nodes} == {"", "b", "c"}


def test_branches_in_a_list_of_functions_are_reached(write: Write, read: Read) -> None:
    text = f"""{placeholder("i", "DT_INT32")} node {{ name: 'c' op: 'Case' input: 'i'
      {attr("Tin", "list {}")} {attr("Tout", "list { type: DT_FLOAT }")}
      {attr("branches", "list { func { name: 'p' } func { name: 'q' } }")}
      {attr("_lower_using_switch_merge", "b: true")} }}
      library {{ function {{ signature {{ name: 'p' }} node_def {{ name: 'n' op: 'NoOp' }} }}
        function {{ signature {{ name: 'q' }}
          node_def {{ name: 'r' op: 'Identity' input: 'h:output:0' {attr("T", "type: DT_HALF")} }}
          node_def {{ name: 'h' op: 'Placeholder' {attr("dtype", "type: DT_HALF")} }} }} }}"""
    reading = read(write(text))
    assert not reading.problems
    assert shown(reading)["Identity"] == ["T=DT_HALF"]
    assert added(reading)["_SwitchN"].attrs[0].types == ("DT_INT32",)


def test_rewritten_ops_bring_their_replacements_with_defaults(write: Write, read: Read) -> None:
    text = f"""{placeholder("x")} node {{ name: 'a' op: 'AccumulateNV2' input: 'x'
      {attr("N", "i: 1")} {attr("T", "type: DT_FLOAT")} {attr("shape", "shape {}")} }}"""
    fill = added(read(write(text)))["Fill"]
    assert [(a.name, a.types) for a in fill.attrs] == [
        ("T", ("DT_FLOAT",)),
        ("index_type", ("DT_INT32",)),
    ]


def test_kernel_label_and_several_outputs(write: Write, read: Read) -> None:
    text = f"""{placeholder("x")} {placeholder("k", "DT_INT32")}
      node {{ name: 'top' op: 'TopKV2' input: 'x' input: 'k' {attr("T", "type: DT_FLOAT")}
        {attr("_kernel", "s: 'eigen'")} }}"""
    reading = read(write(text))
    assert next(use.label for use in reading.opset.uses if use.op == "TopKV2") == "eigen"
    outputs = [(t.name, t.dtype) for t in reading.opset.models[0].outputs]
    assert outputs == [("top:0", "DT_FLOAT"), ("top:1", "DT_INT32")]


def test_settings_that_decide_on_kernels_are_kept(
    write: Write, tmp_path: Path, definitions: Mapping[str, OpDefinition]
) -> None:
    text = f"""{placeholder("x")}
      node {{ name: 'a' op: 'BiasAdd' input: 'x' input: 'x' {attr("T", "type: DT_HALF")} }}
      node {{ name: 'b' op: 'Pack' input: 'x' {attr("T", "type: DT_HALF")} {attr("N", "i: 1")} }}"""
    reading = read_models(
        [ModelSource(path=write(text))],
        definitions=definitions,
        deciding={"BiasAdd": ["data_format"], "Pack": ["axis", "absent"], "TopKV2": ["sorted"]},
        cache=tmp_path,
    )
    found = {use.op: use.settings for use in reading.opset.uses if use.settings}
    assert found == {"BiasAdd": (("data_format", "NHWC"),), "Pack": (("axis", "0"),)}


def test_loose_ends_of_control_flow_are_no_outputs(write: Write, read: Read) -> None:
    identity = attr("T", "type: DT_FLOAT")
    text = f"""{placeholder("x")} {placeholder("never_used")}
      node {{ name: 'pivot' op: 'Identity' input: 'x' {identity} }}
      node {{ name: 'y' op: 'Identity' input: 'x' input: '^pivot' {identity} }}"""
    model = read(write(text)).opset.models[0]
    assert [t.name for t in model.outputs] == ["y:0"]
    assert [t.name for t in model.inputs] == ["x:0"]


def test_what_only_has_an_effect_or_depends_on_no_input_is_no_output(
    write: Write, read: Read
) -> None:
    kind = attr("T", "type: DT_FLOAT")
    text = f"""{placeholder("x")}
      node {{ name: 'c' op: 'Const' {attr("dtype", "type: DT_FLOAT")}
        {attr("value", "tensor { dtype: DT_FLOAT float_val: 1 tensor_shape {} }")} }}
      node {{ name: 'two' op: 'Relu' input: 'c' {kind} }}
      node {{ name: 'y' op: 'Relu' input: 'x' {kind} }}
      node {{ name: 'log' op: 'PrintV2' input: 'x' {kind} }}
      node {{ name: 'list' op: 'TensorListReserve' input: 'x' input: 'x'
        {attr("element_dtype", "type: DT_FLOAT")} }}"""
    reading = read(write(text))
    assert [t.name for t in reading.opset.models[0].outputs] == ["y:0"]
    assert reading.notes == (
        "m: the target names no outputs: y:0 taken as such, and two, log, list as by-products; "
        "'outputs' names others",
    )
    (note,) = read(write(text), outputs=("two",)).notes
    assert note.startswith("m: two:0 does not need 3 of its nodes (ops PrintV2, Relu, TensorList")
    alone = f"{placeholder('x')} node {{ name: 'log' op: 'PrintV2' input: 'x' {kind} }}"
    assert [t.name for t in read(write(alone)).opset.models[0].outputs] == ["log:0"]


def test_a_placeholder_with_a_default_is_told_not_to_be_fed(write: Write, read: Read) -> None:
    kind = attr("T", "type: DT_FLOAT")
    text = f"""node {{ name: 'c' op: 'Const' {attr("dtype", "type: DT_FLOAT")}
        {attr("value", "tensor { dtype: DT_FLOAT float_val: 1 tensor_shape {} }")} }}
      node {{ name: 'x' op: 'PlaceholderWithDefault' input: 'c' {attr("dtype", "type: DT_FLOAT")}
        {attr("shape", "shape {}")} }}
      node {{ name: 'y' op: 'Relu' input: 'x' {kind} }}"""
    told = "m: nothing is fed to 'x', so that the default counts: name what the app feeds under"
    assert any(note.startswith(told) for note in read(write(text)).notes)
    fed = read(write(text), inputs=("x",))
    assert not any("default counts" in note for note in fed.notes)
    assert [t.name for t in fed.opset.models[0].inputs] == ["x:0"]


def test_an_iterators_handle_is_no_output(write: Write, read: Read) -> None:
    types = attr("output_types", "list { type: DT_FLOAT }")
    text = f"""node {{ name: 'rows' op: 'IteratorV2' {types} }}
      node {{ name: 'handle' op: 'IteratorToStringHandle' input: 'rows' }}
      node {{ name: 'next' op: 'IteratorGetNext' input: 'rows' {types} }}
      node {{ name: 'y' op: 'Relu' input: 'next' {attr("T", "type: DT_FLOAT")} }}"""
    assert [t.name for t in read(write(text)).opset.models[0].outputs] == ["y:0"]


def test_where_only_summaries_are_left_it_is_what_they_sum_up(write: Write, read: Read) -> None:
    kind = attr("T", "type: DT_FLOAT")
    text = f"""{placeholder("x")} node {{ name: 'y' op: 'Relu' input: 'x' {kind} }}
      node {{ name: 'tag' op: 'Const' {attr("dtype", "type: DT_STRING")}
        {attr("value", "tensor { dtype: DT_STRING string_val: 'y' tensor_shape {} }")} }}
      node {{ name: 'h' op: 'HistogramSummary' input: 'tag' input: 'y' {kind} }}
      node {{ name: 'm' op: 'MergeSummary' input: 'h' {attr("N", "i: 1")} }}"""
    assert [t.name for t in read(write(text)).opset.models[0].outputs] == ["y:0"]


def test_what_fills_a_queue_is_no_output(write: Write, read: Read) -> None:
    types = attr("component_types", "list { type: DT_FLOAT }")
    fills = attr("Tcomponents", "list { type: DT_FLOAT }")
    text = f"""{placeholder("x")} node {{ name: 'q' op: 'FIFOQueueV2' {types} }}
      node {{ name: 'fill' op: 'QueueEnqueueV2' input: 'q' input: 'x' {fills} }}
      node {{ name: 'd' op: 'QueueDequeueV2' input: 'q' {types} }}
      node {{ name: 'y' op: 'Relu' input: 'd' {attr("T", "type: DT_FLOAT")} }}"""
    assert [t.name for t in read(write(text)).opset.models[0].outputs] == ["y:0"]


def test_several_outputs_are_told_with_type_and_shape(write: Write, read: Read) -> None:
    kind = attr("T", "type: DT_FLOAT")
    shape = attr("_output_shapes", "list { shape { dim { size: 2 } } }")
    text = f"""{placeholder("x")} node {{ name: 'a' op: 'Relu' input: 'x' {kind} {shape} }}
      node {{ name: 'b' op: 'Relu' input: 'x' {kind} }}"""
    (note,) = read(write(text)).notes
    assert "a:0 (float, [2]), b:0 (float, unknown shape) taken as such" in note


def test_stated_inputs_outputs_and_shapes(write: Write, read: Read) -> None:
    path = write(MLP)
    model = read(path, inputs=("y",), outputs=("y:0", "z"), shapes={"y": (1, 4)}).opset.models[0]
    assert [(t.name, t.dtype, t.shape) for t in model.inputs] == [("y:0", "DT_FLOAT", (1, 4))]
    assert [t.name for t in model.outputs] == ["y:0", "z:0"]


def test_a_stated_type_is_for_what_the_model_does_not_say(write: Write, read: Read) -> None:
    """The tree registers an op and does not say what it gives."""
    path = write("""node { name: 'f' op: '_FusedConv2D' }
        node { name: 'y' op: 'Relu' input: 'f' attr { key: 'T' value { type: DT_FLOAT } } }""")
    plain = read(path, inputs=("f",)).opset.models[0]
    assert [(t.name, t.dtype) for t in plain.inputs] == [("f:0", "DT_INVALID")]
    reading = read(path, inputs=("f",), dtypes={"f": "DT_FLOAT"})
    assert reading.problems == ()
    assert [(t.name, t.dtype) for t in reading.opset.models[0].inputs] == [("f:0", "DT_FLOAT")]


def test_a_stated_type_that_the_model_contradicts(write: Write, read: Read) -> None:
    path = write(MLP)
    stated = {"x": "DT_INT64"}
    reading = read(path, inputs=("x",), dtypes=stated, places={"x": "targets/pi.yaml:7"})
    assert [str(problem) for problem in reading.problems] == [
        "targets/pi.yaml:7: dtype: 'x:0' is float in the model, not int64\n"
        "    write 'float', or leave 'dtype' out"
    ]
    assert not read(path, inputs=("x",), dtypes={"x:0": "DT_FLOAT"}).problems


def test_what_is_stated_wrongly(write: Write, read: Read) -> None:
    path = write(MLP)
    reading = read(path, inputs=("xx",), outputs=("y:1",), shapes={"q": (1,)})
    assert [str(problem) for problem in reading.problems] == [
        f"{path}: a shape is given for 'q:0', which is not a tensor of the graph\n"
        "    name an input of the model",
        f"{path}: the input 'xx' is not a node of the graph\n    close to it are x",
        f"{path}: the output 'y:1' is not a tensor of the graph\n"
        "    the first that 'y' gives is y:0",
    ]


def test_the_default_model(read: Read) -> None:
    path = PROJECT / "models" / "digits.pb"
    assert path.stat().st_size < 50_000
    reading = read(path)
    assert not reading.problems
    assert set(shown(reading)) == {"BiasAdd", "Const", "MatMul", "Placeholder", "Relu", "Softmax"}
    model = reading.opset.models[0]
    assert [(t.name, t.dtype, t.shape) for t in model.inputs] == [("x:0", "DT_FLOAT", (-1, 64))]
    assert [(t.name, t.dtype) for t in model.outputs] == [("probabilities:0", "DT_FLOAT")]


def test_facts_of_trees(tmp_path: Path) -> None:
    assert read_runtime_facts(tmp_path) == RuntimeFacts()
    for name, text in {
        "public/version.h": "#define TF_GRAPH_DEF_VERSION_MIN_PRODUCER 3\n"
        "#define TF_GRAPH_DEF_VERSION 24  // x\n",
        "framework/node_def_util.cc": '<< "binary. Unknown attributes "\n  "will be ignored."',
    }.items():
        path = tmp_path / "tensorflow" / "core" / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
    assert read_runtime_facts(tmp_path) == RuntimeFacts(
        graph_version=24, min_producer=3, ignores_unknown_attrs=True
    )


@pytest.mark.real_tree
def test_facts_of_the_real_tree(real_tree: Path) -> None:
    facts = read_runtime_facts(real_tree)
    assert (facts.graph_version, facts.ignores_unknown_attrs) == (1575, True)
