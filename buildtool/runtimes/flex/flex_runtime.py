"""TensorFlow Lite with ops of TensorFlow itself, as an app finds it and as it is proved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from buildtool.config import Target
from buildtool.core.errors import Problem
from buildtool.core.paths import FLEX_ARCHIVE, FLEX_LIBRARY, LITE_LIBRARY
from buildtool.core.values import ModelInfo
from buildtool.runtimes.lite.lite_runtime import GRAPH_KEYS, LITE, lite_problems, runner_defines
from buildtool.runtimes.runtime import Planner


def _runner_defines(models: Sequence[ModelInfo]) -> tuple[str, ...]:
    """The runner lists what TensorFlow registers, too."""
    return ("-DRUNNER_FLEX", *runner_defines(models))


def _problems(target: Target) -> Iterator[Problem]:
    """As for TensorFlow Lite; but kernels of TensorFlow's ops are compiled for types."""
    yield from lite_problems(target, GRAPH_KEYS)


def _planner() -> Planner:
    from buildtool.runtimes.flex.flex_planning import FlexPlanner  # noqa: PLC0415 - heavy

    return FlexPlanner()


# What an app's build calls it is the same, so that it takes either.
LITE_FLEX = replace(
    LITE,
    name="lite-flex",
    has_select_ops=True,
    shared_libraries=(LITE_LIBRARY, FLEX_LIBRARY),
    library=replace(LITE.library, title="TensorFlow Lite with Select TF ops", whole=FLEX_ARCHIVE),
    runner_defines=_runner_defines,
    find_problems=_problems,
    load_planner=_planner,
)
