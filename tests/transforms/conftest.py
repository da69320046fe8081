"""An older tree, made out of the newer one: without the ops and attributes that came later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from buildtool.catalogue.opdefs import OpDefinitions, read_definitions
from buildtool.core.values import OpDefinition
from buildtool.model.cpu_limits import CpuLimit, read_cpu_limits
from buildtool.model.graphdef import GraphDef
from buildtool.model.runtime_facts import RuntimeFacts
from buildtool.model.specs import Specs
from buildtool.model.transforms import TransformOutcome, chosen_rewrites, transform_graph
from buildtool.model.transforms.exact.defaults import newer_attributes
from buildtool.model.transforms.transform import Setting, Tree

NEWER_OPS = frozenset(
    (
        *("AddV2", "BatchMatMulV2", "BatchMatMulV3", "Case", "Einsum", "EnsureShape"),
        "FusedBatchNormV3",
        *("If", "LeakyRelu", "NonMaxSuppressionV2", "NonMaxSuppressionV3", "PartitionedCall"),
        *("SelectV2", "StatefulPartitionedCall", "StatelessCase", "StatelessIf", "StatelessWhile"),
        *("TensorListFromTensor", "TensorListGetItem", "TensorListReserve", "TensorListSetItem"),
        *("TensorListLength", "TensorListStack", "While", "_SwitchN"),
    )
)

Rewritten = tuple[GraphDef, tuple[TransformOutcome, ...]]
Rewrite = Callable[..., Rewritten]


@pytest.fixture(scope="session")
def new_definitions(real_tree: Path) -> Mapping[str, OpDefinition]:
    """What TensorFlow 2.14.1 says of its ops, but for those whose names begin with _."""
    return dict(OpDefinitions(read_definitions(real_tree)))


@pytest.fixture(scope="session")
def old_definitions(new_definitions: Mapping[str, OpDefinition]) -> Mapping[str, OpDefinition]:
    """What it would say, had it stopped growing around 1.4."""
    newer = newer_attributes()["defaults"]
    found = {}
    for name, op in new_definitions.items():
        if name not in NEWER_OPS:
            attrs = tuple(attr for attr in op.attrs if attr.name not in newer.get(name, {}))
            found[name] = replace(op, attrs=attrs)
    return found


@pytest.fixture(scope="session")
def rewrite(old_definitions: Mapping[str, OpDefinition], real_tree: Path) -> Rewrite:
    """Do rewrites for that tree, or one of other ``definitions``; ``without`` are further ops that
    it lacks."""
    older = CpuLimit(op="FusedBatchNorm", attribute="data_format", runs=("NHWC",))
    facts = RuntimeFacts(cpu_limits=(*read_cpu_limits(real_tree), older))

    def do(
        graph: GraphDef,
        *names: str,
        without: tuple[str, ...] = (),
        definitions: Mapping[str, OpDefinition] = old_definitions,
    ) -> Rewritten:
        left = {name: op for name, op in definitions.items() if name not in without}
        setting = Setting(Tree(Specs(left), facts))
        return transform_graph(graph, chosen_rewrites(names, ""), setting)

    return do
