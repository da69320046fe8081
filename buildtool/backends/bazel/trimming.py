"""Trims the groups of files of a BUILD file, for an overlay: what is not to be compiled is taken
out of ``srcs``, and all other text stays as it is, byte for byte.

Only names that are written out are trimmed: TensorFlow's groups of kernels for mobile are lists,
with ``select()`` for a few. Headers stay, and labels that are not named to be dropped; ``glob()``
is left alone and said.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from buildtool.core.errors import ConfigError, Problem
from buildtool.tools.bazel.workspace_file import parse

SOURCES = (".cc", ".c", ".cpp")
_REST = re.compile(rb"[ \t]*,?[ \t]*")
_COMMENT = re.compile(rb"(#[^\n]*)?\r?\n")


@dataclass(frozen=True, kw_only=True)
class TrimmedBuildFile:
    """A BUILD file with fewer files in its groups: ``kept``, ``dropped`` and ``added`` are sources,
    sorted; ``globs`` are the groups whose ``glob()`` still takes what it finds."""

    text: str
    kept: tuple[str, ...]
    dropped: tuple[str, ...]
    added: tuple[str, ...]
    globs: tuple[str, ...] = ()


def trim_groups(
    text: str,
    groups: Sequence[str],
    keep: Collection[str],
    *,
    path: str,
    drop: Collection[str] = (),
) -> TrimmedBuildFile:
    """Leave only the sources ``keep`` in the targets ``groups`` of the BUILD file ``text``, whose
    ``path`` is for messages. Those that no group has are added to the first one. ``drop`` are
    labels of other groups, as they are written there, to take out as well.

    Raises:
        ConfigError: it cannot be read, or has no such groups; all of them.
    """
    calls = _calls(text, path)
    missing = [name for name in groups if name not in calls]
    if missing:
        raise ConfigError(
            Problem(
                where=path,
                what=f"has no target {name!r} with srcs",
                todo="compare the name with this release's BUILD file",
            )
            for name in missing
        )
    data = text.encode("utf-8")
    starts = line_starts(data)
    kept: set[str] = set()
    spans: dict[tuple[int, int], str] = {}
    globs: set[str] = set()
    for name in groups:
        for item in _sources(calls[name], drop):
            if item.value in keep:
                kept.add(str(item.value))
                continue
            begin = starts[item.lineno - 1] + item.col_offset
            end = starts[(item.end_lineno or 0) - 1] + (item.end_col_offset or 0)
            spans[_widened(data, begin, end)] = str(item.value)
        if any(_is_glob(node) for node in ast.walk(calls[name])):
            globs.add(name)
    added = sorted(set(keep) - kept)
    edits = dict.fromkeys(spans, b"")
    if added:
        # Before all that stands there, in a list of their own.
        first = calls[groups[0]]
        place = starts[first.lineno - 1] + first.col_offset
        edits[place, place] = (json.dumps(added) + " + ").encode()
    for (begin, end), new in sorted(edits.items(), reverse=True):
        data = data[:begin] + new + data[end:]
    return TrimmedBuildFile(
        text=data.decode("utf-8"),
        kept=tuple(sorted(kept)),
        dropped=tuple(sorted(set(spans.values()))),
        added=tuple(added),
        globs=tuple(sorted(globs)),
    )


def _calls(text: str, path: str) -> dict[str, ast.expr]:
    """The ``srcs`` of each target that has some, by the target's name."""
    found = {}
    for node in ast.walk(parse(text, path)):
        if not isinstance(node, ast.Call):
            continue
        said = {each.arg: each.value for each in node.keywords if each.arg}
        name = said.get("name")
        if isinstance(name, ast.Constant) and isinstance(name.value, str) and "srcs" in said:
            found[name.value] = said["srcs"]
    return found


def _sources(srcs: ast.expr, drop: Collection[str]) -> Iterator[ast.Constant]:
    """The sources and the labels ``drop`` that are written out in lists; not what ``glob()`` is
    told."""
    if _is_glob(srcs):
        return
    if isinstance(srcs, ast.List):
        for item in srcs.elts:
            value = str(item.value) if isinstance(item, ast.Constant) else ""
            if isinstance(item, ast.Constant) and (value.endswith(SOURCES) or value in drop):
                yield item
    for child in ast.iter_child_nodes(srcs):
        if isinstance(child, ast.expr):
            yield from _sources(child, drop)


def _is_glob(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    return (isinstance(node.func, ast.Name) and node.func.id == "glob") or (
        isinstance(node.func, ast.Attribute) and node.func.attr == "glob"
    )


def line_starts(data: bytes) -> list[int]:
    """Where each line begins."""
    return [0, *(match.end() for match in re.finditer(rb"\n", data))]


def _widened(data: bytes, begin: int, end: int) -> tuple[int, int]:
    """The item with its comma; with its whole line, if it stands alone there."""
    rest = _REST.match(data, end)
    end = rest.end() if rest else end
    line = data.rfind(b"\n", 0, begin) + 1
    ending = _COMMENT.match(data, end)
    if ending and not data[line:begin].strip():
        return line, ending.end()
    return begin, end
