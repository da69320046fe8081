"""Loaded by the process that has TensorFlow: a model as it is, to be run and to be converted.

A Keras file is saved as a SavedModel first, which is what its converter does, too. Where the shapes
of a SavedModel's inputs are stated, it is saved once more with a signature that has them.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import types_pb2

from buildtool.convert.conversion_request import INPUTS, PATH, SIGNATURE, TAGS, ConversionRequest
from buildtool.convert.model_kinds import Kind
from buildtool.core.errors import ConfigError, ModelError, Problem
from buildtool.core.random_ops import RANDOM
from buildtool.core.suggest import did_you_mean
from buildtool.core.values import TensorInfo
from buildtool.model.freeze import RefusalError, choose_signature, choose_tags
from buildtool.verify.reference import session_of
from buildtool.verify.tensor_files import Array

_SIGNATURE = "serving_default"
_EXPORT = (
    "load it where its code is, and give the folder that model.export(folder) or "
    "tf.saved_model.save writes; a file that is cut off, or of weights alone, holds no model"
)
_FREEZE = "give a SavedModel, or freeze the graph: its variables become constants"
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
_VARIABLES = frozenset({"VarHandleOp", "Variable", "VariableV2"})
Values = Mapping[str, Array]


@dataclass(frozen=True, kw_only=True)
class Original:
    """A model as it is: ``run`` gives its outputs for its inputs, by name; ``converter`` a new
    converter of it, which takes samples as ``feed`` makes them. ``draws`` is a node that draws
    random numbers, or empty."""

    inputs: tuple[TensorInfo, ...]
    outputs: tuple[str, ...]
    run: Callable[[Values], Values]
    converter: Callable[[], Any]
    feed: Callable[[Values], Any]
    draws: str = ""
    notes: tuple[str, ...] = ()


def open_original(request: ConversionRequest, scratch: Path) -> Original:
    """Load the model; ``scratch`` is a folder for what is made of it.

    Raises:
        ModelError: TensorFlow does not load it, or it has no such signature.
        ConfigError: stated inputs or outputs are not the model's.
    """
    if request.kind == Kind.GRAPH.name:
        return _graph(request)
    folder = request.path
    if request.kind == Kind.KERAS.name:
        folder = str(scratch / "keras")
        tf.saved_model.save(_keras(request.path), folder)
    return _saved_model(request, folder, scratch)


def _keras(path: str) -> Any:
    try:
        return tf.keras.models.load_model(path, compile=False)
    except Exception as failure:  # Keras raises errors of any kind
        what = f"TensorFlow {tf.__version__} does not load it: {first_sentence(failure)}"
        raise ModelError(Problem(where=PATH, what=what, todo=_EXPORT)) from None


def first_sentence(failure: Exception) -> str:
    """The first line of an error, and not all of it; without places in memory, which differ."""
    line = next((each.strip() for each in str(failure).splitlines() if each.strip()), "")
    return f"{type(failure).__name__}: {_ADDRESS.sub('', line)[:300]}"


def _saved_model(request: ConversionRequest, folder: str, scratch: Path) -> Original:
    with _about(TAGS):
        tags = choose_tags(folder, list(request.tags))
    loaded = tf.saved_model.load(folder, tags=tags)
    with _about(SIGNATURE):
        name, notes = choose_signature(request.signature, loaded.signatures)
    function = loaded.signatures[name]
    specs = dict(function.structured_input_signature[1])
    _check_stated(request, specs)
    if request.shapes:
        specs |= {
            key: tf.TensorSpec(shape, specs[key].dtype, name=key) for key, shape in request.shapes
        }
        function = _with_shapes(function, specs)
        folder, name, tags = str(scratch / "fixed"), _SIGNATURE, [tf.saved_model.SERVING]
        holder = tf.Module()
        holder.model = loaded
        tf.saved_model.save(holder, folder, signatures={name: function})
    graph = function.graph.as_graph_def()

    def run(values: Values) -> Values:
        fed = {key: tf.constant(values[key], specs[key].dtype) for key in specs}
        return {key: value.numpy() for key, value in function(**fed).items()}

    return Original(
        inputs=tuple(_info(key, spec.dtype, spec.shape) for key, spec in sorted(specs.items())),
        outputs=tuple(sorted(function.structured_outputs)),
        run=run,
        converter=lambda: tf.lite.TFLiteConverter.from_saved_model(
            folder, signature_keys=[name], tags=set(tags)
        ),
        feed=dict,
        draws=_drawing(graph),
        notes=tuple(notes),
    )


def _with_shapes(function: Any, specs: Mapping[str, Any]) -> Any:
    def call(**values: Any) -> Any:
        return function(**values)

    try:
        return tf.function(call).get_concrete_function(**specs)
    except Exception as failure:
        what = f"it does not take the stated shapes: {first_sentence(failure)}"
        todo = "state shapes under the model's 'inputs' that it takes"
        raise ConfigError(Problem(where=INPUTS, what=what, todo=todo)) from None


@contextlib.contextmanager
def _about(key: str) -> Iterator[None]:
    """What is refused is about a key of the model."""
    try:
        yield
    except RefusalError as refusal:
        todo = refusal.about["todo"]
        raise ModelError(Problem(where=key, what=str(refusal), todo=todo)) from None


def _check_stated(request: ConversionRequest, specs: Iterable[str]) -> None:
    """Inputs and outputs of a SavedModel are those of its signature: shapes alone are stated."""
    known = sorted(specs)
    unknown = [name for name, _ in request.shapes if name not in known]
    if unknown:
        raise ConfigError(
            Problem(
                where=INPUTS,
                what=f"it has no input {name!r}{did_you_mean(name, known)}",
                todo=f"its inputs are {', '.join(known)}",
            )
            for name in unknown
        )


def _graph(request: ConversionRequest) -> Original:
    path = Path(request.path)
    session = session_of(tf, path, threads=0)
    graph = session.graph
    variables = [node.name for node in graph.get_operations() if node.type in _VARIABLES]
    if variables:
        what = f"is not frozen: {variables[0]!r} is a variable"
        raise ModelError(Problem(where=PATH, what=what, todo=_FREEZE))
    inputs, outputs = (
        {name: _tensor(graph, name, key) for name in names}
        for key, names in ((INPUTS, request.inputs), ("outputs", request.outputs))
    )
    shapes = dict(request.shapes)
    infos = tuple(
        _info(name, tensor.dtype, tf.TensorShape(shapes.get(name, tensor.shape)))
        for name, tensor in inputs.items()
    )
    if unknown := [info.name for info in infos if info.shape is None]:
        raise ConfigError(
            Problem(
                where=INPUTS,
                what=f"nobody says the shape of its input {name!r}",
                todo=f"state it under the model's 'inputs', as in {{name: {name}, shape: [1, 4]}}",
            )
            for name in unknown
        )

    def run(values: Values) -> Values:
        fed = {tensor: values[name] for name, tensor in inputs.items()}
        return dict(zip(outputs, session.run(list(outputs.values()), fed), strict=True))

    return Original(
        inputs=infos,
        outputs=tuple(outputs),
        run=run,
        converter=lambda: tf.compat.v1.lite.TFLiteConverter.from_frozen_graph(
            request.path, list(inputs), list(outputs), {key: list(shapes[key]) for key in shapes}
        ),
        feed=lambda values: [values[name] for name in inputs],
        draws=_drawing(graph.as_graph_def()),
    )


def _tensor(graph: Any, name: str, key: str) -> Any:
    try:
        return graph.get_tensor_by_name(name if ":" in name else f"{name}:0")
    except (KeyError, ValueError):
        known = [operation.name for operation in graph.get_operations()]
        what = f"it has no tensor {name!r}{did_you_mean(name, known)}"
        todo = "name its nodes under 'inputs' and 'outputs' as they stand in the graph"
        raise ConfigError(Problem(where=key, what=what, todo=todo)) from None


def _info(name: str, dtype: Any, shape: Any) -> TensorInfo:
    sizes = None if shape.rank is None else tuple(-1 if n is None else n for n in shape.as_list())
    return TensorInfo(name=name, dtype=type_name(dtype), shape=sizes)


def type_name(dtype: Any) -> str:
    """The name of a type in the enumeration: ``DT_FLOAT``."""
    name: str = types_pb2.DataType.Name(tf.as_dtype(dtype).base_dtype.as_datatype_enum)
    return name


def _drawing(graph: Any) -> str:
    """A node that gives another value in each run."""
    nodes: Sequence[Any] = [*graph.node, *(n for f in graph.library.function for n in f.node_def)]
    return next((node.name for node in nodes if RANDOM.fullmatch(node.op)), "")


def is_finite(values: Values) -> bool:
    """Whether all floats are numbers."""
    return all(bool(np.isfinite(each).all()) for each in values.values() if each.dtype.kind == "f")
