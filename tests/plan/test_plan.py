from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from buildtool.core.errors import ConfigError
from buildtool.core.render import to_json
from buildtool.core.values import (
    AttrType,
    BuildPlan,
    FileKind,
    KernelCatalogue,
    ModelInfo,
    NodeRef,
    OpRegistration,
    OpUse,
    PlannedFile,
    Registration,
    SelectedKernel,
    TensorInfo,
    TypeConstraint,
)
from buildtool.plan.build_plan import (
    Offer,
    RuntimeRoot,
    make_plan,
    plan_from_json,
    plan_to_json,
    selections,
)

NN, MATH, OLD = "core/ops/nn_ops.cc", "core/ops/math_ops.cc", "core/ops/a_copy.cc"
SESSION = RuntimeRoot(path="core/session.cc", reason="registers the session factory")
LOWER = RuntimeRoot(path="core/lower.cc", reason="lowers While", ops=("While", "If"))


def offer(path: str, kind: FileKind = FileKind.RUNTIME, root: str = "tensorflow") -> Offer:
    return Offer(root=root, path=path, kind=kind, reason=f"offered by {path}'s target")


OFFERS = (
    *(offer(path) for path in (SESSION.path, LOWER.path, NN, MATH, "core/tensor.cc")),
    offer("core/kernels/relu_op.cc"),
    offer("core/graph.proto", FileKind.PROTO),
    offer("src/message.cc", FileKind.DEPENDENCY, "protobuf"),
    offer("core/session.cc", FileKind.DEPENDENCY, "other"),
)


def kernel(op: str, source: str, kernel_class: str = "", *, system: bool = False) -> SelectedKernel:
    registration = Registration(
        op=op,
        device="CPU",
        kernel_class=kernel_class or f"{op}Op<float>",
        source=source,
        line=7,
        constraints=(TypeConstraint(attr="T", types=("DT_FLOAT",)),),
        system=system,
    )
    return SelectedKernel(registration=registration, reason="node 'n' of m")


MODEL = ModelInfo(
    name="m",
    path=Path("/somewhere/of/mine/m.pb"),
    sha256="1" * 64,
    inputs=(TensorInfo(name="x:0", dtype="DT_FLOAT", shape=(-1, 3)),),
    outputs=(TensorInfo(name="y:0", dtype="DT_FLOAT", shape=None),),
    node_count=4,
)


def plan(
    *,
    ops: Sequence[str] = ("Relu", "MatMul"),
    kernels: Sequence[SelectedKernel] = (kernel("Relu", "core/kernels/relu_op.cc"),),
    roots: Sequence[RuntimeRoot] = (SESSION, LOWER),
    offers: Sequence[Offer] = OFFERS,
    uses: Sequence[OpUse] = (),
) -> BuildPlan:
    registered = {"Relu": NN, "Relu6": NN, "MatMul": MATH, "While": MATH}
    catalogue = KernelCatalogue(
        tree_digest="2" * 64,
        defines=("A=1",),
        kernels=(),
        ops=tuple(OpRegistration(op=op, source=at, line=1) for op, at in registered.items()),
        definitions={},
    )
    return make_plan(
        target="pi",
        version="2.14.1",
        models=(MODEL,),
        catalogue=catalogue,
        kernels=kernels,
        ops=ops,
        types=("DT_FLOAT",),
        roots=roots,
        offers=offers,
        compile_flags=("-Os",),
        link_flags=("-lm",),
        notes=("a note",),
        uses=uses,
    )


def by_path(made: BuildPlan) -> dict[tuple[str, str], PlannedFile]:
    return {(file.root, file.path): file for file in made.files}


def test_every_file_has_its_kind_and_reason() -> None:
    files = by_path(plan())
    told = {
        path: (file.kind.value, file.required, file.reason)
        for (root, path), file in files.items()
        if root == "tensorflow"
    }
    assert told == {
        SESSION.path: ("runtime", True, "registers the session factory"),
        LOWER.path: ("runtime", False, "offered by core/lower.cc's target"),
        NN: ("op", True, "registers the ops Relu"),
        MATH: ("op", True, "registers the ops MatMul"),
        "core/kernels/relu_op.cc": ("kernel", True, "registers kernels of Relu"),
        "core/tensor.cc": ("runtime", False, "offered by core/tensor.cc's target"),
        "core/graph.proto": ("proto", False, "offered by core/graph.proto's target"),
    }
    assert all(file.reason for file in files.values())


def test_a_path_of_another_root_is_another_file() -> None:
    files = by_path(plan())
    assert files["other", "core/session.cc"].kind is FileKind.DEPENDENCY
    assert not files["other", "core/session.cc"].required


def test_files_are_sorted_and_each_is_there_once() -> None:
    places = [(file.root, file.path) for file in plan().files]
    assert places == sorted(set(places))


def test_a_root_for_certain_ops_is_required_with_one_of_them() -> None:
    assert by_path(plan(ops=("While",)))["tensorflow", LOWER.path].required
    assert not by_path(plan(ops=("Relu",)))["tensorflow", LOWER.path].required


