"""Another model, other types, another list: what is made anew, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from buildtool.core.errors import ExitCode

if TYPE_CHECKING:
    from tests.makefile.conftest import Workshop

pytestmark = pytest.mark.build


def remade(before: dict[str, int], after: dict[str, int]) -> set[str]:
    return {Path(path).stem for path in before if after.get(path) != before[path]}


def test_another_model_makes_anew_only_what_registers_something(workshop: Workshop) -> None:
    workshop.doit("build", "classes")
    archive, before = workshop.archive.read_bytes(), workshop.objects
    workshop.doit("build", "segments")
    report = workshop.result("report")
    assert report["proved"] is True
    assert report["verification"]["surplus"] == []
    assert remade(before, workshop.objects) <= {"array_ops", "constant_op", "math_ops", "nn_ops"}
    # Nothing stale, whichever way: the first library again, to the byte.
    workshop.doit("build", "classes")
    assert workshop.archive.read_bytes() == archive


def test_types_are_lost_to_slim(workshop: Workshop) -> None:
    workshop.setting("types: slim\n")
    err = workshop.doit("build", "segments", code=ExitCode.UNSUPPORTED_MODEL).err
    assert "Add" in err
    assert "types: model" in err
    assert not workshop.archive.exists()


def test_slim_types_serve_a_model_that_needs_no_more(workshop: Workshop) -> None:
    workshop.setting("types: slim\n")
    assert "9 planned kernels" in workshop.doit("build", "classes").out
    assert "-D__ANDROID_TYPES_SLIM__" in workshop.log


def test_a_board_of_an_older_glibc(workshop: Workshop) -> None:
    workshop.setting('glibc: "2.4"\n')
    err = workshop.doit("build", code=ExitCode.FAILED_VERIFICATION).err
    found = re.search(r"asks for glibc (\d+\.\d+); the target's devices have 2\.4 \(", err)
    assert found, err
    oldest = found[1]
    assert f"@GLIBC_{oldest}" in err
    workshop.setting(f'glibc: "{oldest}"\n')
    assert "1 models run" in workshop.doit("build").out


def test_what_the_trees_list_lacks_is_added_to_it(workshop: Workshop) -> None:
    workshop.setting("file_list: additions\n")
    workshop.doit("build", "softplus")
    assert workshop.result("report")["proved"] is True
    added = {"kernels/softplus_op.cc", "kernels/softplus_functor_cpu.cc"}
    stock = {"kernels/segment_reduction_ops.cc", "lib/hash/hash.cc", "kernels/cwise_op_mul_1.cc"}
    assert added | stock <= workshop.files
    assert "kernels/debug_ops.cc" not in workshop.files


def test_the_trees_list_alone_may_lack_a_kernel(workshop: Workshop) -> None:
    workshop.setting("file_list: stock\n")
    err = workshop.doit("build", "softplus", code=ExitCode.UNSUPPORTED_MODEL).err
    assert "the tree's list of files lacks tensorflow/core/kernels/softplus_op.cc" in err
    assert "set 'file_list: additions'" in err
    assert not workshop.archive.exists()


def test_a_changed_source_is_compiled_anew(workshop: Workshop) -> None:
    workshop.doit("verify")
    archive = workshop.archive.read_bytes()
    path = "tensorflow/core/kernels/bias_op.cc"
    workshop.edit(path, "in(i) + add(", "in(i) - add(")
    workshop.doit("compile")
    assert workshop.archive.read_bytes() != archive
    workshop.edit(path, "in(i) - add(", "in(i) + add(")
    workshop.doit("verify")
    assert workshop.archive.read_bytes() == archive
