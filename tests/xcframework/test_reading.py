"""A bundle that somebody spoilt: what reading it back says."""

from __future__ import annotations

import plistlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from buildtool.products.xcframework.package_values import Package
from buildtool.products.xcframework.read_back import check_xcframework

MAP = "ios-arm64/Headers/tensorflow/module.modulemap"
SIMULATOR = "ios-arm64_x86_64-simulator"


@pytest.fixture
def bundle(packed: Package, tmp_path: Path) -> Path:
    """A copy that may be changed."""
    return shutil.copytree(packed.folder / "TensorFlow.xcframework", tmp_path / "a.xcframework")


def found(bundle: Path) -> list[str]:
    return [f"{problem.where}: {problem.what}" for problem in check_xcframework(bundle)]


def change(bundle: Path, edit: Callable[[dict[str, Any]], Any]) -> None:
    path = bundle / "Info.plist"
    info = plistlib.loads(path.read_bytes())
    edit(info)
    path.write_bytes(plistlib.dumps(info))


def first(info: dict[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = info["AvailableLibraries"][0]
    return entry


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda info: info.clear(), ["is not that of an XCFramework", "names no library"]),
        (lambda info: info.update(XCFrameworkFormatVersion="2.0"), ["of format 1.0"]),
        (lambda info: info["AvailableLibraries"].pop(), [f"{SIMULATOR}: is not named"]),
        (
            lambda info: info["AvailableLibraries"].append(first(info)),
            ["has two libraries for ios"],
        ),
        (lambda info: first(info).pop("LibraryPath"), ["library 1: does not say all of"]),
        (
            lambda info: first(info).update(LibraryPath="../../x.a", HeadersPath="/usr/include"),
            ["names ../../x.a, which is not below", "names /usr/include, which is not below"],
        ),
        (
            lambda info: first(info).update(SupportedArchitectures=["armv7"]),
            ["libTensorFlow.a: is for arm64; Info.plist says armv7"],
        ),
        (
            lambda info: first(info).update(LibraryIdentifier=SIMULATOR),
            ["is for arm64, x86_64; Info.plist says arm64", "arm64: ops.o is for ios-simulator"],
        ),
        (lambda info: first(info).update(HeadersPath="None"), ["None: is not there"]),
        (lambda info: first(info).update(LibraryPath="lib.a"), ["lib.a: cannot be read"]),
    ],
)
def test_property_lists(
    bundle: Path, edit: Callable[[dict[str, Any]], Any], said: list[str]
) -> None:
    assert found(bundle) == []
    change(bundle, edit)
    problems = found(bundle)
    for words in said:
        assert any(words in problem for problem in problems), problems


def test_no_property_list(bundle: Path) -> None:
    (bundle / "Info.plist").write_text("<plist><dict>")
    assert "is not a property list" in found(bundle)[0]
    (bundle / "Info.plist").write_bytes(plistlib.dumps(["a"]))
    assert found(bundle)[0].endswith("is not a property list of keys and values")
    (bundle / "Info.plist").unlink()
    assert found(bundle)[0].endswith("Info.plist: is not there")


def test_module_maps(bundle: Path) -> None:
    (bundle / "ios-arm64/Headers/tensorflow/core/public/session.h").unlink()
    assert found(bundle)[0].endswith("names core/public/session.h, which is not there")
    (bundle / MAP).write_text('module A {\n  textual header "../../../Info.plist"\n}\n')
    assert "which is not below" in found(bundle)[0]
    (bundle / MAP).write_text("module A {\n}\n")
    assert found(bundle)[0].endswith("names no header")
    (bundle / MAP).unlink()
    assert found(bundle)[0].endswith("has no module map")


def test_libraries(bundle: Path) -> None:
    shutil.copy(bundle / SIMULATOR / "libTensorFlow.a", bundle / "ios-arm64/libTensorFlow.a")
    problems = found(bundle)
    assert any("is for arm64, x86_64; Info.plist says arm64" in one for one in problems)
    library = bundle / SIMULATOR / "libTensorFlow.a"
    library.write_bytes(library.read_bytes()[:-5000])
    assert any(
        f"{SIMULATOR}/libTensorFlow.a: is damaged or cut off" in one for one in found(bundle)
    )


def test_what_leads_out_and_what_nobody_named(bundle: Path) -> None:
    (bundle / "ios-arm64/Headers/etc").symlink_to("/etc")
    (bundle / "tvos-arm64").mkdir()
    problems = found(bundle)
    assert problems[0].endswith("etc: is a link to something outside")
    assert problems[1].endswith("tvos-arm64: is not named by Info.plist")
