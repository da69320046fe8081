"""The table of steps goes with the modules that do them."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from buildtool import workflow
from buildtool.cli.steps import STEPS, Step
from buildtool.config import load_targets
from buildtool.workflow.identify_step import Question
from buildtool.workflow.workspace import Workspace

MODULES = {each.name for each in pkgutil.iter_modules(workflow.__path__)}


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_each_step_has_a_module_that_runs_it(step: Step) -> None:
    module = importlib.import_module(f"buildtool.workflow.{step.run}")
    function = module.run_together if step.together else module.run
    signature = inspect.signature(function, eval_str=True)
    taken = [each.annotation for each in signature.parameters.values()]
    if step.together:
        assert taken == [Mapping[str, Sequence[Workspace]], Path, bool]
    else:
        assert taken == [Question if step.of_files else Workspace]
    assert signature.return_annotation is str


def test_each_module_of_a_step_is_in_the_table() -> None:
    assert {name for name in MODULES if name.endswith("_step")} == {step.run for step in STEPS}


def test_steps_come_after_those_whose_files_they_read() -> None:
    written: set[str] = set()
    for step in STEPS:
        assert {name for name in step.reads if "{" not in name} <= written
        written.update(step.writes)


def test_only_the_files_of_a_saved_model_are_looked_at_of_folders(tmp_path: Path) -> None:
    (tmp_path / "targets").mkdir()
    (tmp_path / "model").mkdir()
    for name in ("saved_model.pb", "fingerprint.pb"):
        (tmp_path / "model" / name).touch()
    (tmp_path / "targets" / "pi.yaml").write_text(
        "platform: raspberrypi\nabi: aarch64\nmodels: [/proc, model]\n"
    )
    target = load_targets(tmp_path / "targets")["pi"]
    (plan,) = (step for step in STEPS if step.name == "plan")
    assert sorted(path.name for path in plan.user_files(target)) == [
        "fingerprint.pb",
        "saved_model.pb",
    ]
