"""What is written: the layout, its property lists, and what the libraries in it hold."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from buildtool.core.run import Command, run
from buildtool.products.xcframework.merged_objects import read_library
from buildtool.products.xcframework.package_values import Form, Package
from buildtool.products.xcframework.packing import pack
from buildtool.products.xcframework.read_back import check_xcframework

if TYPE_CHECKING:
    from tests.xcframework.conftest import Factory

GOLDEN = Path(__file__).resolve().parent / "golden"
DEVICE = "TensorFlow.xcframework/ios-arm64/libTensorFlow.a"
SIMULATOR = "TensorFlow.xcframework/ios-arm64_x86_64-simulator/libTensorFlow.a"


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_the_layout(packed: Package, golden: Callable[[Path, str], None]) -> None:
    files = "".join(f"{name}\n" for name in contents(packed.folder))
    golden(GOLDEN / "library.txt", files)


@pytest.mark.parametrize(
    "name",
    [
        "TensorFlow.xcframework/Info.plist",
        "TensorFlow.xcframework/ios-arm64/Headers/tensorflow/module.modulemap",
        "TensorFlow.xcconfig",
        "TensorFlow-linked.xcconfig",
        "lib/cmake/TensorFlowSelective/TensorFlowSelectiveConfig.cmake",
        "lib/cmake/TensorFlowSelective/TensorFlowSelectiveConfigVersion.cmake",
        "flags.json",
        "link_flags-iphoneos.txt",
        "compile_flags-iphonesimulator.txt",
    ],
)
def test_golden(packed: Package, name: str, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / Path(name).name, (packed.folder / name).read_text(encoding="utf-8"))


def test_a_static_framework(full: Package, golden: Callable[[Path, str], None]) -> None:
    package = dataclasses.replace(full, form=Form.FRAMEWORK)
    pack(package)
    written = contents(package.folder)
    golden(GOLDEN / "framework.txt", "".join(f"{name}\n" for name in written))
    bundle = "TensorFlow.xcframework/ios-arm64_x86_64-simulator/TensorFlow.framework"
    for name in ("Info.plist", "Modules/module.modulemap"):
        golden(GOLDEN / "framework" / Path(name).name, written[f"{bundle}/{name}"].decode())


def test_each_library_holds_its_cpus(packed: Package) -> None:
    assert [part.cpu for part in read_library(packed.folder / DEVICE)] == ["arm64"]
    simulators = [part.cpu for part in read_library(packed.folder / SIMULATOR)]
    assert sorted(simulators) == ["arm64", "x86_64"]


def test_members_of_one_name_stay_apart_and_what_is_not_needed_is_left_out(packed: Package) -> None:
    wanted = ["ops.o", "ops.o", "registry.o", "total.o"]
    for part in (*read_library(packed.folder / DEVICE), *read_library(packed.folder / SIMULATOR)):
        assert [member.name for member in part.members] == wanted
        first, second, *_ = part.members
        assert bytes(first.data) != bytes(second.data)


def test_an_app_gets_what_it_would_get_with_two_archives(full: Package, factory: Factory) -> None:
    pack(full)
    lib = factory.root / "arm64" / "dist" / "lib"
    whole, rest = lib / "libtensorflow.a", lib / "libtensorflow_deps.a"
    one = factory.link(["-force_load", full.folder / DEVICE, "-dead_strip"])
    in_one, size = factory.functions(one), one.stat().st_size
    two = factory.link(["-force_load", whole, rest, "-dead_strip"])
    assert in_one == factory.functions(two) == {"one", "two"}
    assert size == two.stat().st_size


def test_a_linker_keeps_the_constructors_of_all_that_is_loaded_whole(
    factory: Factory,
) -> None:
    """The reason why not all of the dependencies are in the library."""
    lib = factory.slice(minimum="12.0").dist / "lib"
    loaded = [word for path in sorted(lib.glob("*.a")) for word in ("-force_load", path)]
    image = factory.link([*loaded, "-dead_strip"])
    assert factory.functions(image) == {"one", "two", "three"}


def test_an_app_without_force_load_gets_no_kernel_that_nobody_asks_for(
    full: Package, factory: Factory
) -> None:
    pack(full)
    image = factory.link([full.folder / DEVICE, "-dead_strip"])
    assert factory.functions(image) == {"two"}


def test_the_same_bytes_in_another_folder_at_another_time(full: Package, tmp_path: Path) -> None:
    pack(full)
    other = tmp_path / "a b, $c"
    slices = []
    for part in reversed(full.slices):
        dist = shutil.copytree(part.dist, other / part.name)
        for path in dist.rglob("*"):
            os.utime(path, (0, 1_000_000_000))
        slices.append(dataclasses.replace(part, dist=dist))
    moved = dataclasses.replace(full, folder=other / "out", slices=tuple(slices))
    pack(moved)
    assert contents(moved.folder) == contents(full.folder)
    for name, data in contents(moved.folder).items():
        assert str(tmp_path).encode() not in data, name


def test_nothing_is_written_twice(full: Package) -> None:
    assert pack(full) == (
        "TensorFlow.xcframework/ios-arm64/libTensorFlow.a: arm64; 0.00 MB",
        "TensorFlow.xcframework/ios-arm64_x86_64-simulator/libTensorFlow.a: arm64, x86_64; 0.01 MB",
    )
    for path in full.folder.rglob("*"):
        os.utime(path, (0, 1_000_000_000))
    pack(full)
    times = {path.stat().st_mtime for path in full.folder.rglob("*") if path.is_file()}
    assert times == {1_000_000_000}


def test_what_an_earlier_package_left_goes_away(full: Package) -> None:
    pack(full)
    fewer = dataclasses.replace(full, name="Other", slices=full.slices[:1])
    pack(fewer)
    left = {name.partition("/")[0] for name in contents(full.folder)}
    assert left == {
        *("Other.xcframework", "Other.xcframework.zip", "Other.podspec.json", "Package.swift"),
        *("Other.xcconfig", "Other-linked.xcconfig", "flags.json", "lib", "manifest.json"),
        *("compile_flags-iphoneos.txt", "link_flags-iphoneos.txt"),
    }
    pack(dataclasses.replace(fewer, slices=full.slices[1:2]))
    assert sorted(path.name for path in (full.folder / "Other.xcframework").iterdir()) == [
        *("Info.plist", "Licences", "ios-x86_64-simulator"),
    ]


def test_a_compiler_takes_the_module_map_and_the_headers(packed: Package, tmp_path: Path) -> None:
    clang = shutil.which("clang++")
    if clang is None:
        pytest.skip("needs clang++")
    headers = packed.folder / "TensorFlow.xcframework/ios-arm64/Headers"
    source = tmp_path / "app.cc"
    source.write_text('#include "tensorflow/core/public/session.h"\nint n = session() + TYPES;\n')
    for flags in ((), ("-fmodules", "-fcxx-modules", f"-fmodules-cache-path={tmp_path}")):
        argv = (clang, "-target", "arm64-apple-ios12.0", *flags, "-fsyntax-only", f"-I{headers}")
        run(Command(argv=(*argv, str(source))), what="an app's file")


def test_what_is_read_back_is_right(packed: Package) -> None:
    assert check_xcframework(packed.folder / "TensorFlow.xcframework") == ()
