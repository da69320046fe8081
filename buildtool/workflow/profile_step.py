"""The step ``profile``: how long the models take where the library runs, node by node."""

from __future__ import annotations

from buildtool.core.errors import ConfigError, Problem
from buildtool.core.paths import Layout
from buildtool.core.run import new_log
from buildtool.profile.model_profile import (
    Circumstance,
    Measured,
    ModelProfile,
    find_profile,
    measure_model,
)
from buildtool.profile.profile_pages import write_profile
from buildtool.verify import ModelRun, check_emulator
from buildtool.verify.program import Program
from buildtool.verify.runnable import Runnable
from buildtool.workflow.workspace import Workspace

RUNS = 20
STATISTICS = "tensorflow/core/framework/step_stats.proto"  # which a tree that was cut down may lack
TIMEOUT = 900.0  # seconds for one model


def run(work: Workspace) -> str:
    """Measure each model, compare it with other targets, and write what was found. Returns a line.

    Raises:
        ConfigError: another target's profile is not there.
        ToolError: the program cannot be started.
        VerificationError: a model does not run.
    """
    found = work.product.maker(work.target).runnable(work)
    others = {item.model.name: _others(work, item) for item in found.models}
    new_log(work.layout.log("profile"))
    averages = []
    for place, item in enumerate(found.models):
        work.say(f"running {item.model.name} on {found.place}")
        measured = _measure(work, found, item, place)
        text = write_profile(work.layout.profile, measured, others[item.model.name])
        work.say(f"\n{text}")
        averages.append(f"{item.model.name} {measured.profile.average:.3g} ms")
    where = work.layout.profile.relative_to(work.layout.folder.parent.parent)
    emulated = ", which is no measure of the device's speed" if found.is_emulated else ""
    return f"{', '.join(averages)} a run on {found.place}{emulated}; tables and pages in {where}"


def refusal(work: Workspace) -> str:
    """Why nothing can be measured here of a library that is planned; empty if it can.

    Raises:
        ConfigError: the target has no model.
        ToolError: what programs run on is missing or does not do.
    """
    found = work.product.maker(work.target).runnable(work)
    if found.not_run:
        return found.not_run
    if not (work.job.tree.path / STATISTICS).is_file():
        return f"the tree has no {STATISTICS}, in which TensorFlow tells what nodes take"
    if not found.models:
        where, what = (
            f"profile:{work.target.id}",
            "there is no model to run: the target names only ops",
        )
        raise ConfigError(Problem(where=where, what=what, todo="name one with model=FILE"))
    check_emulator(found.emulator)
    return ""


def _others(work: Workspace, item: ModelRun) -> tuple[ModelProfile, ...]:
    """The profiles of the same model on the targets that the command line names."""
    folders = {
        name: Layout(folder=work.layout.folder.parent / name).profile
        for name in work.against
        if name != work.target.id
    }
    return tuple(find_profile(folder, name, item.model) for name, folder in folders.items())


def _measure(work: Workspace, found: Runnable, item: ModelRun, place: int) -> Measured:
    program = Program(
        argv=found.argv,
        name=found.program.name,
        log=work.layout.log("profile"),
        timeout=TIMEOUT,
        env={"TF_CPP_MIN_LOG_LEVEL": "2"},
        device=found.device,
    )
    where = Circumstance(
        target=work.target.id,
        tensorflow_version=work.plan.tensorflow_version,
        place=found.place,
        emulated=found.is_emulated,
    )
    folder = work.layout.profile / f"model-{place}"
    return measure_model(item, program, where, folder=folder, runs=work.runs or RUNS)
