"""Run in a process of its own, as it imports TensorFlow: freeze a model.

``python -m buildtool.model.freeze REQUEST GRAPH.pb ABOUT.json`` writes the frozen graph and the
names of its input and output tensors and of the node that is to be run once before, or what is
wrong and what to do. REQUEST is the JSON of :class:`buildtool.model.freezing.Request`.

A table of a SavedModel is part of the frozen graph, with all that it holds as constants, whatever
filled it: a list in the model, a vocabulary file or a checkpoint. Variables that the model changes
stay variables where the request says so. One node, ``initialise``, fills them all.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import tensorflow as tf
from tensorflow.python.framework import convert_to_constants
from tensorflow.python.saved_model import loader_impl

from buildtool.model.first_run import FILLER, TABLE
from buildtool.model.initialisers import Filled, exported, fill_first
from buildtool.model.variable_changes import VARIABLES, Change, changes_of

v1 = tf.compat.v1
_SAVE = (
    "save the model with signatures: tf.saved_model.save(model, folder, "
    "signatures={'serving_default': function}), or model.export(folder)"
)
_SHOWN = 5


class RefusalError(Exception):
    """The model cannot be frozen: what is wrong, and what to do."""

    def __init__(self, what: str, todo: str) -> None:
        self.about = {"problem": what, "todo": todo}
        super().__init__(what)


class Request(NamedTuple):
    """What is to be frozen; see :class:`buildtool.model.freezing.Request`."""

    path: str
    signature: str
    tags: list[str]
    keep_state: bool
    outputs: list[str]
    graph: str


class Frozen(NamedTuple):
    """A frozen GraphDef, and what is said of it."""

    graph: Any
    inputs: list[str]
    outputs: list[str]
    notes: list[str]
    filled: Sequence[Filled] = ()

    def about(self) -> dict[str, list[str]]:
        """What the tool reads; adds the node that fills what is to be filled."""
        return {
            "inputs": self.inputs,
            "outputs": self.outputs,
            "notes": self.notes,
            "initialisers": [fill_first(self.graph, self.filled)] if self.filled else [],
        }


def freeze(request: Request) -> Frozen:
    """Freeze a SavedModel, or a checkpoint with its graph.

    A model that a TensorFlow 1 wrote may freeze only in the way of its time.
    """
    reasons = []
    for way in (_freeze_checkpoint,) if request.graph else (_freeze_function, _freeze_session):
        made = _attempt(way, request)
        if not isinstance(made, str):
            return made
        reasons.append(made)
    what = f"TensorFlow {tf.__version__} cannot freeze it: {'; '.join(dict.fromkeys(reasons))}"
    todo = "copy its files again, in case one is cut off; or save it again with that release"
    raise RefusalError(what, todo)


def _has_tables_of_a_graph(folder: str) -> bool:
    """Whether tables stand in the graph itself, filled by an op of it: so TensorFlow 1 saves."""
    saved = loader_impl.parse_saved_model(folder)
    return any(
        TABLE.fullmatch(node.op)
        for meta in saved.meta_graphs
        if not meta.HasField("object_graph_def")
        for node in meta.graph_def.node
    )


def _attempt(way: Callable[[Request], Frozen], request: Request) -> Frozen | str:
    """What one way of freezing gives, or why it fails: TensorFlow raises errors of any kind."""
    try:
        return way(request)
    except RefusalError:
        raise
    except Exception as failure:
        return f"{type(failure).__name__}: {_reason(str(failure))}"


def _reason(text: str) -> str:
    """The line that says why. Behind ``Graph execution error`` and Python's lines it is the one
    before that which names the node."""
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [""]
    places = (place for place, line in enumerate(lines) if line.startswith("[[{{node"))
    return lines[max(next(places, 1) - 1, 0)]


def choose_tags(path: str, tags: list[str]) -> list[str]:
    """The tags of the graph to take: those that are asked for, or the only ones there are.

    Raises:
        RefusalError: there is no such graph, or which one is meant cannot be told.
    """
    known = [sorted(m.meta_info_def.tags) for m in loader_impl.parse_saved_model(path).meta_graphs]
    names = "; ".join(",".join(tags) or "none" for tags in known)
    if tags:
        if sorted(tags) not in known:
            what = f"the SavedModel has no graph with the tags {','.join(tags)}"
            raise RefusalError(what, f"set 'tags' to those of one of its graphs: {names}")
        return tags
    if [tf.saved_model.SERVING] in known:
        return [tf.saved_model.SERVING]
    if len(known) == 1:
        return known[0]
    what = f"the SavedModel has {len(known)} graphs, and none with the tag 'serve' alone"
    raise RefusalError(what, f"set 'tags' to those of one of them: {names}")


def choose_signature(signature: str, known: Iterable[str]) -> tuple[str, list[str]]:
    """The signature to take, and what is to be said of that.

    Raises:
        RefusalError: there is no such one, or which one is meant cannot be told.
    """
    names = sorted(name for name in known if not name.startswith("__"))
    default = tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY
    listed = ", ".join(names)
    if not names:
        raise RefusalError("the SavedModel has no signatures, so nothing says what it runs", _SAVE)
    if signature and signature not in names:
        what = f"the SavedModel has no signature {signature!r}; it has {listed}"
        raise RefusalError(what, "set the model's 'signature' to one of them")
    if signature or default in names:
        return signature or default, []
    if len(names) == 1:
        return names[0], [f"its only signature, {names[0]!r}, is what runs"]
    what = f"the SavedModel has no signature {default!r}; it has {listed}"
    raise RefusalError(what, f"set the model's 'signature' to one of them: signature: {names[0]}")


def _freeze_function(request: Request) -> Frozen:
    """In the way of TensorFlow 2: functions with what they capture."""
    if _has_tables_of_a_graph(request.path):
        raise ValueError("it has tables in its graph")
    model = tf.saved_model.load(request.path, tags=choose_tags(request.path, request.tags))
    name, notes = choose_signature(request.signature, model.signatures)
    function = model.signatures[name]
    paths = _objects(model)
    variables = {
        inside.name.partition(":")[0]: _variable_name(variable, paths)
        for outside, inside in function.graph.captures
        for variable in function.graph.variables
        if variable.handle is outside
    }
    changes = list(changes_of(function.graph.as_graph_def(), variables))
    _refuse_changes(changes, request)
    kept = [place for place, name in variables.items() if name in {c.variable for c in changes}]
    frozen = _constants(function, kept)
    definition = frozen.graph.as_graph_def()
    captured = {inside.name: outside for outside, inside in function.graph.captures}
    inputs = [tensor.name for tensor in frozen.inputs if tensor.name not in captured]
    outputs = [tensor.name for tensor in frozen.outputs]
    filled = [
        _captured(node, captured[f"{node.name}:0"], function, paths)
        for node in definition.node
        if node.op == "Placeholder" and f"{node.name}:0" in captured
    ]
    return Frozen(definition, inputs, outputs, notes, filled)


def _constants(function: Any, kept: list[str]) -> Any:
    """The function with its variables as constants, but for those that are ``kept``."""
    if not kept:
        return convert_to_constants.convert_variables_to_constants_v2(function)
    data = convert_to_constants._FunctionConverterDataInEager(  # nothing public does it
        func=function,
        lower_control_flow=True,
        aggressive_inlining=False,
        variable_names_denylist=kept,
    )
    return convert_to_constants._construct_concrete_function(
        function,
        *convert_to_constants._replace_variables_by_constants(converter_data=data),
    )


def _objects(model: Any) -> Sequence[tuple[Any, str]]:
    """The objects of a model, each with its path of attributes."""
    from tensorflow.python.checkpoint import graph_view  # noqa: PLC0415 - where newer releases have it

    found, paths = graph_view.ObjectGraphView(model).breadth_first_traversal()
    return [(item, ".".join(step.name for step in paths[item])) for item in found]


def _variable_name(variable: Any, objects: Sequence[tuple[Any, str]]) -> str:
    """What its author calls it: the attribute, where it has no name of its own."""
    name = str(variable.name).partition(":")[0]
    if not re.fullmatch(r"Variable(_\d+)?", name):
        return name
    return next((path for item, path in objects if item is variable and path), name)


def _captured(
    placeholder: Any, handle: Any, function: Any, objects: Sequence[tuple[Any, str]]
) -> Filled:
    """Make the table or variable that a placeholder stands for out of it."""
    name = placeholder.name
    for variable in function.graph.variables:
        if variable.handle is handle:
            node = v1.NodeDef(name=name, op="VarHandleOp")
            node.attr["dtype"].type = variable.dtype.as_datatype_enum
            node.attr["shape"].shape.CopyFrom(variable.shape.as_proto())
            node.attr["shared_name"].s = name.encode()
            placeholder.CopyFrom(node)
            return Filled(node, (variable.numpy(),))
    for item, path in objects:
        if getattr(item, "resource_handle", None) is handle and path:
            made = item._create_resource.concrete_functions[0].graph
            table = next(n for n in made.as_graph_def().node if TABLE.fullmatch(n.op))
            if table.input:
                raise ValueError(f"its table {name!r} is made with {', '.join(table.input)}")
            placeholder.CopyFrom(v1.NodeDef(name=name, op=table.op, attr=table.attr))
            placeholder.attr["shared_name"].s = name.encode()
            tensors = exported(placeholder, handle)
            return Filled(placeholder, tuple(tensor.numpy() for tensor in tensors))
    raise ValueError(f"it needs the resource {name!r}, which is neither variable nor table")


def _freeze_session(request: Request) -> Frozen:
    """In the way of TensorFlow 1: a graph in a session, where everything was restored."""
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        meta = v1.saved_model.load(session, choose_tags(request.path, request.tags), request.path)
        name, notes = choose_signature(request.signature, meta.signature_def)
        chosen = meta.signature_def[name]
        inputs = sorted(tensor.name for tensor in chosen.inputs.values())
        outputs = sorted(tensor.name for tensor in chosen.outputs.values())
        return _frozen_session(session, request, inputs, outputs)._replace(notes=notes)


def _freeze_checkpoint(request: Request) -> Frozen:
    """A graph whose variables are in a checkpoint: that of a saver, or one written beside it."""
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        if request.graph.endswith(".meta"):
            saver = v1.train.import_meta_graph(request.graph, clear_devices=True)
            saver.restore(session, request.path)
        else:
            _import(request.graph)
            _restore(graph, session, request.path)
        _fill_tables(graph, session)
        known = {node.name for node in graph.as_graph_def().node}
        for name in request.outputs:
            if name.partition(":")[0] not in known:
                what = f"the output {name!r} is no node of {Path(request.graph).name}"
                raise RefusalError(what, "name nodes of that graph under 'outputs'")
        return _frozen_session(session, request, [], request.outputs)


def _fill_tables(graph: Any, session: Any) -> None:
    """Fill the tables as their saver's graph says, or by the ops that a graph alone has for it."""
    listed = v1.get_collection(v1.GraphKeys.TABLE_INITIALIZERS)
    session.run(listed)
    for operation in () if listed else graph.get_operations():
        if FILLER.fullmatch(operation.type):
            with contextlib.suppress(tf.errors.OpError):  # what a saver restores, or nobody feeds
                session.run(operation)


