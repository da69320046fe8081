"""The libraries of several ABIs and the classes in one AAR, with small libraries."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.config import Target, load_targets
from buildtool.core.errors import VerificationError
from buildtool.core.paths import Layout
from buildtool.core.render import to_json
from buildtool.core.values import BuildPlan
from buildtool.platforms.android import PLATFORM
from buildtool.products.java.java_packing import pack_java
from buildtool.products.java.java_places import (
    CLASSES_PLACE,
    FACTS_PLACE,
    LIBRARY,
    LIBRARY_PLACE,
)
from buildtool.products.product import Slice
from tests.java.conftest import Java

COMPILERS = {"arm64-v8a": "aarch64-linux-gnu-gcc", "x86_64": "x86_64-linux-gnu-gcc"}
FUNCTION = "Java_org_tensorflow_contrib_android_NativeSession_run"
TARGET = """\
platform: android
product: java-aar
slices: [arm64-v8a, x86_64]
models: [m.pb]
android: {group: org.example, artifact: model, api_level: 23}
"""
PLAN = BuildPlan(
    target="two", tensorflow_version="2.14.1", tree_digest="", models=(), defines=(),
    compile_flags=(), link_flags=(), ops=(), kernels=(), types=(), files=(),
)  # fmt: skip


def compiled(abi: str, path: Path, text: str) -> None:
    compiler = shutil.which(COMPILERS[abi]) or pytest.skip(f"needs {COMPILERS[abi]}")
    path.parent.mkdir(parents=True, exist_ok=True)
    words = ("-shared", "-fPIC", "-s", "-nostdlib", f"-Wl,-soname,{LIBRARY}", "-x", "c", "-")
    argv = [compiler, *words, "-o", str(path)]
    subprocess.run(argv, check=True, capture_output=True, input=text.encode())


@pytest.fixture
def slices(java: Java, tmp_path: Path) -> tuple[Slice, ...]:
    """Both slices, as the steps before leave them."""
    found = []
    for abi in COMPILERS:
        layout = Layout(folder=tmp_path / f"build/two-{abi}")
        compiled(abi, layout.folder / LIBRARY_PLACE, f"int {FUNCTION}(void) {{ return 1; }}")
        shutil.copy(java.jar, layout.folder / CLASSES_PLACE)
        facts = {"exports": [FUNCTION], "stand_in": True}
        (layout.folder / FACTS_PLACE).write_text(to_json(facts), encoding="utf-8")
        found.append(Slice(abi=PLATFORM.abis[abi], layout=layout, plan=PLAN))
    return tuple(found)


@pytest.fixture
def pack(tmp_path: Path, slices: tuple[Slice, ...]) -> Callable[[], tuple[str, ...]]:
    (tmp_path / "targets").mkdir()
    (tmp_path / "targets/two.yaml").write_text(TARGET, encoding="utf-8")
    target: Target = load_targets(tmp_path / "targets", checks=())["two"]
    whole = Layout(folder=tmp_path / "build/two")
    return lambda: pack_java(target, PLATFORM, slices, whole)


def test_an_aar_with_classes_and_libraries(
    pack: Callable[[], tuple[str, ...]], java: Java, tmp_path: Path
) -> None:
    lines = pack()
    home = tmp_path / "build/two/dist/maven/org/example/model"
    assert lines[0].startswith("model-2.14.1.aar: arm64-v8a, x86_64; 8 classes; ")
    assert lines[1] == "org.example:model:2.14.1 in build/two/dist/maven/org/example/model/2.14.1"
    packed = tmp_path / "build/two/dist/model-2.14.1.aar"
    with zipfile.ZipFile(packed) as archive:
        assert sorted(archive.namelist()) == [
            *("AndroidManifest.xml", "R.txt", "classes.jar"),
            *(f"jni/arm64-v8a/{LIBRARY}", f"jni/x86_64/{LIBRARY}", "proguard.txt"),
        ]
        assert archive.read("classes.jar") == java.jar.read_bytes()
        assert 'minSdkVersion="23"' in archive.read("AndroidManifest.xml").decode()
        assert "-keep class org.tensorflow.** { *; }" in archive.read("proguard.txt").decode()
    first = packed.read_bytes()
    assert (home / "2.14.1/model-2.14.1.aar").read_bytes() == first
    digest = hashlib.sha256(first).hexdigest()
    assert (home / "2.14.1/model-2.14.1.aar.sha256").read_text("utf-8") == digest
    assert (home / "2.14.1/model-2.14.1.pom").is_file()
    files = sorted(path for path in home.rglob("*") if path.is_file())
    before = {path: path.stat().st_mtime_ns for path in files}
    pack()
    assert packed.read_bytes() == first
    assert {path: path.stat().st_mtime_ns for path in files} == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("int other;", f"does not export {FUNCTION}"),
        (f"int other; int {FUNCTION}(void) {{ return 1; }}", "other"),
    ],
)
def test_what_is_packed_is_looked_at(
    pack: Callable[[], tuple[str, ...]], slices: tuple[Slice, ...], text: str, said: str
) -> None:
    compiled("x86_64", slices[1].layout.folder / LIBRARY_PLACE, text)
    with pytest.raises(VerificationError) as failure:
        pack()
    assert any(said in each.what for each in failure.value.problems)
    assert all(f"jni/x86_64/{LIBRARY}" in each.where for each in failure.value.problems)
    assert not (slices[0].layout.folder.parent / "two/dist").exists()
