"""``.tflite`` models to an OpSet: which op codes they run, in which versions."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.core.errors import Problem
from buildtool.core.lite_names import CUSTOM, version_label
from buildtool.core.values import AttrType, ModelInfo, NodeRef, OpSet, OpUse, TensorInfo
from buildtool.model.formats import detect
from buildtool.model.lite.flex_nodes import FlexNode
from buildtool.model.lite.tflite_file import (
    IDENTIFIER,
    SCHEMA_VERSION,
    DamagedError,
    LiteModel,
    Operator,
    read_model,
    schema_version,
)
from buildtool.model.loading import ModelSource
from buildtool.model.reading import Reading

TYPES = "types"
_CONVERT = (
    "write 'convert: float' to have it converted, give what tf.lite.TFLiteConverter makes of it "
    "(.tflite), or set 'runtime: full' for the model as it is"
)
_AGAIN = "the file is cut off, damaged or encrypted: convert the model or copy the file again"
# What xxd and the like make for TensorFlow Lite Micro: the file as an array of C.
_C_ARRAY = re.compile(rb"\bchar\s+\w+\s*\[[^\]]*\][^=;]*=\s*\{")


@dataclass(frozen=True, kw_only=True)
class LiteReading(Reading):
    """The same of ``.tflite`` models; ``flex`` are their nodes of TensorFlow itself, each of which
    is among the uses as a custom op, too."""

    flex: tuple[FlexNode, ...] = ()


def is_lite_file(path: Path) -> bool:
    """Whether a file is a ``.tflite`` model by its content, or is called one."""
    if path.suffix == ".tflite":
        return True
    try:
        with path.open("rb") as file:
            return file.read(8)[4:] == IDENTIFIER
    except OSError:
        return False


def read_lite_models(sources: Sequence[ModelSource]) -> LiteReading:
    """Read all models and give the union of what they run; what is wrong is among the problems."""
    problems: list[Problem] = []
    notes: list[str] = []
    models: list[ModelInfo] = []
    uses: dict[tuple[str, bool, int], list[tuple[NodeRef, Operator]]] = defaultdict(list)
    for source in sources:
        name = source.name or source.path.stem
        found = _read(source.path)
        if isinstance(found, Problem):
            problems.append(found)
            continue
        model, digest = found
        problems += _odd_ends(source.path, model)
        models.append(_info(source, digest, model))
        notes += _notes(name, model)
        for operator in model.operators:
            key = (operator.op, operator.custom, operator.version)
            uses[key].append((_reference(name, operator), operator))
    return LiteReading(
        opset=OpSet(models=tuple(models), uses=tuple(_uses(uses))),
        problems=tuple(problems),
        notes=tuple(notes),
        flex=tuple(
            FlexNode(where=reference, options=operator.options)
            for places in uses.values()
            for reference, operator in places
            if operator.is_flex
        ),
    )


def _uses(
    found: dict[tuple[str, bool, int], list[tuple[NodeRef, Operator]]],
) -> Iterator[OpUse]:
    for (op, custom, version), places in sorted(found.items()):
        types = sorted({name for _, operator in places for name in operator.types})
        yield OpUse(
            op=op,
            attrs=(AttrType(name=TYPES, types=tuple(types)),),
            label=version_label(version),
            nodes=tuple(reference for reference, _ in places),
            kernel_class=CUSTOM if custom else "",
        )


def _reference(name: str, operator: Operator) -> NodeRef:
    """An operator has no name: it is its number in its subgraph, and what it is."""
    node = f"{operator.place} ({operator.op})"
    return NodeRef(model=name, function=operator.subgraph, node=node)


def _read(path: Path) -> tuple[LiteModel, str] | Problem:
    """A model and the SHA-256 of its file, or why there is none."""
    where = str(path)
    if path.is_dir():
        return _other(path)
    try:
        data = path.read_bytes()
    except OSError as failure:
        todo = "look at the path and its permissions"
        return Problem(where=where, what=f"cannot be read: {failure.strerror}", todo=todo)
    if data[4:8] != IDENTIFIER:
        return _other(path, data)
    try:
        version = schema_version(data)
        if version != SCHEMA_VERSION:
            what = f"is of version {version} of TensorFlow Lite's schema, not {SCHEMA_VERSION}"
            todo = "convert the model again with TensorFlow 2.14 or older"
            return Problem(where=where, what=what, todo=todo)
        return read_model(data), hashlib.sha256(data).hexdigest()
    except DamagedError as failure:
        what = f"is no whole TensorFlow Lite model: {failure}"
        return Problem(where=where, what=what, todo=_AGAIN)


def _other(path: Path, data: bytes = b"") -> Problem:
    """A file that is no ``.tflite``."""
    where = str(path)
    if _C_ARRAY.search(data):
        what = "is a model as an array of C, as TensorFlow Lite Micro has it compiled in"
        todo = "give the .tflite file that it was made of; 'xxd -r -p' makes one of the numbers"
        return Problem(where=where, what=what, todo=todo)
    if path.suffix == ".tflite":  # what is encrypted may look like anything
        what = f"is no TensorFlow Lite model: {IDENTIFIER.decode()!r} does not stand in it"
        return Problem(where=where, what=what, todo=_AGAIN)
    found = detect(path)
    if isinstance(found, Problem):
        return dataclasses.replace(found, todo=_CONVERT)
    what = f"is a {found.value}, and the target's runtime is TensorFlow Lite"
    return Problem(where=where, what=what, todo=_CONVERT)


def _odd_ends(path: Path, model: LiteModel) -> Iterator[Problem]:
    if not model.operators or not model.outputs:
        what = "computes nothing: it has no operators" if not model.operators else "has no outputs"
        yield Problem(where=str(path), what=what, todo="give the model that the app runs")


def _info(source: ModelSource, digest: str, model: LiteModel) -> ModelInfo:
    """A model that was converted has the names of what it was made of."""
    inputs = _renamed(model.inputs, source.inputs)
    outputs = _renamed(model.outputs, source.outputs)
    return ModelInfo(
        name=source.name or source.path.stem,
        path=source.path,
        sha256=digest,
        inputs=tuple(_tell_apart(inputs, "input")),
        outputs=tuple(_open(_tell_apart(outputs, "output"))),
        node_count=len(model.operators),
        made=source.given is not None,
    )


def _renamed(tensors: Sequence[TensorInfo], names: Sequence[str]) -> Sequence[TensorInfo]:
    if len(names) != len(tensors):
        return tensors
    pairs = zip(tensors, names, strict=True)
    return [dataclasses.replace(tensor, name=name) for tensor, name in pairs]


def _tell_apart(tensors: Sequence[TensorInfo], kind: str) -> Iterator[TensorInfo]:
    """The tensors, with names that tell them apart."""
    names = [tensor.name for tensor in tensors]
    for place, tensor in enumerate(tensors):
        plain = tensor.name and names.count(tensor.name) == 1
        yield tensor if plain else dataclasses.replace(tensor, name=f"{kind} {place}")


def _open(tensors: Iterable[TensorInfo]) -> Iterator[TensorInfo]:
    """Outputs: one without dimensions may be a scalar, or of a shape that only a run tells."""
    for tensor in tensors:
        yield tensor if tensor.shape else dataclasses.replace(tensor, shape=None)


def _notes(name: str, model: LiteModel) -> Iterator[str]:
    if len(model.signatures) > 1:
        shown = ", ".join(each.name for each in model.signatures)
        yield f"{name}: of its signatures {shown}, verification runs the first subgraph alone"
