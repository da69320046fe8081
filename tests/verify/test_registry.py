from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from buildtool.binary.archive import read_archive
from buildtool.core.values import (
    BuildPlan,
    KernelCatalogue,
    OpRegistration,
    Registration,
    SelectedKernel,
    TypeConstraint,
)
from buildtool.verify.program import RegisteredKernel, Registries
from buildtool.verify.registry import check_registries, may_register

Make = Callable[..., Path]
START = "__attribute__((constructor)) static void start(void)"
STARTS = f"void OpKernelRegistrar(void); {START} {{ OpKernelRegistrar(); }}"
STREAMS = f"void ios_base_init(void); {START} {{ ios_base_init(); }}"


def _plan(*kernels: Registration, ops: tuple[tuple[str, str], ...] = ()) -> BuildPlan:
    return BuildPlan(
        target="pi",
        tensorflow_version="2.14.1",
        tree_digest="0",
        models=(),
        defines=(),
        compile_flags=(),
        link_flags=(),
        ops=ops,
        kernels=tuple(SelectedKernel(registration=kernel, reason="test") for kernel in kernels),
        types=(),
        files=(),
    )


def _planned(op: str, source: str, **types: str) -> Registration:
    return Registration(
        op=op,
        device="CPU",
        kernel_class=f"{op}Op<CPUDevice, float>",
        source=f"tensorflow/core/kernels/{source}",
        line=7,
        constraints=tuple(TypeConstraint(attr=attr, types=(name,)) for attr, name in types.items()),
    )


def _found(op: str, device: str = "CPU", **types: str) -> RegisteredKernel:
    constraints = tuple(sorted((attr, (name,)) for attr, name in types.items()))
    return RegisteredKernel(op=op, device=device, label="", constraints=constraints)


RELU = _planned("Relu", "relu_op.cc", T="DT_FLOAT")
RELU_FOUND = _found("Relu", T="DT_FLOAT")


def test_as_planned() -> None:
    found = Registries(ops=("Relu",), kernels=(RELU_FOUND,))
    check = check_registries(_plan(RELU, ops=(("Relu", "nn_ops.cc"),)), found, members=())
    assert (check.missing, check.surplus, check.problems) == ((), (), ())


def test_order_of_types_and_attributes_does_not_matter() -> None:
    plan = Registration(
        op="Gather",
        device="CPU",
        kernel_class="G",
        source="g.cc",
        line=1,
        constraints=(
            TypeConstraint(attr="Tidx", types=("DT_INT64", "DT_INT32")),
            TypeConstraint(attr="T", types=("DT_FLOAT",)),
        ),
    )
    kernel = RegisteredKernel(
        op="Gather",
        device="CPU",
        label="",
        constraints=(("T", ("DT_FLOAT",)), ("Tidx", ("DT_INT32", "DT_INT64"))),
        values=("axis=1",),
    )
    check = check_registries(_plan(plan), Registries(ops=(), kernels=(kernel,)), members=())
    assert check.problems == ()


def test_missing_and_not_compiled() -> None:
    check = check_registries(_plan(RELU), Registries(ops=(), kernels=()), members=())
    assert check.missing == ("Relu on CPU (T: DT_FLOAT)",)
    (problem,) = check.problems
    assert problem.where == "tensorflow/core/kernels/relu_op.cc:7"
    assert "ReluOp<CPUDevice, float> is planned for Relu on CPU (T: DT_FLOAT)" in problem.what
    assert problem.todo == "no object of relu_op.cc is in the library: not compiled"


@pytest.mark.parametrize("code", ["int nothing;", STREAMS])
def test_missing_though_compiled(compile_c: Make, make_archive: Make, code: str) -> None:
    """An object that registers nothing at start: the header's class is not the file's."""
    archive = make_archive("lib.a", compile_c("relu_op.cc.o", code, "-c"))
    found = Registries(ops=(), kernels=())
    (problem,) = check_registries(_plan(RELU), found, members=read_archive(archive)).problems
    assert "relu_op.cc.o is in the library but registers nothing: the class in the" in problem.todo


def test_missing_though_something_is_registered(compile_c: Make, make_archive: Make) -> None:
    archive = make_archive("lib.a", compile_c("relu_op.cc.o", STARTS, "-c"))
    found = Registries(ops=(), kernels=())
    (problem,) = check_registries(_plan(RELU), found, members=read_archive(archive)).problems
    assert "registers something: the class in the header differs" in problem.todo
    assert "no whole-archive" in problem.todo


def test_missing_for_other_types() -> None:
    found = Registries(ops=(), kernels=(_found("Relu", T="DT_INT32"),))
    check = check_registries(_plan(RELU), found, members=())
    assert check.surplus == ("Relu on CPU (T: DT_INT32)",)
    (problem,) = check.problems
    assert "registered is: Relu on CPU (T: DT_INT32). The types differ" in problem.todo


