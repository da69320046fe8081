"""The table of steps goes with the modules that do them."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import pytest

from buildtool import workflow
from buildtool.cli.steps import STEPS, Step
from buildtool.workflow.workspace import Workspace

MODULES = {each.name for each in pkgutil.iter_modules(workflow.__path__)}


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_each_step_has_a_module_that_runs_it(step: Step) -> None:
    module = importlib.import_module(f"buildtool.workflow.{step.run}")
    signature = inspect.signature(module.run, eval_str=True)
    assert [each.annotation for each in signature.parameters.values()] == [Workspace]
    assert signature.return_annotation is str


def test_each_module_of_a_step_is_in_the_table() -> None:
    assert {name for name in MODULES if name.endswith("_step")} == {step.run for step in STEPS}


def test_steps_come_after_those_whose_files_they_read() -> None:
    written: set[str] = set()
    for step in STEPS:
        assert {name for name in step.reads if "{" not in name} <= written
        written.update(step.writes)
