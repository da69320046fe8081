"""Frozen dataclasses from the JSON that :func:`dataclasses.asdict` made of them."""

from __future__ import annotations

import collections.abc
import dataclasses
import enum
import functools
import types
import typing
from pathlib import Path
from typing import Any, TypeVar, cast

T = TypeVar("T")


def from_json(cls: type[T], value: Any) -> T:
    """Make a ``cls`` of plain JSON values; keys that it does not have are ignored."""
    return cast("T", _decode(cls, value))


def _decode(kind: Any, value: Any) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind):
        return _dataclass(cast("type[Any]", kind), value)
    if origin in (typing.Union, types.UnionType):
        inner = next(argument for argument in arguments if argument is not type(None))
        return None if value is None else _decode(inner, value)
    if origin is tuple:
        of_one_kind = len(arguments) == 2 and arguments[1] is Ellipsis
        kinds = arguments[:1] * len(value) if of_one_kind else arguments
        return tuple(_decode(item, part) for item, part in zip(kinds, value, strict=True))
    if origin is collections.abc.Mapping:
        return {key: _decode(arguments[1], item) for key, item in value.items()}
    if isinstance(kind, type) and issubclass(kind, (Path, enum.Enum)):
        return kind(value)
    return value


@functools.cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    return typing.get_type_hints(cast("Any", kind))


def _dataclass(kind: type[Any], value: dict[str, Any]) -> Any:
    hints = _hints(cast("Any", kind))
    known = {
        item.name: _decode(hints[item.name], value[item.name])
        for item in dataclasses.fields(kind)
        if item.name in value
    }
    return kind(**known)
