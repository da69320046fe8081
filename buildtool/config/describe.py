"""The keys of a target file as documentation: what the schema and the reference page print.

Descriptions are the texts under the fields in :mod:`buildtool.config.target`, and in the modules of
the keys of platforms and of backends. They are read from the source, so that loading targets does
not pay for them.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from buildtool.config import (
    app_keys,
    backend_keys,
    convert_keys,
    optimise_keys,
    platform_keys,
    prepare_keys,
    run_keys,
    target,
)
from buildtool.config.kinds import (
    Bytes,
    Coordinate,
    Count,
    DataType,
    Define,
    Dimension,
    Flag,
    Host,
    Identifier,
    JavaPackage,
    NameOrPath,
    Prefix,
    Release,
    Share,
    Tolerance,
    Url,
)
from buildtool.config.reader import Key, keys_of
from buildtool.config.scalars import (
    COORDINATE_PATTERN,
    DEFINE_PATTERN,
    FLAG_PATTERN,
    HOST_PATTERN,
    IDENTIFIER_PATTERN,
    JAVA_PACKAGE_PATTERN,
    PREFIX_PATTERN,
    RELEASE_PATTERN,
    SIZE_PATTERN,
    URL_PATTERN,
)
from buildtool.core.datatypes import SPELLINGS

Schema = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One type of single values: in words, and as a JSON schema."""

    words: str
    schema: Schema


_TEXT: Schema = {"type": "string", "minLength": 1}
_SIZE: Schema = {
    "anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": SIZE_PATTERN}]
}
KINDS: Mapping[Any, Kind] = {
    str: Kind(words="text", schema=_TEXT),
    bool: Kind(words="true or false", schema={"type": "boolean"}),
    int: Kind(words="whole number", schema={"type": "integer"}),
    float: Kind(words="number", schema={"type": "number"}),
    Count: Kind(words="whole number, 1 or more", schema={"type": "integer", "minimum": 1}),
    Dimension: Kind(words="whole number, -1 or more", schema={"type": "integer", "minimum": -1}),
    Share: Kind(words="share, from 0 to 1", schema={"type": "number", "minimum": 0, "maximum": 1}),
    Tolerance: Kind(words="number, 0 or more", schema={"type": "number", "minimum": 0}),
    Bytes: Kind(words="size", schema=_SIZE),
    Coordinate: Kind(
        words="name for Maven", schema={"type": "string", "pattern": COORDINATE_PATTERN}
    ),
    DataType: Kind(words="data type", schema={"enum": list(SPELLINGS)}),
    Flag: Kind(words="argument", schema={"type": "string", "pattern": FLAG_PATTERN}),
    Define: Kind(words="macro", schema={"type": "string", "pattern": DEFINE_PATTERN}),
    Host: Kind(words="name for ssh", schema={"type": "string", "pattern": HOST_PATTERN}),
    Identifier: Kind(words="name in C", schema={"type": "string", "pattern": IDENTIFIER_PATTERN}),
    JavaPackage: Kind(
        words="Java package", schema={"type": "string", "pattern": JAVA_PACKAGE_PATTERN}
    ),
    Release: Kind(words="release", schema={"type": "string", "pattern": RELEASE_PATTERN}),
    Prefix: Kind(words="start of C++ names", schema={"type": "string", "pattern": PREFIX_PATTERN}),
    Url: Kind(words="URL", schema={"type": "string", "pattern": URL_PATTERN}),
    Path: Kind(words="path", schema=_TEXT),
    NameOrPath: Kind(words="name or path", schema=_TEXT),
}


@dataclass(frozen=True, kw_only=True)
class KeyDoc:
    """A key with its description. ``default`` is None where unset means unset."""

    key: Key
    default: object
    text: str


def documented(section: type) -> list[KeyDoc]:
    """The keys of a section in their order."""
    defaults = {each.name: each.default for each in dataclasses.fields(section)}
    texts = _texts()[section.__name__]
    return [
        KeyDoc(key=key, default=_worth_saying(defaults[name]), text=texts[name])
        for name, key in keys_of(section).items()
    ]


def choices(kind: Any) -> tuple[str, ...]:
    """The values of an enumeration, nothing for any other type."""
    return typing.get_args(kind) if typing.get_origin(kind) is Literal else ()


def item_of(kind: Any) -> Any:
    """The type of a list's items; None for what is not a list."""
    return typing.get_args(kind)[0] if typing.get_origin(kind) is tuple else None


def _worth_saying(default: object) -> object:
    empty = default in (None, "", ()) or default is dataclasses.MISSING
    return None if empty or dataclasses.is_dataclass(default) else default


@functools.cache
def _texts() -> Mapping[str, Mapping[str, str]]:
    """By class and field, the text that stands under the field, on one line."""
    sections = (app_keys, backend_keys, convert_keys, optimise_keys, platform_keys, prepare_keys)
    modules = (*sections, run_keys, target)
    files = [Path(str(each.__file__)) for each in modules]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in files]
    found: dict[str, dict[str, str]] = {}
    classes = (node for tree in trees for node in tree.body if isinstance(node, ast.ClassDef))
    for section in classes:
        texts = found.setdefault(section.name, {})
        for field, below in zip(section.body, section.body[1:], strict=False):
            match field, below:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str(text))),
                ):
                    texts[name] = " ".join(text.split())
    return found
