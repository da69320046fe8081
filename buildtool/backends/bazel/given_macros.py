"""Macros that Bazel's own settings give the compiler: the plan must know all macros, as they decide
what is registered."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from buildtool.backends.bazel.bazel_flags import CONFIGS
from buildtool.config import Target
from buildtool.core.errors import Problem
from buildtool.tools.bazel.tree_files import CONFIGURED_RC, OLD_RC, RC

RCS = (OLD_RC, RC, CONFIGURED_RC)
_FLAG = re.compile(r"--(copt|cxxopt|conlyopt|per_file_copt)(?:=(.*))?", re.DOTALL)
_LINE = re.compile(r"\s*(?:build|common|always)(?::(\S+))?\s+(.*)")


def macro_problems(target: Target) -> Iterator[Problem]:
    """Macros among the target's words for Bazel, which the plan would not see."""
    for index, macro in macros(target.bazel.flags):
        yield Problem(
            where=target.where(f"bazel.flags[{index}]"),
            what=f"bazel.flags[{index}]: {macro} sets a macro that the plan does not know",
            todo="write it under 'defines:' instead" if macro.startswith("-D") else "leave it out",
        )


def macro_notes(tree: Path, abi: str, known: Collection[str] = ()) -> list[str]:
    """What a report must say of the macros that the tree's settings give the compiler of ``abi``,
    but for those that the target's ``defines`` (``known``) have, too. Settings that are read from
    elsewhere, such as a user's home, are not looked at."""
    return [
        f"{where} sets {macro}, a macro that the plan does not know"
        for where, words in _active(tree, abi)
        for _, macro in macros(words)
        if not (macro.startswith("-D") and macro[2:] in known)
    ]


def macros(words: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The compiler's ``-D`` and ``-U`` among Bazel's words, each with the index of its flag."""
    for index, word in enumerate(words):
        match = _FLAG.fullmatch(word)
        if match is None:
            continue
        name, value = match.groups()
        if value is None:  # in the next word
            value = words[index + 1] if index + 1 < len(words) else ""
        for each in value.partition("@")[2].split(",") if name == "per_file_copt" else (value,):
            if each.startswith(("-D", "-U")):
                yield index, each


def _active(tree: Path, abi: str) -> Iterator[tuple[str, list[str]]]:
    """Each line of the settings that counts for this ABI: where it stands, and its words."""
    lines = [line for name in RCS for line in _lines(tree / name)]
    configs, before = {"", CONFIGS[abi]}, 0
    while len(configs) > before:
        before = len(configs)
        configs |= set(_configs_named(words for _, config, words in lines if config in configs))
    yield from ((where, words) for where, config, words in lines if config in configs)


def _configs_named(lines: Iterable[Sequence[str]]) -> Iterator[str]:
    for words in lines:
        for index, word in enumerate(words):
            if word.startswith("--config="):
                yield word.partition("=")[2]
            elif word == "--config":
                yield from words[index + 1 : index + 2]


def _lines(path: Path) -> Iterator[tuple[str, str, list[str]]]:
    """The place, the config and the words of each line for builds; one may go on in the next."""
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    joined = re.sub(r"\\\r?\n", lambda match: " " + "\0" * match.group().count("\n"), text)
    number = 1
    for line in joined.split("\n"):
        if match := _LINE.match(line.replace("\0", "")):
            try:
                words = shlex.split(match.group(2), comments=True)
            except ValueError:
                words = []  # Bazel will say what is wrong with this line
            yield f"{path.name}:{number}", match.group(1) or "", words
        number += 1 + line.count("\0")
