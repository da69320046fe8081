"""Slices that do not fit, and packages that cannot be: said before a tool fails, all at once."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from buildtool.core.errors import BuildError, BuildToolError, ConfigError, ToolError
from buildtool.core.run import Command, run
from buildtool.products.xcframework.package_values import Package, Tools
from buildtool.products.xcframework.packing import pack

if TYPE_CHECKING:
    from tests.xcframework.conftest import Factory

WHOLE = "lib/libtensorflow.a"
REST = "lib/libtensorflow_deps.a"


def problems(package: Package, error: type[BuildToolError]) -> list[str]:
    """What is wrong, with the folder of the test left out."""
    with pytest.raises(error) as caught:
        pack(package)
    assert type(caught.value) is error
    assert not (package.folder / "TensorFlow.xcframework.zip").exists()
    return [str(problem) for problem in caught.value.problems]


def test_a_cpu_twice(factory: Factory) -> None:
    package = factory.package(
        factory.slice(), factory.slice(name="again"), factory.slice("arm64", "ios-simulator")
    )
    (found,) = problems(package, ConfigError)
    assert found.startswith("slice again: is for arm64, as slice arm64 is; a library has each CPU")


def test_a_device_and_a_simulator_are_never_one_library(factory: Factory) -> None:
    """Not even for different CPUs, where lipo would say nothing."""
    wrong = factory.slice("x86_64", "ios", built_for=("x86_64", "ios-simulator"))
    found = problems(factory.package(factory.slice(), wrong), BuildError)
    assert len(found) == 2
    assert "x86_64/dist/lib/libtensorflow.a: all 2 members" in found[0]
    assert "is for the platform ios-simulator, not for ios" in found[0]


def test_a_slice_for_another_cpu(factory: Factory) -> None:
    wrong = factory.slice("armv7", built_for=("arm64", "ios"))
    found = problems(factory.package(wrong), BuildError)
    assert len(found) == 2
    assert "is for arm64, not for armv7" in found[0]


def test_an_archive_that_is_universal_already(factory: Factory) -> None:
    one, two = factory.slice("arm64"), factory.slice("armv7", minimum="9.0")
    assert factory.tools.lipo is not None
    both = [str(part.dist / WHOLE) for part in (one, two)]
    out = factory.root / "both.a"
    argv = (str(factory.tools.lipo), "-create", *both, "-output", str(out))
    run(Command(argv=argv), what="lipo")
    out.replace(one.dist / WHOLE)
    (found,) = problems(factory.package(one, two), BuildError)
    assert "libtensorflow.a: is universal already: it is for " in found
    assert found.endswith("give slice arm64 an archive for arm64 alone")


def test_everything_that_is_wrong_with_the_files_is_said(factory: Factory) -> None:
    one, two = factory.slice("arm64"), factory.slice("armv7", minimum="9.0")
    (one.dist / WHOLE).unlink()
    (one.dist / REST).write_bytes(b"!<arch>\n" + b"x" * 70)
    (two.dist / WHOLE).write_text("nothing")
    found = problems(factory.package(one, two), BuildError)
    for words, problem in zip(
        ("cannot be read", "is damaged", "is not a static library"), found, strict=True
    ):
        assert words in problem


def test_bitcode(factory: Factory) -> None:
    part = factory.slice()
    source, target = factory.root / "a.c", factory.root / "a.o"
    source.write_text("int a;")
    argv = (
        "clang",
        "-target",
        "arm64-apple-ios12.0",
        "-flto",
        "-c",
        str(source),
        "-o",
        str(target),
    )
    run(Command(argv=argv), what="clang")
    (part.dist / WHOLE).unlink()
    run(Command(argv=("llvm-ar", "qc", str(part.dist / WHOLE), str(target))), what="ar")
    (found,) = problems(factory.package(part), BuildError)
    assert "libtensorflow.a: holds LLVM bitcode: a.o" in found


def test_files_of_all_slices_and_kinds_are_looked_at(factory: Factory) -> None:
    one = factory.slice(headers={})
    two = factory.slice("x86_64", "ios-simulator")
    (two.dist / REST).unlink()
    found = problems(factory.package(one, two), BuildError)
    assert [line.splitlines()[0].partition("dist/")[2] for line in found] == [
        "include: there is no such folder",
        "include: has none of the headers that apps include: "
        "tensorflow/core/public/session.h, tensorflow/not/there.h",
        "lib/libtensorflow_deps.a: cannot be read: No such file or directory",
    ]


def test_no_headers(factory: Factory) -> None:
    one = factory.slice(headers={"tensorflow/other.h": ""})
    two = factory.slice("x86_64", "ios-simulator", headers={})
    found = problems(factory.package(one, two), BuildError)
    assert len(found) == 3
    assert "has none of the headers that apps include: tensorflow/core/public/session.h" in found[0]
    assert "there is no such folder" in found[1]


def test_headers_that_differ_between_cpus(factory: Factory) -> None:
    public = "tensorflow/core/public/session.h"
    one = factory.slice("arm64", headers={public: "1", "only/arm64.h": ""})
    two = factory.slice("armv7", minimum="9.0", headers={public: "2", "only/armv7.h": ""})
    (found,) = problems(factory.package(one, two), BuildError)
    assert "session.h: differs from " in found
    (two.dist / "include" / public).write_text("1")
    pack(factory.package(one, two))
    only = factory.root / "out/TensorFlow.xcframework/ios-arm64_armv7/Headers/only"
    assert sorted(path.name for path in only.iterdir()) == ["arm64.h", "armv7.h"]


def test_headers_that_are_one_file_on_a_mac(factory: Factory) -> None:
    public = "tensorflow/core/public/session.h"
    one = factory.slice(headers={public: "", "eigen/Tensor": "", "eigen/tensor": ""})
    (found,) = problems(factory.package(one), BuildError)
    assert "to a Mac, eigen/Tensor and eigen/tensor are the same file" in found


def test_requests_that_cannot_be(tmp_path: Path, tools: Tools) -> None:
    package = Package(
        name="Tensor Flow",
        version="1",
        slices=(),
        folder=tmp_path / "out",
        log=tmp_path / "log",
        tools=tools,
        public=(),
        standard="c++17",
        frameworks=("Acc elerate",),
        options=("-Wl,$HOME",),
        defines=('A="b"',),
        url="ftp://example.org/a.zip",
    )
    found = problems(package, ConfigError)
    assert [line.splitlines()[0] for line in found] == [
        "Tensor Flow: has no slice",
        "Tensor Flow: cannot be the name of a framework",
        "Tensor Flow: 'Acc elerate' cannot be the name of a framework or library",
        "Tensor Flow: '-Wl,$HOME' has a character that build settings take for something else",
        "Tensor Flow: 'A=\"b\"' has a character that build settings take for something else",
        "Tensor Flow: 'ftp://example.org/a.zip' is not the address of a zip",
    ]


def test_a_slice_of_another_system(factory: Factory) -> None:
    part = dataclasses.replace(factory.slice(), platform="tvos", minimum_os="twelve")
    found = problems(factory.package(part), ConfigError)
    assert "slice arm64: is for 'tvos'" in found[0]
    assert "'twelve' is not a version of a system" in found[1]


def test_no_tools(factory: Factory) -> None:
    package = factory.package(factory.slice("arm64"), factory.slice("armv7", minimum="9.0"))
    no_lipo = Tools(libtool=factory.tools.libtool)
    (found,) = problems(dataclasses.replace(package, tools=no_lipo), ToolError)
    assert found.startswith("lipo: is not there")
    no_libtool = Tools(libtool=factory.root / "nowhere")
    (found,) = problems(dataclasses.replace(package, tools=no_libtool), ToolError)
    assert "cannot start" in found
    one = dataclasses.replace(package, tools=no_lipo, slices=package.slices[:1])
    pack(one)


def test_a_slice_for_a_newer_system(factory: Factory) -> None:
    newer = dataclasses.replace(factory.slice(minimum="14.0"), minimum_os="12.0")
    found = problems(factory.package(newer), BuildError)
    assert "needs release 14.0 of the system; the target's oldest is 12.0" in found[0]
