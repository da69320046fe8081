"""What would fail on the device is told now: all of it at once, with the node and what to do."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.model import ModelSource, Reading, RuntimeFacts, read_models
from buildtool.model.op_remedies import remedy

Write = Callable[..., Path]
Read = Callable[..., Reading]

REEXPORT = "export the model again with the release of TensorFlow that this library is built from"
AGAIN = f"if the graph was cut out of a larger one, do that again; else {REEXPORT}"
X = "node { name: 'x' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } }"


def attr(name: str, value: str) -> str:
    return f"attr {{ key: '{name}' value {{ {value} }} }}"


def problems(reading: Reading) -> list[str]:
    return [str(problem) for problem in reading.problems]


def node(name: str, op: str, *parts: str) -> str:
    return f"node {{ name: '{name}' op: '{op}' {' '.join(parts)} }}"


@pytest.mark.parametrize(
    ("text", "what", "todo"),
    [
        (
            node("y", "Rleu", "input: 'x'"),
            "m: node 'y': op Rleu does not exist in this tree: no session can be made",
            "close to it are Relu; if it is a custom op, add its sources to the tree; else "
            + REEXPORT,
        ),
        (
            node("y", "MatMul", "input: 'x' input: 'x'", attr("T", "type: DT_STRING")),
            "m: node 'y': op MatMul: its T may not be string: the first run fails",
            "allowed are float, int32",
        ),
        (
            node("y", "Softmax", "input: 'x'"),
            "m: node 'y': op Softmax: attribute 'T' is missing and has no default: "
            "the first run fails",
            REEXPORT,
        ),
        (
            node("y", "Softmax", "input: 'x'", attr("T", "i: 1")),
            "m: node 'y': op Softmax: attribute 'T' holds int, not type: the first run fails",
            REEXPORT,
        ),
        (
            node("y", "Relu", "input: 'x'", attr("alpha", "f: 1")),
            "m: node 'y': op Relu: this tree does not know its attribute 'alpha': "
            "the first run fails",
            "'default-attributes' is not possible: this tree's op Relu cannot do what alpha asks "
            f"for; or {REEXPORT}",
        ),
        (
            node("y", "Relu", "input: 'q:1'"),
            "m: node 'y': op Relu: its input 'q:1' is not a node of the graph",
            "the graph was cut wrongly: extract it again",
        ),
        (
            node("y", "Relu", "input: 'x' input: 'x' input: '^x'"),
            "m: node 'y': op Relu takes 1 inputs and has 2: no session can be made",
            AGAIN,
        ),
        (
            node("y", "Relu", "input: '^x'"),
            "m: node 'y': op Relu takes 1 inputs and has 0: the first run fails",
            AGAIN,
        ),
        (
            node("y", "Relu", "input: 'x:1'"),
            "m: node 'y': op Relu: its input is 'x:1': op Placeholder of this tree has 1 output: "
            "no session can be made",
            REEXPORT,
        ),
        (
            node("y", "Softmax", "input: 'x'", attr("T", "type: DT_INT32")),
            "m: node 'y': op Softmax: its input 0 must be int32 and is float: no session can be "
            "made",
            AGAIN,
        ),
        (
            node("x", "NoOp"),
            "m: node 'x': two nodes have this name",
            "rename one of them",
        ),
        (
            node("y", "Relu", "input: 'x'", attr("T", "placeholder: 'U'")),
            "m: node 'y': op Relu: attribute 'T' takes its value from 'U', which no caller of the "
            "function sets: the first run fails",
            "export the model again",
        ),
        (
            node(
                "y",
                "PartitionedCall",
                attr("Tin", "list {}"),
                attr("Tout", "list {}"),
                attr("f", "func { name: 'lost' }"),
            ),
            "m: node 'y': op PartitionedCall calls function 'lost', which the graph's library "
            "lacks",
            "export the model again, with its functions",
        ),
    ],
)
def test_one_thing_wrong(write: Write, read: Read, text: str, what: str, todo: str) -> None:
    out = node("out", "Relu", "input: 'x'")
    assert problems(read(write(f"{X} {text} {out}"))) == [f"{what}\n    {todo}"]


@pytest.mark.parametrize(
    ("text", "what", "todo"),
    [
        (
            node("y", "VarHandleOp", attr("dtype", "type: DT_FLOAT"), attr("shape", "shape {}")),
            "m: node 'y': op VarHandleOp: a variable that no op of the graph initialises",
            "freeze the model: give its SavedModel folder, or turn variables into constants first; "
            "or name what initialises it under 'initialise'",
        ),
        (
            node(
                "y",
                "HashTableV2",
                attr("key_dtype", "type: DT_STRING"),
                attr("value_dtype", "type: DT_INT64"),
            ),
            "m: node 'y': op HashTableV2: a lookup table that no op of the graph fills",
            "keep the op that initialises the table in the graph, and name it under 'initialise'",
        ),
    ],
)
def test_state_that_nobody_fills(write: Write, read: Read, text: str, what: str, todo: str) -> None:
    assert problems(read(write(f"{X} {text}"), outputs=("y",))) == [f"{what}\n    {todo}"]


BODY = """library { function { signature { name: 'f' input_arg { name: 'a' type: DT_FLOAT }
  output_arg { name: 'r' type: DT_FLOAT } } ret { key: 'r' value: 'n:activations:0' }
  node_def { name: 'n' op: 'Relu' input: 'a' } } }"""


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (
            "'a' } }",
            "'a:1' } }",
            "op Relu: its input is 'a:1': the function's argument 'a' has 1 output: the first run "
            "fails",
        ),
        ("'a' } }", "'a' input: 'a' } }", "op Relu takes 1 inputs and has 2: the first run fails"),
        (
            "n:activations:0",
            "n:activations:1",
            "its function returns 'n:activations:1': 'activations' of op Relu of this tree has 1 "
            "output: the first run fails",
        ),
        (
            "n:activations:0",
            "n:values:0",
            "its function returns 'n:values:0': op Relu of this tree has no output 'values': the "
            "first run fails",
        ),
        (
            "type: DT_FLOAT }\n",
            "type: DT_HALF }\n",
            "op Relu: its input 0 must be float and is half: the first run fails",
        ),
    ],
)
def test_tensors_inside_functions(write: Write, read: Read, old: str, new: str, what: str) -> None:
    call = node("y", "f", "input: 'x'") + node("z", "Relu", "input: 'y'")
    assert not problems(read(write(X + call + BODY, "good.pb")))
    assert old in BODY
    found = problems(read(write(X + call + BODY.replace(old, new))))
    lines = [line.partition("\n")[0] for line in found]
    assert f"m: function 'f', node 'n': {what}" in lines, lines


def test_a_call_gives_what_its_function_returns(write: Write, read: Read) -> None:
    text = X + node("y", "f", "input: 'x'") + node("z", "Relu", "input: 'y:1'") + BODY
    assert problems(read(write(text))) == [
        "m: node 'z': op Relu: its input is 'y:1': function 'f' has 1 output: no session can be "
        "made\n    the graph was cut wrongly: extract it again"
    ]


def test_everything_wrong_is_told_at_once(write: Write, read: Read) -> None:
    text = " ".join(node(f"n{i}", "Nope") for i in range(6)) + node("y", "Softmax", "input: 'x'")
    found = problems(read(write(X + text), write(X + node("z", "Nope"), "other.pb")))
    assert [line.partition("\n")[0] for line in found] == [
        "m: node 'n0': op Nope does not exist in this tree: no session can be made "
        "(also 'n1', 'n2', 'n3' and 2 more nodes)",
        "m: node 'y': op Softmax: attribute 'T' is missing and has no default: the first run fails",
        "other: node 'z': op Nope does not exist in this tree: no session can be made",
    ]


def test_an_internal_op_is_known_though_its_definition_is_not(write: Write, read: Read) -> None:
    text = node("y", "_FusedConv2D", "input: 'x'", attr("T", "type: DT_HALF"), attr("n", "i: 1"))
    reading = read(write(X + text))
    assert not reading.problems
    use = next(use for use in reading.opset.uses if use.op == "_FusedConv2D")
    assert [(a.name, a.types) for a in use.attrs] == [("T", ("DT_HALF",))]


def test_a_variable_that_is_initialised_is_fine(write: Write, read: Read) -> None:
    dtype = attr("dtype", "type: DT_FLOAT")
    text = node("v", "VarHandleOp", dtype, attr("shape", "shape {}"))
    text += node("init", "AssignVariableOp", "input: 'v' input: 'x'", dtype)
    text += node("y", "Relu", "input: 'x'")
    assert not read(write(X + text)).problems


def test_unknown_attributes_are_a_note_where_the_runtime_skips_them(
    write: Write, read: Read
) -> None:
    path = write(X + node("y", "Relu", "input: 'x'", attr("alpha", "f: 1"), attr("_a", "i: 1")))
    reading = read(path, facts=RuntimeFacts(ignores_unknown_attrs=True))
    assert not reading.problems
    assert reading.notes == (
        "m: the target names no outputs: y:0 taken as such; 'outputs' names others",
        "m: node 'y': op Relu: this tree does not know attribute 'alpha' and ignores it",
    )


def test_an_op_that_newer_graphs_may_not_use(write: Write, read: Read) -> None:
    text = X + node("y", "Relu", "input: 'x'") + node("old", "Old") + "versions { producer: % }"
    assert not read(write(text.replace("%", "8"))).problems
    assert problems(read(write(text.replace("%", "9")))) == [
        "m: node 'old': op Old is refused in graphs of version 9 and newer; this one is of "
        "version 9\n    Use Relu."
    ]


def test_versions(write: Write, read: Read) -> None:
    path = write(X + "versions { producer: 5 min_consumer: 99 bad_consumers: [20, 30] }")
    facts = RuntimeFacts(graph_version=30, min_producer=6)
    assert problems(read(path, facts=facts)) == [
        f"{path}: asks for a runtime of graph version 99 or newer; this tree has 30: "
        "it cannot be loaded\n"
        f"    {REEXPORT}, or build from a newer tree",
        f"{path}: refuses to run on graph version 30, which this tree has: it cannot be loaded\n"
        "    build from another tree",
        f"{path}: is of graph version 5; this tree reads 6 and newer: "
        f"it cannot be loaded\n    {REEXPORT}",
        f"{path}: no output can be found: each node is an input, a constant, or read by another\n"
        "    state the outputs in the target file",
    ]


@pytest.mark.parametrize(
    "name", ["a b", "it's", 'say "x"', "$(reboot)", "{{ x }}", "a;b", "ü", "_x", "a\tb", "-a"]
)
def test_node_names_that_a_session_refuses_are_told_as_they_are(
    write: Write, read: Read, name: str
) -> None:
    quoted = json.dumps(name)
    reading = read(write(f"{X} node {{ name: {quoted} op: 'Relu' input: 'x' }}"))
    assert problems(reading) == [
        f"m: node {name!r}: a session refuses a node of this name\n"
        "    rename it: a name is letters, digits and any of . _ - / after the first of it"
    ]
    relu = next(use for use in reading.opset.uses if use.op == "Relu")
    assert relu.nodes[0].node == name


def test_names_inside_functions_may_begin_with_an_underscore(write: Write, read: Read) -> None:
    text = (
        X
        + node("y", "f")
        + node("z", "Relu", "input: 'x'")
        + """library { function { signature { name: 'f' }
      node_def { name: '_n>m/1.x-y' op: 'NoOp' } } }"""
    )
    assert not read(write(text)).problems


def test_a_graph_without_nodes(write: Write, read: Read) -> None:
    path = write("versions { producer: 5 }")
    assert problems(read(path)) == [f"{path}: the graph holds no nodes\n    export the model again"]


def test_a_graph_that_is_larger_than_protobuf_reads(tmp_path: Path, read: Read) -> None:
    path = tmp_path / "large.pb"
    with path.open("wb") as file:
        file.write(b"\x0a")
        file.truncate(1 << 31)
    assert problems(read(path)) == [
        f"{path}: is 2.00 GB, and protobuf reads no graph of 2 GB: it cannot be loaded\n"
        "    export it with smaller weights (half precision, eight bits), or as several models "
        "that run one after the other"
    ]


def _zip() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(zipfile.ZipInfo("config.json"), "{}")  # without the time of day
    return content.getvalue()


FREEZE = "give a frozen GraphDef (.pb) or a SavedModel folder of the same model"
SAVE = "load it in Python and give what model.export(folder) or tf.saved_model.save writes"
LOAD = f"{SAVE}; weights alone must be loaded into the model that they are of"
CHECKPOINT = (
    "a checkpoint holds variables, not the graph that runs: put that beside it as PREFIX.meta or "
    f"graph.pbtxt; or {FREEZE}"
)
DAMAGED = "the file is cut off, damaged or something else: download or export it again"
INDEX = b"x" * 40 + bytes.fromhex("57fb808b247547db")


@pytest.mark.parametrize(
    ("name", "content", "what", "todo"),
    [
        ("m.pb", b"", "0 bytes long", "the file is empty: download or export it again"),
        (
            "m.tflite",
            b"\x1c\0\0\0TFL3",
            "is a TensorFlow Lite model",
            f"set 'runtime: lite' to run it; or {FREEZE}",
        ),
        ("m.pb", b"\x1c\0\0\0TFL3", "is a TensorFlow Lite model", None),
        ("m.h5", b"\x89HDF\r\n\x1a\n\0\0", "is a Keras model in HDF5 (.h5, .keras)", LOAD),
        (
            "m.keras",
            _zip(),
            "is a zip archive, as newer .keras files are",
            f"{SAVE}, or unpack it",
        ),
        ("m.pb.gz", b"\x1f\x8b\x08", "is compressed by gzip", "unpack it first"),
        (
            "m.pb",
            b"version https://git-lfs.github.com/spec/v1\n",
            "is a Git LFS pointer, not the file itself",
            "run git lfs pull",
        ),
        (
            "checkpoint",
            b'model_checkpoint_path: "a"\n',
            "is a checkpoint's index of checkpoints",
            FREEZE,
        ),
        ("model.ckpt-9.index", INDEX, "is a checkpoint", CHECKPOINT),
        ("renamed.pb", INDEX, "is a checkpoint", CHECKPOINT),
        ("model.ckpt-9.data-00000-of-00001", b"\1\2\3", "is a checkpoint", CHECKPOINT),
        (
            "model.json",
            b'{"format": "graph-model", "modelTopology": {"node": []}}',
            "is a graph model of TensorFlow.js, whose weights are in other files",
            "it was converted from another one, which is what to give: a SavedModel or a frozen "
            "GraphDef (.pb); docs/models.md says how to make a GraphDef of it if that one is lost",
        ),
        (
            "keras.json",
            b'{\n  "modelTopology": {}, "format": "layers-model"}',
            "is a Keras model of TensorFlow.js, whose weights are in other files",
            "turn it back with its own converter: tensorflowjs_converter --input_format "
            "tfjs_layers_model --output_format keras_saved_model model.json FOLDER",
        ),
        (
            "m.pb",
            b"\x08\x01\x12\x04\x12\x02\x0a\x00",
            "is the saved_model.pb of a SavedModel, without its folder",
            "give the whole folder, with 'variables' and 'assets' as they were saved",
        ),
        (
            "m.pbtxt",
            b"\xef\xbb\xbfnode {\n}\n",
            "is a text with a byte order mark",
            "save it as UTF-8 without one",
        ),
        ("m.onnx", b"\x08\x07\x12\x03abc", "is an ONNX model", FREEZE),
        (
            "model.meta",
            b"\x0a\x02\x0a\x00",
            "is the graph of a checkpoint, without the values of its variables",
            CHECKPOINT,
        ),
        (
            "m.pb",
            b"node {\n  name: 'x'\n}\n",
            "holds a text GraphDef, though .pb says that it is binary",
            "rename it to .pbtxt",
        ),
        (
            "m.pb",
            b"Conv2D\nRelu\n",
            "holds text, though .pb says that it is binary",
            "give a binary GraphDef",
        ),
        (
            "m.pbtxt",
            b"\x0a\x08\x0a\x01x\x12\x03Foo",
            ".pbtxt says that it is a text GraphDef, but its content is not",
            "name a binary GraphDef .pb",
        ),
        (
            "m.pbtxt",
            b"Conv2D\n",
            ".pbtxt says that it is a text GraphDef, but its content is not",
            "it begins with `node {` or the like",
        ),
        (
            "m.pb",
            b"\x08\x07\x12\x02\x0a\x00",
            "is an ONNX model",
            FREEZE,
        ),
        (
            "m.pb",
            b"\x10\x07\x0a\x02\x0a\x00",
            "is not a whole GraphDef: field 2 is not what a GraphDef has there at byte 0",
            DAMAGED,
        ),
        (
            "m.pb",
            b"\n\x03\n\x01x\0\0",
            "is not a whole GraphDef: there is no field 0 at byte 5",
            None,
        ),
        ("m.pb", b"\x89PNG\r\n\x1a\n\0\0", "is a PNG image", FREEZE),
        ("m.tar", b"a" + b"\0" * 256 + b"ustar\0", "is a tar archive", None),
        ("m.pb", b"\n<HTML lang=en>", "is a web page, or what a server said", None),
        ("m.pb", b"<?xml version='1.0'?><Error/>", "is a web page, or what a server said", None),
        ("m.pbtxt", b"item {\n id: 1\n}\n", "is a map of labels", "give the model itself"),
        (
            "m.pbtxt",
            b"meta_info_def {\n}\n",
            "is the graph of a checkpoint, as a text (a MetaGraphDef)",
            "give the SavedModel; or the checkpoint's own PREFIX.meta, with its values beside it",
        ),
        (
            "m.pb",  # MetaInfoDef with tensorflow_version, and a graph of one node
            b"\n\x08*\x062.14.1\x12\x0d\n\x0b\n\x01x\x12\x06Const2",
            "is the graph of a checkpoint (a MetaGraphDef, as .meta files are)",
            "give the SavedModel; or call it PREFIX.meta, and put the values of its checkpoint "
            "beside it",
        ),
        (
            "noise.pb",
            b"\x0f" + bytes(range(255, 0, -1)),
            "is not a whole GraphDef: wire type 7 does not exist here at byte 0",
            DAMAGED,
        ),
    ],
)
def test_files_that_are_no_model(
    tmp_path: Path, read: Read, name: str, *, content: bytes, what: str, todo: str | None
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    (problem,) = read(path).problems
    assert (problem.where, problem.what) == (str(path), what)
    assert todo is None or problem.todo == todo


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_a_model_cut_off(tmp_path: Path, read: Read, share: float) -> None:
    whole = (Path(__file__).resolve().parents[2] / "models" / "digits.pb").read_bytes()
    path = tmp_path / "cut.pb"
    path.write_bytes(whole[: int(len(whole) * share)])
    (problem,) = read(path).problems
    assert problem.what.startswith("is not a whole GraphDef: a field of ")
    assert " bytes is cut off at byte " in problem.what
    assert problem.todo == DAMAGED


def test_a_damaged_text_model(tmp_path: Path, read: Read) -> None:
    path = tmp_path / "m.pbtxt"
    path.write_text("node {\n  name: 'x'\n  opp: 'NoOp'\n}\n")
    assert problems(read(path)) == [
        f"{path}:3: NodeDef has no field 'opp'\n"
        "    the file is damaged or not a GraphDef: write it again"
    ]
    path.write_bytes(b"node { name: '\xff' }")
    assert problems(read(path)) == [f"{path}: is not UTF-8 at byte 14\n    save it as UTF-8"]
    assert not (tmp_path / "cache").exists()


def test_a_cache_that_cannot_be_written(tmp_path: Path, read: Read) -> None:
    path = tmp_path / "m.pbtxt"
    path.write_text(X)
    (tmp_path / "cache").write_text("a file where a folder should be")
    assert problems(read(path)) == [
        f"{tmp_path}/cache/frozen: cannot be read or written: Not a directory\n"
        "    look at the permissions and the free space there"
    ]


def test_folders_and_missing_files(tmp_path: Path, read: Read) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "training").mkdir()
    (tmp_path / "training" / "checkpoint").touch()
    (tmp_path / "values").mkdir()
    (tmp_path / "values" / "m.data-00000-of-00001").touch()
    folders = (tmp_path / name for name in ("empty", "training", "values"))
    reading = read(tmp_path / "no.pb", *folders)
    assert problems(reading) == [
        f"{tmp_path}/no.pb: there is no such file\n    give the path of a model",
        f"{tmp_path}/empty: a folder that holds no saved_model.pb\n"
        "    give a SavedModel folder or a .pb file",
        f"{tmp_path}/training: is a folder of checkpoints\n    {CHECKPOINT}",
        f"{tmp_path}/values: is a folder of checkpoints\n    {CHECKPOINT}",
    ]


def test_a_file_that_the_system_makes_when_it_is_read(read: Read) -> None:
    """It says that it holds nothing, which cannot be mapped into memory."""
    (told,) = problems(read(Path("/proc/self/auxv")))
    assert told.startswith("/proc/self/auxv: ")


def test_a_folder_of_several_files_names_them(tmp_path: Path, read: Read) -> None:
    """As archives of detection models are."""
    (tmp_path / "saved_model").mkdir()
    for name in ("frozen_inference_graph.pb", "saved_model/saved_model.pb"):
        (tmp_path / name).write_bytes(b"\x08\x01")
    named = "name the one in it that is meant: frozen_inference_graph.pb, saved_model"
    what = f"{tmp_path}: a folder that holds no saved_model.pb"
    assert problems(read(tmp_path)) == [f"{what}\n    {named}"]
    (tmp_path / "checkpoint").touch()
    (told,) = problems(read(tmp_path))
    assert told.startswith(f"{tmp_path}: is a folder of checkpoints\n    {named}; or a checkpoint ")


def test_a_saved_model_without_tensorflow(tmp_path: Path) -> None:
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "saved_model.pb").write_bytes(b"\x08\x01")
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -S -I "$@"\n')
    python.chmod(0o755)
    for path in (tmp_path / "saved", tmp_path / "saved" / "saved_model.pb"):
        reading = read_models(
            [ModelSource(path=path)], definitions={}, cache=tmp_path / "c", python=str(python)
        )
        assert problems(reading) == [
            f"{tmp_path}/saved: a SavedModel must be frozen, and {python} has no tensorflow to do "
            "it\n    install the extra: pip install 'tensorflow-selective[tensorflow]' (any "
            "release that runs), or give a frozen GraphDef (.pb)"
        ]


def test_a_saved_model_without_its_variables(tmp_path: Path, read: Read) -> None:
    alone = tmp_path / "saved_model.pb"
    alone.write_bytes(b"\x08\x01\x12\x0e\x12\x0c VarHandleOp")
    for path in (alone, tmp_path):
        (problem,) = read(path).problems
        assert problem.where == str(alone)
        assert problem.what.startswith("has variables, but the folder 'variables'")


@pytest.mark.parametrize(
    ("op", "todo"),
    [
        ("PyFunc", "it calls Python"),
        ("XlaCallModule", "it holds StableHLO"),
        ("XlaLaunch", "it was compiled by XLA"),
        ("IteratorGetNext", "it is part of an input pipeline"),
        ("BatchDatasetV2", "it is part of an input pipeline"),
        ("QueueDequeueV2", "it is part of an input pipeline"),
        ("TPUReplicate", "it is for TPUs"),
        ("GatherTree", "it is of tf.contrib.seq2seq or TensorFlow Addons"),
        ("Addons>GatherTree", "it is of tf.contrib.seq2seq or TensorFlow Addons"),
        ("Addons>Resampler", "it belongs to the package Addons, not to TensorFlow"),
        ("Conv2D", ""),
        ("ReadFile", ""),
    ],
)
def test_what_to_do_about_ops_that_stand_for_something_else(op: str, todo: str) -> None:
    assert remedy(op).startswith(todo)
    assert bool(remedy(op)) is bool(todo)
