"""TensorFlow itself, as an app finds it and as it is proved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from buildtool.config import Target
from buildtool.core.errors import Problem
from buildtool.core.paths import RUNNER
from buildtool.core.values import ModelInfo
from buildtool.runtimes.runtime import TENSORFLOW_NAMES, Planner, Runtime

# What apps include besides what the runner does: for ops of their own, files, threads, options, and
# to load models as the examples do.
HEADERS = (
    "tensorflow/core/framework/common_shape_fns.h",
    "tensorflow/core/framework/register_types.h",
    "tensorflow/core/framework/shape_inference.h",
    "tensorflow/core/framework/tensor_util.h",
    "tensorflow/core/lib/core/errors.h",
    "tensorflow/core/lib/core/threadpool.h",
    "tensorflow/core/lib/io/path.h",
    "tensorflow/core/lib/strings/str_util.h",
    "tensorflow/core/lib/strings/stringprintf.h",
    "tensorflow/core/platform/protobuf.h",
    "tensorflow/core/protobuf/config.pb.h",
    "tensorflow/core/protobuf/meta_graph.pb.h",
    "tensorflow/core/public/session_options.h",
    "tensorflow/core/public/version.h",
)


def _runner_defines(models: Sequence[ModelInfo]) -> tuple[str, ...]:
    """What the runner can do of what only some libraries can."""
    maps = any(model.package is not None for model in models)
    return ("-DRUNNER_MAPS_MODELS",) if maps else ()


def _problems(target: Target) -> Iterator[Problem]:
    """All keys are for it, but those of another runtime."""
    stated = {
        "convert": target.convert is not None,
        "kernels": target.kernels != Target.kernels,
        **{
            f"models[{place}].convert": model.convert is not None
            for place, model in enumerate(target.models)
        },
    }
    for key, is_stated in stated.items():
        if is_stated:
            yield Problem(
                where=target.where(key),
                what=f"{key}: 'runtime: {target.runtime}' does not read it",
                todo="set 'runtime: lite', or leave the key out",
            )


def _planner() -> Planner:
    from buildtool.runtimes.full.full_planning import FullPlanner  # noqa: PLC0415 - heavy

    return FullPlanner()


FULL = Runtime(
    name="full",
    library=TENSORFLOW_NAMES,
    runner=RUNNER,
    headers=HEADERS,
    runs_graphs=True,
    has_select_ops=False,
    has_examples=True,
    app_source="model_full.cc",
    loading_ways=("file", "memory"),
    shared_libraries=(),
    runner_defines=_runner_defines,
    find_problems=_problems,
    load_planner=_planner,
)
