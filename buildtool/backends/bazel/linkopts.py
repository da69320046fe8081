"""The ``linkopts`` of a BUILD file, mended for an overlay: labels, and the names of libraries.

Bazel put a file's path in the place of a label there until 0.17.0; since then it must be written
``$(location //some:label)`` (bazelbuild/bazel#6152). TensorFlow 1.0 to 1.8 has such labels.

A library without a soname is known by the path that it was linked from (developer.android.com,
"Android changes for NDK developers"); TensorFlow's BUILD files give none.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Collection, Iterator, Sequence

from buildtool.backends.bazel.trimming import line_starts
from buildtool.tools.bazel.versions import key
from buildtool.tools.bazel.workspace_file import parse

Edit = tuple[int, int, str]  # from one byte to another: the new text
EXPANDED_UNTIL = "0.17.1"


def expands_labels(bazel: str) -> bool:
    """Whether this Bazel puts paths in the place of labels itself."""
    return key(bazel) < key(EXPANDED_UNTIL)


def edited(text: str, *, path: str, locations: bool, sonames: Collection[str] = ()) -> str:
    """The BUILD file ``text``, whose ``path`` is for messages. With ``locations``, each label among
    ``linkopts`` has ``$(location)`` around it; a name stands for the label that the file gives it.
    The targets ``sonames`` are linked with their names as sonames, unless they have one.

    Raises:
        ConfigError: it cannot be read.
    """
    module = parse(text, path)
    data = text.encode("utf-8")
    starts = line_starts(data)
    edits = list(_locations(module, starts)) if locations else []
    edits += _sonames(module, starts, sonames)
    for begin, end, new in sorted(edits, reverse=True):
        data = data[:begin] + new.encode() + data[end:]
    return data.decode("utf-8")


def _locations(module: ast.Module, starts: Sequence[int]) -> Iterator[Edit]:
    named = dict(_named_labels(module))
    for linkopts in _linkopts(module).values():
        for node in (item for each in _lists(linkopts) for item in each.elts):
            label = named.get(node.id) if isinstance(node, ast.Name) else _label(node)
            if label:
                begin = starts[node.lineno - 1] + node.col_offset
                end = starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
                yield begin, end, json.dumps(f"$(location {label})")


def _sonames(module: ast.Module, starts: Sequence[int], targets: Collection[str]) -> Iterator[Edit]:
    for name, linkopts in _linkopts(module).items():
        texts = [str(each.value) for each in ast.walk(linkopts) if isinstance(each, ast.Constant)]
        lists = list(_lists(linkopts))
        if name in targets and lists and not any("-soname" in text for text in texts):
            place = starts[lists[0].lineno - 1] + lists[0].col_offset + 1
            yield place, place, json.dumps(f"-Wl,-soname,{name}") + ", "


def _linkopts(module: ast.Module) -> dict[str, ast.expr]:
    """The ``linkopts`` of each target that has some, by its name."""
    found = {}
    for call in ast.walk(module):
        if isinstance(call, ast.Call):
            said = {each.arg: each.value for each in call.keywords if each.arg}
            name = said.get("name")
            if isinstance(name, ast.Constant) and "linkopts" in said:
                found[str(name.value)] = said["linkopts"]
    return found


def _lists(linkopts: ast.expr) -> Iterator[ast.List]:
    """The lists in it, in the order of the text."""
    found = [each for each in ast.walk(linkopts) if isinstance(each, ast.List)]
    return iter(sorted(found, key=lambda each: (each.lineno, each.col_offset)))


def _named_labels(module: ast.Module) -> Iterator[tuple[str, str]]:
    """Labels that the file gives a name: ``LINKER_SCRIPT = "//..."``."""
    for node in module.body:
        if isinstance(node, ast.Assign) and (label := _label(node.value)):
            yield from ((each.id, label) for each in node.targets if isinstance(each, ast.Name))


def _label(node: ast.expr) -> str:
    """The label that a text is; empty if it is none."""
    text = node.value if isinstance(node, ast.Constant) else None
    return text if isinstance(text, str) and text.startswith(("//", ":")) else ""
