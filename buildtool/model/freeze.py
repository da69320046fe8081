"""Run by its path in a process of its own, as it imports TensorFlow: freeze a SavedModel.

``python freeze.py FOLDER SIGNATURE GRAPH.pb ABOUT.json`` writes the frozen graph and the names of
its input and output tensors, or what is wrong and what to do.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

Frozen = tuple[Any, dict[str, list[str]]]


class RefusalError(Exception):
    """The model cannot be frozen: what is wrong, and what to do."""

    def __init__(self, what: str, todo: str) -> None:
        self.about = {"problem": what, "todo": todo}
        super().__init__(what)


def freeze(folder: str, signature: str) -> Frozen:
    """Give the frozen GraphDef with the names of its inputs and outputs.

    A model that a TensorFlow 1 wrote may freeze only in the way of its time.
    """
    reasons = []
    for way in (_freeze_function, _freeze_session):
        made = _attempt(way, folder, signature)
        if not isinstance(made, str):
            return made
        reasons.append(made)
    what = f"TensorFlow {tf.__version__} cannot freeze it: {'; '.join(dict.fromkeys(reasons))}"
    raise RefusalError(what, "save the model again, with that release")


def _attempt(way: Callable[[str, str], Frozen], folder: str, signature: str) -> Frozen | str:
    """What one way of freezing gives, or why it fails: TensorFlow raises errors of any kind."""
    try:
        return way(folder, signature)
    except RefusalError:
        raise
    except Exception as failure:
        first = str(failure).strip().partition("\n")[0]
        return f"{type(failure).__name__}: {first}"


def _choose(signature: str, known: Any) -> Any:
    if signature not in known:
        names = ", ".join(sorted(known)) or "none at all"
        what = f"the SavedModel has no signature {signature!r}; it has {names}"
        raise RefusalError(what, "name one of them, or save the model with signatures")
    return known[signature]


def _freeze_function(folder: str, signature: str) -> Frozen:
    model = tf.saved_model.load(folder)
    frozen = convert_variables_to_constants_v2(_choose(signature, model.signatures))
    captured = {tensor.name for _, tensor in frozen.graph.captures}
    inputs = [tensor.name for tensor in frozen.inputs if tensor.name not in captured]
    outputs = [tensor.name for tensor in frozen.outputs]
    return frozen.graph.as_graph_def(), {"inputs": inputs, "outputs": outputs}


def _freeze_session(folder: str, signature: str) -> Frozen:
    v1 = tf.compat.v1
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        meta = v1.saved_model.load(session, [tf.saved_model.SERVING], folder)
        chosen = _choose(signature, meta.signature_def)
        inputs = sorted(tensor.name for tensor in chosen.inputs.values())
        outputs = sorted(tensor.name for tensor in chosen.outputs.values())
        frozen = v1.graph_util.convert_variables_to_constants(
            session, graph.as_graph_def(), [name.partition(":")[0] for name in outputs]
        )
    return frozen, {"inputs": inputs, "outputs": outputs}


def main(folder: str, signature: str, graph: str, about: str) -> None:
    """Freeze and write."""
    said: dict[str, Any]
    try:
        definition, said = freeze(folder, signature)
        Path(graph).write_bytes(definition.SerializeToString(deterministic=True))
    except RefusalError as refusal:
        said = refusal.about
    Path(about).write_text(json.dumps(said, sort_keys=True), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
