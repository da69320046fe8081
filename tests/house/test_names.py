"""No room asks for the name of a platform, a backend or a product: it asks what it needs to know.

A name may stand

- in its own modules, those whose path has the name in it;
- where something says what it is called, or which products it has (``name=``, ``products=``);
- in rooms that read what other programs write, or start them: there the same word is another
  thing (Bazel is a program, ``ios`` is a word in Mach-O's headers). They may import no room that
  has names; see the table.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from buildtool.backends import BACKENDS
from buildtool.platforms import PLATFORMS
from buildtool.products import PRODUCTS
from tests.house.code import Module, modules
from tests.house.rooms import BY_NAME, room_of

NAMES = {*PLATFORMS, *BACKENDS, *PRODUCTS}
FOREIGN_WORDS = {"binary", "starlark", "sources", "tools", "machorun"}
DECLARED = {"name", "folder", "products"}
ASKED_OF = {"platform", "backend", "product"}


def constants(node: ast.AST) -> Iterator[ast.Constant]:
    """The texts in a piece of code that are not its documentation."""
    for each in ast.iter_child_nodes(node):
        if isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant):
            continue
        if isinstance(each, ast.keyword) and each.arg in DECLARED:
            continue
        if isinstance(each, ast.Assign | ast.AnnAssign) and _targets(each) <= DECLARED:
            continue
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each
        yield from constants(each)


def _targets(node: ast.Assign | ast.AnnAssign) -> set[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return {getattr(target, "id", "") for target in targets}


def is_own(module: Module, name: str) -> bool:
    """Is this a module of the thing that has the name?"""
    return name in re.split(r"[._]", module.name)


def test_names_stand_only_where_they_belong() -> None:
    found = [
        f"{module.path}:{node.lineno}: {node.value!r}"
        for module in modules().values()
        if (room := room_of(module.name)) and room.name not in FOREIGN_WORDS
        for node in constants(module.tree)
        if node.value in NAMES and not is_own(module, str(node.value))
    ]
    assert not found


def test_nobody_compares_with_a_name() -> None:
    """Of no platform, backend or product, whatever it is called."""
    found = [
        f"{module.path}:{node.lineno}: {ast.unparse(node)}"
        for module in modules().values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Compare)
        and any(_is_asked_of(side) for side in (node.left, *node.comparators))
        and any(_is_text(side) for side in (node.left, *node.comparators))
    ]
    assert not found


def _is_asked_of(node: ast.expr) -> bool:
    if isinstance(node, ast.Attribute) and node.attr == "name":
        return _is_asked_of(node.value)
    if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "sys":
        return False  # this machine's system
    return getattr(node, "attr", getattr(node, "id", "")) in ASKED_OF


def _is_text(node: ast.expr) -> bool:
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return any(_is_text(each) for each in node.elts)
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def test_rooms_of_foreign_words_know_nobody_who_has_a_name() -> None:
    having = {"platforms", "backends", "products"}
    for name in FOREIGN_WORDS:
        assert not {used.split("/")[0] for used in BY_NAME[name].uses} & having, name
