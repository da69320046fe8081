"""TensorFlow Lite, as an app finds it and as it is proved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from buildtool.config import COMMAND_LINE, Model, Target
from buildtool.convert.conversion_wishes import (
    OBSERVING,
    conversion_key,
    conversion_of,
    is_converted,
)
from buildtool.core.errors import Problem
from buildtool.core.paths import LITE_ARCHIVE, LITE_LIBRARY, LITE_RUNNER
from buildtool.core.values import ModelInfo
from buildtool.prepare.wishes import is_prepared
from buildtool.runtimes.runtime import LibraryNames, Planner, Runtime

# What apps include besides what the runner does: the interface for C, and all of C++'s.
HEADERS = (
    "tensorflow/lite/c/c_api.h",
    "tensorflow/lite/create_op_resolver.h",
    "tensorflow/lite/interpreter.h",
    "tensorflow/lite/interpreter_builder.h",
    "tensorflow/lite/model_builder.h",
    "tensorflow/lite/mutable_op_resolver.h",
    "tensorflow/lite/optional_debug_tools.h",
    "tensorflow/lite/signature_runner.h",
    "tensorflow/lite/string_util.h",
    "tensorflow/lite/version.h",
)
# Keys of a target and of its models that are about graphs, kernels' types, or protobuf.
GRAPH_KEYS = (
    *("registration", "file_list", "rewrites", "exports"),
    *("protobuf_prefix", "app_protobuf"),
)
_TARGET_KEYS = ("types", *GRAPH_KEYS)
_CONVERTED_KEYS = ("initialise", "state")
_MODEL_KEYS = ("inputs", "outputs", "signature", "tags", *_CONVERTED_KEYS)


def runner_defines(models: Sequence[ModelInfo]) -> tuple[str, ...]:
    """What only the runner of models with texts does."""
    ends = (end for model in models for end in (*model.inputs, *model.outputs))
    return ("-DRUNNER_STRINGS",) if any(end.dtype == "DT_STRING" for end in ends) else ()


def lite_problems(target: Target, unread: Sequence[str] = _TARGET_KEYS) -> Iterator[Problem]:
    """Keys that say nothing of ``.tflite`` models, which are as their converter left them; those in
    ``unread`` are the target's."""
    for key in unread:
        if getattr(target, key) != getattr(Target, key):
            yield _unread(target, key)
    for index, model in enumerate(target.models):
        is_converted = conversion_of(target, model) is not None
        for key in _CONVERTED_KEYS if is_converted else _MODEL_KEYS:
            if getattr(model, key) != getattr(Model, key):
                yield _unread(target, f"models[{index}].{key}")
    if is_prepared(target):
        yield Problem(
            where=target.where("prepare"),
            what="prepare: only graphs are prepared, not the models of "
            f"'runtime: {target.runtime}'",
            todo="leave the keys out, and have the converter make the model smaller: 'convert'",
        )
    yield from _unfit_conversions(target)


def _unfit_conversions(target: Target) -> Iterator[Problem]:
    """Models that are converted already, and those without the samples that a conversion needs."""
    for place, model in enumerate(target.models):
        keys, key = conversion_of(target, model), conversion_key(target, place)
        if keys is None and model.convert is not None:
            yield Problem(
                where=target.where(key),
                what=f"{key}: {model.path.name} is converted already",
                todo="leave the key out, or name the model that the file was made of",
            )
        if keys is not None and keys.numbers == OBSERVING and model.samples is None:
            yield Problem(
                where=target.where(f"{key}.numbers"),
                what=f"{key}.numbers: the model '{model.name}' has no samples, in which the ranges "
                "of int8 could be observed",
                todo=f"give it 'samples', or write '{key}: dynamic-range'",
            )
    is_in_vain = target.convert is not None and target.models and not is_converted(target)
    if is_in_vain and target.where("models") != COMMAND_LINE:
        yield Problem(
            where=target.where("convert"),
            what="convert: all models are converted already",
            todo="leave the key out, or name the models that the files were made of",
        )


def _unread(target: Target, key: str) -> Problem:
    return Problem(
        where=target.where(key),
        what=f"{key}: 'runtime: {target.runtime}' does not read it",
        todo="leave the key out",
    )


def _planner() -> Planner:
    from buildtool.runtimes.lite.lite_planning import LitePlanner  # noqa: PLC0415 - heavy

    return LitePlanner()


LITE = Runtime(
    name="lite",
    library=LibraryNames(
        title="TensorFlow Lite",
        plain=LITE_ARCHIVE,
        package="TensorFlowLiteSelective",
        component="tensorflow-lite",
        module="tensorflow-lite-selective",
    ),
    runner=LITE_RUNNER,
    headers=HEADERS,
    runs_graphs=False,
    has_select_ops=False,
    has_examples=False,
    app_source="model_lite.cc",
    loading_ways=("mapped", "memory"),
    shared_libraries=(LITE_LIBRARY,),
    runner_defines=runner_defines,
    find_problems=lite_problems,
    load_planner=_planner,
)
