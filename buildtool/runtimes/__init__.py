"""The runtimes: one package each, found by name here. To add one, write a
:class:`~buildtool.runtimes.runtime.Runtime` and list it in :data:`RUNTIMES`, give the key
``runtime`` its value, and name it in the platforms, backends and products that know it."""

from __future__ import annotations

from collections.abc import Iterator

from buildtool.config import COMMAND_LINE, Target
from buildtool.core.errors import Problem
from buildtool.platforms import PLATFORMS
from buildtool.runtimes.flex.flex_runtime import LITE_FLEX
from buildtool.runtimes.full.full_runtime import FULL
from buildtool.runtimes.lite.lite_runtime import LITE
from buildtool.runtimes.runtime import Runtime

RUNTIMES: dict[str, Runtime] = {runtime.name: runtime for runtime in (FULL, LITE, LITE_FLEX)}


def find_runtime(target: Target) -> Runtime:
    """What runs the models of a target."""
    return RUNTIMES[target.runtime]


def runs_graphs(target: Target) -> bool:
    """Whether the target's models are TensorFlow's graphs, whose runs can be looked into."""
    return find_runtime(target).runs_graphs


def runtime_problems(target: Target) -> Iterator[Problem]:
    """What a target asks for that its runtime has not, or that is not for its platform."""
    platform = PLATFORMS.get(target.platform)
    if platform is not None and target.runtime not in platform.runtimes:
        yield Problem(
            where=target.where("runtime"),
            what=f"runtime: {target.runtime!r} is not built for {platform.name} yet",
            todo=f"runtimes for {platform.name}: {', '.join(platform.runtimes)}",
        )
    # What the command line says is for the target that is built, which the step then refuses.
    for problem in find_runtime(target).find_problems(target):
        if problem.where != COMMAND_LINE:
            yield problem
