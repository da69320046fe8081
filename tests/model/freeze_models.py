"""Saves models of many kinds, freezes each, and runs what came of it; for ``test_freezing.py``.

``python freeze_models.py FOLDER`` prints one JSON object: for each case what was said of it, and
what each run gave after what is to be run first.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import tensorflow as tf

from buildtool.model.freeze import RefusalError, Request, freeze

v1 = tf.compat.v1
WORDS = [b"a", b"c", b"x", b"q"]


def from_file(words: Path) -> Any:
    index = tf.lookup.TextFileIndex
    return tf.lookup.TextFileInitializer(
        str(words), tf.string, index.WHOLE_LINE, tf.int64, index.LINE_NUMBER
    )


class Model(tf.Module):  # type: ignore[misc]  # TensorFlow has no types
    """Tables that a file, an insertion and a checkpoint fill, and a variable that counts."""

    def __init__(self, words: Path) -> None:
        self.file = tf.lookup.StaticVocabularyTable(from_file(words), num_oov_buckets=1)
        self.own = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, -1)
        self.own.insert(tf.constant(["x", "y"]), tf.constant([7, 8], tf.int64))
        self.total = tf.Variable(1.0)
        self.weight = tf.Variable(2.0)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="words")])
    def look(self, words):  # type: ignore[no-untyped-def]  # a function that is traced has no types
        return {"file": self.file.lookup(words), "own": self.own.lookup(words)}

    @tf.function(input_signature=[tf.TensorSpec([], tf.float32, name="x")])
    def count(self, x):  # type: ignore[no-untyped-def]
        if x > 0:
            self.total.assign_add(x)
        return {"y": self.total * self.weight}


def save_graph(folder: Path, words: Path) -> None:
    """A SavedModel as TensorFlow 1 wrote them, checkpoints with a graph, one of several graphs."""
    with tf.Graph().as_default() as graph, v1.Session() as session:
        table = tf.lookup.StaticHashTable(from_file(words), -1)
        x = v1.placeholder(tf.string, [None], name="x")
        weight = v1.get_variable("weight", initializer=2.0, use_resource=False)
        out = tf.multiply(tf.cast(table.lookup(x), tf.float32), weight, name="out")
        session.run([v1.global_variables_initializer(), v1.tables_initializer()])
        ends = {"x": x}, {"out": out}
        start = v1.tables_initializer()
        v1.saved_model.simple_save(session, str(folder / "one"), *ends, legacy_init_op=start)
        v1.train.Saver().save(session, str(folder / "both" / "model.ckpt"), global_step=9)
        v1.train.Saver().save(session, str(folder / "alone" / "model.ckpt"), write_meta_graph=False)
        tf.io.write_graph(graph, str(folder / "alone"), "graph.pbtxt")
    with tf.Graph().as_default(), v1.Session() as session:
        one = tf.constant(1.0)
        signature = v1.saved_model.predict_signature_def({"x": one}, {"out": one})
        builder = v1.saved_model.Builder(str(folder / "tagged"))
        builder.add_meta_graph_and_variables(session, ["train"], {"predict": signature})
        builder.add_meta_graph(["serve", "gpu"], {"predict": signature})
        builder.save()


def outcome(request: Request, feed: dict[str, Any]) -> dict[str, Any]:
    try:
        frozen = freeze(request)
    except RefusalError as refusal:
        return refusal.about
    about: dict[str, Any] = dict(frozen.about())
    content = frozen.graph.SerializeToString()
    about["has_path"] = b"words.txt" in content
    with tf.Graph().as_default() as graph, v1.Session() as session:
        tf.import_graph_def(frozen.graph, name="")
        session.run([graph.get_operation_by_name(name) for name in about["initialisers"]])
        names = [name if ":" in name else f"{name}:0" for name in about["outputs"]]
        runs = [session.run(names, feed) for _ in range(2)]
        about["runs"] = [[value.tolist() for value in values] for values in runs]
    return about


def main(folder: Path) -> None:
    words = folder / "words.txt"
    words.write_text("a\nb\nc\n", encoding="utf-8")
    model = Model(words)
    signatures = {"look": model.look, "count": model.count}
    tf.saved_model.save(model, str(folder / "two"), signatures=signatures)
    tf.saved_model.save(model, str(folder / "none"))
    save_graph(folder, words)
    words.unlink()

    def request(name: str, signature: str = "", graph: str = "", *, keep: bool = False) -> Request:
        outputs = ["out"] if graph else []
        place = str(folder / graph) if graph else ""
        return Request(str(folder / name), signature, [], keep, outputs, place)

    look, count, x = {"words:0": WORDS}, {"x:0": 3.0}, {"x:0": WORDS}
    found = {
        "several": outcome(request("two"), {}),
        "tables": outcome(request("two", "look"), look),
        "changed": outcome(request("two", "count"), count),
        "kept": outcome(request("two", "count", keep=True), count),
        "none": outcome(request("none"), {}),
        "tags": outcome(request("tagged"), {}),
        "session": outcome(request("one"), x),
    }
    words.write_text("a\nb\nc\n", encoding="utf-8")  # a graph alone has no copy of its own
    meta = request("both/model.ckpt-9", graph="both/model.ckpt-9.meta")
    text = request("alone/model.ckpt", graph="alone/graph.pbtxt")
    found |= {"meta": outcome(meta, x), "text": outcome(text, x)}
    found["no output"] = outcome(meta._replace(outputs=["outt"]), x)
    shutil.rmtree(folder)
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
