"""Which kernels are selected, and what is said where there is none."""

from __future__ import annotations

import dataclasses

import pytest

from buildtool.core.values import (
    ArgDef,
    AttrCondition,
    AttrType,
    KernelCatalogue,
    NodeRef,
    OpDefinition,
    OpRegistration,
    OpSet,
    OpUse,
    Registration,
    TypeConstraint,
)
from buildtool.plan.problems import OUT
from buildtool.plan.selection import Selection, deciding_attrs, select

KERNELS = "tensorflow/core/kernels/"
OPS = "tensorflow/core/ops/"


def kernel(
    op: str, kernel_class: str, *types: str, device: str = "CPU", label: str = "", source: str = ""
) -> Registration:
    constraints = (TypeConstraint(attr="T", types=types),) if types else ()
    return Registration(
        op=op,
        device=device,
        label=label,
        kernel_class=kernel_class,
        constraints=constraints,
        source=KERNELS + (source or f"{op.lower()}_op.cc"),
        line=1,
    )


FLOAT_ADD = kernel("Add", "BinaryOp<CPUDevice, functor::add<float>>", "DT_FLOAT")
INT_ADD = kernel("Add", "BinaryOp<CPUDevice, functor::add<int32>>", "DT_INT32")
ARG = dataclasses.replace(kernel("_Arg", "ArgOp", source="function_ops.cc"), system=True)
ALL = (
    FLOAT_ADD,
    INT_ADD,
    kernel("Add", "GpuAdd", "DT_FLOAT", device="GPU"),
    kernel("Conv", "ConvOp", "DT_FLOAT"),
    kernel("Conv", "SlowConvOp", "DT_FLOAT", label="slow"),
    kernel("GpuOnly", "GpuOnlyOp", device="GPU"),
    kernel("NoOp", "NoOp", device="DEFAULT"),
    kernel("ApplyAdam", "ApplyAdamOp", "DT_FLOAT"),
    ARG,
)


def catalogue(*kernels: Registration, without: str = "") -> KernelCatalogue:
    names = sorted({k.op for k in kernels} | {"AccumulateNV2", "GpuOnly", "Conv"} - {without})
    return KernelCatalogue(
        tree_digest="0",
        defines=(),
        kernels=tuple(sorted(kernels, key=lambda k: (k.op, k.device, k.label, k.kernel_class))),
        ops=tuple(
            OpRegistration(
                op=name,
                source=OPS + ("training_ops.cc" if name == "ApplyAdam" else "math_ops.cc"),
                line=1,
            )
            for name in names
            if name != without
        ),
        definitions={
            "Conv": OpDefinition(
                name="Conv",
                inputs=(ArgDef(name="x", type_attr="T"), ArgDef(name="n", type="DT_INT64")),
            )
        },
    )


def use(op: str, *types: str, nodes: int = 1, label: str = "", model: str = "m") -> OpUse:
    return OpUse(
        op=op,
        attrs=(AttrType(name="T", types=types),) if types else (),
        label=label,
        nodes=tuple(NodeRef(model=model, function="", node=f"n{i}") for i in range(nodes)),
    )


def chosen(*uses: OpUse, **others: KernelCatalogue) -> Selection:
    return select(OpSet(models=(), uses=uses), catalogue(*ALL), others=others)


def classes(selection: Selection) -> list[tuple[str, str]]:
    return [(k.registration.op, k.registration.kernel_class) for k in selection.kernels]


def test_kernels_by_type_with_their_reasons() -> None:
    found = chosen(use("Add", "DT_INT32", nodes=3), use("Add", "DT_FLOAT", model="other"))
    assert not found.problems
    assert [(k.registration, k.reason) for k in found.kernels] == [
        (FLOAT_ADD, "used by other (1 node)"),
        (INT_ADD, "used by m (3 nodes)"),
    ]
    assert found.ops == (("Add", "used by m (3 nodes), other (1 node)"),)
    assert found.types == ("DT_FLOAT", "DT_INT32")


