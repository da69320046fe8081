"""Op lists: text or JSON that names ops, and kernel classes, instead of a model.

As text, a line is ``Op`` or ``Op:KernelClass``; ``#`` begins a comment. As JSON it is the list
``[["Op", "KernelClass"], ["Op", null], "Op"]`` that TensorFlow 2.14.1's own
``print_selective_registration_header --proto_fileformat=ops_list`` takes.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

from buildtool.core.errors import Problem

_OP = re.compile(r"_?[A-Za-z]\w*(>\w+)*")
MOST_SHOWN = 10
_TODO = 'a line is `Op` or `Op:KernelClass`; JSON is [["Op", "KernelClass"], ...]'


class Entry(NamedTuple):
    """One op of the list; ``kernel_class`` is empty where it names none. ``line`` is 0 in JSON."""

    op: str
    kernel_class: str
    line: int


def parse(text: str, path: Path) -> tuple[list[Entry], list[Problem]]:
    """Read an op list; give its entries and everything that is wrong with it."""
    if text.lstrip().startswith("["):
        entries, problems = _parse_json(text, path)
    else:
        entries, problems = _parse_lines(text)
    for entry in entries:
        if not _OP.fullmatch(entry.op):
            problems.append(_problem(path, entry.line, f"{entry.op!r} is not the name of an op"))
    if (more := len(problems) - MOST_SHOWN) > 0:
        what = f"{more} more lines are no ops either: is it another kind of file?"
        problems[MOST_SHOWN:] = [_problem(path, 0, what)]
    if not entries and not problems:
        problems.append(_problem(path, 0, "names no op"))
    return entries, problems


def _problem(path: Path, line: int, what: str) -> Problem:
    return Problem(where=f"{path}:{line}" if line else str(path), what=what, todo=_TODO)


def _parse_lines(text: str) -> tuple[list[Entry], list[Problem]]:
    entries = []
    for number, line in enumerate(text.splitlines(), 1):
        content = line.partition("#")[0].strip()
        if content:
            op, _, kernel_class = content.partition(":")
            entries.append(Entry(op.strip(), kernel_class.strip(), number))
    return entries, []


def _parse_json(text: str, path: Path) -> tuple[list[Entry], list[Problem]]:
    try:
        items = json.loads(text)
    except json.JSONDecodeError as failure:
        return [], [_problem(path, failure.lineno, f"is not JSON: {failure.msg}")]
    except (ValueError, RecursionError):
        return [], [_problem(path, 0, "has a number that is too long, or too many brackets")]
    entries: list[Entry] = []
    problems: list[Problem] = []
    for item in items:
        match item:
            case str(op) | [str(op)] | [str(op), None]:
                entries.append(Entry(op, "", 0))
            case [str(op), str(kernel_class)]:
                entries.append(Entry(op, kernel_class, 0))
            case _:
                problems.append(_problem(path, 0, f"{json.dumps(item)[:60]} is not an op"))
    return entries, problems
