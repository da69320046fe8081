"""What apps get besides a library: texts, byte for byte, and the AAR with Prefab metadata."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.config import Target
from buildtool.core.errors import ConfigError
from buildtool.core.paths import Layout
from buildtool.core.render import Renderer, to_json
from buildtool.core.run import Command, run
from buildtool.core.values import BuildPlan
from buildtool.platforms.android import PLATFORM
from buildtool.products import dist, product_problems
from buildtool.products.dist_files import CMAKE_CONFIG, NDK_BUILD
from buildtool.products.prefab.prefab_packing import pack_prefab, prefab_entries
from buildtool.products.product import Slice
from buildtool.products.shared.c_exports import INFERENCE, declared_functions, exported
from buildtool.products.shared.shared_files import FACTS, LIBRARY, PLACE
from buildtool.tools.android.ndk_toolchain import ASKED
from buildtool.verify.loadable import Ident, LibraryReport

GOLDEN = Path(__file__).resolve().parent / "golden"
Golden = Callable[[Path, str], None]


def test_the_script_that_asks_an_ndk(golden: Golden) -> None:
    text = Renderer(Path()).text("android/ask.cmake.j2", names=ASKED)
    golden(GOLDEN / "ask.cmake.golden", text)


def test_ndk_build_gets_static_archives(tmp_path: Path, golden: Golden) -> None:
    link_flags = dist.app_link_flags(("-Wl,--gc-sections",), ("-llog", "-ldl", "-lm"))
    compile_flags = dist.app_compile_flags(("NDEBUG", "A=64"), standard="c++17")
    dist.write_ndk_build(Renderer(tmp_path), link_flags, compile_flags)
    golden(GOLDEN / "static.mk.golden", (tmp_path / NDK_BUILD).read_text(encoding="utf-8"))


def test_apps_get_a_shared_library(golden: Golden) -> None:
    renderer = Renderer(Path())
    golden(GOLDEN / "shared.mk.golden", renderer.text("shared/Android.mk.j2"))
    golden(
        GOLDEN / "exports.map.golden",
        renderer.text("shared/exports.map.j2", names=("TF_NewGraph", "TF_Version")),
    )
    name = Path(CMAKE_CONFIG).name
    text = renderer.text(f"shared/{name}.j2", target="android-x86", version="2.14.1")
    golden(GOLDEN / f"shared.{name}.golden", text)


@pytest.mark.skipif(shutil.which("cmake") is None, reason="needs CMake")
def test_cmake_links_a_shared_library(tmp_path: Path) -> None:
    home = tmp_path / "dist"
    Renderer(home).render(
        CMAKE_CONFIG, f"shared/{Path(CMAKE_CONFIG).name}.j2", target="t", version="2.14.1"
    )
    _library(home / PLACE, "int TF_Version(void) { return 3; }")
    (home / "include").mkdir()
    (home / "include/tf.h").write_text("int TF_Version(void);\n")
    app = tmp_path / "app"
    app.mkdir()
    (app / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.21)\nproject(app LANGUAGES C)\n"
        "find_package(TensorFlowSelective REQUIRED CONFIG)\nadd_executable(app app.c)\n"
        "target_link_libraries(app PRIVATE TensorFlowSelective::tensorflow_selective)\n"
    )
    (app / "app.c").write_text('#include "tf.h"\nint main(void) { return TF_Version(); }\n')
    build = tmp_path / "b"
    for argv in (
        ("cmake", "-S", app, "-B", build, f"-DCMAKE_PREFIX_PATH={home}"),
        ("cmake", "--build", build),
    ):
        run(Command(argv=tuple(map(str, argv))), what="cmake")
    done = run(Command(argv=(str(build / "app"),)), what="app", check=False)
    assert done.returncode == 3


def _library(path: Path, text: str, *flags: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    argv = ("gcc", "-shared", "-fPIC", f"-Wl,-soname,{LIBRARY}", *flags, "-x", "c", "-")
    run(Command(argv=(*argv, "-o", str(path))), what="gcc", stdin=text.encode())


def test_the_c_api_of_a_tree(real_tree: Path) -> None:
    declared = declared_functions(real_tree)
    assert set(INFERENCE) <= declared
    assert {"TF_AddGradients", "TF_NewWhile", "TF_StringGetType"} <= declared
    assert exported(real_tree, (), "t:1") == tuple(sorted(INFERENCE))
    more = exported(real_tree, ("TF_Operation*", "TF_NewBuffer"), "t:1")
    assert {"TF_OperationToNodeDef", "TF_OperationInput"} <= set(more)


def test_what_is_not_in_the_c_api(real_tree: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        exported(real_tree, ("TF_NewGraf", "TFE_*"), "t:1")
    assert [problem.what.partition(", perhaps")[0] for problem in caught.value.problems] == [
        "exports: tensorflow/c/c_api.h and what it includes declare no TF_NewGraf; perhaps you "
        "meant 'TF_NewGraph'",
        "exports: tensorflow/c/c_api.h and what it includes declare no TFE_*",
    ]


PLAN = BuildPlan(
    target="one-x86_64",
    tensorflow_version="2.14.1",
    tree_digest="",
    models=(),
    ops=(),
    kernels=(),
    types=(),
    defines=(),
    compile_flags=(),
    link_flags=(),
    files=(),
    notes=(),
)


@pytest.fixture
def part(tmp_path: Path) -> Slice:
    """A slice whose library is of this machine."""
    layout = Layout(folder=tmp_path / "build/one-x86_64")
    _library(layout.dist / PLACE, "int TF_Version(void) { return 3; }", "-nostdlib")
    (layout.headers / "tensorflow/c").mkdir(parents=True)
    (layout.headers / "tensorflow/c/c_api.h").write_text("int TF_Version(void);\n")
    facts = {"exports": ["TF_Version"], "stand_in": True}
    (layout.dist / FACTS).write_text(to_json(facts), encoding="utf-8")
    return Slice(abi=PLATFORM.abis["x86_64"], layout=layout, plan=PLAN)


def test_what_prefab_reads(part: Slice, golden: Golden) -> None:
    report = LibraryReport(
        path=Path(), abi="x86_64", facts=None, ident=Ident(level=23, ndk="r24"), problems=()
    )
    entries = prefab_entries((part,), {"x86_64": report}, 23, "2.14.1")
    for name, content in entries.items():
        if name.endswith(".json"):
            golden(GOLDEN / f"{Path(name).name}.golden", content.decode())


def test_an_aar_with_prefab(part: Slice, tmp_path: Path, load_one: Callable[[str], Target]) -> None:
    target = load_one("platform: android\nslices: [x86_64]\nandroid: {api_level: 23}\n")
    whole = Layout(folder=tmp_path / "build/one")
    lines = pack_prefab(target, PLATFORM, (part,), whole)
    assert lines[0].startswith("tensorflow-selective-2.14.1.aar: x86_64; ")
    packed = whole.dist / "tensorflow-selective-2.14.1.aar"
    with zipfile.ZipFile(packed) as archive:
        module = "prefab/modules/tensorflow_selective"
        place = f"{module}/libs/android.x86_64/{LIBRARY}"
        assert archive.read(place) == archive.read(f"jni/x86_64/{LIBRARY}")
        assert json.loads(archive.read(f"{module}/libs/android.x86_64/abi.json"))["api"] == 23
        assert f"{module}/include/tensorflow/c/c_api.h" in archive.namelist()
    maven = whole.dist / "maven/org/tensorflow/tensorflow-selective/2.14.1"
    assert (maven / packed.name).read_bytes() == packed.read_bytes()
    first = packed.read_bytes()
    pack_prefab(target, PLATFORM, (part,), whole)
    assert packed.read_bytes() == first


@pytest.mark.parametrize(
    ("keys", "what"),
    [
        (
            "exports: [TF_New*]\nproduct: static",
            "exports: the product 'static' is no shared library",
        ),
        (
            "size_budget: {archive: 9 MB}",
            "size_budget.archive: apps get a shared library of 'prefab'",
        ),
        ("size_budget: {archive: 9 MB}\nproduct: static", ""),
        ("exports: [TF_New*]", ""),
    ],
)
def test_keys_that_say_nothing_of_a_product(
    keys: str, what: str, load_one: Callable[[str], Target]
) -> None:
    found = list(product_problems(load_one(f"platform: android\nabi: x86\n{keys}\n")))
    assert [problem.what.startswith(what) for problem in found] == ([True] if what else [])
