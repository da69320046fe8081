"""Which kind of file a model is, found by its content. A wrong kind of file is named."""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from buildtool.core.checkpoint_files import find_checkpoint
from buildtool.core.errors import Problem

HEAD = 4096


class Format(enum.Enum):
    """The inputs that can be read."""

    BINARY = "binary GraphDef"
    TEXT = "text GraphDef"
    OP_LIST = "op list"
    SAVED_MODEL = "SavedModel"
    CHECKPOINT = "checkpoint with its graph"


_FREEZE = "give a frozen GraphDef (.pb) or a SavedModel folder of the same model"
_WHOLE = "give the whole folder, with 'variables' and 'assets' as they were saved"
_FOLDER_OR_FILE = "give a SavedModel folder or a .pb file"
_NAMES_SHOWN = 3
_VARIABLE = re.compile(rb"VarHandleOp|VariableV2|RestoreV2")
_SAVE = "load it in Python and give what model.export(folder) or tf.saved_model.save writes"
_LOAD = f"{_SAVE}; weights alone must be loaded into the model that they are of"

# (offset, bytes, what it is, what to do)
_MISTAKES = (
    (4, b"TFL3", "a TensorFlow Lite model", f"set 'runtime: lite' to run it; or {_FREEZE}"),
    (0, b"\x89HDF\r\n\x1a\n", "a Keras model in HDF5 (.h5, .keras)", _LOAD),
    (0, b"PK\x03\x04", "a zip archive, as newer .keras files are", f"{_SAVE}, or unpack it"),
    # The version of its schema is its first field; a GraphDef begins with a node.
    (0, b"\x08\x01\x12", "the saved_model.pb of a SavedModel, without its folder", _WHOLE),
    (0, b"\x1f\x8b", "compressed by gzip", "unpack it first"),
    (0, b"\xef\xbb\xbf", "a text with a byte order mark", "save it as UTF-8 without one"),
    (0, b"\xff\xfe", "a text in UTF-16", "save it as UTF-8"),
    (0, b"\xfe\xff", "a text in UTF-16", "save it as UTF-8"),
    (0, b"version https://git-lfs", "a Git LFS pointer, not the file itself", "run git lfs pull"),
    (0, b"model_checkpoint_path:", "a checkpoint's index of checkpoints", _FREEZE),
    (0, b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19", "a PyTorch model", _FREEZE),
    (0, b"\x93NUMPY", "an array of NumPy", _FREEZE),
    (0, b"\x89PNG\r\n", "a PNG image", _FREEZE),
    (0, b"\xff\xd8\xff", "a JPEG image", _FREEZE),
    (0, b"%PDF-", "a PDF", _FREEZE),
    (0, b"BZh", "compressed by bzip2", "unpack it first"),
    (0, b"\xfd7zXZ\0", "compressed by xz", "unpack it first"),
    (257, b"ustar", "a tar archive", "unpack it, and give what is in it"),
)
# The same by patterns: the first field of an ONNX model is its version, and of a SavedModel too,
# but that is 1.
_PATTERNS = (
    (rb"\x08[\x02-\x1f][\x12\x1a]", "an ONNX model", _FREEZE),
    (
        rb"\s*<(!doctype|html|\?xml)",
        "a web page, or what a server said",
        "download the file itself",
    ),
    (
        rb"\s*(meta_info_def|graph_def|saver_def|collection_def)\s*[:{]",
        "the graph of a checkpoint, as a text (a MetaGraphDef)",
        "give the SavedModel; or the checkpoint's own PREFIX.meta, with its values beside it",
    ),
    (
        rb"\s*(saved_model_schema_version|meta_graphs)\s*[:{]",
        "the saved_model.pbtxt of a SavedModel, without its folder",
        _WHOLE,
    ),
    (rb"\s*item\s*\{", "a map of labels", "give the model itself"),
    (
        rb"\s*model\s*\{",
        "the pipeline.config by which a detection model was trained",
        "give its frozen_inference_graph.pb or its folder saved_model",
    ),
)
_SUFFIXES = {".onnx": "an ONNX model", ".mlmodel": "a Core ML model", ".pt": "a PyTorch model"}
_TABLE_MAGIC = bytes.fromhex("57fb808b247547db")  # the footer of a checkpoint's .index
_GRAPH_TEXT = re.compile(rb"(\s*#[^\n]*\n)*\s*(node|versions|library|version)\s*[:{<]")
_TFJS = re.compile(
    rb'\s*\{.*"(modelTopology|weightsManifest|format"\s*:\s*"(graph|layers)-model)', re.S
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_BINARY_SUFFIXES, _TEXT_SUFFIXES = (".pb",), (".pbtxt", ".prototxt", ".textproto")


def detect(path: Path) -> Format | Problem:
    """Tell what ``path`` is, or why it cannot be a model."""
    if path.is_dir():
        return _detect_folder(path)
    checkpoint = find_checkpoint(path)
    if checkpoint is not None and checkpoint.graph is not None:
        return Format.CHECKPOINT
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
            file.seek(max(0, path.stat().st_size - len(_TABLE_MAGIC)))
            tail = file.read()
    except FileNotFoundError:
        what = "there is no such file"
        return Problem(where=str(path), what=what, todo="give the path of a model")
    except OSError as failure:
        return Problem(where=str(path), what=f"cannot be read: {failure.strerror}")
    return _mistake(path, head, tail) or _by_content(path, head)


def _detect_folder(path: Path) -> Format | Problem:
    for name in ("saved_model.pb", "saved_model.pbtxt"):
        if (path / name).is_file():
            return _lone(path / name) or Format.SAVED_MODEL
    inside = sorted(each.name for each in path.glob("*.pb"))
    inside += sorted(each.parent.name for each in path.glob("*/saved_model.pb"))
    parts = ("*.index", "*.data-*-of-*")
    if (path / "checkpoint").is_file() or any(any(path.glob(part)) for part in parts):
        problem = _checkpoint(path, "a folder of checkpoints")
        return (
            replace(problem, todo=f"{_which_of(inside)}; or {problem.todo}") if inside else problem
        )
    what = "a folder that holds no saved_model.pb"
    inside += sorted(each.name for each in path.glob("*.pbtxt"))
    return Problem(
        where=str(path), what=what, todo=_which_of(inside) if inside else _FOLDER_OR_FILE
    )


def _which_of(inside: Sequence[str]) -> str:
    few = ", ".join(inside[:_NAMES_SHOWN]) + ", ..." * (len(inside) > _NAMES_SHOWN)
    return f"name the one in it that is meant: {few}"


def _lone(path: Path) -> Problem | None:
    """A SavedModel that has variables, but not the folder that they are in."""
    if (path.parent / "variables").is_dir() or not _VARIABLE.search(path.read_bytes()):
        return None
    what = "has variables, but the folder 'variables' that holds them is not beside it"
    return Problem(where=str(path), what=what, todo=_WHOLE)


def _checkpoint(path: Path, what: str) -> Problem:
    graphs = sorted(each.name for each in path.glob("*.meta")) if path.is_dir() else []
    todo = (
        f"name one of its graphs, such as {graphs[-1]}, and state 'outputs'"
        if graphs
        else "a checkpoint holds variables, not the graph that runs: put that beside it as PREFIX"
        f".meta or graph.pbtxt; or {_FREEZE}"
    )
    return Problem(where=str(path), what=f"is {what}", todo=todo)


def _other_kind(head: bytes) -> tuple[str, str] | None:
    """What a file is that begins as something else does, and what to do."""
    for offset, magic, what, todo in _MISTAKES:
        if head.startswith(magic, offset):
            return what, todo
    for pattern, what, todo in _PATTERNS:
        if re.match(pattern, head, re.IGNORECASE):
            return what, todo
    return None


def _mistake(path: Path, head: bytes, tail: bytes) -> Problem | None:
    """Name a file that is something else than a model."""
    if not head:
        todo = "the file is empty: download or export it again"
        return Problem(where=str(path), what="0 bytes long", todo=todo)
    if known := _other_kind(head):
        what, todo = known
        return Problem(where=str(path), what=f"is {what}", todo=todo)
    if tail == _TABLE_MAGIC or re.search(r"\.(ckpt.*|data-\d+-of-\d+|index)$", path.name):
        return _checkpoint(path, "a checkpoint")
    if path.suffix in _SUFFIXES:
        return Problem(where=str(path), what=f"is {_SUFFIXES[path.suffix]}", todo=_FREEZE)
    if path.suffix == ".meta":
        return _checkpoint(path, "the graph of a checkpoint, without the values of its variables")
    return None


def _of_tensorflow_js(head: bytes) -> tuple[str, str]:
    """Which of its two kinds a ``model.json`` is, and what to do."""
    if b"layers-model" in head:
        return "a Keras model", (
            "turn it back with its own converter: tensorflowjs_converter --input_format "
            "tfjs_layers_model --output_format keras_saved_model model.json FOLDER"
        )
    return "a graph model", (
        "it was converted from another one, which is what to give: a SavedModel or a frozen "
        "GraphDef (.pb); docs/models.md says how to make a GraphDef of it if that one is lost"
    )


def _by_content(path: Path, head: bytes) -> Format | Problem:
    text = not _CONTROL.search(head)
    if text and _TFJS.match(head):
        kind, todo = _of_tensorflow_js(head)
        what = f"is {kind} of TensorFlow.js, whose weights are in other files"
        return Problem(where=str(path), what=what, todo=todo)
    if text and _GRAPH_TEXT.match(head):
        if path.suffix in _BINARY_SUFFIXES:
            what = f"holds a text GraphDef, though {path.suffix} says that it is binary"
            return Problem(where=str(path), what=what, todo="rename it to .pbtxt")
        return Format.TEXT
    if path.suffix in _TEXT_SUFFIXES:
        what = f"{path.suffix} says that it is a text GraphDef, but its content is not"
        todo = "name a binary GraphDef .pb" if not text else "it begins with `node {` or the like"
        return Problem(where=str(path), what=what, todo=todo)
    if text and path.suffix in _BINARY_SUFFIXES:
        what = f"holds text, though {path.suffix} says that it is binary"
        return Problem(where=str(path), what=what, todo="give a binary GraphDef")
    return Format.OP_LIST if text else Format.BINARY
