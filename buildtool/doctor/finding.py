"""What was found on this machine, and the one table of it."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from buildtool.core.errors import BuildToolError


class State(str, enum.Enum):
    """``OK``: it was tried and works. ``TOLD``: a fact, nothing that could fail. ``LACKING``: it is
    not there or does not work, and can be done without. ``MISSING``: the same, and it is needed."""

    OK = "ok"
    TOLD = "told"
    LACKING = "lacking"
    MISSING = "missing"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that targets need: where it was found, its version or what is known of it, and what
    to do about it. ``targets`` are those that need it, empty for all."""

    name: str
    state: State
    where: str = ""
    version: str = ""
    todo: str = ""
    targets: tuple[str, ...] = ()


def lacking(
    name: str, failure: BuildToolError, *, targets: tuple[str, ...] = (), without: str = ""
) -> list[Finding]:
    """What an error says is missing; ``without`` says what is lost, if it can be done without."""
    return [
        Finding(
            name=name,
            state=State.LACKING if without else State.MISSING,
            where=problem.where,
            version=_in_a_line(problem.what),
            todo=f"{problem.todo}; without it {without}" if without else problem.todo,
            targets=targets,
        )
        for problem in failure.problems
    ]


def _in_a_line(what: str) -> str:
    """The first line, and of a compiler's output the first error."""
    first, *rest = what.splitlines()
    error = next((line.strip() for line in rest if "error:" in line), "")
    return f"{first.rstrip(':')}: {error}" if error else first


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """Each once, with all targets that need it; what is missing first."""
    found: dict[Finding, tuple[str, ...]] = {}
    for each in findings:
        key = replace(each, targets=())
        found[key] = tuple(dict.fromkeys((*found.get(key, ()), *each.targets)))
    rows = [replace(each, targets=targets) for each, targets in found.items()]
    order = [State.MISSING, State.LACKING, State.OK, State.TOLD]
    return sorted(rows, key=lambda each: order.index(each.state))


def missing(findings: Sequence[Finding]) -> list[Finding]:
    """Those that are needed and not there."""
    return [each for each in findings if each.state is State.MISSING]
