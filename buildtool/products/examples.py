"""Programs in ``dist/examples`` that load the target's model in each way that an app can: complete,
with the names and shapes of the model, for people to copy from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from buildtool.core.datatypes import short
from buildtool.core.render import Renderer
from buildtool.core.values import ModelInfo, TensorInfo
from buildtool.products import dist

FOLDER = "examples"
_MAPPED = "load_memory_mapped.cc"
_FROM_BYTES = ("load_from_file.cc", "load_from_memory.cc", "load_decrypted.cc")
# The types in C++ that are the same in all releases; int64 was long long in some.
CPP_TYPES = {
    "DT_BOOL": "bool",
    "DT_DOUBLE": "double",
    "DT_FLOAT": "float",
    "DT_INT8": "int8_t",
    "DT_INT16": "int16_t",
    "DT_INT32": "int32_t",
    "DT_UINT8": "uint8_t",
    "DT_UINT16": "uint16_t",
}


def write_examples(renderer: Renderer, models: Sequence[ModelInfo], version: str) -> None:
    """Write the programs below the renderer's folder, and remove those that an earlier model
    had: for the first model that is a graph, and for the first that is mapped into memory.
    ``version`` is TensorFlow's."""
    graphs = [model for model in models if model.node_count]
    plain = [model for model in graphs if model.package is None]
    mapped = [model for model in graphs if model.package is not None]
    wanted = {name: plain[0] for name in _FROM_BYTES if plain}
    wanted |= {_MAPPED: mapped[0]} if mapped else {}
    for name in (*_FROM_BYTES, _MAPPED):
        if name in wanted:
            values = _values(wanted[name]) | {"release_1": version.startswith("1.")}
            renderer.render(f"{FOLDER}/{name}", f"{FOLDER}/{name}.j2", program=name, **values)
        else:
            (renderer.folder / FOLDER / name).unlink(missing_ok=True)


def _values(model: ModelInfo) -> dict[str, Any]:
    return {
        "model": model.name,
        "file": dist.model_file(model, Path()).name,
        "inputs": [_input(tensor) for tensor in model.inputs],
        "outputs": [tensor.name for tensor in model.outputs],
        "initialisers": model.initialisers,
    }


def _input(tensor: TensorInfo) -> dict[str, str]:
    """What a program feeds; a dimension that the model leaves open is 1. ``type`` is empty where a
    program must ask TensorFlow for it."""
    sizes = tensor.shape or ()
    told = ", ".join("any" if size < 0 else str(size) for size in sizes)
    return {
        "name": tensor.name,
        "dtype": tensor.dtype,
        "type": CPP_TYPES.get(tensor.dtype, ""),
        "shape": "{" + ", ".join(str(1 if size < 0 else size) for size in sizes) + "}",
        "about": f"{short(tensor.dtype)}, "
        + (f"[{told}]" if tensor.shape is not None else "of any shape"),
    }
