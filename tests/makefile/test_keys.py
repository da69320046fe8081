"""Keys of a target's models and of its budget, from the file to what comes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from buildtool.core.errors import ExitCode

if TYPE_CHECKING:
    from tests.makefile.conftest import Workshop

pytestmark = pytest.mark.build

BUDGET = "  archive: 1 kB\n  linked: 1 kB\n  compressed: 1 kB\n"


def _model(workshop: Workshop, keys: str) -> str:
    """The lines of a target that name the model with these keys. One on the command line would
    have none, and no budget."""
    path = workshop.words("plan", "classes")[2].removeprefix("model=")
    return f"models:\n  - path: '{path}'\n{keys}"


def _doit(workshop: Workshop, step: str, code: int = 0) -> str:
    ended = workshop.project.doit(f"{step}:{workshop.target}", f"tf={workshop.tree}", code=code)
    return ended.err if code else ended.out


def test_a_type_that_the_model_contradicts(workshop: Workshop) -> None:
    workshop.setting(_model(workshop, "    inputs:\n      - {name: x, dtype: int64}\n"))
    err = _doit(workshop, "plan", code=ExitCode.UNSUPPORTED_MODEL)
    assert "targets/pi-makefile.yaml:7: dtype: 'x:0' is float in the model, not int64" in err


def test_a_tolerance_and_budgets(workshop: Workshop) -> None:
    keys = "    tolerance: 0.5\n    inputs: [{name: x, dtype: float}]\n"
    workshop.setting(BUDGET + _model(workshop, keys))
    _doit(workshop, "verify")
    (output,) = workshop.result("report")["verification"]["models"][0]["outputs"]
    assert (output["tolerance"], output["rule"]) == (0.5, "models[0].tolerance")
    err = _doit(workshop, "size", code=ExitCode.OVER_BUDGET)
    for line, name in enumerate(("archive", "linked", "compressed"), 4):
        assert f"targets/pi-makefile.yaml:{line}: size_budget.{name}: " in err
    assert "size_budget.stripped" not in err
    workshop.setting(_model(workshop, keys))
    _doit(workshop, "size")
