"""What a real tree of TensorFlow 1.8 pins, and what its makefile needs of it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from buildtool.backends.makefile.needs import needed
from buildtool.backends.makefile.pinned import locked_source
from buildtool.backends.makefile.pins import read_pins
from buildtool.catalogue.unity import Preprocessor
from buildtool.core.paths import LOCK
from buildtool.sources import load_lock

pytestmark = pytest.mark.tree_1x
MAKEFILE = "tensorflow/contrib/makefile"
CORE = ("common_runtime", "framework", "graph", "lib/*", "platform", "platform/default", "util")
NO_PART = re.compile(
    r"(_test|_testutil|_testlib|_main)\.cc|lib/(db|gif|jpeg|png)/|io/(zlib|record)"
)


def sources(tree: Path) -> list[str]:
    """What its makefile compiles for a Raspberry Pi, but for some files that need nothing else."""
    listed = (tree / MAKEFILE / "tf_op_files.txt").read_text("utf-8").split()
    paths = [path for folder in CORE for path in (tree / "tensorflow/core").glob(f"{folder}/*.cc")]
    core = [path.relative_to(tree).as_posix() for path in paths]
    fft = f"{MAKEFILE}/downloads/fft2d/fftsg.c"
    return [*listed, *sorted(path for path in core if not NO_PART.search(path)), fft]


def test_the_lock_knows_everything_that_the_makefile_needs(tree_1x: Path, tmp_path: Path) -> None:
    if shutil.which("g++") is None:
        pytest.skip("needs g++")
    defines = ("IS_SLIM_BUILD", "RASPBERRY_PI", "__ANDROID_TYPES_FULL__")
    preprocessor = Preprocessor(argv=("g++", "-std=c++11"), defines=defines)
    names = [need.name for need in needed(tree_1x, sources(tree_1x), preprocessor, cache=tmp_path)]
    assert names == ["eigen", "fft2d", "gemmlowp", "nsync", "protobuf"]
    lock, pins = load_lock(LOCK), {pin.name: pin for pin in read_pins(tree_1x)}
    chosen = {name: locked_source(pins[name], lock) for name in names}
    assert chosen == {
        "eigen": "eigen-6913f0cf7d06",
        "fft2d": "fft2d-fft.tgz",
        "gemmlowp": "gemmlowp-7c7c744640dd",
        "nsync": "nsync-0559ce013fea",
        "protobuf": "protobuf-396336eb961b",
    }


def test_every_pin_says_where_it_stands(tree_1x: Path) -> None:
    pins = {pin.name: pin for pin in read_pins(tree_1x)}
    assert len(pins) > 40
    for name in ("abseil", "eigen", "nsync", "protobuf", "re2", "zlib"):
        path, _, line = pins[name].where.rpartition(":")
        text = Path(path).read_text("utf-8").splitlines()
        block = "\n".join(text[int(line) - 1 : int(line) + 12])
        assert pins[name].version in block, name
