"""Our selection against TensorFlow 2.14.1's own tool, on models of many kinds.

Both work with what a desktop build registers: the tool with the registry of the wheel, we with the
sources preprocessed without any mobile define. Each pair of op and kernel class must be the same,
letter for letter, but for the differences listed here, each with its reason.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from buildtool.catalogue.kernels import make_catalogue
from buildtool.core.run import Command, run
from buildtool.core.values import KernelCatalogue
from buildtool.model import (
    ModelSource,
    Reading,
    chosen_rewrites,
    read_models,
    read_runtime_facts,
)
from buildtool.plan.selection import Selection, deciding_attrs, select

PROJECT = Path(__file__).resolve().parents[2]
TOOL = Path(__file__).with_name("tensorflow_tool.py")
Pairs = set[tuple[str, str]]

# The tool takes every function of the library, though nothing calls it.
NOT_REACHED: dict[str, Pairs] = {
    "functions": {("MatrixInverse", "(MatrixInverseOp<float>)")},
}
# The tool looks for GPU kernels of nodes that ask for a GPU, and drops the nodes with a warning.
DROPPED: dict[str, Pairs] = {
    "pinned": {
        ("MatMul", "BatchMatMulOp<CPUDevice, float, float, float, true>"),
        ("Relu", "ReluOp<CPUDevice, float>"),
    },
}
# The tool does not know of these; what else the runtime adds depends on the model.
ALWAYS_ADDED = {("_Arg", "ArgOp"), ("_Retval", "RetvalOp")}
LOOP = {
    (op, f"{op}Op")
    for op in ("Enter", "Exit", "IdentityN", "LoopCond", "Merge", "NextIteration", "Switch")
}
ADDED: dict[str, Pairs] = {"functions": LOOP}  # its While asks to be lowered

pytestmark = [pytest.mark.real_tree, pytest.mark.wheel]


@pytest.fixture(scope="module")
def desktop(real_tree: Path) -> KernelCatalogue:
    compiler = shutil.which("clang++") or shutil.which("g++")
    if compiler is None:
        pytest.skip("needs clang++ or g++ to preprocess the tree")
    return make_catalogue(
        real_tree,
        defines=(),
        preprocessor=(compiler, "-E"),
        cache=PROJECT / ".cache" / "test-catalogue",
        tree_digest=str(real_tree),
    )


@pytest.fixture(scope="module")
def theirs(made_models: Path) -> dict[str, Pairs]:
    paths = [str(path) for path in sorted(made_models.glob("*.pb"))]
    said = run(Command(argv=(sys.executable, str(TOOL), *paths)), what="TensorFlow's tool").stdout
    return {
        Path(path).stem: {(op, kernel) for op, kernel in pairs}
        for path, pairs in json.loads(said.splitlines()[-1]).items()
    }


def ours(catalogue: KernelCatalogue, tree: Path, model: Path) -> tuple[Reading, Selection]:
    reading = read_models(
        [ModelSource(path=model)],
        definitions=catalogue.definitions,
        registered_ops=[place.op for place in catalogue.ops],
        deciding=deciding_attrs(catalogue),
        facts=read_runtime_facts(tree),
        cache=PROJECT / ".cache",
        rewrites=chosen_rewrites(["clear-devices"], ""),
    )
    return reading, select(reading.opset, catalogue)


def test_the_same_classes_on_every_model(
    desktop: KernelCatalogue, real_tree: Path, made_models: Path, theirs: dict[str, Pairs]
) -> None:
    assert len(theirs) >= 16
    for name, expected in theirs.items():
        reading, selection = ours(desktop, real_tree, made_models / f"{name}.pb")
        assert not reading.problems, name
        assert not selection.problems, name
        chosen = [kernel.registration for kernel in selection.kernels]
        found = {(kernel.op, kernel.kernel_class) for kernel in chosen}
        assert expected - found == NOT_REACHED.get(name, set()), name
        extra = found - expected
        assert extra == ALWAYS_ADDED | ADDED.get(name, set()) | DROPPED.get(name, set()), name


def test_models_that_need_types_a_slim_build_lacks_say_so(
    desktop: KernelCatalogue, real_tree: Path, made_models: Path
) -> None:
    slim = make_catalogue(
        real_tree,
        defines=("IS_MOBILE_PLATFORM", "__ANDROID_TYPES_SLIM__"),
        preprocessor=(shutil.which("clang++") or "g++", "-E"),
        cache=PROJECT / ".cache" / "test-catalogue",
        tree_digest=str(real_tree),
    )
    reading, _ = ours(desktop, real_tree, made_models / "embedding.pb")
    found = select(reading.opset, slim, others={"types: full": desktop}).problems
    assert found
    todos = {problem.what.partition(" under")[0]: problem.todo for problem in found}
    for what, todo in todos.items():
        assert what.startswith("no kernel of op ")
        assert todo.startswith("with `types: full` there is one; "), todo
