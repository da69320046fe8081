"""A WORKSPACE (or MODULE.bazel) as text: what it declares, and a part of ours put into it.

What a file declares is read with Python's own parser: Starlark is a subset of Python where
WORKSPACE files are concerned, and so entries in comments, which TensorFlow's has, do not count.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from buildtool.core.errors import ConfigError, Problem

BEGIN, END = "# >>> buildtool: ", "# <<< buildtool: "


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A rule that a file calls: ``attributes`` are those that are written out as text or number;
    ``computed`` the names of the others. ``where`` is ``file:line``."""

    rule: str
    name: str
    where: str
    attributes: Mapping[str, str | int]
    computed: tuple[str, ...] = ()


def read_text(path: Path, *, newline: str | None = None) -> str:
    r"""A WORKSPACE or BUILD file of a tree; ``newline`` as for ``open``: with an empty one, the
    file's line ends are kept, and else they are ``\n``.

    Raises:
        ConfigError: it is not UTF-8, so that it could not be written again with a part of ours.
    """
    try:
        with path.open(encoding="utf-8", newline=newline) as file:
            return file.read()
    except UnicodeDecodeError as failure:
        line = failure.object.count(b"\n", 0, failure.start) + 1
        what = "cannot be read: that line is not UTF-8"
        todo = "write that line in UTF-8"
        raise ConfigError(Problem(where=f"{path}:{line}", what=what, todo=todo)) from None


def parse(text: str, path: str) -> ast.Module:
    """A WORKSPACE or BUILD file by Python's own parser; ``path`` is for messages.

    Raises:
        ConfigError: the file is not Starlark.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            return ast.parse(text)
    except (SyntaxError, ValueError) as failure:
        line = getattr(failure, "lineno", None) or 1
        raise ConfigError(
            Problem(
                where=f"{path}:{line}",
                what=f"cannot be read: {getattr(failure, 'msg', failure)}",
                todo="mend that line; Bazel cannot read it either",
            )
        ) from None


def entries(text: str, rules: Collection[str], *, path: str, own: str = "") -> tuple[Entry, ...]:
    """The calls of ``rules`` in a file, in its order; ``native.rule`` and ``extension.rule`` count
    as well. ``path`` is for messages; what stands between the marks called ``own`` is left out.

    Raises:
        ConfigError: the file is not Starlark, or the marks are broken.
    """
    if own:
        text = _blanked(text, own, path)
    module = parse(text, path)
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call)]
    calls.sort(key=lambda node: (node.lineno, node.col_offset))
    return tuple(_entry(call, path) for call in calls if _called(call) in rules)


def insert(text: str, snippet: str, mark: str, *, path: str) -> str:
    """``text`` with ``snippet`` at its end, between marks; an earlier one of that ``mark`` is
    replaced where it stands. An empty snippet takes the part away. The file's kind of line ends is
    kept.

    Raises:
        ConfigError: one of the two marks is missing, or is there twice.
    """
    ending = "\r\n" if "\r\n" in text else "\n"
    found = _between(text, mark, path)
    part = f"{BEGIN}{mark}\n{snippet.rstrip()}\n{END}{mark}\n" if snippet.strip() else ""
    part = part.replace("\n", ending)
    if found is not None:
        start, end = found
        before = text[:start].removesuffix(ending) if not part else text[:start]
        return before + part + text[end:]
    if not part:
        return text
    gap = "" if not text else ending if text.endswith(("\n", "\r")) else 2 * ending
    return text + gap + part


def _between(text: str, mark: str, path: str) -> tuple[int, int] | None:
    """Where the part of ours begins and ends, with its marks; None if there is none."""
    starts = _lines(text, BEGIN + mark)
    ends = _lines(text, END + mark)
    if not starts and not ends:
        return None
    if len(starts) != 1 or len(ends) != 1 or ends[0][0] < starts[0][0]:
        places = sorted(text.count("\n", 0, place) + 1 for place, _ in [*starts, *ends])
        raise ConfigError(
            Problem(
                where=f"{path}:{places[0]}",
                what=f"the marks of {mark!r} are broken: one '{BEGIN.strip()}' and one "
                f"'{END.strip()}' line are expected, found are {len(starts)} and {len(ends)} "
                f"(lines {', '.join(map(str, places))})",
                todo="remove these lines, and what was put between them",
            )
        )
    return starts[0][0], ends[0][1]


def _lines(text: str, line: str) -> list[tuple[int, int]]:
    """Where each line that is exactly ``line`` begins and ends, with its line end."""
    found, place = [], 0
    for each in text.splitlines(keepends=True):
        if each.rstrip("\r\n") == line:
            found.append((place, place + len(each)))
        place += len(each)
    return found


def _blanked(text: str, mark: str, path: str) -> str:
    """``text`` with our part as empty lines, so that the numbers of all others stay."""
    found = _between(text, mark, path)
    if found is None:
        return text
    start, end = found
    return text[:start] + "\n" * text.count("\n", start, end) + text[end:]


def _called(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Name):
        return function.id
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        inside = function.value.id
        return function.attr if inside == "native" else f"{inside}.{function.attr}"
    return ""


def _entry(call: ast.Call, path: str) -> Entry:
    attributes: dict[str, str | int] = {}
    computed = []
    for keyword in call.keywords:
        value = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
        if keyword.arg and isinstance(value, str | int) and not isinstance(value, bool):
            attributes[keyword.arg] = value
        else:
            computed.append(keyword.arg or "**")
    return Entry(
        rule=_called(call),
        name=str(attributes.pop("name", "")),
        where=f"{path}:{call.lineno}",
        attributes=attributes,
        computed=tuple(computed),
    )