def test_lacking_roots_are_all_told() -> None:
    roots = (SESSION, *(dataclasses.replace(SESSION, path=f"core/{n}.cc") for n in "xy"), LOWER)
    offers = [each for each in OFFERS if each.path != LOWER.path]
    with pytest.raises(ConfigError) as caught:
        plan(roots=roots, offers=offers, ops=("While",))
    problems = caught.value.problems
    assert [problem.where for problem in problems] == ["core/x.cc", "core/y.cc", "core/lower.cc"]
    assert "do not offer this file, which registers the session factory" in problems[0].what
    assert "data/runtime.yaml" in problems[0].todo
    plan(roots=(SESSION, LOWER), offers=offers, ops=("Relu",))


def test_of_two_files_with_an_op_the_offered_one_is_taken() -> None:
    """2.14 registers some ops a second time for its own tests and tools."""
    catalogue = KernelCatalogue(
        tree_digest="2",
        defines=(),
        kernels=(),
        ops=tuple(OpRegistration(op="Relu", source=source, line=1) for source in (NN, OLD)),
        definitions={},
    )

    def place(offers: Sequence[Offer]) -> str:
        made = make_plan(
            target="pi",
            version="2",
            models=(),
            catalogue=catalogue,
            kernels=(),
            ops=("Relu",),
            types=(),
            roots=(),
            offers=offers,
            compile_flags=(),
            link_flags=(),
        )
        assert by_path(made)["tensorflow", dict(made.ops)["Relu"]].required
        return dict(made.ops)["Relu"]

    assert place([offer(NN)]) == NN
    assert place([offer(OLD)]) == OLD
    assert place([offer(NN), offer(OLD)]) == OLD  # the first by name, whatever the order
    assert place([offer(OLD), offer(NN)]) == OLD
    assert place([]) == OLD


def test_an_op_that_no_file_registers_is_left_to_the_models_stage() -> None:
    assert dict(plan(ops=("Relu", "Unknown")).ops) == {"Relu": NN}


def test_a_file_that_registers_ops_and_kernels_is_a_kernel_file() -> None:
    both = plan(kernels=(kernel("MatMul", MATH),))
    assert by_path(both)["tensorflow", MATH].kind is FileKind.KERNEL
    assert dict(both.ops)["MatMul"] == MATH


def test_kernel_files_that_nobody_offers_are_compiled_too() -> None:
    made = plan(kernels=(kernel("Relu", "elsewhere/relu.cc"),))
    assert by_path(made)["tensorflow", "elsewhere/relu.cc"].required


def test_long_lists_of_names_are_cut() -> None:
    many = [kernel(f"Op{i:02}", "core/kernels/relu_op.cc") for i in range(15)]
    reason = by_path(plan(kernels=many))["tensorflow", "core/kernels/relu_op.cc"].reason
    assert reason.endswith("Op10, Op11 and 3 more")
    assert reason.count("Op") == 12


def test_the_order_of_what_comes_in_does_not_matter() -> None:
    kernels = (kernel("Relu", "core/kernels/relu_op.cc"), kernel("MatMul", "core/m.cc"))
    first = plan(kernels=kernels, ops=("Relu", "MatMul"))
    second = plan(kernels=kernels, ops=("MatMul", "Relu"), offers=tuple(reversed(OFFERS)))
    assert plan_to_json(first) == plan_to_json(second)


def test_json_and_back() -> None:
    nodes = tuple(NodeRef(model="m", function=f, node=n) for f, n in (("", "a"), ("f", "a")))
    uses = (
        OpUse(op="MatMul", added_by_runtime="is fused"),
        OpUse(op="Relu", attrs=(AttrType(name="T", types=("DT_FLOAT",)),), nodes=nodes),
    )
    made = plan(kernels=(kernel("Relu", "a.cc"), kernel("_Arg", "f.cc", system=True)), uses=uses)
    text = to_json(plan_to_json(made))
    assert "/somewhere/of/mine" not in text
    again = plan_from_json(json.loads(text))
    nowhere = dataclasses.replace(MODEL, path=Path())
    assert again == dataclasses.replace(made, models=(nowhere,))
    assert to_json(plan_to_json(again)) == text


def test_selections_are_by_file() -> None:
    relu, function = "core/kernels/relu_op.cc", "core/kernels/function_ops.cc"
    made = plan(
        ops=("Relu", "Relu6"),
        kernels=(
            kernel("Relu6", relu, "B<float>"),
            kernel("Relu", relu, "A<float>"),
            kernel("Relu", relu, "A<float>"),
            kernel("_Arg", function, system=True),
        ),
    )
    assert selections(made) == {
        relu: (["A<float>", "B<float>"], ["Relu", "Relu6"]),
        NN: ([], ["Relu", "Relu6"]),
    }


def test_a_file_with_system_kernels_and_others_selects_the_others() -> None:
    made = plan(ops=(), kernels=(kernel("_Arg", "f.cc", system=True), kernel("Fill", "f.cc")))
    assert selections(made) == {"f.cc": (["FillOp<float>"], ["Fill"])}
