"""The settings of an app's build, read back by Xcode's rules, and used for real by a compiler, a
linker and CMake."""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from buildtool.core.run import Command, Completed, run
from buildtool.products.xcframework.app_settings import xcconfig_word, xcconfig_words
from buildtool.products.xcframework.package_values import Form, Package
from buildtool.products.xcframework.packing import pack

if TYPE_CHECKING:
    from tests.xcframework.conftest import Factory

HERE = Path(__file__).resolve().parent
# A part of a word: quoted, or escaped, or plain.
CMAKE = "lib/cmake/TensorFlowSelective"
PART = re.compile(r'"((?:[^"\\]|\\.)*)"' r"|'([^']*)'" r"|\\(.)" r"|([^\s\"'\\])")
REFERENCE = re.compile(r"\$\((\w*)\)")


def words(text: str) -> list[str]:
    """A list of a build setting, as Xcode takes it apart."""
    found: list[str] = []
    place = end = 0
    while place < len(text):
        match = PART.match(text, place)
        if match is None:
            place += 1
            continue
        double, single, escaped, plain = match.groups()
        part = re.sub(r"\\(.)", r"\1", double) if double is not None else single or escaped or plain
        if found and end == place:
            found[-1] += part
        else:
            found.append(part)
        place = end = match.end()
    return found


def settings(text: str) -> dict[str, str]:
    """The assignments of a configuration file, without its comments."""
    lines = [line.split("//")[0].strip() for line in text.splitlines()]
    pairs = [line.partition(" = ") for line in lines if line]
    assert len({name for name, _, _ in pairs}) == len(pairs)
    return {name: value for name, _, value in pairs}


def expanded(value: str, variables: Mapping[str, str]) -> list[str]:
    """The words of a setting with its references put in: those within quotes are not split."""
    return [
        REFERENCE.sub(lambda found: variables[found[1]], word)
        for word in words(value)
        if word != "$(inherited)"
    ]


@pytest.mark.parametrize(
    "tokens",
    [
        ("-force_load", "/Users/a b/lib.a"),
        ("-lc++", "-framework", "Accelerate"),
        ("it's", 'a"b', "back\\slash", ""),
        ("/a//b", "http://c", "///"),
    ],
)
def test_words_survive(tokens: Sequence[str]) -> None:
    written = xcconfig_words(tokens)
    assert "//" not in written
    assert expanded(written, {"": ""}) == [token for token in tokens if token]


def test_a_reference_is_one_word_whatever_it_stands_for() -> None:
    assert expanded(xcconfig_word("$(DIR)/x.a"), {"DIR": "/a b"}) == ["/a b/x.a"]


def test_the_configuration_file_says_what_the_json_says(packed: Package) -> None:
    flags = json.loads((packed.folder / "flags.json").read_text())
    read = settings((packed.folder / "TensorFlow.xcconfig").read_text())
    assert read["TENSORFLOW_DIR"] == "$(SRCROOT)"
    place = {"TENSORFLOW_DIR": "/Users/a b"}
    for sdk, of_sdk in flags.items():
        link = expanded(read[f"OTHER_LDFLAGS[sdk={sdk}*]"], place)
        force, library, *others = of_sdk["link"]
        assert link == [force, f"/Users/a b/{library}", *others]
        assert (packed.folder / library).is_file()
        (headers,) = expanded(read[f"HEADER_SEARCH_PATHS[sdk={sdk}*]"], place)
        assert f"-I{headers}" == of_sdk["compile"][-1].replace("-I", "-I/Users/a b/")
        assert (packed.folder / of_sdk["compile"][-1][2:]).is_dir()
        for name, key in (("compile", "compile_flags"), ("link", "link_flags")):
            text = (packed.folder / f"{key}-{sdk}.txt").read_text()
            assert text.splitlines() == of_sdk[name]
    assert words(read["GCC_PREPROCESSOR_DEFINITIONS"])[1:] == list(packed.defines)


@pytest.mark.parametrize("form", list(Form))
def test_in_xcode_the_library_is_where_xcode_puts_it(full: Package, form: Form) -> None:
    package = dataclasses.replace(full, form=form)
    pack(package)
    read = settings((package.folder / "TensorFlow-linked.xcconfig").read_text())
    place = {"BUILT_PRODUCTS_DIR": "/P"}
    product = {
        Form.LIBRARY: "/P/libTensorFlow.a",
        Form.FRAMEWORK: "/P/TensorFlow.framework/TensorFlow",
    }
    link = expanded(read["OTHER_LDFLAGS"], place)
    assert link == [
        "-force_load",
        product[form],
        "-dead_strip",
        "-framework",
        "Accelerate",
        "-lc++",
    ]


@pytest.mark.parametrize("form", list(Form))
def test_cocoapods_keeps_the_library_one_word(full: Package, form: Form) -> None:
    """It takes the list apart as a shell does, and puts the words together as they then are."""
    package = dataclasses.replace(full, form=form)
    pack(package)
    specification = json.loads((package.folder / "TensorFlow.podspec.json").read_text())
    target = specification["user_target_xcconfig"]
    written = " ".join(shlex.split(target["OTHER_LDFLAGS"])).replace("${", "$(").replace("}", ")")
    place = {"PODS_XCFRAMEWORKS_BUILD_DIR": "/a b"}
    inside = "TensorFlow.framework/TensorFlow" if form is Form.FRAMEWORK else "libTensorFlow.a"
    assert expanded(written, place) == [
        f"-Wl,-force_load,/a b/TensorFlow/{inside}",
        "-dead_strip",
    ]


