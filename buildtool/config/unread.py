"""Sections of keys that one platform or backend reads, in targets that are for another one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from types import ModuleType

from buildtool.config import backend_keys, platform_keys
from buildtool.config.target import Target
from buildtool.core.errors import Problem

AUTO = "auto"


def unread_by_all(targets: Iterable[Target]) -> Iterator[Problem]:
    """Sections that none of the targets reads, of those that one has: where it extends another, it
    may need what that one does not. What ``backend: auto`` chooses is not known here."""
    found = [each for target in targets for each in _sections(target, target.backend)]
    read = {target.where(section) for target, section, problem in found if problem is None}
    for target, section, problem in found:
        if problem is not None and target.where(section) not in read:
            yield problem


def unread_by_backend(target: Target, backend: str) -> Iterator[Problem]:
    """Sections of a target that its backend does not read, where its own file has them."""
    file = target.where("")
    for _, section, problem in _sections(target, backend):
        if problem is not None and target.where(section).startswith(f"{file}:"):
            yield problem


def _sections(target: Target, backend: str) -> Iterator[tuple[Target, str, Problem | None]]:
    """The sections that a target has, and what is wrong with those that it does not read."""
    for section, kind in READ_BY.items():
        if section not in target.origins:
            continue
        own = target.platform if kind == "platform" else backend
        problem = None
        if own not in (section, AUTO):
            problem = Problem(
                where=target.where(section),
                what=f"{section}: only the {kind} {section!r} reads these keys, and this "
                f"target's {kind} is {own!r}",
                todo=f"take them out, or move them to a target of that {kind}",
            )
        yield target, section, problem


def _defined_in(module: ModuleType) -> Iterator[str]:
    """The sections whose keys a module defines, each called as what reads it."""
    for each in dataclasses.fields(Target):
        if type(each.default).__module__ == module.__name__:
            yield each.name


# The sections that one platform or one backend alone reads, and which of both it is.
READ_BY = {
    section: kind
    for kind, module in (("platform", platform_keys), ("backend", backend_keys))
    for section in _defined_in(module)
}
