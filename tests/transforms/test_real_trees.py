"""Which models can be brought to which real older tree: the table of ``docs/older-runtimes.md``."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from buildtool.catalogue.opdefs import OpDefinitions, read_definitions
from buildtool.model import ModelSource, Reading, chosen_rewrites, read_models, read_runtime_facts
from buildtool.model.textformat import encode
from buildtool.model.transforms import TRANSFORMS, Choice
from buildtool.model.transforms.exact.bodies import newer_outputs
from buildtool.model.transforms.exact.defaults import newer_attributes

PAGE = Path(__file__).parents[2] / "docs" / "older-runtimes.md"
RELEASES = ("1.0", "1.4", "1.8", "1.12")
EXACT = [transform for transform in TRANSFORMS if transform.exact]
ALL = chosen_rewrites(["all"], "")
_LACKING = re.compile(r"op (\w+) does not exist|op (\w+): this tree does not know|op (\w+) takes")


@functools.cache
def definitions(tree: Path) -> OpDefinitions:
    return OpDefinitions(read_definitions(tree))


def read(path: Path, tree: Path, rewrites: Sequence[Choice], cache: Path) -> Reading:
    return read_models(
        [ModelSource(path=path)],
        definitions=definitions(tree),
        facts=read_runtime_facts(tree),
        rewrites=rewrites,
        cache=cache,
    )


def verdict(path: Path, tree: Path, cache: Path) -> str:
    """What the table says of a model on a tree."""
    if not read(path, tree, (), cache).problems:
        return "as it is"
    left = read(path, tree, ALL, cache).problems
    if not left:
        return "rewritten"
    lacking = sorted({next(filter(None, m.groups())) for m in map(_match, left)})
    return "no: " + ", ".join(f"`{op}`" for op in lacking)


def _match(problem: object) -> re.Match[str]:
    found = _LACKING.search(str(problem))
    assert found, problem
    return found


@pytest.mark.tree_1x
@pytest.mark.wheel
def test_the_table_of_models(trees_1x: dict[str, Path], made_models: Path, tmp_path: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert set(RELEASES) <= set(trees_1x)
    wanted = []
    for path in sorted(made_models.glob("*.pb")):
        cells = [verdict(path, trees_1x[release], tmp_path) for release in RELEASES]
        wanted.append(f"| `{path.stem}` | {' | '.join(cells)} |")
    missing = [row for row in wanted if row not in page]
    assert not missing, "\n".join(wanted)


def test_every_rewrite_is_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    rows = [
        f"| `{rewrite.name}` | {rewrite.description} |" for rewrite in TRANSFORMS if rewrite.exact
    ]
    assert [row for row in rows if row not in page] == []


@pytest.mark.real_tree
def test_the_tables_say_what_the_newer_tree_says(real_tree: Path) -> None:
    found = OpDefinitions(read_definitions(real_tree))
    for op, attrs in newer_attributes()["defaults"].items():
        known = {attr.name: attr.default for attr in found[op].attrs}
        assert attrs == {name: known[name] for name in attrs}, op
    for op, names in newer_attributes()["hints"].items():
        assert {*names} <= {attr.name for attr in found[op].attrs}, op
    for op, outputs in newer_outputs().items():
        assert tuple(outputs) == tuple(output.name for output in found[op].outputs), op


@pytest.mark.tree_1x
@pytest.mark.real_tree
def test_nothing_newer_than_the_oldest_tree_is_forgotten(
    trees_1x: dict[str, Path], real_tree: Path
) -> None:
    newest = OpDefinitions(read_definitions(real_tree))
    for tree in trees_1x.values():
        older = OpDefinitions(read_definitions(tree))
        for op in newest.keys() & older.keys():
            known = {attr.name for attr in older[op].attrs}
            newer = {attr.name for attr in newest[op].attrs} - known
            assert newer <= newer_attributes()["defaults"].get(op, {}).keys(), op


@pytest.mark.tree_1x
def test_an_output_that_a_real_older_tree_lacks(trees_1x: dict[str, Path], tmp_path: Path) -> None:
    """BoostedTreesGetEnsembleStates gives five tensors from 1.9 on, and four in 1.8."""
    path = tmp_path / "m.pb"
    text = """node { name: 'h' op: 'Placeholder' attr { key: 'dtype' value { type: DT_RESOURCE } } }
      node { name: 's' op: 'BoostedTreesGetEnsembleStates' input: 'h' }
      node { name: 'y' op: 'Identity' input: 's:4' attr { key: 'T' value { type: DT_INT32 } } }"""
    path.write_bytes(encode(text, "GraphDef"))
    assert [str(problem) for problem in read(path, trees_1x["1.12"], (), tmp_path).problems] == []
    (problem,) = read(path, trees_1x["1.8"], (), tmp_path).problems
    assert str(problem).startswith(
        "m: node 'y': op Identity: its input is 's:4': op BoostedTreesGetEnsembleStates of this "
        "tree has 4 outputs: no session can be made\n"
    )
