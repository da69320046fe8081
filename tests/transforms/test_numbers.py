"""A rewritten graph gives what the graph gave: both are run by TensorFlow, which knows old ops too.

Where a rewrite keeps the arithmetic, the outputs must be equal to the last bit; ``TOLERANCE`` has
the largest difference for those that add up in another order.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from buildtool.core.run import Command, run
from buildtool.core.values import OpDefinition
from buildtool.model import ModelSource, read_models
from buildtool.model.encoding import write_graph
from buildtool.model.graphdef import read_graph
from buildtool.model.transforms import TRANSFORMS
from tests.limits import HANG

Rewrite = Callable[..., Any]
HERE = Path(__file__).parent
# What TensorFlow does not load before the transform: tests/model/test_pruning.py has it.
NOT_RUN_BEFORE = {"order-control-inputs"}
NAMES = [item.name for item in TRANSFORMS if item.exact]
# What else the graphs hold that is too new.
ALSO = ("switch", "tensor-lists", "add", "default-attributes")
TOLERANCE = {"einsum": 1e-5, "batch-norm": 1e-6, "channels-last": 1e-5, "fused-ops": 1e-5}
# What is done where the tree has the very same op.
FOR_NEW_TREES = {"channels-last"}
LACKING = {"gather": ("GatherV2",), "identity": ("IdentityN",)}

pytestmark = [pytest.mark.wheel, pytest.mark.real_tree]


@pytest.fixture(scope="session")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("graphs")
    argv = (sys.executable, str(HERE / "make_graphs.py"), str(folder))
    run(Command(argv=argv), what="making graphs", timeout=HANG)
    return folder


def differences(pairs: list[tuple[Path, Path]], folder: Path) -> list[dict[str, float]]:
    """The largest difference of each output, for each pair of graphs."""
    listed, about = folder / "pairs.json", folder / "about.json"
    listed.write_text(json.dumps([[str(path) for path in pair] for pair in pairs]))
    argv = (sys.executable, str(HERE / "run_pairs.py"), str(listed), str(about))
    run(Command(argv=argv), what="running graphs", timeout=HANG)
    said: list[dict[str, float]] = json.loads(about.read_text(encoding="utf-8"))
    return said


def test_every_rewrite_keeps_what_is_computed(
    graphs: Path,
    rewrite: Rewrite,
    old_definitions: Mapping[str, OpDefinition],
    new_definitions: Mapping[str, OpDefinition],
    tmp_path: Path,
) -> None:
    paths = sorted(graphs.glob("*/*.pb"))
    assert sorted({path.parent.name for path in paths}) == sorted({*NAMES} - NOT_RUN_BEFORE)
    pairs = []
    for path in paths:
        name = path.parent.name
        before = read_graph(path.read_bytes())
        tree = new_definitions if name in FOR_NEW_TREES else old_definitions
        left = {k: v for k, v in tree.items() if k not in LACKING.get(name, ())}
        graph, done = rewrite(before, name, *ALSO, definitions=left)
        said = {item.transform: item for item in done}
        assert said[name].changed, path
        assert not [item.refused for item in done if item.refused], path
        target = tmp_path / f"{name}-{path.name}"
        target.write_bytes(write_graph(graph))
        reading = read_models([ModelSource(path=target)], definitions=left, cache=tmp_path)
        assert not reading.problems, path
        pairs.append((path, target))
    for (path, _), found in zip(pairs, differences(pairs, tmp_path), strict=True):
        assert found, path
        assert max(found.values()) <= TOLERANCE.get(path.parent.name, 0.0), (path, found)


def test_whole_models_keep_what_they_compute(
    made_models: Path, rewrite: Rewrite, tmp_path: Path
) -> None:
    pairs, changes = [], {}
    for path in sorted(made_models.glob("*.pb")):
        graph, done = rewrite(read_graph(path.read_bytes()), *NAMES)
        changes[path.stem] = sum(len(item.changed) for item in done)
        if changes[path.stem]:
            target = tmp_path / path.name
            target.write_bytes(write_graph(graph))
            pairs.append((path, target))
    assert changes["inception_v3"] > 180
    assert changes["keras_lstm"] > 40
    for (path, _), found in zip(pairs, differences(pairs, tmp_path), strict=True):
        assert found, path
        assert max(found.values()) <= 1e-5, (path, found)


def test_a_wrong_rewrite_would_be_seen(graphs: Path, tmp_path: Path) -> None:
    path = graphs / "leaky-relu" / "leaky.pb"
    graph = read_graph(path.read_bytes())
    wrong = tuple(
        node._replace(attrs={}) if node.op == "LeakyRelu" else node for node in graph.nodes
    )
    target = tmp_path / "wrong.pb"
    target.write_bytes(write_graph(graph._replace(nodes=wrong)))
    (found,) = differences([(path, target)], tmp_path)
    assert max(found.values()) > 0.05
