"""The miniature's makefile as people run it by hand, and what comes of it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.makefile.conftest import Workshop

pytestmark = pytest.mark.build

FOLDER = "tensorflow/contrib/makefile"
VERSION = "tensorflow/core/util/version_info.cc"
TARGET = "arm-linux-gnueabihf"
MAKE = "make"
EMULATOR = ("qemu-arm-static", "-L", f"/usr/{TARGET}")


def make(workshop: Workshop, *words: str) -> None:
    """Run make in the tree itself, with the libraries that the tool has made."""
    own = workshop.command_line
    folder = workshop.tree / FOLDER
    if not (folder / "downloads").exists():
        linked = workshop.folder / "makefile" / "tree" / FOLDER / "downloads"
        shutil.copytree(linked, folder / "downloads", symlinks=True)
    includes, host_includes = own["BUILDTOOL_INCLUDES"], own["BUILDTOOL_HOST_INCLUDES"]
    variables = {
        # Its folder's name is too odd for make.
        "MAKEFILE_DIR": FOLDER,
        "TARGET": "PI",
        "CXX": f"ccache {TARGET}-g++",
        "AR": f"{TARGET}-ar",
        "HOST_CXX": "ccache g++",
        "OPTFLAGS": f"-w {includes}",
        "HOST_CXXFLAGS": f"--std=c++11 -w {host_includes}",
        "HOST_LIBS": own["HOST_LIBS"],
        "PROTOC": f"{own['PROTOC']} -I. {host_includes}",
        "LIBS": f"{own['LIBS']} -lstdc++ -lm -ldl -pthread",
    }
    settings = [f"{name}={value}" for name, value in variables.items()]
    subprocess.run(
        [MAKE, "-j2", "-f", f"{FOLDER}/Makefile", *settings, *words],
        cwd=workshop.tree,
        env={**os.environ, "CCACHE_DIR": own["CCACHE_DIR"]},
        check=True,
        capture_output=True,
    )


def run(workshop: Workshop) -> str:
    """Run the model in the program that the makefile makes."""
    (model,) = workshop.result("models")
    program = workshop.tree / FOLDER / "gen" / "bin" / "benchmark"
    done = subprocess.run(
        [*EMULATOR, program, f"--graph={model['path']}", "--target=y"],
        check=False,
        capture_output=True,
        text=True,
    )
    return done.stdout + done.stderr


def test_by_hand_a_segment_sum_fails_and_with_the_tool_it_runs(workshop: Workshop) -> None:
    assert "1 models run" in workshop.doit("build", "sums").out
    assert workshop.result("report")["proved"] is True
    before = sorted(path.name for path in (workshop.tree / VERSION).parent.iterdir())

    make(workshop, "ANDROID_TYPES=-D__ANDROID_TYPES_FULL__")
    # The list has segment_reduction_ops.cc twice.
    assert "Multiple OpKernel registrations match NodeDef 'y' of op SegmentSum" in run(workshop)
    # It writes into the tree; the tool does not.
    after = sorted(path.name for path in (workshop.tree / VERSION).parent.iterdir())
    assert set(after) - set(before) == {Path(VERSION).name}

    listed = workshop.tree / FOLDER / "tf_op_files.txt"
    lines = listed.read_text(encoding="utf-8").split()
    listed.write_text("\n".join(dict.fromkeys(lines)), encoding="utf-8")
    (workshop.tree / FOLDER / "gen" / "lib" / "libtensorflow-core.a").unlink()
    make(workshop, "ANDROID_TYPES=-D__ANDROID_TYPES_FULL__")
    assert ": OK\n" in run(workshop)
