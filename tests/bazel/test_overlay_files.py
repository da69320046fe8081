"""What the folder that Bazel works in has beside the tree, byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.backends.backend import Job
from buildtool.backends.bazel.bazel_backend import BazelBackend
from buildtool.config import load_targets
from buildtool.core.paths import LOCK
from buildtool.core.render import Renderer
from buildtool.core.values import BuildPlan, SourceTree, Tool, Toolchain
from buildtool.platforms import find_abi
from buildtool.sources import Cache, load_lock
from tests.android.conftest import make_ndk, make_sdk
from tests.bazel.sample import copy_tree

GOLDEN = Path(__file__).resolve().parent / "golden"
TARGET = """\
platform: android
abi: arm64-v8a
models: [model.pb]
registration: all
android:
  build: [portable]
  sdk: {root}/sdk
  ndk: {root}/ndk
bazel:
  program: {root}/bazel
"""
BAZEL = "#!/bin/sh\necho 'Build label: 0.20.0'\n"
PLAN = BuildPlan(
    target="one",
    tensorflow_version="1.8.0",
    tree_digest="0" * 64,
    models=(),
    defines=(),
    compile_flags=(),
    link_flags=(),
    ops=(),
    kernels=(),
    types=(),
    files=(),
)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A target for Android on the sample tree, with a Bazel that only says its release."""
    make_sdk(tmp_path / "sdk")
    make_ndk(tmp_path / "ndk")
    (tmp_path / "bazel").write_text(BAZEL, encoding="utf-8")
    (tmp_path / "bazel").chmod(0o755)
    (tmp_path / "model.pb").touch()
    (tmp_path / "targets").mkdir()
    text = TARGET.format(root=tmp_path)
    (tmp_path / "targets/one.yaml").write_text(text, encoding="utf-8")
    target = load_targets(tmp_path / "targets")["one"]
    platform, abi = find_abi("android", "arm64-v8a")
    tool = Tool(name="clang", path=tmp_path / "clang", version="1")
    tree = copy_tree(tmp_path / "tree")
    return Job(
        target=target,
        platform=platform,
        abi=abi,
        tree=SourceTree(name="tree", path=tree, version="1.8.0", digest="0" * 64),
        lock=load_lock(LOCK),
        sources={},
        toolchain=Toolchain(
            cc=tool,
            cxx=tool,
            ar=tool,
            strip=tool,
            kind="clang",
            triple=abi.triple,
            compile_flags=(),
            link_flags=(),
            emulator=(),
            identity="one",
        ),
        folder=tmp_path / "build/one",
        cache=Cache(root=tmp_path / "cache"),
        log=tmp_path / "log",
        say=lambda _: None,
    )


def test_the_library_that_the_tree_has_no_target_for(
    job: Job, golden: Callable[[Path, str], None]
) -> None:
    backend = BazelBackend()
    backend.render(Renderer(job.folder / "generated"), PLAN, job.target, job.abi)
    assert backend.place(lambda: job, PLAN) == "Bazel works in build/one/bazel/tree"
    made = job.folder / "bazel/tree/buildtool/BUILD"
    golden(GOLDEN / "BUILD.golden", made.read_text(encoding="utf-8"))
