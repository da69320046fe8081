"""Types and shapes of all tensors of a graph: asked of TensorFlow once, and kept by content.

Where there is no TensorFlow, or it does not read the graph, what the graph itself says has to do
(:mod:`buildtool.model.transforms.shapes`).
"""

from __future__ import annotations

import hashlib
import json
import math
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from buildtool.core import datatypes
from buildtool.core.own_files import load_kept_json
from buildtool.core.render import write_if_changed
from buildtool.core.run import ANSWER, Command, run
from buildtool.model.attributes import Shape
from buildtool.model.encoding import shape_attr, write_graph
from buildtool.model.freezing import environment
from buildtool.model.graphdef import GraphDef, Node
from buildtool.model.interface import with_index
from buildtool.model.tensors import shape_of
from buildtool.model.transforms.shapes import MOST, Shapes

_SCRIPT = "buildtool.model.infer_nodes"
_TIMEOUT = 600.0
_PROBE = "import importlib.util as u, sys; sys.exit(u.find_spec('tensorflow') is None)"


class Tensor(NamedTuple):
    """Type and shape of a tensor; a size of -1 is not known."""

    dtype: str
    shape: Shape

    @property
    def elements(self) -> int | None:
        """How many elements it has; None if that is not known."""
        known = self.shape is not None and all(size >= 0 for size in self.shape)
        return math.prod(self.shape) if known and self.shape is not None else None


class NodeTensors(NamedTuple):
    """What a node takes and gives, without control edges."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


NOTHING = NodeTensors((), ())


@dataclass(frozen=True, kw_only=True)
class Inference:
    """What is known of the tensors of a model. ``graphs`` are its main graph (``""``) and the
    functions that it calls, by node. ``release`` is that of the TensorFlow that was asked, empty
    for none; ``unknown_ops`` are those that it does not know; ``failure`` is why it did not read
    the graph, ``refused`` why it did not read some nodes."""

    release: str = ""
    unknown_ops: tuple[str, ...] = ()
    failure: str = ""
    refused: Mapping[str, str] = field(default_factory=dict)
    graphs: Mapping[str, Mapping[str, NodeTensors]] = field(default_factory=dict)

    def of(self, function: str, node: str) -> NodeTensors:
        """What a node takes and gives; nothing where it is not known."""
        return self.graphs.get(function, {}).get(node, NOTHING)


def infer_tensors(
    graph: GraphDef,
    stated: Mapping[str, tuple[int, ...]],
    *,
    cache: Path,
    python: str,
) -> Inference:
    """Ask the TensorFlow of ``python`` (empty: nobody) about a graph; ``stated`` are shapes of
    tensors. A first size that is not known is taken to be one."""
    stated = {with_index(name): sizes for name, sizes in stated.items()}
    answer = _answer(graph, stated, cache / "tensors", python)
    graphs = {
        function: {name: NodeTensors(*map(_tensors, both)) for name, both in nodes.items()}
        for function, nodes in answer.get("graphs", {}).items()
    }
    own = graphs.setdefault("", {})
    missing = [node for node in graph.nodes if node.name not in own]
    if missing:
        shapes = Shapes({node.name: node for node in graph.nodes}, _ones(graph, stated))
        own.update({node.name: _from_graph(node, shapes) for node in missing})
    return Inference(
        release=answer.get("release", ""),
        unknown_ops=tuple(answer.get("unknown", ())),
        failure=answer.get("failure", ""),
        refused=answer.get("refused", {}),
        graphs=graphs,
    )


def _answer(
    graph: GraphDef, stated: Mapping[str, tuple[int, ...]], cache: Path, python: str
) -> dict[str, Any]:
    if not python:
        return {}
    shapes = json.dumps({name: list(sizes) for name, sizes in stated.items()}, sort_keys=True)
    skeleton = write_graph(graph._replace(nodes=tuple(map(_without_weight, graph.nodes))))
    digest = hashlib.sha256(Path(__file__).with_name("infer_nodes.py").read_bytes())
    for part in (skeleton, shapes.encode(), python.encode()):
        digest.update(hashlib.sha256(part).digest())
    file = cache / f"{digest.hexdigest()[:32]}.json"
    known = load_kept_json(file, _as_answer)
    if known is None:
        probe = Command(argv=(python, "-c", _PROBE))
        if run(probe, what="looking for TensorFlow", check=False, timeout=ANSWER).returncode:
            return {}
        with tempfile.TemporaryDirectory(prefix="tensors-") as scratch:
            asked, answer = Path(scratch, "graph.pb"), Path(scratch, "answer.json")
            asked.write_bytes(skeleton)
            argv = (python, "-m", _SCRIPT, str(asked), shapes, str(answer))
            command = Command(argv=argv, env=environment())
            done = run(command, what="inferring shapes", check=False, timeout=_TIMEOUT)
            if done.returncode or not answer.is_file():
                return {"failure": f"TensorFlow ended with code {done.returncode}"}
            write_if_changed(file, answer.read_text(encoding="utf-8"))
        known = load_kept_json(file, _as_answer)
    return known or {}


def _as_answer(found: Any) -> dict[str, Any]:
    """What was answered. An error of Python's if it is something else."""
    for nodes in found.get("graphs", {}).values():
        for both in nodes.values():
            NodeTensors(*map(_tensors, both))
    return dict(found)


def _without_weight(node: Node) -> Node:
    """A placeholder in the place of a large constant: its numbers say nothing of shapes, and
    TensorFlow reads no graph of more than 2 GB."""
    value, dtype = node.attrs.get("value"), node.attrs.get("dtype")
    if node.op != "Const" or value is None or dtype is None:
        return node
    sizes = shape_of(value)
    if sizes is None or math.prod(sizes) <= MOST or any(size < 0 for size in sizes):
        return node
    return Node(node.name, "Placeholder", node.inputs, {"dtype": dtype, "shape": shape_attr(sizes)})


def _tensors(listed: list[list[Any]]) -> tuple[Tensor, ...]:
    return tuple(
        Tensor(
            datatypes.base(datatypes.name_of(number)),
            None if sizes is None else tuple(sizes),
        )
        for number, sizes in listed
    )


def _ones(graph: GraphDef, stated: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """The shapes of the placeholders, with one for a first size that is not known."""
    found = dict(stated)
    for node in graph.nodes:
        shape = node.value("shape", "shape")
        if node.op.startswith("Placeholder") and isinstance(shape, tuple) and shape:
            first = 1 if shape[0] < 0 else shape[0]
            found.setdefault(f"{node.name}:0", (first, *shape[1:]))
    return found


def _from_graph(node: Node, shapes: Shapes) -> NodeTensors:
    """What the graph itself says: the type that the node's attributes name, and shapes by rule."""
    named = next((node.value(name, "type") for name in ("dtype", "T") if name in node.attrs), None)
    dtype = named if isinstance(named, str) else datatypes.UNKNOWN
    count = sum(not name.startswith("^") for name in node.inputs)
    taken = tuple(Tensor(dtype, _sizes(shapes.of_input(node, place))) for place in range(count))
    return NodeTensors(taken, (Tensor(dtype, _sizes(shapes[f"{node.name}:0"])),))


def _sizes(dims: Any) -> Shape:
    if dims is None:
        return None
    return tuple(size if isinstance(size, int) else -1 for size in dims)
