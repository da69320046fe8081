"""TensorFlow's own outputs for a model: a script for any Python that has TensorFlow.

It takes the command line of ``runner/runner.cc`` (``--run``) and answers in the same way, so that
what is compared with the device went through the same files. ``--version`` prints TensorFlow's
version without importing it, and below it the paths of all that decides which one it is. With
``--parts`` a graph is run without the whole of TensorFlow: what sessions need loads in a quarter of
the time, but what they refuse is not always told in the usual words. Exit code 3: TensorFlow is not
installed.

The graph is run as it is written: on the CPU, in one thread, without oneDNN and without graph
rewriting. A ``.tflite`` model is run by ``tf.lite.Interpreter``, in one thread, with its builtin
kernels and no delegate, or by its reference kernels with ``--reference-kernels``; ends are in the
model's own order, whatever they are called.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import os
import struct
import sys
import types
from collections.abc import Iterable
from pathlib import Path
from typing import Any

NOT_INSTALLED = 3
LITE_IDENTIFIER = b"TFL3"
PLAIN = "--reference-kernels"
PACKAGES = ("tensorflow", "tensorflow-cpu", "tensorflow-intel", "tensorflow-macos", "tf-nightly")


def installed_version() -> str:
    """The version of the installed TensorFlow, empty if there is none."""
    for found in importlib.metadata.distributions():
        if found.metadata["Name"] in PACKAGES:
            return found.version
    return ""


def deciding_paths() -> list[str]:
    """Where packages are looked for: the folders that have some, which change when one comes or
    goes, and the files that name more of them; where TensorFlow is or would be in any of them; and
    the interpreter itself."""
    paths = [Path(sys.executable), Path(sys.prefix, "pyvenv.cfg")]
    for folder in map(Path, sys.path):
        paths += [folder / "tensorflow", *sorted(folder.glob("*.pth"))]
        paths += [folder] if any(folder.glob("*-info")) else []
    return [str(each.absolute()) for each in paths]


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--version", action="store_true")
    parser.add_argument(PLAIN, action="store_true")
    parser.add_argument("--run", type=Path)
    parser.add_argument("--input", nargs=4, action="append", default=[])
    parser.add_argument("--output", action="append", default=[])
    parser.add_argument("--out", type=Path)
    parser.add_argument("--init", action="append", default=[])
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--parts", action="store_true")
    options = parser.parse_args()
    version = installed_version()
    if options.version:
        print(version, *deciding_paths(), sep="\n")
    if not version:
        return NOT_INSTALLED
    if options.version:
        return 0
    try:
        run_model(options)
    except Exception as failure:  # the script's whole answer to any failure is one line
        print("reference:", " ".join(str(failure).split()), file=sys.stderr)
        return 1
    return 0


def run_model(options: argparse.Namespace) -> None:
    """Run the graph and write its outputs."""
    lite = is_lite(options.run)
    tf = sessions_alone() if options.parts and not lite else tensorflow()
    feeds = {name: read_input(tf, *rest) for name, *rest in options.input}
    run = run_lite if lite else run_graph
    values, types = run(tf, options, feeds)
    for row in write_outputs(tf, types, options.output * options.steps, values, options.out):
        print(json.dumps(row))


def is_lite(path: Path) -> bool:
    """Whether a file is a model of TensorFlow Lite."""
    with path.open("rb") as file:
        return file.read(8)[4:] == LITE_IDENTIFIER


def run_graph(
    tf: Any, options: argparse.Namespace, feeds: dict[str, Any]
) -> tuple[list[Any], list[Any]]:
    """The values of the outputs, step after step, and their types."""
    with session_of(tf, options.run, threads=1) as session:
        session.run([session.graph.get_operation_by_name(name) for name in options.init])
        values = [
            value for _ in range(options.steps) for value in session.run(options.output, feeds)
        ]
        return values, output_types(session.graph, options.output * options.steps)


def output_types(graph: Any, names: list[str]) -> list[Any]:
    """The types of tensors of a graph."""
    return [graph.get_tensor_by_name(name).dtype.base_dtype for name in names]


def run_lite(
    tf: Any, options: argparse.Namespace, feeds: dict[str, Any]
) -> tuple[list[Any], list[Any]]:
    """The same of a model of TensorFlow Lite."""
    kinds = tf.lite.experimental.OpResolverType
    interpreter = tf.lite.Interpreter(
        model_path=str(options.run),
        num_threads=1,
        experimental_op_resolver_type=(
            kinds.BUILTIN_REF
            if options.reference_kernels
            else kinds.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        ),
    )
    values = interpreted(interpreter, feeds.values())
    ends = interpreter.get_output_details()
    return values, [tf.as_dtype(end["dtype"]) for end in ends]


def interpreted(interpreter: Any, fed: Iterable[Any]) -> list[Any]:
    """What an interpreter of TensorFlow Lite computes, fed with a value for each input, in their
    order; its inputs take the shapes of the values."""
    given = list(zip(interpreter.get_input_details(), fed, strict=True))
    for place, value in given:
        if tuple(place["shape"]) != value.shape:
            interpreter.resize_tensor_input(place["index"], value.shape)
    interpreter.allocate_tensors()
    for place, value in given:
        interpreter.set_tensor(place["index"], value)
    interpreter.invoke()
    return [interpreter.get_tensor(end["index"]) for end in interpreter.get_output_details()]


def sessions_alone() -> Any:
    """The parts of TensorFlow that run a graph, by their public names: its packages are there, but
    their ``__init__``, which loads all the rest, is not run.

    Raises:
        ImportError: this release has them elsewhere, or there are plug-ins that it would load.
    """
    found = importlib.util.find_spec("tensorflow")
    root = Path(*(found.submodule_search_locations or ())) if found else Path()
    if not (root / "python" / "client").is_dir() or (root.parent / "tensorflow-plugins").exists():
        raise ImportError(root)
    for name in ("tensorflow", "tensorflow.python"):
        package = types.ModuleType(name)
        package.__path__ = [str(root.joinpath(*name.split(".")[1:]))]
        sys.modules[name] = package
    quiet()
    from tensorflow.core.framework import graph_pb2  # noqa: PLC0415 - now that they are alone
    from tensorflow.core.protobuf import config_pb2  # noqa: PLC0415
    from tensorflow.python.client import session  # noqa: PLC0415
    from tensorflow.python.framework import dtypes, importer, ops  # noqa: PLC0415

    v1 = types.SimpleNamespace(
        GraphDef=graph_pb2.GraphDef, ConfigProto=config_pb2.ConfigProto, Session=session.Session
    )
    return types.SimpleNamespace(
        as_dtype=dtypes.as_dtype,
        compat=types.SimpleNamespace(v1=v1),
        Graph=ops.Graph,
        import_graph_def=importer.import_graph_def,
        string=dtypes.string,
    )


def quiet() -> None:
    """Tell TensorFlow to keep to the CPU and to its own kernels."""
    os.environ.update(
        CUDA_VISIBLE_DEVICES="-1", TF_CPP_MIN_LOG_LEVEL="2", TF_ENABLE_ONEDNN_OPTS="0"
    )


def tensorflow() -> Any:
    """TensorFlow, told to keep to the CPU and to its own kernels."""
    quiet()
    import tensorflow as tf  # noqa: PLC0415 - only after the environment is set

    return tf


def session_of(tf: Any, path: Path, *, threads: int) -> Any:
    """A session with a graph, loaded as a device does; ``threads`` 0: one for each processor."""
    graph_def = tf.compat.v1.GraphDef()
    graph_def.ParseFromString(path.read_bytes())
    for node in (
        *graph_def.node,
        *(n for each in graph_def.library.function for n in each.node_def),
    ):
        node.device = ""  # another machine's
        if "_class" in node.attr:  # beside which nodes: they may be gone
            del node.attr["_class"]
        node.input[:] = sorted(node.input, key=lambda name: name.startswith("^"))
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def, name="")
    config = tf.compat.v1.ConfigProto(
        inter_op_parallelism_threads=threads, intra_op_parallelism_threads=threads
    )
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    return tf.compat.v1.Session(graph=graph, config=config)


def write_outputs(
    tf: Any, types: list[Any], names: list[str], values: list[Any], folder: Path
) -> list[dict[str, Any]]:
    """Write each value to a file of its number. Returns what the runner prints of each."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for place, (name, value, dtype) in enumerate(zip(names, values, types, strict=True)):
        (folder / f"{place}.bin").write_bytes(_content(value, is_text=dtype == tf.string))
        shape = [int(size) for size in getattr(value, "shape", ())]
        rows.append({"output": name, "dtype": _runner_name(dtype), "shape": shape})
    return rows


