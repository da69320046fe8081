"""Evaluates a tree's ``tensorflow/workspace.bzl`` as the Starlark that it is.

What the file loads from other files is replaced: every rule only writes down how it was called
(``preludes/workspace_rules.bzl``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import starlark

from buildtool.core.errors import ConfigError, Problem
from buildtool.starlark.prelude import PRELUDE, read_prelude

WORKSPACE = "tensorflow/workspace.bzl"
ENTRY = "tf_workspace"

_PRELUDE_NAMES = ("Label", "attr", "native", "print", "repository_rule")


def workspace_calls(text: str, path: Path) -> Sequence[Mapping[str, object]]:
    """The kept attributes of each rule that the file's ``tf_workspace()`` calls, in their order.

    ``path`` is where ``text`` was read, for messages.

    Raises:
        ConfigError: it cannot be evaluated; with the file and line.
    """
    calls: list[Mapping[str, object]] = []
    try:
        evaluator = _Evaluator(calls)
        names = ", ".join(f'"{name}"' for name in _PRELUDE_NAMES)
        # One line stands before the text, so its line numbers in errors are one too high.
        evaluator.run(WORKSPACE, f'load("{PRELUDE}", {names})\n{text}\n{ENTRY}()\n')
    except starlark.StarlarkError as failure:
        raise ConfigError(_problem(str(failure), path)) from None
    return calls


class _Evaluator:
    def __init__(self, calls: list[Mapping[str, object]]) -> None:
        self._dialect = starlark.Dialect.standard()
        self._globals = starlark.Globals.extended_by([starlark.LibraryExtension.StructType])
        module = starlark.Module()
        module.add_callable("_declare", calls.append)
        parsed = starlark.parse(PRELUDE, read_prelude("workspace_rules"), self._dialect)
        starlark.eval(module, parsed, self._globals)
        self._prelude = module.freeze()

    def run(self, name: str, source: str) -> None:
        """Evaluate ``source``; every symbol that it loads from elsewhere is a recorder."""
        parsed = starlark.parse(name, source, self._dialect)
        symbols: dict[str, set[str]] = {}
        for load in parsed.loads():
            symbols.setdefault(load.module_id, set()).update(load.symbols.values())
        own = {PRELUDE: self._prelude}
        loads = own | {each: self._stand_in(symbols[each]) for each in symbols.keys() - own.keys()}
        loader = starlark.FileLoader(lambda each: loads[each])
        starlark.eval(starlark.Module(), parsed, self._globals, loader)

    def _stand_in(self, symbols: set[str]) -> starlark.FrozenModule:
        lines = [f'load("{PRELUDE}", "recorder")']
        lines += [f'{name} = recorder("{name}")' for name in sorted(symbols)]
        parsed = starlark.parse("@stand-in", "\n".join(lines) + "\n", self._dialect)
        module = starlark.Module()
        loader = starlark.FileLoader(lambda _: self._prelude)
        starlark.eval(module, parsed, self._globals, loader)
        return module.freeze()


def _problem(error: str, path: Path) -> Problem:
    lines = [int(number) for number in re.findall(rf"{re.escape(WORKSPACE)}:(\d+)", error)]
    messages = re.findall(r"^error: (.*)", error, re.MULTILINE)
    return Problem(
        where=f"{path}:{max(lines[-1] - 1, 1) if lines else 1}",
        what=f"cannot be evaluated: {messages[-1] if messages else error.splitlines()[-1]}",
        todo=f"{ENTRY}() must be like that of a release from 1.0 to 1.15; was the file changed?",
    )
