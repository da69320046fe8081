"""What a target chooses between size and other things."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.backends.common.own_compilers import size_keys
from buildtool.backends.common.size_choices import (
    PRICES,
    SizeChoices,
    size_choices,
    size_notes,
    unable,
)
from buildtool.config import Target, load_targets
from buildtool.platforms import PLATFORMS

Load = Callable[[str], Target]
KEYS = tuple(each.name for each in dataclasses.fields(SizeChoices))
ALL = SizeChoices(
    level="Oz", protos="lite", rtti=False, unwind_tables=False, position_independent=False
)


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """The target of such a text, for a PC."""

    def target(text: str) -> Target:
        (tmp_path / "targets").mkdir()
        base = "platform: linux\nabi: x86_64\nmodels: [m.pb]\n"
        (tmp_path / "targets/pc.yaml").write_text(base + text, encoding="utf-8")
        return load_targets(tmp_path / "targets", checks=())["pc"]

    return target


@pytest.mark.parametrize(
    ("text", "able", "chosen"),
    [
        ("", KEYS, SizeChoices()),
        ("optimise: smallest\n", KEYS, ALL),
        ("optimise: {goal: smallest}\n", ("level",), SizeChoices(level="Oz")),
        ("optimise: smallest\n", (), SizeChoices()),
        ("optimise: {rtti: false}\n", KEYS, SizeChoices(rtti=False)),
        (
            "optimise: {goal: smallest, level: O2, rtti: true}\n",
            KEYS,
            SizeChoices(level="O2", protos="lite", unwind_tables=False, position_independent=False),
        ),
    ],
)
def test_what_is_said_goes_before_the_goal(
    load: Load, text: str, able: tuple[str, ...], chosen: SizeChoices
) -> None:
    assert size_choices(load(text), able) == chosen


def test_a_key_that_cannot_be_followed_is_told_where_it_stands(load: Load) -> None:
    target = load("optimise:\n  goal: smallest\n  rtti: false\n  protos: full\n")
    (problem,) = unable(target, ("level",), who="the backend 'x'")
    assert str(problem.where) == "targets/pc.yaml:6"
    assert problem.what == "optimise.rtti: the backend 'x' cannot do that"


def test_what_is_smaller_has_its_price_told() -> None:
    assert size_notes(SizeChoices(level="Oz")) == []
    assert size_notes(ALL) == list(PRICES.values())


@pytest.mark.parametrize(
    ("platform", "product", "fixed"),
    [
        ("linux", "auto", True),
        ("raspberrypi", "static", True),
        ("linux", "shared", False),
        ("android", "static", False),
        ("ios", "static", False),
    ],
)
def test_programs_have_a_fixed_address_where_there_are_any(
    load: Load, platform: str, product: str, fixed: bool
) -> None:
    found = size_keys(load(f"product: {product}\n"), PLATFORMS[platform])
    assert ("position_independent" in found) == fixed


def test_flags_of_every_object() -> None:
    assert SizeChoices().compile_flags == ()
    assert ALL.compile_flags == (
        "-fno-rtti",
        "-fno-asynchronous-unwind-tables",
        "-fno-unwind-tables",
    )
