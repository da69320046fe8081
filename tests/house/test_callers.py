"""Whatever a module defines is named somewhere else in the project, tests not counted."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator

from tests.house.code import PROJECT, Module, modules

# Only other programs ask for these, or people who read plan.json and the target files.
ASKED_FOR_OUTSIDE = {
    "Init",
    "Registration.host_memory",
}
TASK = "task_"


def test_everything_has_a_caller() -> None:
    """By name alone: what shares its name with something that is used passes, too."""
    used = uses()
    unused = {
        name: f"{module.path}:{line}"
        for module in modules().values()
        for name, line in definitions(module)
        if not used[name.rpartition(".")[2]]
    }
    assert not {name: place for name, place in unused.items() if name not in ASKED_FOR_OUTSIDE}
    assert unused.keys() >= ASKED_FOR_OUTSIDE


def definitions(module: Module) -> Iterator[tuple[str, int]]:
    """The functions, classes, constants, methods and fields of a module that others must name."""
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef):
            # A decorator with arguments puts a function into a table.
            in_table = any(isinstance(each, ast.Call) for each in node.decorator_list)
            if not in_table and not node.name.startswith(TASK):
                yield node.name, node.lineno
        elif isinstance(node, ast.ClassDef):
            yield node.name, node.lineno
            yield from members(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = (each.id for each in targets if isinstance(each, ast.Name))
            yield from ((name, node.lineno) for name in names if not name.startswith("__"))


def members(node: ast.ClassDef) -> Iterator[tuple[str, int]]:
    """Those of a class, but for methods that a class of some library calls."""
    ours = {each.name for module in modules().values() for each in classes(module)}
    bases = {ast.unparse(base).partition("[")[0] for base in node.bases}
    ours |= {"Protocol", "NamedTuple"}
    for each in node.body:
        if isinstance(each, ast.FunctionDef) and bases <= ours:
            if not each.name.startswith("__"):
                yield f"{node.name}.{each.name}", each.lineno
        elif isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
            yield f"{node.name}.{each.target.id}", each.lineno


def classes(module: Module) -> Iterator[ast.ClassDef]:
    return (node for node in module.tree.body if isinstance(node, ast.ClassDef))


def uses() -> Counter[str]:
    """How often each name is read: as a name, an attribute, under another name, in a template.
    Fields of tuples that are taken apart, and what is imported only to be handed on, do not
    count."""
    found = Counter(
        word
        for path in (PROJECT / "templates").rglob("*")
        if path.is_file()
        for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))
    )
    for module in modules().values():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                found[node.id] += 1
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                found[node.attr] += 1
            elif isinstance(node, ast.ImportFrom):
                found.update(alias.name for alias in node.names if alias.asname)
    return found