def test_missing_op() -> None:
    plan = _plan(RELU, ops=(("Relu", "tensorflow/core/ops/nn_ops.cc"),))
    found = Registries(ops=(), kernels=(RELU_FOUND,))
    (problem,) = check_registries(plan, found, members=()).problems
    assert problem.where == "tensorflow/core/ops/nn_ops.cc"
    assert "the op Relu is planned" in problem.what


def test_registered_twice() -> None:
    found = Registries(ops=(), kernels=(RELU_FOUND, RELU_FOUND))
    (problem,) = check_registries(_plan(RELU), found, members=()).problems
    assert problem.where == "Relu on CPU (T: DT_FLOAT)"
    assert "is registered 2 times" in problem.what


def _catalogue(*kernels: Registration) -> KernelCatalogue:
    return KernelCatalogue(tree_digest="0", defines=(), kernels=kernels, ops=(), definitions={})


def test_the_tree_itself_registers_it_twice() -> None:
    """As TensorFlow 1.8 does with Pack for strings on phones, with all types."""
    pack = _planned("Pack", "pack_op.cc", T="DT_STRING")
    again = replace(pack, line=9)
    catalogue = _catalogue(RELU, pack, again)
    twice = Registries(ops=(), kernels=(RELU_FOUND, *(_found("Pack", T="DT_STRING"),) * 2))
    unused = may_register(_plan(RELU), catalogue, everything=True)
    check = check_registries(_plan(RELU), twice, members=(), allowed=unused)
    assert check.problems == ()
    (note,) = check.notes
    places = "tensorflow/core/kernels/pack_op.cc:7 and tensorflow/core/kernels/pack_op.cc:9"
    assert f"Pack on CPU (T: DT_STRING) is registered 2 times, at {places}" in note

    check = check_registries(_plan(RELU, pack), twice, members=(), allowed=unused)
    (problem,) = check.problems
    assert problem.where == "Pack on CPU (T: DT_STRING)"
    assert f"the tree itself does it, at {places}" in problem.todo
    assert check.notes == ()

    thrice = replace(twice, kernels=(*twice.kernels, twice.kernels[-1]))
    (problem,) = check_registries(_plan(RELU), thrice, members=(), allowed=unused).problems
    assert "an object file is in the link twice" in problem.todo


def test_same_types_but_other_values_are_two_kernels() -> None:
    both = tuple(
        RegisteredKernel(op="TopK", device="CPU", label="", constraints=(), values=(f"k={value}",))
        for value in ("false", "true")
    )
    plan = _plan(_planned("TopK", "topk_op.cc"))
    assert check_registries(plan, Registries(ops=(), kernels=both), members=()).problems == ()


def test_selection_without_effect() -> None:
    many = tuple(_found(f"Op{number:02}") for number in range(11))
    found = Registries(ops=(), kernels=(RELU_FOUND, *many))
    check = check_registries(_plan(RELU), found, members=())
    assert len(check.surplus) == 11
    (problem,) = check.problems
    assert problem.where == "pi"
    assert "the selection had no effect: 11 kernels that it does not name" in problem.what
    assert "Op00 on CPU; Op01 on CPU" in problem.what
    assert "and 3 more" in problem.what


def test_a_single_type_or_op_more_is_without_effect() -> None:
    ops = (("Relu", "nn_ops.cc"),)
    found = Registries(ops=("Relu", "Relu6"), kernels=(RELU_FOUND, _found("Relu", T="DT_INT32")))
    kernels, others = check_registries(_plan(RELU, ops=ops), found, members=()).problems
    assert "1 kernels that it does not name are registered (Relu on CPU (T: DT_INT32))" in (
        kernels.what
    )
    assert "1 ops that it does not name are registered (Relu6)" in others.what


def test_what_a_selected_class_brings_with_it_is_surplus_and_no_fault() -> None:
    gpu = replace(RELU, device="GPU", kernel_class="ReluOp< CPUDevice, float >")
    system = replace(_planned("_Arg", "function_ops.cc"), system=True)
    other = replace(_planned("Relu", "relu_op.cc", T="DT_INT32"), kernel_class="ReluOp<int>")
    plan = _plan(RELU)
    catalogue = KernelCatalogue(
        tree_digest="0",
        defines=(),
        kernels=(RELU, gpu, system, other),
        ops=(
            OpRegistration(op="_Arg", source="function_ops.cc", line=1, system=True),
            OpRegistration(op="Abs", source="math_ops.cc", line=1),
        ),
        definitions={},
    )
    found = Registries(
        ops=("_Arg", "Abs"),
        kernels=(
            *(RELU_FOUND, _found("Relu", "GPU", T="DT_FLOAT"), _found("_Arg")),
            _found("Relu", T="DT_INT32"),
        ),
    )
    allowed = may_register(plan, catalogue, everything=False)
    check = check_registries(plan, found, members=(), allowed=allowed)
    assert len(check.surplus) == 3
    assert [problem.what.partition("(")[2] for problem in check.problems] == [
        "Relu on CPU (T: DT_INT32))",
        "Abs)",
    ]
    allowed = may_register(plan, catalogue, everything=True)
    assert check_registries(plan, found, members=(), allowed=allowed).problems == ()