def test_labels_default_device_and_system_kernels() -> None:
    added = OpUse(op="_Arg", added_by_runtime="feeds become these (graph/subgraph.cc)")
    found = chosen(use("Conv", "DT_FLOAT", label="slow"), use("NoOp"), added)
    assert not found.problems
    assert classes(found) == [("Conv", "SlowConvOp"), ("NoOp", "NoOp"), ("_Arg", "ArgOp")]
    assert found.kernels[2].reason == "feeds become these (graph/subgraph.cc)"
    assert found.types == ("DT_FLOAT", "DT_INT64")  # Conv's definition fixes int64


def test_what_the_runtime_adds_is_left_out_where_the_tree_lacks_it() -> None:
    found = chosen(OpUse(op="_SwitchN", added_by_runtime="Case is lowered"))
    assert found == Selection(kernels=(), ops=(), types=(), problems=())


def test_an_op_that_is_rewritten_needs_no_kernel() -> None:
    found = chosen(use("AccumulateNV2", "DT_FLOAT"))
    assert not found.problems
    assert [op for op, _ in found.ops] == ["AccumulateNV2"]
    assert not found.kernels


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        (
            use("Add", "DT_STRING", nodes=2),
            "m: node 'n0': no kernel of op Add with T=string under this target's defines "
            "(also 'n1')\n    there are kernels for T: float, int32",
        ),
        (
            use("GpuOnly"),
            "m: node 'n0': no kernel of op GpuOnly under this target's defines\n"
            f"    the tree registers no CPU kernel of GpuOnly at all: {OUT}",
        ),
        (
            use("Conv", "DT_FLOAT", label="fast"),
            "m: node 'n0': no kernel of op Conv with T=float and kernel label 'fast' under this "
            "target's defines\n    its kernels have the labels '', 'slow'",
        ),
        (
            use("Missing"),
            "m: node 'n0': op Missing is not registered by this tree under this target's defines\n"
            f"    {OUT}",
        ),
        (
            use("ApplyAdam", "DT_FLOAT"),
            "m: node 'n0': op ApplyAdam is only useful in training\n"
            "    export the part of the model that gives its outputs, without its optimiser",
        ),
        (
            OpUse(
                op="Add", attrs=(AttrType(name="T", types=("DT_BOOL",)),), added_by_runtime="why"
            ),
            "the runtime, as why: no kernel of op Add with T=bool under this target's defines\n"
            "    there are kernels for T: float, int32",
        ),
    ],
)
def test_what_would_fail_on_the_device(wanted: OpUse, problem: str) -> None:
    assert [str(found) for found in chosen(wanted).problems] == [problem]


def test_all_problems_at_once() -> None:
    found = chosen(use("Add", "DT_STRING"), use("GpuOnly"), use("Add", "DT_FLOAT"))
    assert len(found.problems) == 2
    assert classes(found) == [("Add", FLOAT_ADD.kernel_class)]


def test_settings_that_would_help_are_named() -> None:
    full = catalogue(*ALL, kernel("Add", "StringAdd", "DT_STRING"), kernel("Missing", "MissingOp"))
    others = {"types: full": full}
    opset = OpSet(models=(), uses=(use("Add", "DT_STRING"), use("Missing")))
    todos = [p.todo for p in select(opset, catalogue(*ALL), others=others).problems]
    assert todos == [
        "with `types: full` there is one; there are kernels for T: float, int32",
        "with `types: full` it is",
    ]


def test_kernels_chosen_by_other_attributes_than_types() -> None:
    nhwc = dataclasses.replace(
        kernel("Conv", "NhwcOnly", "DT_HALF"),
        conditions=(AttrCondition(attr="data_format", values=("NHWC",)),),
    )
    tree = catalogue(*ALL, nhwc)
    assert deciding_attrs(tree) == {"Conv": {"data_format"}}
    uses = [
        dataclasses.replace(use("Conv", "DT_HALF"), settings=(("data_format", layout),))
        for layout in ("NHWC", "NCHW")
    ]
    found = select(OpSet(models=(), uses=tuple(uses)), tree)
    assert classes(found) == [("Conv", "NhwcOnly")]
    assert [str(problem) for problem in found.problems] == [
        "m: node 'n0': no kernel of op Conv with T=half, data_format=NCHW under this target's "
        "defines\n    there are kernels for T: float, half; data_format: NHWC"
    ]