def _runner_name(dtype: Any) -> str:
    """The name that the runner prints: of the enumeration, without ``DT_`` (``float32`` is
    ``float``)."""
    from tensorflow.core.framework import types_pb2  # noqa: PLC0415

    name: str = types_pb2.DataType.Name(dtype.as_datatype_enum)
    return name.removeprefix("DT_").lower()


def read_input(tf: Any, dtype: str, shape: str, path: str) -> Any:
    """The value of an input, from its file."""
    import numpy as np  # noqa: PLC0415 - comes with TensorFlow

    data = Path(path).read_bytes()
    sizes = [int(size) for size in shape.split(",") if size]
    if dtype != "string":
        return np.frombuffer(data, tf.as_dtype(dtype).as_numpy_dtype).reshape(sizes)
    items = []
    place = 0
    while place < len(data):
        (length,) = struct.unpack_from("<I", data, place)
        items.append(data[place + 4 : place + 4 + length])
        place += 4 + length
    array = np.empty(len(items), object)
    array[:] = items
    return array.reshape(sizes)


def _content(value: Any, *, is_text: bool) -> bytes:
    import numpy as np  # noqa: PLC0415 - comes with TensorFlow

    if not is_text:
        return np.ascontiguousarray(value).tobytes()
    items = np.asarray(value, dtype=object).ravel()
    return b"".join(struct.pack("<I", len(item)) + item for item in items)


if __name__ == "__main__":
    sys.exit(main())
