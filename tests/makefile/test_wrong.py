"""Trees that are not as they should be, and builds that do not get to their end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from buildtool.core.errors import ExitCode
from tests.limits import HANG

if TYPE_CHECKING:
    from tests.makefile.conftest import Workshop

pytestmark = pytest.mark.build

MAKEFILE = "tensorflow/contrib/makefile"
LIST = f"{MAKEFILE}/tf_op_files.txt"
RELU = "tensorflow/core/kernels/relu_op.cc"


def test_a_list_names_a_file_that_is_not_there(workshop: Workshop) -> None:
    workshop.edit(LIST, "kernels/softmax_op.cc", "kernels/sotfmax_op.cc")
    err = workshop.doit("plan", code=ExitCode.BAD_CONFIG).err
    assert f"{LIST}:4: " in err
    assert "tensorflow/core/kernels/sotfmax_op.cc" in err


def test_a_tree_without_the_makefile(workshop: Workshop) -> None:
    shutil.rmtree(workshop.tree / MAKEFILE)
    err = workshop.doit("plan", code=ExitCode.BAD_CONFIG).err
    assert f"this tree has no {MAKEFILE}/Makefile" in err
    assert "TensorFlow 1.0 to 1.15" in err


def test_no_tree_is_given(workshop: Workshop) -> None:
    err = workshop.project.doit("plan:pi-makefile", code=ExitCode.BAD_CONFIG).err
    assert "is not TensorFlow 1.x" in err
    assert "tf=FOLDER" in err


def test_a_tree_that_measures_nothing(workshop: Workshop) -> None:
    ended = workshop.doit("profile", code=ExitCode.MISSING_TOOL)
    assert "the tree has no tensorflow/core/framework/step_stats.proto" in ended.err
    assert ended.steps == ["plan:pi-makefile"]


def test_a_library_that_clashes_with_the_app_s_protobuf(
    workshop: Workshop, old_protobuf: Path
) -> None:
    workshop.setting(f"app_protobuf: {old_protobuf}\n")
    ended = workshop.doit("plan", code=ExitCode.BAD_CONFIG)
    assert "app_protobuf: the app has protobuf 3.5.0 and the library 3.21.12" in ended.err
    workshop.setting(f"app_protobuf: {old_protobuf}\nprotobuf_prefix: ours\n")
    workshop.doit("plan")
    assert "the app's own protobuf is 3.5.0" in "".join(workshop.result("plan")["notes"])


def test_local_changes_are_built_and_told(workshop: Workshop) -> None:
    git = ("git", "-c", "user.name=n", "-c", "user.email=e", "-C", str(workshop.tree))
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "all")):
        subprocess.run([*git, *words], check=True)
    workshop.edit(RELU, "// namespace", "// the namespace")
    workshop.doit("plan")
    notes = workshop.result("plan")["notes"]
    assert f"the tree has local changes, and they are built: {RELU}" in notes


def test_what_an_old_release_needs_of_a_new_compiler_is_in_the_plan(workshop: Workshop) -> None:
    table = workshop.project.root / "buildtool" / "data" / "libraries.yaml"
    entry = """
  - {sources: ["tensorflow-1.8.0-mini*"], compiler: gcc, since: 9, flags: [-Wno-x], reason: so}
  - {sources: ["tensorflow-1.8.0-mini*"], compiler: gcc, until: 8, flags: [-Wno-y], reason: no}
"""
    table.write_text(table.read_text("utf-8").rstrip() + entry, encoding="utf-8")
    workshop.doit("plan")
    plan = workshop.result("plan")
    assert "-Wno-x" in plan["compile_flags"]
    assert "-Wno-y" not in plan["compile_flags"]
    assert "tensorflow-1.8.0-miniature needs -Wno-x: so" in plan["notes"]


def test_make_fails_in_the_middle_and_goes_on_once_that_is_mended(workshop: Workshop) -> None:
    header = "tensorflow/core/kernels/relu_op.h"
    workshop.edit(header, "x < T(0) ? T(0) : x;", "x < T(0) ? T(0) : ;")
    err = workshop.doit("build", code=ExitCode.FAILED_BUILD).err
    assert "compile:pi-makefile failed" in err
    assert "relu_op.h" in err
    assert f"full log: {workshop.folder}/logs/compile.log" in err
    command = err.partition("to repeat: ")[2]
    assert "make " in command
    assert "TARGET=PI" in command
    workshop.edit(header, "x < T(0) ? T(0) : ;", "x < T(0) ? T(0) : x;")
    assert "1 models run" in workshop.doit("build").out
    assert workshop.result("report")["proved"] is True


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_a_killed_build_goes_on(workshop: Workshop, end: signal.Signals) -> None:
    process = workshop.project.start(*workshop.words("build", "classes"))
    # Until make has made its first objects: what it says of its progress may come later.
    until = time.monotonic() + HANG
    while not workshop.objects and process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    os.killpg(process.pid, end)
    rest, _ = process.communicate(timeout=HANG)
    assert "Traceback" not in rest
    assert process.returncode == (128 + end if end is signal.SIGINT else -end)
    if end is signal.SIGINT:
        assert "interrupted; the next run goes on from here" in rest
    assert not workshop.archive.exists()
    if half := min(workshop.objects, default=""):
        # As an assembler leaves it that is killed while it writes.
        Path(half).write_bytes(Path(half).read_bytes()[:100])
    assert "1 models run" in workshop.doit("build").out
    assert workshop.result("report")["proved"] is True


def test_the_build_that_goes_on_has_read_only_the_tree(workshop: Workshop) -> None:
    from tests.makefile.conftest import state  # noqa: PLC0415

    before = state(workshop.tree)
    workshop.doit("compile")
    assert state(workshop.tree) == before
    assert not (Path(workshop.tree) / "tensorflow/core/util/version_info.cc").exists()