def _import(path: str) -> None:
    definition = v1.GraphDef()
    content = Path(path).read_bytes()
    if path.endswith(".pb"):
        definition.ParseFromString(content)
    else:
        from google.protobuf import text_format  # noqa: PLC0415 - only for text

        text_format.Parse(content.decode(), definition)
    for node in definition.node:
        node.device = ""
    tf.import_graph_def(definition, name="")


def _restore(graph: Any, session: Any, prefix: str) -> None:
    """Give the variables of a graph the values that a checkpoint has under their names."""
    reader = tf.train.load_checkpoint(prefix)
    for node in [n for n in graph.as_graph_def().node if n.op in VARIABLES]:
        if not reader.has_tensor(node.name):
            continue
        with graph.as_default():
            variable = graph.get_tensor_by_name(f"{node.name}:0")
            value = tf.constant(reader.get_tensor(node.name))
            if node.op == "VarHandleOp":
                done = tf.raw_ops.AssignVariableOp(resource=variable, value=value)
            else:
                done = v1.assign(variable, value)
            session.run(done)


def _frozen_session(
    session: Any, request: Request, inputs: list[str], outputs: list[str]
) -> Frozen:
    """What the session's graph computes, with its variables as constants."""
    nodes = [name.partition(":")[0] for name in outputs]
    whole = session.graph.as_graph_def()
    part = v1.graph_util.extract_sub_graph(whole, nodes)
    variables = {node.name: node.name for node in part.node if node.op in VARIABLES}
    changes = list(changes_of(part, variables))
    _refuse_changes(changes, request)
    kept = {change.variable for change in changes}
    frozen = v1.graph_util.convert_variables_to_constants(
        session, whole, nodes, variable_names_blacklist=sorted(kept)
    )
    filled = []
    for node in frozen.node:
        resource = f"{node.name}:0"
        if TABLE.fullmatch(node.op):
            tensors = exported(node, session.graph.get_tensor_by_name(resource))
            filled.append(Filled(node, tuple(session.run(list(tensors)))))
        elif node.name in kept and node.op in VARIABLES:
            read = session.graph.get_tensor_by_name(resource)
            if node.op == "VarHandleOp":
                read = tf.raw_ops.ReadVariableOp(resource=read, dtype=node.attr["dtype"].type)
            filled.append(Filled(node, (session.run(read),)))
    return Frozen(frozen, inputs, outputs, [], filled)


def _refuse_changes(changes: Sequence[Change], request: Request) -> None:
    """A model that changes variables cannot become one of constants."""
    if not changes or request.keep_state:
        return
    told = [f"variable {c.variable!r} in node {c.node!r} ({c.op})" for c in changes[:_SHOWN]]
    more = f" and {len(changes) - _SHOWN} more" if len(changes) > _SHOWN else ""
    raise RefusalError(
        f"each run changes {', '.join(told)}{more}; a frozen model has constants only",
        "export a signature that does not change it (training=False, no counters); or set the "
        "model's 'state' to 'keep': then the variable stays, and starts from its saved value",
    )


def main(request: str, graph: str, about: str) -> None:
    """Freeze and write."""
    said: dict[str, Any]
    try:
        frozen = freeze(Request(**json.loads(request)))
        said = frozen.about()
        Path(graph).write_bytes(frozen.graph.SerializeToString(deterministic=True))
    except RefusalError as refusal:
        said = refusal.about
    Path(about).write_text(json.dumps(said, sort_keys=True), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
