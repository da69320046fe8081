"""Every key of a target file is read by the code that it is for."""

from __future__ import annotations

import ast
import dataclasses
import typing

import pytest

from buildtool.config import Target
from buildtool.config.reader import keys_of
from tests.config.key_uses import Many, Use, keys_in, kind_of, sections_of, uses
from tests.house.code import modules

UNREAD = "unread"


def _missing(root: type) -> set[Use]:
    """The keys below ``root`` that nothing outside ``buildtool/config`` reads."""
    found = {
        use
        for name, module in modules().items()
        if not name.startswith("buildtool.config")
        for use in uses(module.tree, root)
    }
    return keys_in(sections_of(root).values()) - found


def _with_more(section: type) -> type:
    """A copy of a section, and of those in it, each with one more key."""
    fields: list[tuple[str, typing.Any]] = [(UNREAD, str)]
    for name, key in keys_of(section).items():
        inner = kind_of(key.type)
        if isinstance(inner, Many):
            fields.append((name, tuple[_with_more(inner.of), ...]))  # type: ignore[misc]
        else:
            fields.append((name, key.type if inner is None else _with_more(inner)))
    return dataclasses.make_dataclass(section.__name__, fields)


def test_every_key_is_read() -> None:
    assert _missing(Target) == set(), "a key that does nothing is a lie: read it, or drop it"


def test_a_key_that_nothing_reads_is_found() -> None:
    """So that the test above can fail: one more key in each section."""
    assert _missing(_with_more(Target)) == {(name, UNREAD) for name in sections_of(Target)}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("def f(work): return work.target.jobs", ("Target", "jobs")),
        ("def f(draft: Target): return draft.jobs", ("Target", "jobs")),
        ("def f(target): bazel = target.bazel; return bazel.flags", ("Bazel", "flags")),
        ("def f(target): return [m.samples for m in target.models]", ("Model", "samples")),
        ("def f(target):\n for i, m in enumerate(target.models): m.name", ("Model", "name")),
        ("def f(target): return target.models[0].tolerance", ("Model", "tolerance")),
        ("x = lambda target: target.optimise.lto", ("Optimise", "lto")),
    ],
)
def test_ways_to_read(text: str, read: Use) -> None:
    assert read in uses(ast.parse(text), Target)


@pytest.mark.parametrize(
    "text",
    [
        "def f(other): return other.jobs, other.optimise.lto",
        "def f(target): return target.where('jobs'), target.kind.lto",
        "def f(target):\n for x in target.models: pass\n for x in f(): x.samples",
    ],
)
def test_what_is_no_reading(text: str) -> None:
    assert uses(ast.parse(text), Target) <= {("Target", "models")}
