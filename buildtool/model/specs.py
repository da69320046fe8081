"""Op definitions as this stage needs them: attribute defaults decoded, argument types resolved."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from buildtool.core import datatypes
from buildtool.core.values import ArgDef, AttrDef, AttrType, OpDefinition
from buildtool.model.attributes import PLACEHOLDER, Attr, Attrs
from buildtool.model.graphdef import Argument, FunctionDef
from buildtool.model.textformat import TextError, encode

# Far more than a node of any model takes or gives.
MOST_TENSORS = 100_000
_NAMES_SHOWN, _MOST_NEAR = 3, 20
_ENDED = re.compile(r"since GraphDef version (\d+): (.*)")


class AttrSpec(NamedTuple):
    """One attribute of an op: its type in the definition's words, its default, the types or
    strings that it may be, and its least number or length."""

    type: str
    default: Attr | None
    allowed: tuple[str, ...]
    minimum: int | None = None


class OpSpec(NamedTuple):
    """An op's definition, or the signature of a function. ``is_open`` where the tree registers an
    op whose definition is not known: then the node's own attributes are all there is. Graphs of
    version ``ended_in`` and newer (0: all may) may not use it, but ``instead``. ``stateful``: what
    it gives or does depends on more than its inputs, as far as the tree says."""

    attrs: Mapping[str, AttrSpec]
    inputs: tuple[Argument, ...]
    outputs: tuple[Argument, ...]
    is_open: bool = False
    ended_in: int = 0
    instead: str = ""
    stateful: bool = False


class Specs:
    """Gives the :class:`OpSpec` of an op by name, made when first asked for."""

    def __init__(
        self, definitions: Mapping[str, OpDefinition], registered: Iterable[str] = ()
    ) -> None:
        self._definitions = definitions
        self._registered = frozenset(registered)
        self._made: dict[str, OpSpec | None] = {}
        self._near: dict[str, tuple[str, ...]] = {}

    def __getitem__(self, op: str) -> OpSpec | None:
        """The spec of ``op``, None if the tree does not know it."""
        if op not in self._made:
            self._made[op] = self._make(op)
        return self._made[op]

    def names(self) -> list[str]:
        """Every op of the tree, sorted."""
        return sorted(self._registered | self._definitions.keys())

    def near(self, op: str) -> tuple[str, ...]:
        """The tree's ops of about that name: as it takes a while, not for any number of names."""
        if op not in self._near and len(self._near) < _MOST_NEAR:
            found = difflib.get_close_matches(op, self.names(), n=_NAMES_SHOWN, cutoff=0.75)
            self._near[op] = tuple(found)
        return self._near.get(op, ())

    def _make(self, op: str) -> OpSpec | None:
        definition = self._definitions.get(op)
        unknown = OpSpec({}, (), (), is_open=True) if op in self._registered else None
        if definition is None:
            return unknown
        try:
            attrs = {attr.name: _attr_spec(attr) for attr in definition.attrs}
        except TextError:  # a default of a form that only C++ reads
            return unknown
        ended = _ENDED.match(definition.deprecation)
        return OpSpec(
            attrs,
            tuple(_argument(argument) for argument in definition.inputs),
            tuple(_argument(argument) for argument in definition.outputs),
            ended_in=int(ended[1]) if ended else 0,
            instead=ended[2] if ended else "",
            stateful=definition.stateful,
        )


def _attr_spec(attr: AttrDef) -> AttrSpec:
    default = None
    if attr.default is not None:
        content = encode(attr.default, "AttrValue")
        default = Attr(content, (0, len(content)))
    return AttrSpec(attr.type, default, attr.allowed, attr.minimum)


def _argument(arg: ArgDef) -> Argument:
    kind = f"{arg.type}_REF" if arg.type and arg.is_ref else arg.type
    return Argument(arg.name, kind, arg.type_attr, arg.number_attr, arg.type_list_attr)


def function_spec(function: FunctionDef) -> OpSpec:
    """The signature of a function, seen as an op. Its attributes are not checked."""
    return OpSpec({}, function.inputs, function.outputs, is_open=True)


def resolve(attr: Attr | None, scope: Attrs) -> Attr | None:
    """The attribute that a placeholder stands for in ``scope``; any other attribute itself."""
    if attr is None or attr.field() != PLACEHOLDER:
        return attr
    return scope.get(str(attr.decode().value))


def type_list(attr: Attr | None) -> tuple[str, ...] | None:
    """The types that a ``type`` or ``list(type)`` attribute holds; None if it holds none."""
    if attr is None:
        return None
    kind, value = attr.decode()
    if kind == "type":
        return (str(value),)
    if kind == "list(type)" and isinstance(value, tuple):
        return tuple(str(item) for item in value)
    return () if kind == "list()" else None


def type_attrs(spec: OpSpec, attrs: Attrs) -> tuple[AttrType, ...]:
    """All type attributes of one node whose defaults are filled in, sorted by name."""
    names = [name for name, attr in spec.attrs.items() if attr.type in ("type", "list(type)")]
    if spec.is_open:
        names = [name for name in attrs if not name.startswith("_")]
    found = ((name, type_list(attrs.get(name))) for name in sorted(names))
    return tuple(AttrType(name=name, types=types) for name, types in found if types is not None)


def argument_types(arguments: Iterable[Argument], attrs: Attrs) -> tuple[str, ...] | None:
    """The type of each tensor that ``arguments`` stand for; None if the attributes do not say."""
    result: list[str] = []
    for argument in arguments:
        if argument.type_list_attr:
            types = type_list(attrs.get(argument.type_list_attr))
        elif argument.type_attr:
            types = type_list(attrs.get(argument.type_attr))
        else:
            types = (argument.type,)
        if types is None:
            return None
        if argument.number_attr:
            number = attrs.get(argument.number_attr)
            count = number.decode().value if number is not None else None
            if not isinstance(count, int) or count > MOST_TENSORS:
                return None
            types = types * count
        result += types
    return tuple(datatypes.base(item) for item in result)
