"""The choice of a kernel, as TensorFlow's FindKernelRegistration makes it."""

from __future__ import annotations

from typing import Any

import pytest

from buildtool.core.errors import ModelError
from buildtool.core.values import AttrCondition, KernelCatalogue, Registration, TypeConstraint
from buildtool.plan.match import find_kernel


def kernel(kernel_class: str, types: str = "", **other: Any) -> Registration:
    constraints = tuple(
        TypeConstraint(attr=attr, types=tuple(f"DT_{name}" for name in allowed.split("/")))
        for attr, _, allowed in (part.partition("=") for part in types.split())
    )
    settings: dict[str, Any] = {"op": "Op", "device": "CPU", "source": "a.cc", "line": 7} | other
    return Registration(kernel_class=kernel_class, constraints=constraints, **settings)


def catalogue(*kernels: Registration) -> KernelCatalogue:
    return KernelCatalogue(tree_digest="", defines=(), kernels=kernels, ops=(), definitions={})


def find(offered: KernelCatalogue, types: str = "", **other: Any) -> str | None:
    attrs = {
        attr: tuple(f"DT_{name}" for name in given.split("/") if name)
        for attr, _, given in (part.partition("=") for part in types.split())
    }
    found = find_kernel(offered, op="Op", attrs=attrs, **other)
    return found.kernel_class if found else None


def test_every_constraint_must_hold() -> None:
    offered = catalogue(
        kernel("Int", "T=INT32 I=INT32/INT64"),
        kernel("Float", "T=FLOAT I=INT32"),
        kernel("Other", op="Else"),
    )
    assert find(offered, "T=FLOAT I=INT32") == "Float"
    assert find(offered, "T=INT32 I=INT64") == "Int"
    assert find(offered, "T=FLOAT I=INT64") is None
    assert find(offered, "T=INT32 I=INT32 more=BOOL") == "Int"


def test_all_types_of_a_list_must_be_allowed() -> None:
    offered = catalogue(kernel("Some", "T=FLOAT/HALF"))
    assert find(offered, "T=FLOAT/HALF/FLOAT") == "Some"
    assert find(offered, "T=FLOAT/INT32") is None
    assert find(offered, "T=") == "Some"


def test_highest_priority_wins() -> None:
    offered = catalogue(kernel("Low", "T=FLOAT"), kernel("High", priority=2), kernel("Mid"))
    assert find(offered, "T=FLOAT") == "High"


def test_equal_priority_is_refused() -> None:
    offered = catalogue(kernel("A", "T=FLOAT"), kernel("B", "T=FLOAT/HALF", source="b.cc"))
    with pytest.raises(ModelError) as error:
        find(offered, "T=FLOAT")
    assert "op Op with T=DT_FLOAT matches several kernels equally well" in str(error.value)
    assert "A (a.cc:7) and B (b.cc:7)" in str(error.value)
    assert find(offered, "T=HALF") == "B"


def test_label_must_be_equal() -> None:
    offered = catalogue(kernel("Plain"), kernel("Custom", label="custom"))
    assert find(offered) == "Plain"
    assert find(offered, label="custom") == "Custom"
    assert find(offered, label="neon") is None


def test_default_device_serves_where_the_device_has_no_match() -> None:
    offered = catalogue(kernel("Cpu", "T=INT32"), kernel("Any", device="DEFAULT"))
    assert find(offered, "T=INT32") == "Cpu"
    assert find(offered, "T=FLOAT") == "Any"
    assert find(offered, "T=FLOAT", device="GPU") == "Any"
    assert find(offered, "T=FLOAT", device="XLA_CPU_JIT") is None


def test_default_device_knows_no_priority() -> None:
    offered = catalogue(
        kernel("Low", device="DEFAULT"), kernel("High", device="DEFAULT", priority=1)
    )
    with pytest.raises(ModelError, match="several kernels"):
        find(offered)


def test_type_attribute_that_the_node_lacks() -> None:
    with pytest.raises(ModelError, match=r"op Op is used without its type attribute 'T'"):
        find(catalogue(kernel("A", "T=FLOAT")))


def test_condition_on_another_attribute() -> None:
    nhwc = AttrCondition(attr="data_format", values=("NHWC",))
    offered = catalogue(kernel("Nhwc", conditions=(nhwc,)))
    assert find_kernel(offered, op="Op", attrs={"data_format": ("NCHW",)}) is None
    assert find_kernel(offered, op="Op", attrs={"data_format": ("NHWC",)}) is not None
    assert find(offered) == "Nhwc"
