"""Kernels counted by the texts in a library: real objects, with texts at the end of others."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.core.values import (
    BuildPlan,
    KernelCatalogue,
    OpRegistration,
    Registration,
    SelectedKernel,
)
from buildtool.verify.class_texts import TextCheck, check_texts


def kernel(op: str, text: str, *, system: bool = False) -> Registration:
    return Registration(
        op=op, device="CPU", kernel_class=text, source=f"k/{op}.cc", line=3, system=system
    )


RELU = kernel("Relu", "ReluOp<CPUDevice, float>")
NO_OP = kernel("NoOp", "NoOp")
OTHER = kernel("Sum", "SumOp< CPUDevice, float >")
ARG = kernel("_Arg", "ArgOp", system=True)


def plan(*kernels: Registration) -> BuildPlan:
    return BuildPlan(
        target="t", tensorflow_version="1.8.0", tree_digest="", models=(), defines=(),
        compile_flags=(), link_flags=(), types=(), files=(),
        ops=tuple((each.op, f"ops/{each.op}.cc") for each in kernels),
        kernels=tuple(SelectedKernel(registration=each, reason="") for each in kernels),
    )  # fmt: skip


CATALOGUE = KernelCatalogue(
    tree_digest="",
    defines=(),
    kernels=(RELU, NO_OP, OTHER, ARG),
    ops=tuple(OpRegistration(op=each, source="", line=1) for each in ("Relu", "NoOp", "Sum")),
    definitions={},
)


@pytest.fixture
def look(tmp_path: Path) -> Callable[..., TextCheck]:
    """Makes a library with ``texts`` in it, and looks at it."""
    compiler = shutil.which("gcc") or pytest.skip("needs gcc")

    def make(
        texts: list[str], *planned: Registration, everything: bool = False, more: str = ""
    ) -> TextCheck:
        rows = ", ".join(f'"{each}"' for each in texts)
        (tmp_path / "x.c").write_text(f"const char* const texts[] = {{{rows}}};\n{more}")
        library = tmp_path / "libx.so"
        argv = [
            compiler,
            "-O2",
            "-shared",
            "-fPIC",
            "-s",
            str(tmp_path / "x.c"),
            "-o",
            str(library),
        ]
        subprocess.run(argv, check=True, capture_output=True)
        return check_texts(library, plan(*planned), CATALOGUE, everything=everything)

    return make


def test_all_that_is_planned_is_there(look: Callable[..., TextCheck]) -> None:
    found = look(["ReluOp<CPUDevice,float>", "Relu", "DebugNoOp", "ArgOp"], RELU, NO_OP)
    assert (found.kernels, found.ops, found.missing, found.surplus) == (2, 2, (), ())
    assert found.problems == ()


def test_names_that_end_other_names_are_not_certain(look: Callable[..., TextCheck]) -> None:
    """A linker puts a text at the end of another; a library with NoOp alone may have no Op."""
    op = kernel("Op", "Op")
    found = look(["ReluOp<CPUDevice,float>", "Relu", "NoOp"], RELU, NO_OP, op)
    assert found.uncertain == ("Op",)
    assert found.problems == ()
    # Nothing of the tree's is called DebugNoOp.
    assert look(["Relu", "ReluOp<CPUDevice,float>", "DebugNoOp"], RELU, NO_OP).uncertain == ()


def test_a_kernel_and_its_op_are_missing(look: Callable[..., TextCheck]) -> None:
    found = look(["ReluOp<CPUDevice,float>", "Relu"], RELU, OTHER)
    assert (found.kernels, found.ops) == (1, 1)
    assert [(each.where, each.what) for each in found.problems] == [
        (
            "k/Sum.cc:3",
            "the kernel SumOp< CPUDevice, float > is planned for Sum, but libx.so does not have it",
        ),
        ("ops/Sum.cc", "the op Sum is planned, but libx.so does not have it"),
    ]


def test_a_selection_without_effect(look: Callable[..., TextCheck]) -> None:
    texts = ["ReluOp<CPUDevice,float>", "Relu", "SumOp<CPUDevice,float>", "Sum", "NoOp"]
    found = look(texts, RELU)
    assert found.surplus == ("SumOp< CPUDevice, float >",)
    assert "the selection had no effect: it has 1 classes" in found.problems[0].what
    assert look(texts, RELU, everything=True).problems == ()


def test_what_is_for_debuggers_alone_is_not_registered(look: Callable[..., TextCheck]) -> None:
    """A compiler writes the names of types down for them."""
    more = "struct ArgOpX { int x; } x; struct NoOpX { int x; } y;\n"
    other = dataclasses.replace(OTHER, kernel_class="ArgOpX")
    found = look(["ReluOp<CPUDevice,float>", "Relu"], RELU, other, more=more)
    assert found.missing == ("ArgOpX",)
