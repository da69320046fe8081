"""Modules and functions are short, and each is called by what it is."""

from __future__ import annotations

import ast
from collections import Counter

from tests.house.code import modules

LONGEST_MODULE = 400
LONGEST_FUNCTION = 60
# They say that something happened to a thing, not what it is.
PARTICIPLES = {
    "asked", "built", "checked", "done", "ended", "found", "given", "kept", "known", "looked",
    "made", "named", "placed", "seen", "taken", "told", "tried", "wanted",
}  # fmt: skip
FACES = {"__init__.py", "__main__.py"}


def test_no_module_is_long() -> None:
    lines = {str(each.path): each.text.count("\n") for each in modules().values()}
    assert {path: count for path, count in lines.items() if count > LONGEST_MODULE} == {}


def test_no_function_is_long() -> None:
    long = set()
    for module in modules().values():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    long.add(f"{module.name}.{node.name}")
    assert not long


def test_no_two_modules_share_a_name() -> None:
    names = Counter(each.path.name for each in modules().values())
    assert {name for name, count in names.items() if count > 1} <= FACES


def test_classes_and_functions_are_called_by_what_they_are() -> None:
    bad = [
        f"{module.path}:{node.lineno}: {node.name}"
        for module in modules().values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
        and node.name.strip("_").lower() in PARTICIPLES
    ]
    assert not bad