def test_cpus_that_are_not_in_the_package_are_excluded(factory: Factory) -> None:
    package = factory.package(factory.slice(), factory.slice("x86_64", "ios-simulator"))
    pack(package)
    for name in ("TensorFlow.xcconfig", "TensorFlow-linked.xcconfig"):
        read = settings((package.folder / name).read_text())
        assert read["EXCLUDED_ARCHS[sdk=iphonesimulator*]"] == "$(inherited) arm64"
        assert "EXCLUDED_ARCHS[sdk=iphoneos*]" not in read


def test_an_app_has_bitcode_only_where_the_library_has_it(full: Package) -> None:
    for bitcode in (False, True):
        pack(dataclasses.replace(full, bitcode=bitcode))
        for name in ("TensorFlow.xcconfig", "TensorFlow-linked.xcconfig"):
            read = settings((full.folder / name).read_text())
            assert read.get("ENABLE_BITCODE") == (None if bitcode else "NO")
        specification = json.loads((full.folder / "TensorFlow.podspec.json").read_text())
        assert ("ENABLE_BITCODE" in specification["user_target_xcconfig"]) is not bitcode


def test_only_what_is_needed_is_linked(full: Package) -> None:
    pack(dataclasses.replace(full, frameworks=(), libraries=("c++", "z"), options=()))
    flags = json.loads((full.folder / "flags.json").read_text())
    assert flags["iphoneos"]["link"][2:] == ["-lc++", "-lz"]


def test_an_app_is_linked_with_the_plain_flags(full: Package, factory: Factory) -> None:
    """From the package's folder, moved to a place with spaces."""
    pack(full)
    moved = shutil.copytree(full.folder, factory.root / "my app (1)")
    flags = (moved / "link_flags-iphoneos.txt").read_text().split()
    image = factory.link(flags, cwd=moved)
    assert factory.functions(image) == {"one", "two"}


def configure(
    package: Path, sdk: Path, binary: Path, factory: Factory, *, cpu: str = "arm64"
) -> Completed:
    """CMake's own support for iOS, which takes any folder for an SDK that is called like one."""
    clang = shutil.which("clang++")
    if clang is None or shutil.which("cmake") is None or shutil.which("ninja") is None:
        pytest.skip("needs clang++, cmake and ninja")
    linker = f"-fuse-ld=lld --ld-path={factory.linker()} -mlinker-version=705"
    argv = (
        *("cmake", "-S", str(HERE / "app"), "-B", str(binary), "-G", "Ninja"),
        *("-DCMAKE_SYSTEM_NAME=iOS", f"-DCMAKE_OSX_SYSROOT={sdk}"),
        *(f"-DCMAKE_OSX_ARCHITECTURES={cpu}", "-DCMAKE_OSX_DEPLOYMENT_TARGET=12.0"),
        *(f"-DCMAKE_CXX_COMPILER={clang}", f"-DCMAKE_CXX_COMPILER_TARGET={cpu}-apple-ios12.0"),
        *(f"-DCMAKE_EXE_LINKER_FLAGS={linker}", f"-DTensorFlowSelective_DIR={package / CMAKE}"),
        *("-DCMAKE_CXX_COMPILER_WORKS=1", "-DCMAKE_CXX_FLAGS=-stdlib=libc++"),
    )
    return run(Command(argv=argv), what="CMake", check=False)


def test_cmake_links_the_library_whole(full: Package, factory: Factory) -> None:
    pack(full)
    moved = shutil.copytree(full.folder, factory.root / "it's $HOME (1)")
    binary = factory.root / "binary"
    configured = configure(moved, factory.sdk(), binary, factory)
    assert configured.returncode == 0, configured.stderr
    run(Command(argv=("cmake", "--build", str(binary))), what="an app with CMake")
    assert factory.functions(binary / "app") == {"one", "two"}


def test_cmake_links_again_when_the_library_changed(full: Package, factory: Factory) -> None:
    pack(full)
    binary = factory.root / "binary"
    configure(full.folder, factory.sdk(), binary, factory)
    build = Command(argv=("cmake", "--build", str(binary)))
    assert "Linking" in run(build, what="an app with CMake").stdout
    assert "no work to do" in run(build, what="nothing to do").stdout
    (full.folder / "TensorFlow.xcframework/ios-arm64/libTensorFlow.a").touch()
    assert "Linking" in run(build, what="a library that changed").stdout


def test_cmake_says_which_systems_and_cpus_there_are(factory: Factory) -> None:
    package = factory.package(factory.slice())
    pack(package)
    simulator = factory.root / "iPhoneSimulator14.0.sdk"
    simulator.mkdir()
    found = configure(package.folder, simulator, factory.root / "one", factory)
    assert found.returncode != 0
    assert "iPhoneSimulator14.0.sdk'; this package is for iphoneos" in _joined(found.stderr)
    found = configure(package.folder, factory.sdk(), factory.root / "two", factory, cpu="armv7")
    assert found.returncode != 0
    assert "has armv7; with iphoneos.sdk this package is for arm64" in _joined(found.stderr)


def _joined(text: str) -> str:
    return " ".join(text.split())
