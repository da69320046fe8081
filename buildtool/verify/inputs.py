"""What a model is fed with: a user's ``.npz`` file, or values made from a seed."""

from __future__ import annotations

import difflib
import io
import math
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from buildtool.core.datatypes import UNKNOWN
from buildtool.core.errors import ConfigError, Problem
from buildtool.core.values import ModelInfo, TensorInfo
from buildtool.verify.compare import Allowance
from buildtool.verify.tensor_files import NUMPY_TYPES, Array, Tensor, concrete_shape, seeded_input

# Bytes of one input; protobuf's messages, in which tensors travel, can be no larger.
_LARGEST = 2**31
SEEDED = "seeded from the model's SHA-256"
UNTYPED = "the model does not say of what type it is"


@dataclass(frozen=True, kw_only=True)
class ModelRun:
    """A model to run: ``graph`` is the frozen binary GraphDef, ``inputs`` an ``.npz`` with one
    array per input, or None for seeded ones; ``allowance`` is how far floats may be off.
    ``draws``: it has ops that draw random numbers. ``reference_kernels``: it is compared with
    TensorFlow Lite's reference kernels."""

    model: ModelInfo
    graph: Path
    allowance: Allowance
    inputs: Path | None = None
    draws: bool = False
    reference_kernels: bool = False


def model_inputs(model: ModelInfo, given: Path | None) -> tuple[Tensor, ...]:
    """The value for every input of ``model``, in its order: from ``given``, an ``.npz`` file with
    one array per input under the tensor's name (``x`` or ``x:0``), or seeded. Of several runs it
    is the first.

    Raises:
        ConfigError: as :func:`sample_runs`.
    """
    return sample_runs(model, given)[0]


def sample_runs(model: ModelInfo, given: Path | None) -> tuple[tuple[Tensor, ...], ...]:
    """The same for each run: where every array of ``given`` has one dimension more than its input,
    it holds a value for each of several runs.

    Raises:
        ConfigError: the file cannot be read, or its arrays are not the model's inputs; or an
            input's type (a resource, a variant) cannot be fed at all.
    """
    unfit = [info for info in model.inputs if info.dtype not in NUMPY_TYPES]
    if unfit:
        raise ConfigError(
            Problem(
                where=f"{model.name}: input {info.name!r}",
                what=UNTYPED if info.dtype == UNKNOWN else f"its type {info.dtype} cannot be fed",
                todo="state its 'dtype' beside its name under the target's 'inputs'"
                if info.dtype == UNKNOWN
                else "name other inputs for this model in the target file",
            )
            for info in unfit
        )
    if given is None:
        _check_sizes(model)
        return (tuple(seeded_input(model, info) for info in model.inputs),)
    return _given_runs(model, given)


def _check_sizes(model: ModelInfo) -> None:
    """Values that memory may not hold are never made."""
    problems = []
    for info in model.inputs:
        shape = concrete_shape(info.shape)
        size = math.prod(shape) * np.dtype(NUMPY_TYPES[info.dtype]).itemsize
        if size > _LARGEST:
            problems.append(
                Problem(
                    where=f"{model.name}: input {info.name!r}",
                    what=f"values of shape {shape} are larger than {_LARGEST >> 30} GiB",
                    todo="state a smaller 'shape' under the model's 'inputs'",
                )
            )
    if problems:
        raise ConfigError(problems)


def _given_runs(model: ModelInfo, path: Path) -> tuple[tuple[Tensor, ...], ...]:
    arrays = _load(path)
    runs = _run_count(model, arrays)
    problems = list(_unknown_names(model, path, arrays))
    found: list[list[Array]] = []
    for info in model.inputs:
        array = arrays.get(info.name, arrays.get(_plain(info.name)))
        parts = [array] if array is None or not runs else [np.asarray(part) for part in array]
        fault = next((fault for fault in (_fault(info, part) for part in parts) if fault), "")
        if fault:
            problems.append(Problem(where=f"{path}: {info.name}", what=fault))
        else:
            found.append([_converted(info, part) for part in parts if part is not None])
    if problems:
        raise ConfigError(problems)
    if not model.inputs:
        return ((),)
    return tuple(
        tuple(
            Tensor(name=info.name, dtype=info.dtype, array=value)
            for info, value in zip(model.inputs, values, strict=True)
        )
        for values in zip(*found, strict=True)
    )


def _run_count(model: ModelInfo, arrays: dict[str, Array]) -> int:
    """How many runs the arrays hold, if every one has a dimension more than its input; else 0."""
    counts = set()
    for info in model.inputs:
        array = arrays.get(info.name, arrays.get(_plain(info.name)))
        if array is None or info.shape is None or array.ndim != len(info.shape) + 1:
            return 0
        counts.add(len(array))
    return counts.pop() if len(counts) == 1 else 0


def _load(path: Path) -> dict[str, Array]:
    try:
        loaded = np.load(io.BytesIO(path.read_bytes()), allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            raise ValueError("it is a single array (.npy), without a name")
        return {name: loaded[name] for name in loaded.files}
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile) as failure:
        raise ConfigError(
            Problem(
                where=str(path),
                what=f"cannot be read as numpy's .npz: {failure}",
                todo="write it with numpy.savez(path, **{'input name': array}); "
                "strings as arrays of type S or U, bytes that end with zeros as numpy.void(bytes)",
            )
        ) from None


def _unknown_names(model: ModelInfo, path: Path, arrays: dict[str, Array]) -> Iterator[Problem]:
    known = {name for info in model.inputs for name in (info.name, _plain(info.name))}
    for name in sorted(set(arrays) - known):
        close = difflib.get_close_matches(name, known, n=1)
        inputs = ", ".join(info.name for info in model.inputs)
        yield Problem(
            where=f"{path}: {name}",
            what=f"the model {model.name} has no such input",
            todo=f"perhaps you meant {close[0]!r}" if close else f"its inputs are {inputs}",
        )


def _fault(info: TensorInfo, array: Array | None) -> str:
    """What is wrong with an array for this input, empty if nothing."""
    if array is None:
        return "there is no array for this input"
    wanted = np.dtype(NUMPY_TYPES[info.dtype])
    is_text = array.dtype.kind in "SUV" and array.dtype.names is None
    if is_text != (wanted.kind == "O") or not (is_text or array.dtype == wanted):
        return f"the array is {array.dtype}, the model wants {info.dtype}"
    if info.shape is not None and not _fits(array.shape, info.shape):
        return f"the array's shape is {array.shape}, the model wants {info.shape}"
    return ""


def _fits(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    return len(shape) == len(wanted) and all(
        size == want or want < 0 for size, want in zip(shape, wanted, strict=True)
    )


def _converted(info: TensorInfo, array: Array) -> Array:
    if info.dtype != "DT_STRING":
        return array
    encoded = np.char.encode(array, "utf-8") if array.dtype.kind == "U" else array
    # Of kind S, numpy drops zeros at the end; of kind V, none.
    return encoded.astype(object)


def _plain(name: str) -> str:
    return name.removesuffix(":0")
