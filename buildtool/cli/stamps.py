"""When a step is up to date: what decides its result besides the files that doit looks at."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from buildtool.config import Target
from buildtool.core.errors import BuildToolError
from buildtool.core.own_digest import tool_digest
from buildtool.platforms import target_abi
from buildtool.products import find_product

Stamp = Callable[[Target], str]


def step_stamp(target: Target, stamps: Iterable[Stamp]) -> str:
    """What else decides the result of a step: the target, this tool, and what ``stamps`` tell."""
    parts = [repr(target.canonical()), tool_digest(), *(stamp(target) for stamp in stamps)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def product_stamp(target: Target) -> str:
    """What the target's product depends on besides."""
    return find_product(target).state(target)


def compiler_stamp(target: Target) -> str:
    """The compiler that would be used."""
    platform, abi = target_abi(target)
    return platform.compiler_stamp(target, abi)


def run_stamp(target: Target) -> str:
    """What programs of the target would run on."""
    platform, _ = target_abi(target)
    return platform.run_stamp(target)


def tree_stamp(target: Target) -> str:
    """The content of a tree of the user's own; one that is fetched never changes."""
    if not isinstance(target.tensorflow, Path):
        return ""
    from buildtool.sources import local_tree  # noqa: PLC0415 - only for a user's own tree

    return local_tree(target.tensorflow).digest


@dataclass(frozen=True, kw_only=True)
class Unchanged:
    """A doit up-to-date check that is computed only when the task is about to run."""

    stamp: Callable[[], str]

    def __call__(self, task: Any, values: Mapping[str, Any]) -> bool:
        try:
            now = self.stamp()
        except BuildToolError:
            return False  # the action will say what is wrong
        task.value_savers.append(lambda: {"stamp": now})
        return values.get("stamp") == now

    def __repr__(self) -> str:
        """What ``doit info`` shows of it."""
        return "whether the target, this tool, the compiler and the tree are unchanged"


@dataclass(frozen=True, kw_only=True)
class FilesUnchanged:
    """A doit up-to-date check of files that a step learns of only when it runs: ``find`` gives
    those that it has written down."""

    find: Callable[[], Iterable[Path]]

    def __call__(self, task: Any, values: Mapping[str, Any]) -> bool:
        task.value_savers.append(lambda: {"found": self._digest()})
        return bool(values.get("found", "") == self._digest())

    def _digest(self) -> str:
        digests = {str(path): _digest_of(path) for path in self.find()}
        return json.dumps(digests, sort_keys=True) if digests else ""

    def __repr__(self) -> str:
        """What ``doit info`` shows of it."""
        return "whether the files that belong to the models are unchanged"


def _digest_of(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return "gone"