def test_what_the_runtime_would_refuse_to_choose_is_told_with_its_node() -> None:
    twice = catalogue(*ALL, dataclasses.replace(FLOAT_ADD, kernel_class="Another"))
    opset = OpSet(models=(), uses=(use("Add", "DT_FLOAT", nodes=2), use("Add")))
    ambiguous, untyped = select(opset, twice).problems
    assert ambiguous.where == untyped.where == "m: node 'n0'"
    assert "matches several kernels equally well" in ambiguous.what
    assert ambiguous.what.endswith("(also 'n1')")
    assert untyped.what == "op Add is used without its type attribute 'T'"


def test_what_tensorflow_leaves_out_of_its_mobile_builds_is_noted() -> None:
    opset = OpSet(models=(), uses=(use("Add", "DT_FLOAT"), use("Conv", "DT_FLOAT")))
    portable = frozenset({KERNELS + "add_op.cc"})
    assert select(opset, catalogue(*ALL), portable=portable).notes == (
        KERNELS + "conv_op.cc (op Conv) is not among the files that TensorFlow itself builds for "
        "mobile",
    )


def listed(op: str, kernel_class: str) -> OpUse:
    where = NodeRef(model="ops", function="", node="line 1")
    return OpUse(op=op, kernel_class=kernel_class, nodes=(where,))


def test_a_list_leaves_out_kernels_that_no_cpu_chooses() -> None:
    own = dataclasses.replace(kernel("_DeviceArg", "ArgOp"), system=True)
    others = (
        kernel("_DeviceArg", "ArgOp", "DT_INT32", device="DEFAULT"),
        kernel("_DeviceArg", "SlowArgOp", device="DEFAULT", label="slow"),
        kernel("Add", "AnyAdd", device="DEFAULT"),
        kernel("Push", "PushOp"),
        kernel("Push", "OtherPushOp", device="DEFAULT"),
    )
    named = (listed("_DeviceArg", "*"), listed("Add", "*"), listed("Push", "*"))
    offered = catalogue(FLOAT_ADD, own, *others)
    found = select(OpSet(uses=named, models=()), offered)
    assert [(k.registration.kernel_class, k.registration.device) for k in found.kernels] == [
        (FLOAT_ADD.kernel_class, "CPU"),
        ("AnyAdd", "DEFAULT"),
        ("PushOp", "CPU"),
        ("ArgOp", "CPU"),
        ("SlowArgOp", "DEFAULT"),
    ]
    # Who names one has it.
    asked = OpSet(uses=(listed("Push", "OtherPushOp"),), models=())
    assert classes(select(asked, offered)) == [("Push", "OtherPushOp")]


def test_op_lists_name_classes_or_take_them_all() -> None:
    spaced = FLOAT_ADD.kernel_class.replace("<", "< ")
    assert classes(chosen(listed("Add", spaced))) == [("Add", FLOAT_ADD.kernel_class)]
    assert classes(chosen(listed("Add", "*"))) == [
        ("Add", FLOAT_ADD.kernel_class),
        ("Add", INT_ADD.kernel_class),
    ]
    (problem,) = chosen(listed("Add", "BinaryOp<CPUDevice, functor::add<half>>")).problems
    assert str(problem) == (
        "ops: node 'line 1': no kernel of op Add has the class "
        "'BinaryOp<CPUDevice, functor::add<half>>' under this target's defines\n"
        "    classes of Add are BinaryOp<CPUDevice, functor::add<float>>, "
        "BinaryOp<CPUDevice, functor::add<int32>>"
    )
