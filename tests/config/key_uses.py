"""Which fields of a target does code read? Found in its syntax trees.

A small inference of types, just wide enough for how this project is written: a name or attribute
called ``target`` is a :class:`~buildtool.config.Target`, as are parameters that say so; from there
it follows attributes, assignments, loops, indices and comprehensions. What it does not understand
it does not count as read, so that it can only ever complain too much.
"""

from __future__ import annotations

import ast
import dataclasses
import typing
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from buildtool.config.reader import keys_of

Use = tuple[str, str]
_SCOPES = (ast.FunctionDef, ast.Lambda, ast.ClassDef, ast.Module)


@dataclass(frozen=True, kw_only=True)
class Many:
    """Several values of one section: a tuple of them, or a mapping to them."""

    of: type


Kind = type | Many | None


def sections_of(root: type) -> dict[str, type]:
    """A section and all that are nested in it, by the names of their classes."""
    found = {root.__name__: root}
    for key in keys_of(root).values():
        inner = kind_of(key.type)
        if inner is not None:
            found |= sections_of(inner.of if isinstance(inner, Many) else inner)
    return found


def keys_in(sections: Iterable[type]) -> set[Use]:
    """All keys, as the class of their section and their name."""
    return {(section.__name__, name) for section in sections for name in keys_of(section)}


def uses(tree: ast.Module, root: type) -> set[Use]:
    """The fields of ``root`` and its sections that a module reads."""
    reader = _Reader(root=root, sections=sections_of(root))
    reader.scope(tree, {})
    return reader.found


@dataclass(kw_only=True)
class _Reader:
    root: type
    sections: dict[str, type]
    found: set[Use] = field(default_factory=set)

    def scope(self, node: ast.AST, outer: dict[str, Kind]) -> None:
        """Read one function, class or module: what is assigned first, then all of it."""
        names = dict(outer)
        if isinstance(node, (ast.FunctionDef, ast.Lambda)):
            arguments = node.args
            for argument in (*arguments.args, *arguments.kwonlyargs):
                names[argument.arg] = self._annotated(argument)
        inside = list(_inside(node))
        for each in (*inside, *inside):  # an inner comprehension stands before its outer loop
            self._bind(each, names)
        for each in inside:
            self.kind(each, names)
            if isinstance(each, _SCOPES):
                self.scope(each, names)

    def kind(self, node: ast.AST, names: dict[str, Kind]) -> Kind:
        """What an expression is; a field that it names is read."""
        found: Kind = None
        match node:
            case ast.Name(id=name) if names.get(name):
                found = names[name]
            case ast.Name(id="target") | ast.Attribute(attr="target"):
                found = self.root
            case ast.Attribute(value=value, attr=attr):
                found = self._field(self.kind(value, names), attr)
            case ast.Subscript(value=value):
                inner = self.kind(value, names)
                found = inner.of if isinstance(inner, Many) else None
            case ast.Call(func=ast.Name(id="enumerate"), args=[first, *_]):
                found = self.kind(first, names)
            case ast.DictComp(value=value, generators=generators):
                inner = self.kind(value, self._looped(generators, names))
                found = Many(of=inner) if isinstance(inner, type) else None
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
                self._looped(node.generators, names)
        return found

    def _field(self, kind: Kind, name: str) -> Kind:
        if not isinstance(kind, type) or name not in keys_of(kind):
            return None
        self.found.add((kind.__name__, name))
        return kind_of(keys_of(kind)[name].type)

    def _annotated(self, argument: ast.arg) -> Kind:
        match argument.annotation:
            case ast.Name(id=name):
                return self.sections.get(name)
        return None

    def _bind(self, node: ast.AST, names: dict[str, Kind]) -> None:
        """Names that a statement or a comprehension gives a value."""
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                names[name] = self.kind(value, names)
            case ast.Assign(targets=[ast.Tuple(elts=left)], value=ast.Tuple(elts=right)):
                for one, value in zip(left, right, strict=False):
                    if isinstance(one, ast.Name):
                        names[one.id] = self.kind(value, names)
            case ast.For():
                self._loop(node.target, node.iter, names)
            case ast.comprehension():
                self._loop(node.target, node.iter, names)

    def _looped(self, loops: list[ast.comprehension], names: dict[str, Kind]) -> dict[str, Kind]:
        inner = dict(names)
        for loop in loops:
            self._loop(loop.target, loop.iter, inner)
        return inner

    def _loop(self, variable: ast.expr, values: ast.expr, names: dict[str, Kind]) -> None:
        kind = self.kind(values, names)
        # Of ``for index, each in enumerate(...)``, each.
        name = variable.elts[-1] if isinstance(variable, ast.Tuple) else variable
        if isinstance(name, ast.Name):
            names[name.id] = kind.of if isinstance(kind, Many) else None


def _inside(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes of a scope in the order of the text, but for what is inside other scopes."""
    for child in ast.iter_child_nodes(node):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            continue
        yield child
        if not isinstance(child, _SCOPES):
            yield from _inside(child)


def kind_of(kind: Any) -> Kind:
    """The section that a key's type is or holds."""
    if typing.get_origin(kind) is tuple:
        (inner, *_) = typing.get_args(kind)
        return Many(of=inner) if dataclasses.is_dataclass(inner) else None  # type: ignore[arg-type]
    return kind if dataclasses.is_dataclass(kind) and isinstance(kind, type) else None
