"""The libraries of several ABIs in one AAR; small libraries stand for TensorFlow's."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from buildtool.config import Target, load_targets
from buildtool.core.errors import VerificationError
from buildtool.core.paths import Layout
from buildtool.core.values import BuildPlan
from buildtool.plan.build_plan import plan_to_json
from buildtool.sources.cache import Cache
from buildtool.workflow.package_step import run
from buildtool.workflow.workspace import Workspace

COMPILERS = {"arm64-v8a": "aarch64-linux-gnu-gcc", "x86_64": "x86_64-linux-gnu-gcc"}
TARGET = """\
platform: android
product: aar
slices: [arm64-v8a, x86_64]
description: Two of "them" & more
models: [m.pb]
android:
  group: org.example
  artifact: model
  page_size: 16 KiB
"""
LIBRARY = "libtensorflow_inference.so"


def compiled(abi: str, path: Path, *flags: str) -> None:
    compiler = shutil.which(COMPILERS[abi]) or pytest.skip(f"needs {COMPILERS[abi]}")
    source = path.parent / "x.c"
    path.parent.mkdir(parents=True, exist_ok=True)
    source.write_text("int here(void) { return 1; }\n", encoding="utf-8")
    words = ("-shared", "-fPIC", "-s", "-Wl,-z,max-page-size=16384", f"-Wl,-soname,{LIBRARY}")
    argv = [compiler, *words, *flags, str(source), "-o", str(path)]
    subprocess.run(argv, check=True, capture_output=True)
    source.unlink()


@pytest.fixture
def target(tmp_path: Path) -> Target:
    """Both slices, as the steps before leave them."""
    (tmp_path / "targets").mkdir()
    (tmp_path / "targets/two.yaml").write_text(TARGET, encoding="utf-8")
    plan = BuildPlan(
        target="two", tensorflow_version="1.8.0-rc1", tree_digest="", models=(), defines=(),
        compile_flags=(), link_flags=(), ops=(), kernels=(), types=(), files=(),
    )  # fmt: skip
    for abi, level in (("arm64-v8a", 21), ("x86_64", 24)):
        folder = tmp_path / f"build/two-{abi}"
        compiled(abi, folder / "dist/jni" / abi / LIBRARY)
        (folder / "plan.json").write_text(json.dumps(plan_to_json(plan)), encoding="utf-8")
        facts = {"api_level": level, "stand_in": True}
        (folder / "dist/android.json").write_text(json.dumps(facts), encoding="utf-8")
        with zipfile.ZipFile(folder / "dist/tensorflow-inference.jar", "w") as jar:
            jar.writestr("org/tensorflow/A.class", b"x")
        licence = folder / f"dist/licences/source-{abi}/LICENSE"
        licence.parent.mkdir(parents=True)
        licence.write_text("text", encoding="utf-8")
    return load_targets(tmp_path / "targets", checks=())["two"]


def pack(target: Target) -> str:
    folder = target.root / "build" / target.id
    return run(
        Workspace(
            target=target,
            layout=Layout(folder=folder),
            cache=Cache(root=target.root / "cache"),
            offline=True,
            say=print,
        )
    )


def test_all_abis_are_in_it(target: Target) -> None:
    line = pack(target)
    dist = target.root / "build/two/dist"
    assert line.startswith("model-1.8.0-rc1.aar: arm64-v8a, x86_64; 1 classes; ")
    home = "build/two/dist/maven/org/example/model/1.8.0-rc1"
    assert line.endswith(f"org.example:model:1.8.0-rc1 in {home}")
    with zipfile.ZipFile(dist / "model-1.8.0-rc1.aar") as archive:
        assert sorted(archive.namelist()) == [
            "AndroidManifest.xml",
            "META-INF/licences/source-arm64-v8a/LICENSE",
            "META-INF/licences/source-x86_64/LICENSE",
            "R.txt",
            "classes.jar",
            f"jni/arm64-v8a/{LIBRARY}",
            f"jni/x86_64/{LIBRARY}",
            "proguard.txt",
        ]
        # The newer of both: an app with it installs on no older Android.
        assert 'minSdkVersion="24"' in archive.read("AndroidManifest.xml").decode()
        assert "-keep class org.tensorflow.** { *; }" in archive.read("proguard.txt").decode()
    pom = (dist / "maven/org/example/model/1.8.0-rc1/model-1.8.0-rc1.pom").read_text("utf-8")
    assert "<description>Two of &#34;them&#34; &amp; more</description>" in pom


def test_it_is_the_same_again_and_older_ones_go(target: Target) -> None:
    pack(target)
    dist = target.root / "build/two/dist"
    path = dist / "model-1.8.0-rc1.aar"
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    (dist / "model-1.7.aar").write_bytes(b"old")
    pack(target)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert list(dist.glob("*.aar")) == [path]


def test_what_is_packed_is_looked_at(target: Target) -> None:
    compiled("x86_64", target.root / "build/two-arm64-v8a/dist/jni/arm64-v8a" / LIBRARY)
    with pytest.raises(VerificationError) as failure:
        pack(target)
    (problem,) = failure.value.problems
    assert problem.what == "is for x86_64 (64 bits), not for aarch64 (64 bits)"
    assert f"jni/arm64-v8a/{LIBRARY}" in problem.where
    assert not (target.root / "build/two/dist").exists()


def test_small_pages(target: Target) -> None:
    place = target.root / "build/two-x86_64/dist/jni/x86_64" / LIBRARY
    compiled("x86_64", place, "-Wl,-z,max-page-size=4096")
    with pytest.raises(VerificationError, match="can be mapped with pages of 4096 bytes only"):
        pack(target)
