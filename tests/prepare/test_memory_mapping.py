from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from buildtool.model.encoding import constant, make_node, strings_constant, type_attr
from buildtool.model.graphdef import GraphDef, read_graph
from buildtool.model.memory_mapping import keep_package, map_constants
from buildtool.model.wire import fields, text

LARGE = np.arange(600, dtype=np.float32).reshape(2, 300)
OTHER = np.arange(3000, dtype=np.uint8)
SMALL = np.array([1, 2], np.float32)


def _graph() -> GraphDef:
    nodes = (
        constant("small", SMALL),
        constant("large", LARGE),
        strings_constant("words", [b"x" * 2000]),
        constant("other", OTHER),
        make_node("sum", "Neg", ("large",), T=type_attr("DT_FLOAT")),
    )
    return GraphDef(nodes, {}, 27, 0, ())


def _regions(package: bytes) -> dict[str, tuple[int, bytes]]:
    """What the directory at the end of a package names: where it lies, and what it holds."""
    (begin,) = struct.unpack("<Q", package[-8:])
    found = {}
    for _, _, start, end in fields(package, (begin, len(package) - 8)):
        entry = {1: 0, 2: 0, 3: 0}
        name = ""
        for number, _, value, stop in fields(package, (start, end)):
            entry[number] = value
            name = text(package, (value, stop)) if number == 2 else name
        found[name] = (entry[1], package[entry[1] : entry[1] + entry[3]])
    return found


def test_large_constants_become_regions_and_others_stay() -> None:
    ops = {node.name: node.op for node in map_constants(_graph()).nodes}
    assert ops == {
        "small": "Const",
        "large": "ImmutableConst",
        "words": "Const",
        "other": "ImmutableConst",
        "sum": "Neg",
    }


def test_a_package_holds_the_regions_and_the_graph(tmp_path: Path) -> None:
    plain = _graph()
    mapped = map_constants(plain)
    regions = _regions(keep_package(mapped, plain, "ab" * 32, tmp_path).read_bytes())
    assert regions.keys() == {
        "memmapped_package://c1",
        "memmapped_package://c3",
        "memmapped_package://.",
    }
    assert regions["memmapped_package://c1"][1] == LARGE.tobytes()
    assert regions["memmapped_package://c3"][1] == OTHER.tobytes()
    assert all(place % 64 == 0 for name, (place, _) in regions.items() if name[-1] != ".")
    names = [node.name for node in read_graph(regions["memmapped_package://."][1]).nodes]
    assert names == [node.name for node in plain.nodes]


def test_regions_of_nodes_that_are_gone_are_left_out(tmp_path: Path) -> None:
    plain = _graph()
    mapped = map_constants(plain)
    without = mapped._replace(nodes=mapped.nodes[:3])
    regions = _regions(keep_package(without, plain, "ab" * 32, tmp_path).read_bytes())
    assert regions.keys() == {"memmapped_package://c1", "memmapped_package://."}


def test_a_package_of_another_graph_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    plain = _graph()
    with pytest.raises(ValueError, match="is no constant"):
        keep_package(
            map_constants(plain), plain._replace(nodes=plain.nodes[-1:] * 5), "ab" * 32, tmp_path
        )
    assert list(tmp_path.iterdir()) == []
