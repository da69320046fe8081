"""Steps by their names, with their parameters."""

from __future__ import annotations

import pytest

from buildtool.core.errors import ConfigError
from buildtool.model.transforms import chosen_preparations
from buildtool.model.transforms.preparations import PREPARATIONS, RECIPES

NAMES = [step.name for step in PREPARATIONS]


def test_steps_are_done_in_their_order_whatever_the_target_says() -> None:
    chosen = chosen_preparations(["fold-constants", "strip"], "t.yaml:3")
    assert [choice.transform.name for choice in chosen] == ["strip", "fold-constants"]
    assert len({*NAMES}) == len(NAMES)


def test_a_recipe_is_its_steps_and_may_be_given_more() -> None:
    chosen = chosen_preparations(["deploy", "strip"], "")
    assert tuple(choice.transform.name for choice in chosen) == RECIPES["deploy"]


def test_parameters_go_to_their_step() -> None:
    given = {"remove-nodes": {"ops": ("Identity",)}}
    strip, remove = chosen_preparations(["strip", "remove-nodes"], "", given)
    assert (strip.parameters, remove.parameters) == ({}, {"ops": ("Identity",)})


def test_a_name_that_there_is_not() -> None:
    with pytest.raises(ConfigError) as caught:
        chosen_preparations(["remove-node", "zzz"], "t.yaml:3")
    first, second = caught.value.problems
    assert (first.where, first.what) == (
        "t.yaml:3",
        "prepare.steps: there is no 'remove-node'",
    )
    assert "remove-nodes" in first.todo
    assert "zzz" in second.what
