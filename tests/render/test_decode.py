"""Values that are written as JSON come back as the same values."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from buildtool.core.decode import from_json
from buildtool.core.errors import Problem
from buildtool.core.render import to_json
from buildtool.core.values import (
    AttrCondition,
    BuildPlan,
    FileKind,
    ModelCheck,
    ModelInfo,
    OutputCheck,
    PlannedFile,
    Registration,
    SelectedKernel,
    SizeContributor,
    SizeReport,
    TensorInfo,
    TypeConstraint,
    VerificationReport,
)
from buildtool.plan.build_plan import plan_from_json, plan_to_json

ODD = 'it\'s "odd" $HOME {{ 7*7 }} ünï\n'
MODEL = ModelInfo(
    name=ODD,
    path=Path("/models/a b.pb"),
    sha256="00",
    inputs=(
        TensorInfo(name="x:0", dtype="DT_FLOAT", shape=(-1, 64)),
        TensorInfo(name="scalar:0", dtype="DT_STRING", shape=()),
        TensorInfo(name="any:0", dtype="DT_INT64", shape=None),
    ),
    outputs=(),
    node_count=3,
    producer=1575,
)
KERNEL = SelectedKernel(
    registration=Registration(
        op="Add",
        device="CPU",
        kernel_class="BinaryOp<CPUDevice, functor::add<float>>",
        source="tensorflow/core/kernels/cwise_op_add_1.cc",
        line=23,
        label=ODD,
        constraints=(TypeConstraint(attr="T", types=("DT_FLOAT", "DT_HALF")),),
        priority=-1,
        host_memory=("x",),
        system=True,
        conditions=(AttrCondition(attr="format", values=("NHWC",)),),
    ),
    reason=ODD,
)
PLAN = BuildPlan(
    target="pi",
    tensorflow_version="2.14.1",
    tree_digest="abc",
    models=(MODEL,),
    defines=("NDEBUG", 'QUOTED="a b"'),
    compile_flags=("-Os",),
    link_flags=(),
    ops=(("Add", "tensorflow/core/ops/math_ops.cc"),),
    kernels=(KERNEL,),
    types=("DT_FLOAT",),
    files=(
        PlannedFile(root="tensorflow", path="a.cc", kind=FileKind.KERNEL, reason="", required=True),
        PlannedFile(root="re2", path="b.cc", kind=FileKind.DEPENDENCY, reason=ODD, required=False),
    ),
    notes=(ODD,),
)
CHECK = ModelCheck(
    model=ODD,
    sha256="00",
    inputs="seeded",
    reference="TensorFlow 2.14.1",
    compared=True,
    outputs=(
        OutputCheck(name="y:0", dtype="float", shape=(1, 10), elements=10, max_absolute=7.2e-07),
        OutputCheck(name="z:0", dtype="string", shape=(), elements=1, outside=1, tolerance=1e-4),
    ),
    timings={"load": 1.5, "run": 0.25},
    peak_kib=1234,
)
VERIFICATION = VerificationReport(
    target="pi",
    checked_members=2,
    machine="arm",
    needed_libraries=("libc.so.6",),
    oldest_glibc=(2, 34),
    planned_kernels=1,
    registered_kernels=2,
    registered_ops=3,
    missing=(),
    surplus=(ODD,),
    models=(CHECK,),
    problems=(Problem(where="a", what=ODD), Problem(where="", what="b", todo="c")),
)
SIZE = SizeReport(
    target="pi",
    archive=27_570_000,
    linked=6_780_000,
    stripped=3_520_000,
    gzip=2,
    xz=1,
    dependencies=(SizeContributor(name="protobuf", size=5, detail=ODD),),
    files=(),
    ops=(SizeContributor(name="Add, Mul", size=2**40),),
)


@pytest.mark.parametrize("value", [MODEL, KERNEL, CHECK, VERIFICATION, SIZE, PLAN.files[1]])
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    plain = dataclasses.asdict(value)
    if isinstance(value, ModelInfo):
        plain["path"] = str(value.path)
    text = to_json(plain)
    back = from_json(type(value), json.loads(text))
    assert back == value
    assert hash(str(back)) == hash(str(value))


def test_a_plan_comes_back_but_for_the_places_of_its_models() -> None:
    text = to_json(plan_to_json(PLAN))
    assert "/models/" not in text
    back = plan_from_json(json.loads(text))
    assert dataclasses.replace(back, models=PLAN.models) == PLAN
    (model,) = back.models
    assert dataclasses.replace(model, path=MODEL.path) == MODEL
    assert to_json(plan_to_json(back)) == text


def test_keys_of_another_version_are_passed_over_and_missing_ones_get_defaults() -> None:
    given = {"name": "x", "size": 1, "colour": "red"}
    assert from_json(SizeContributor, given) == SizeContributor(name="x", size=1)


def test_a_value_that_lacks_what_it_must_have_is_an_error() -> None:
    with pytest.raises(TypeError, match="size"):
        from_json(SizeContributor, {"name": "x"})
    with pytest.raises(ValueError, match="'wood' is not a valid FileKind"):
        from_json(
            PlannedFile, {"root": "", "path": "", "kind": "wood", "reason": "", "required": True}
        )
