"""The graph in groups, for Graphviz, and as a page that opens without a network."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.core.paths import DATA
from buildtool.inspect.scopes import MOST_MEMBERS, ScopeTree, scope_tree
from buildtool.model.graphdef import read_graph
from buildtool.model.node_tensors import Inference
from tests.browser import browsing
from tests.inspect.graphs import NETWORK, T, node, placeholder, weight

GOLDEN = Path(__file__).with_name("golden")
VIEWER = DATA / "viewer"
Write = Callable[..., Path]
Views = Callable[..., dict[str, str]]
Golden = Callable[[Path, str], None]


def tree_of(path: Path) -> ScopeTree:
    return scope_tree(read_graph(path.read_bytes()), Inference())


def paths(tree: ScopeTree) -> dict[str, str]:
    """The path of the group of each node."""
    return {n.name: tree.groups[n.group].path if n.group >= 0 else "" for n in tree.nodes}


def test_the_page_and_the_graph(write: Write, views: Views, golden: Golden) -> None:
    made = views(write(NETWORK))
    page = made[".html"]
    for script in VIEWER.glob("cytoscape*.js"):
        text = script.read_text(encoding="utf-8")
        assert text in page
        page = page.replace(text, f"[{script.name}]")
    golden(GOLDEN / "model.html", page)
    golden(GOLDEN / "model.dot", made[".dot"])


def test_the_page_asks_for_nothing(write: Write, views: Views) -> None:
    page = views(write(NETWORK))[".html"]
    assert not re.search(r"""(?:src|href)\s*=\s*["']|@import|url\(\s*["']?(?:https?:|//)""", page)


def test_names_cannot_end_the_data(write: Write, views: Views) -> None:
    name = "</script><script>alert(1)//"
    page = views(write(placeholder(name, 1) + node("y", "Relu", name)))[".html"]
    assert page.count("<script") == 4
    data = re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.S)
    assert data
    assert json.loads(data[1])["nodes"][0][0] == name


def test_nodes_stand_in_their_scopes_and_weights_with_who_takes_them(write: Write) -> None:
    elsewhere = weight("store/w", 8, 2) + node("store/read", "Identity", "store/w")
    tree = tree_of(write(NETWORK + elsewhere + node("last/MatMul", "MatMul", "Mean", "store/read")))
    found = paths(tree)
    assert found["first/Conv2D"] == found["first/weights"] == "first"
    assert found["store/w"] == found["store/read"] == "last"
    assert found["Mean"] == ""
    by_name = {each.name: each for each in tree.nodes}
    assert by_name["store/read"].is_weight
    assert not by_name["Mean"].is_weight
    assert dict(by_name["first/weights"].attributes)["value"] == "[3, 3, 3, 4], from 0.5 to 0.5"


def test_no_group_shows_too_much_at_once(write: Write) -> None:
    chain = [placeholder("n0", 1)]
    for place in range(1, 2500):
        chain += [weight(f"w{place}", 1)]
        chain += [node(f"n{place}", "Mul", f"n{place - 1}", f"w{place}")]
    tree = tree_of(write("".join(chain)))
    members = Counter(each.group for each in tree.nodes)
    members.update(group.parent for group in tree.groups)
    assert max(members.values()) <= 2 * MOST_MEMBERS
    homes = {each.name: each.group for each in tree.nodes}
    assert all(homes[f"w{place}"] == homes[f"n{place}"] for place in range(1, 2500))
    assert all(group.parent < place for place, group in enumerate(tree.groups))
    assert sum(group.total for group in tree.groups if group.parent < 0) == 4999
    assert tree.groups[0].label.startswith("n0 ... ")


def test_a_function_is_a_group_with_its_arguments(write: Write) -> None:
    function = (
        'library { function { signature { name: "body" input_arg { name: "x" type: DT_FLOAT } '
        'output_arg { name: "y" type: DT_FLOAT } } node_def { name: "r" op: "Relu" input: "x" '
        f'{T} }} node_def {{ name: "s" op: "Relu" input: "r:activations:0" {T} }} }} }}'
    )
    tree = tree_of(
        write(placeholder("x", 2) + 'node { name: "c" op: "body" input: "x" }' + function)
    )
    body = [each for each in tree.nodes if each.group >= 0]
    assert [(each.name, each.op) for each in body] == [
        ("x", "argument of the function"),
        ("r", "Relu"),
        ("s", "Relu"),
    ]
    assert [tree.nodes[each.edges[0].source].name for each in body[1:]] == ["x", "r"]


@pytest.mark.wheel
@pytest.mark.parametrize("name", ["inception_v3", "keras_lstm", "functions"])
def test_it_opens_in_a_browser(made_models: Path, views: Views, tmp_path: Path, name: str) -> None:
    with browsing(tmp_path) as browser:
        views(made_models / f"{name}.pb", python=sys.executable)
        browser.open(tmp_path / "views" / "model.html")
        shown = re.fullmatch(
            r"(\d+) of (\d+) nodes and \d+ groups shown",
            browser.value("document.getElementById('shown').textContent"),
        )
        assert shown
        assert 1 < int(shown[1]) <= int(shown[2])
        assert browser.value("document.querySelectorAll('#view canvas').length")
        assert browser.errors == []
