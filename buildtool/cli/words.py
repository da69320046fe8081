"""Words of the command line that are nearly a command, a step or a target.

doit itself says only that it does not know a word. What is near to no known name at all is left to
it, because a word may also be the value of an option or a file that a task makes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from buildtool.core.errors import Problem
from buildtool.core.suggest import did_you_mean, suggest

_TASK = re.compile(r"([\w-]+):([\w.-]+)")
_NAME = re.compile(r"[\w-]*[A-Za-z][\w-]*")


@dataclass(frozen=True, kw_only=True)
class KnownWords:
    """The words that mean something. Behind a step that is ``answering`` of one target all words
    are what it is asked, behind one ``of_files`` the files."""

    commands: Collection[str]
    steps: Collection[str]
    targets: Collection[str]
    answering: Collection[str]
    of_files: Collection[str] = ()


def unknown_words(words: Sequence[str], known: KnownWords) -> Iterator[Problem]:
    """What is wrong with each misspelt word, and the word that was probably meant."""
    targets = known.targets
    for before, word in zip(("", *words), words, strict=False):
        if word in known.of_files and before not in known.commands:
            return
        if task := _TASK.fullmatch(word):
            yield from _task(*task.groups(), steps=known.steps, targets=targets)
            if task[1] in known.answering:
                return
        elif _NAME.fullmatch(word) and not before.startswith("-"):
            if word in known.answering and before not in known.commands:
                what, todo = f"{word}: of which target?", f"{word}:{min(targets)} NAME"
                yield Problem(where="command line", what=what, todo=todo)
                return
            yield from _name(word, known=(*known.steps, *known.commands), targets=targets)


def only_names(words: Sequence[str]) -> bool:
    """Whether nothing of the tasks is shown but their names and what they are for: ``list``, with
    none of its options that ask for more."""
    shown = {"-a", "--all", "-q", "--quiet"}
    options = {word for word in words[1:] if word.startswith("-")}
    return list(words[:1]) == ["list"] and options <= shown


def asked_targets(
    words: Sequence[str],
    *,
    default: Sequence[str],
    commands: Collection[str],
    answering: Collection[str],
) -> frozenset[str]:
    """The targets that the words name, or the ``default`` tasks where there are no words; none
    where all may be meant, as of ``list`` or ``build``."""
    named = [word for word in words if "=" not in word]
    if named[:1] == ["run"]:
        named = named[1:]
    found = set()
    for before, word in zip(("", *named), named or default, strict=False):
        if task := _TASK.fullmatch(word):
            found.add(task[2])
            if task[1] in answering:
                break
        elif not word.startswith("-") and (word in commands or not before.startswith("-")):
            return frozenset()
    return frozenset(found)


def _task(
    step: str, target: str, *, steps: Collection[str], targets: Collection[str]
) -> Iterator[Problem]:
    word = f"{step}:{target}"
    if step not in steps:
        yield _problem(word, f"there is no step '{step}'", step, steps)
    if target not in targets:
        yield _problem(word, f"there is no target '{target}'", target, targets)


def _name(word: str, *, known: Collection[str], targets: Collection[str]) -> Iterator[Problem]:
    if word in known:
        return
    if word in targets:
        yield Problem(where="command line", what=f"{word}: a step is missing", todo=f"build:{word}")
    elif did_you_mean(word, known):
        yield _problem(word, "there is no such command or step", word, known)


def _problem(word: str, what: str, name: str, known: Collection[str]) -> Problem:
    return Problem(where="command line", what=f"{word}: {what}", todo=suggest(name, known))
