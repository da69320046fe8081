"""Short names that say nothing, in place of those of layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count, product
from string import ascii_uppercase

from buildtool.model.encoding import strings_attr
from buildtool.model.graphdef import GraphDef, Node
from buildtool.model.transforms.exact.effects import Names
from buildtool.model.transforms.transform import Result, Setting, Transform

_COLOCATION, _LOCATION = "_class", b"loc:@"


def _obfuscate(graph: GraphDef, setting: Setting) -> Result:
    kept = Names(setting).all | graph.functions.keys()
    words = (word for word in _words() if word not in kept)
    named = {node.name: next(words) for node in graph.nodes if node.name not in kept}
    if all(name == word for name, word in named.items()):
        return Result(graph)
    nodes = tuple(_renamed(node, named) for node in graph.nodes)
    changed = tuple(name for name, word in named.items() if name != word)
    return Result(graph._replace(nodes=nodes), changed)


def _words() -> Iterator[str]:
    """A, B, ... Z, AA, AB, ..."""
    for length in count(1):
        yield from map("".join, product(ascii_uppercase, repeat=length))


def _renamed(node: Node, named: Mapping[str, str]) -> Node:
    attr = node.attrs.get(_COLOCATION)
    value = attr.decode().value if attr is not None else None
    attrs = node.attrs
    if isinstance(value, tuple):
        beside = strings_attr(_beside(item, named) for item in value if isinstance(item, bytes))
        attrs = {**attrs, _COLOCATION: beside}
    name = named.get(node.name, node.name)
    return node._replace(
        name=name, inputs=tuple(_source(x, named) for x in node.inputs), attrs=attrs
    )


def _beside(item: bytes, named: Mapping[str, str]) -> bytes:
    """A wish to stand beside another node, by that node's new name."""
    if not item.startswith(_LOCATION):
        return item
    name = item.removeprefix(_LOCATION).decode("utf-8", "backslashreplace")
    return _LOCATION + named[name].encode() if name in named else item


def _source(name: str, named: Mapping[str, str]) -> str:
    mark = "^" if name.startswith("^") else ""
    node, colon, port = name.removeprefix("^").partition(":")
    return f"{mark}{named.get(node, node)}{colon}{port}"


OBFUSCATE_NAMES = Transform(
    name="obfuscate-names",
    description="Nodes get short names that say nothing (`A`, `B`, ..., the same ones each time). "
    "What an app feeds, fetches or runs first keeps its name, and so does what stands in "
    "functions.",
    exact=True,
    apply=_obfuscate,
)
