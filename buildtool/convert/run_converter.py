"""Run in a process of its own, as it imports TensorFlow: convert a model, and run it before and
after.

``python -m buildtool.convert.run_converter REQUEST.json FOLDER`` leaves ``model.tflite`` in FOLDER,
and ``answer.json``: what its ends are called, and how far its outputs are from the original's; or
the problems, and of which class of errors they are.

What may stay an op of TensorFlow does so only where TensorFlow Lite has none: that is tried first
without such ops, and lists of tensors become plain tensors unless the converter cannot do that.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from buildtool.convert.conversion_request import ANSWER, MODEL, PATH, SAMPLES, ConversionRequest
from buildtool.convert.converter_words import Complaint, read_complaint
from buildtool.convert.original_models import (
    Original,
    Values,
    first_sentence,
    is_finite,
    open_original,
    type_name,
)
from buildtool.convert.steady_nodes import steady
from buildtool.core.decode import from_json
from buildtool.core.errors import BuildToolError, ConfigError, ModelError, Problem
from buildtool.core.values import Difference, ModelInfo, TensorInfo
from buildtool.model.lite.tflite_file import read_model
from buildtool.prepare.price import differences
from buildtool.verify.inputs import sample_runs
from buildtool.verify.reference import interpreted
from buildtool.verify.tensor_files import Tensor

_OPS = tf.lite.OpsSet
_NUMBERS = "write another 'numbers' under 'convert', such as 'dynamic-range'"


def main() -> None:
    """Do what the request says."""
    request = from_json(ConversionRequest, json.loads(Path(sys.argv[1]).read_text("utf-8")))
    folder = Path(sys.argv[2])
    try:
        answer = _convert(request, folder)
    except BuildToolError as failure:
        problems = [dataclasses.asdict(problem) for problem in failure.problems]
        answer = {"error": type(failure).__name__, "problems": problems}
    (folder / ANSWER).write_text(json.dumps(answer), encoding="utf-8")


def _convert(request: ConversionRequest, folder: Path) -> dict[str, Any]:
    try:
        original = open_original(request, folder)
    except BuildToolError:
        raise
    except Exception as failure:  # TensorFlow raises errors of any kind
        what = f"TensorFlow {tf.__version__} does not load it: {first_sentence(failure)}"
        todo = "copy its files again, in case one is cut off; or save it again"
        raise ModelError(Problem(where=PATH, what=what, todo=todo)) from None
    runs = _runs(request, original)
    content = steady(_converted(request, original, runs))
    (folder / MODEL).write_bytes(content)
    inputs, outputs = _called(request, content)
    prices, compared = _priced(request, original, content, runs)
    return {
        "inputs": inputs,
        "outputs": outputs,
        "differences": [dataclasses.asdict(price) for price in prices],
        "compared": compared,
        "runs": len(runs) if prices else 0,
        "notes": original.notes,
    }


def _runs(request: ConversionRequest, original: Original) -> Sequence[Values]:
    """What the model is fed with in each run.

    Raises:
        ConfigError: the samples do not fit the model.
    """
    samples = Path(request.samples) if request.samples else None
    info = ModelInfo(
        name=request.name,
        path=Path(request.path),
        sha256=request.sha256,
        inputs=original.inputs,
        outputs=tuple(TensorInfo(name=n, dtype="", shape=None) for n in original.outputs),
        node_count=0,
    )
    runs = [{each.name: each.array for each in run} for run in sample_runs(info, samples)]
    if request.numbers == "int8" and not all(map(is_finite, runs)):
        what = "a number in it is infinite or none, so no range can be observed"
        todo = "leave such samples out"
        raise ConfigError(Problem(where=SAMPLES, what=what, todo=todo))
    return runs


def _converted(request: ConversionRequest, original: Original, runs: Sequence[Values]) -> bytes:
    """The converted model, with as few ops of TensorFlow as there can be.

    Raises:
        ModelError: the converter fails.
    """
    found: bytes | Complaint = _attempt(request, original, runs)
    if isinstance(found, Complaint) and found.is_of_ops and request.selects:
        found = _attempt(request, original, runs, selects=True)
        if isinstance(found, Complaint) and found.lists:
            found = _attempt(request, original, runs, selects=True, lowers=False)
    if isinstance(found, Complaint):
        raise ModelError(list(_problems(request, original, found)))
    return found


def _attempt(
    request: ConversionRequest,
    original: Original,
    runs: Sequence[Values],
    *,
    selects: bool = False,
    lowers: bool = True,
) -> bytes | Complaint:
    """What the converter makes of it, or says."""
    try:
        converter = original.converter()
        converter.target_spec.supported_ops = [
            _OPS.TFLITE_BUILTINS_INT8 if request.numbers == "int8" else _OPS.TFLITE_BUILTINS,
            *([_OPS.SELECT_TF_OPS] if selects else []),
        ]
        converter._experimental_lower_tensor_list_ops = lowers  # nothing public does it
        if request.numbers != "float":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if request.numbers == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if request.numbers == "int8":
            converter.representative_dataset = lambda: map(original.feed, runs)
        content: bytes = converter.convert()
    except Exception as failure:  # the converter raises errors of any kind
        print(failure, file=sys.stderr)
        return read_complaint(str(failure))
    return content


def _problems(request: ConversionRequest, original: Original, said: Complaint) -> Iterator[Problem]:
    where = ""
    if said.select:
        what = f"needs ops of TensorFlow that TensorFlow Lite lacks: {', '.join(said.select)}"
        yield Problem(where=where, what=what, todo="set 'runtime: lite-flex', which has them")
    elif said.lists:
        what = f"lists of tensors ({', '.join(said.lists)}) have elements of no known shape"
        name, shape = _unsized(original)
        state = f"state a whole shape under the model's 'inputs', as in '{{name: {name}, shape: "
        state = f"{state}{shape}}}'; or " if name else ""
        yield Problem(where=where, what=what, todo=f"{state}set 'runtime: lite-flex'")
    if said.custom:
        what = f"neither TensorFlow Lite nor TensorFlow has the ops {', '.join(said.custom)}"
        yield Problem(where=where, what=what, todo="leave them out of the model that ships")
    if not (said.is_of_ops or said.custom):
        what = f"TensorFlow {tf.__version__}'s converter fails: {said.words}"
        todo = "change the node that it names in the model"
        todo += f"; or {_NUMBERS}" if request.numbers != "float" else ""
        yield Problem(where=where, what=what, todo=todo)


def _unsized(original: Original) -> tuple[str, list[int]]:
    """An input whose shape is not whole, and one that would be."""
    for info in original.inputs:
        if info.shape and min(info.shape) < 0:
            return info.name, [max(size, 1) for size in info.shape]
    return "", []


def _priced(
    request: ConversionRequest, original: Original, content: bytes, runs: Sequence[Values]
) -> tuple[tuple[Difference, ...], str]:
    """How far the outputs are from the original's, and on what they were compared, or why not."""
    if original.draws:
        return (), f"not compared: node {original.draws!r} draws random numbers or reads the clock"
    try:
        before = [original.run(run) for run in runs]
    except Exception as failure:
        return (), f"not compared: TensorFlow does not run the original: {first_sentence(failure)}"
    try:
        after = [_run_lite(content, run, _called(request, content)) for run in runs]
    except Exception as failure:
        what = f"TensorFlow Lite does not run what was converted: {first_sentence(failure)}"
        todo = "give samples as the app feeds it, as 'samples'" if not request.samples else _NUMBERS
        raise ModelError(Problem(where="", what=what, todo=todo)) from None
    names = [name for name in original.outputs if all(name in run for run in after)]
    pairs = ([_tensors(names, run) for run in results] for results in (after, before))
    samples = Path(request.samples).name if request.samples else "seeded inputs"
    times = f"{len(runs)} runs of " * (len(runs) > 1)
    return differences(*pairs), f"TensorFlow {tf.__version__} on {times}{samples}"


def _called(request: ConversionRequest, content: bytes) -> tuple[Sequence[str], Sequence[str]]:
    """What the original calls the ends of the converted model. Those of a graph stay in order."""
    inputs, outputs = read_model(content).called()
    if (len(inputs), len(outputs)) == (len(request.inputs), len(request.outputs)):
        return request.inputs, request.outputs
    return inputs, outputs


def _run_lite(
    content: bytes, values: Values, called: tuple[Sequence[str], Sequence[str]]
) -> Values:
    """The outputs of a converted model, by name."""
    inputs, outputs = called
    interpreter = tf.lite.Interpreter(
        model_content=content,
        experimental_op_resolver_type=(
            tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        ),
    )
    found = interpreted(interpreter, [values[name] for name in inputs])
    return dict(zip(outputs, found, strict=True))


def _tensors(names: Sequence[str], values: Values) -> tuple[Tensor, ...]:
    return tuple(
        Tensor(
            name=name,
            dtype=type_name("string" if values[name].dtype.kind in "OSU" else values[name].dtype),
            array=values[name],
        )
        for name in names
    )


if __name__ == "__main__":
    main()
