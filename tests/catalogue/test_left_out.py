"""Kernels that stand in a tree's text, under conditions."""

from __future__ import annotations

from pathlib import Path

from buildtool.catalogue.left_out import LeftOut, find_left_out

TEXT = """\
#ifndef GUARD
#if defined(A) && \\
    B  // why
REGISTER_KERNEL_BUILDER( \\
    Name("Lrn").Device(DEVICE_CPU).TypeConstraint<float>("T"), LrnOp<float>);
#elif C
#else
#define REGISTER(T) REGISTER_KERNEL_BUILDER(Name("Lrn").Device(::tensorflow::DEVICE_GPU), Lrn<T>)
#endif
#endif
REGISTER_XLA_OP(Name("Lrn"), Other);
REGISTER_KERNEL_BUILDER(Name("LrnGrad").Device(DEVICE_CPU), Other);
TF_CALL_float(REGISTER_KERNEL_BUILDER(Name( "Lrn" ), Bare));
"""


def test_the_conditions_around_each_registration(tmp_path: Path) -> None:
    kernels = tmp_path / "tensorflow" / "core" / "kernels"
    kernels.mkdir(parents=True)
    (kernels / "lrn_op.cc").write_text(TEXT, encoding="utf-8")
    (kernels / "lrn_op_test.cc").write_text(TEXT, encoding="utf-8")
    (kernels / "odd.cc").write_bytes(b"\xff\xfe Lrn")
    source = "tensorflow/core/kernels/lrn_op.cc"
    assert find_left_out(tmp_path, "Lrn") == (
        LeftOut(
            source=source,
            line=4,
            device="CPU",
            conditions=("#ifndef GUARD", "#if defined(A) && B"),
        ),
        LeftOut(
            source=source, line=8, device="GPU", conditions=("#ifndef GUARD", "#else of #elif C")
        ),
        LeftOut(source=source, line=13, device="", conditions=()),
    )
    assert find_left_out(tmp_path, "Relu") == ()
