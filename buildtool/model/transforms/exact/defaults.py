"""Attributes that the tree's op definitions do not have yet, dropped where nothing is lost."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from buildtool.core.datatypes import short
from buildtool.core.own_tables import read_table
from buildtool.core.paths import DATA
from buildtool.model.attributes import Attr
from buildtool.model.graphdef import Node
from buildtool.model.textformat import encode
from buildtool.model.transforms.transform import View, node_transform

_TABLE = DATA / "newer_attributes.yaml"


@functools.cache
def newer_attributes() -> Mapping[str, Mapping[str, Any]]:
    """The table of ``data/newer_attributes.yaml``: ``defaults`` and ``hints``, each by op."""
    table: Mapping[str, Mapping[str, Any]] = read_table(_TABLE)
    return table


def unknown(node: Node, view: View) -> list[str]:
    """The attributes that the tree's definition of the op lacks; internal ones begin by _."""
    spec = view.tree.specs[node.op]
    if spec is None or spec.is_open or view.tree.facts.ignores_unknown_attrs:
        return []
    return [name for name in node.attrs if name not in spec.attrs and not name.startswith("_")]


def is_default(op: str, name: str, attr: Attr) -> bool:
    """Does the op, with this attribute, do what it did before it had it?"""
    table = newer_attributes()
    if name in table["hints"].get(op, ()):
        return True
    text = table["defaults"].get(op, {}).get(name)
    if text is None:
        return False
    content = encode(text, "AttrValue")
    default = Attr(content, (0, len(content)))
    if attr.buffer[slice(*attr.span)] == content:
        return True
    return default.kind() not in ("float", "tensor") and attr.decode() == default.decode()


def _drop(node: Node, view: View) -> tuple[Node, ...] | str | None:
    names = unknown(node, view)
    if not names:
        return None
    kept = [name for name in names if not is_default(node.op, name, node.attrs[name])]
    if kept:
        said = ", ".join(f"{name} {_shown(node.attrs[name])}".strip() for name in kept)
        return f"this tree's op {node.op} cannot do what {said} asks for"
    attrs = {name: attr for name, attr in node.attrs.items() if name not in names}
    return (node._replace(attrs=attrs),)


def _shown(attr: Attr) -> str:
    """The value in few words, empty for what has none."""
    value = attr.decode().value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, str):
        return short(value)
    return str(value).lower() if isinstance(value, (bool, int)) else ""


DEFAULT_ATTRIBUTES = node_transform(
    "default-attributes",
    "Attributes that the tree's definition of an op lacks are dropped, where they have the value "
    "that stands for what the op did before it had them.",
    (),
    _drop,
)
