"""What a target chooses between size and other things: the keys of ``optimise`` that a goal
sets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from buildtool.config import Target
from buildtool.core.errors import Problem

# Clang and GCC, "Options for Code Generation Conventions": the second says of each instruction
# where the caller is, and is the default on most processors; the first of each call.
NO_TABLES = ("-fno-asynchronous-unwind-tables", "-fno-unwind-tables")
NO_RTTI = "-fno-rtti"
FIXED_ADDRESS = "-no-pie"


@dataclass(frozen=True, kw_only=True)
class SizeChoices:
    """The keys of :class:`~buildtool.config.target.Optimise` that are unset by default."""

    level: str = "Os"
    protos: str = "full"
    rtti: bool = True
    unwind_tables: bool = True
    position_independent: bool = True

    @property
    def compile_flags(self) -> tuple[str, ...]:
        """Those of every object, but for the level."""
        return (
            *(() if self.rtti else (NO_RTTI,)),
            *(() if self.unwind_tables else NO_TABLES),
        )


GOALS: Mapping[str, SizeChoices] = {
    "balanced": SizeChoices(),
    "smallest": SizeChoices(
        level="Oz", protos="lite", rtti=False, unwind_tables=False, position_independent=False
    ),
}

# Of what is not as usual, whichever way it came about.
PRICES: Mapping[str, str] = {
    "protos": "TensorFlow's messages are lite: errors and logs show a message's name in place of "
    "its text, and an app can read no .pbtxt",
    "rtti": "no run-time type information: an app whose classes derive from TensorFlow's is "
    "compiled with -fno-rtti, too",
    "unwind_tables": "no unwind tables: debuggers and crash reports show nothing above a function "
    "of the library, and no exception passes through it",
    "position_independent": "programs are linked for a fixed address: attacks are easier",
}


def size_choices(target: Target, able: Collection[str]) -> SizeChoices:
    """What the target says itself, and where it does not, what its goal is; of ``able`` keys only,
    which the backend knows what to do with for this target."""
    asked = {key: value for key, value in _explicit(target).items() if key in able}
    goal = {key: getattr(GOALS[target.optimise.goal], key) for key in able}
    return SizeChoices(**{**goal, **asked})


def unable(target: Target, able: Collection[str], *, who: str) -> list[Problem]:
    """The keys that are set to something else than is done anyway, and that ``who`` can not do."""
    usual = SizeChoices()
    return [
        Problem(
            where=target.where(f"optimise.{key}"),
            what=f"optimise.{key}: {who} cannot do that",
            todo="leave the key out",
        )
        for key, value in _explicit(target).items()
        if key not in able and value != getattr(usual, key)
    ]


def size_notes(choices: SizeChoices) -> list[str]:
    """What is smaller than usual, and its price."""
    usual = SizeChoices()
    return [price for key, price in PRICES.items() if getattr(choices, key) != getattr(usual, key)]


def _explicit(target: Target) -> Mapping[str, object]:
    optimise = target.optimise
    keys = {
        "level": optimise.level,
        "protos": optimise.protos,
        "rtti": optimise.rtti,
        "unwind_tables": optimise.unwind_tables,
        "position_independent": optimise.position_independent,
    }
    return {key: value for key, value in keys.items() if value is not None}
