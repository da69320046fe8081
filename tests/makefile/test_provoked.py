"""What goes wrong with libraries like this one, brought about, and how it is told."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from buildtool.core.errors import ExitCode

if TYPE_CHECKING:
    from tests.makefile.conftest import BuiltMiniature

pytestmark = pytest.mark.build

AR = "arm-linux-gnueabihf-ar"
BAD = ExitCode.FAILED_VERIFICATION
MATMUL = "makefile/selection/tensorflow/core/kernels/matmul_op.cc.h"


def run_ar(*words: str, folder: Path) -> None:
    subprocess.run([AR, *words], cwd=folder, check=True)


def test_the_session_factory_is_lost_without_whole_archive(spoiled: BuiltMiniature) -> None:
    def without(flags: Sequence[str]) -> list[str]:
        return [flag for flag in flags if "whole-archive" not in flag]

    spoiled.link(change=without)
    err = spoiled.doit("verify", code=BAD).err
    assert "No session factory registered" in err
    assert "the library must be linked with -Wl,--whole-archive" in err


def test_a_file_is_left_out(spoiled: BuiltMiniature) -> None:
    run_ar("d", str(spoiled.archive), "matmul_op.o", folder=spoiled.folder)
    spoiled.link()
    err = spoiled.doit("verify", code=BAD).err
    assert "matmul_op.cc:50: the kernel MatMulOp<CPUDevice, float, false > is planned" in err
    assert "no object of matmul_op.cc is in the library: not compiled" in err


def test_a_class_of_the_header_is_not_the_one_that_the_file_registers(
    spoiled: BuiltMiniature,
) -> None:
    header = spoiled.folder / "generated" / MATMUL
    text = header.read_text(encoding="utf-8")
    assert "float, false >" in text
    header.write_text(text.replace("float, false >", "float, true >"), encoding="utf-8")
    spoiled.project.doit("forget", "compile:pi-makefile")
    err = spoiled.doit("verify", code=BAD).err
    assert "the kernel MatMulOp<CPUDevice, float, false > is planned for MatMul on CPU" in err
    assert "matmul_op.o is in the library but registers nothing: the class in the" in err
    assert "bias_op" not in err


def test_an_object_is_there_twice(spoiled: BuiltMiniature) -> None:
    copies = spoiled.folder / "copies"
    copies.mkdir()
    run_ar("x", str(spoiled.archive), "relu_op.o", folder=copies)
    shutil.move(copies / "relu_op.o", copies / "again.o")
    run_ar("q", str(spoiled.archive), "again.o", folder=copies)
    spoiled.link(change=lambda flags: ["-Wl,--allow-multiple-definition", *flags])
    err = spoiled.doit("verify", code=BAD).err
    assert "Relu on CPU (T: DT_FLOAT): is registered 2 times" in err
    assert "Multiple OpKernel registrations match" in err


def everything(header: Path) -> None:
    """Let a generated header select all that there is."""
    header.write_text(
        header.read_text("utf-8")
        + "#undef SHOULD_REGISTER_OP\n#undef SHOULD_REGISTER_OP_KERNEL\n"
        + "#define SHOULD_REGISTER_OP(name) true\n#define SHOULD_REGISTER_OP_KERNEL(c) true\n",
        encoding="utf-8",
    )


def test_a_selection_is_without_effect(spoiled: BuiltMiniature) -> None:
    folder = spoiled.folder / "generated" / "makefile"
    for header in [*folder.rglob("*.cc.h"), folder / "include" / "ops_to_register.h"]:
        everything(header)
    spoiled.project.doit("forget", "compile:pi-makefile")
    err = spoiled.doit("verify", code=BAD).err
    assert "the selection had no effect: " in err
    assert " kernels that it does not name are registered" in err
    assert " ops that it does not name are registered" in err
    assert "SELECTIVE_REGISTRATION was not defined for every file" in err


def test_a_selection_is_without_effect_on_the_types_of_one_op(spoiled: BuiltMiniature) -> None:
    everything(spoiled.folder / "generated" / MATMUL)
    spoiled.project.doit("forget", "compile:pi-makefile")
    err = spoiled.doit("verify", code=BAD).err
    assert "kernels that it does not name are registered (MatMul on CPU (T: DT_" in err
    assert "ops are registered" not in err
