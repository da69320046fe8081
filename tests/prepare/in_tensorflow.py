"""What TensorFlow makes of graphs, in a process of its own: its tool's transforms, and outputs.

``python in_tensorflow.py JOBS.json`` does each job of a list: one with ``transforms`` has the Graph
Transform Tool of the wheel do them and writes the graph ``made``; one without runs the graph on
the arrays of ``feeds`` (.npz) and writes its ``outputs`` (.npz) there.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.util import _pywrap_transform_graph


def transform(job: dict[str, Any]) -> None:
    graph = Path(job["graph"]).read_bytes()
    names = (",".join(name.partition(":")[0] for name in job[key]) for key in ("inputs", "outputs"))
    words = " ".join(job["transforms"])
    made = _pywrap_transform_graph.TransformGraphWithStringInputs(graph, *names, words)
    Path(job["made"]).write_bytes(made)


def execute(job: dict[str, Any]) -> None:
    definition = tf.compat.v1.GraphDef()
    definition.ParseFromString(Path(job["graph"]).read_bytes())
    feeds = dict(np.load(job["feeds"])) if job["feeds"] else {}
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(definition, name="")
        with tf.compat.v1.Session(graph=graph) as session:
            found = session.run(job["outputs"], feeds)
    np.savez(job["made"], **dict(zip(job["outputs"], found, strict=True)))


if __name__ == "__main__":
    for each in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")):
        (transform if each.get("transforms") else execute)(each)
