"""Slices of a tiny library: Mach-O objects by Debian's clang, from C that needs no SDK."""

from __future__ import annotations

import dataclasses
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from buildtool.core.run import Command, run
from buildtool.products.xcframework.package_values import Package, SlicePackage, Tools
from buildtool.products.xcframework.packing import pack

SOURCES = {
    # Registers itself, and nothing asks for it.
    "whole/ops.c": "int add(int); static __attribute__((constructor)) void one(void) { add(1); }",
    # Another file of the same name.
    "whole/kernels/ops.c": (
        "int add(int); static __attribute__((constructor)) void two(void) { add(2); }"
        "int session(void) { return add(0); }"
    ),
    "rest/registry.c": "int total(int); int add(int n) { return total(n); }",
    "rest/total.c": "static int sum; int total(int n) { return sum += n; }",
    # Nothing asks for it, and it would run if it were linked.
    "rest/unused.c": (
        "int add(int); int nowhere(void);"
        "static __attribute__((constructor)) void three(void) { add(100); }"
        "int unused(void) { return nowhere(); }"
    ),
}
PUBLIC = "tensorflow/core/public/session.h"
HEADERS = {
    PUBLIC: '#include "tensorflow/core/platform/types.h"\nextern "C" int session(void);\n',
    "tensorflow/core/platform/types.h": "#define TYPES 1\n",
    "third_party/eigen3/Eigen/Core": "\n",
}
TRIPLES = {"ios": "{}-apple-ios{}", "ios-simulator": "{}-apple-ios{}-simulator"}
# A library of the system, as a linker sees it.
STUB = """--- !tapi-tbd
tbd-version: 4
targets: [ arm64-ios ]
install-name: {}
exports:
  - targets: [ arm64-ios ]
    symbols: [ dyld_stub_binder ]
...
"""


def versions(name: str) -> tuple[str, ...]:
    """How Debian calls a program of LLVM."""
    return (name, *(f"{name}-{number}" for number in range(21, 13, -1)))


def program(name: str) -> Path:
    """A program of LLVM; the test is skipped where it is not installed."""
    for one in versions(name):
        found = shutil.which(one)
        if found:
            return Path(found)
    pytest.skip(f"needs {name}: apt-get install llvm lld clang")


def command(*argv: str | Path, cwd: Path | None = None) -> str:
    """Run a command to its end; what it prints."""
    words = tuple(str(word) for word in argv)
    return run(Command(argv=words, cwd=cwd), what=words[0]).stdout


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@dataclasses.dataclass(frozen=True)
class Factory:
    """Makes slices below ``root``, as builds leave them, and what uses them."""

    root: Path
    tools: Tools

    def slice(
        self,
        cpu: str = "arm64",
        platform: str = "ios",
        *,
        minimum: str = "14.0",
        name: str = "",
        built_for: tuple[str, str] | None = None,
        headers: Mapping[str, str] = HEADERS,
    ) -> SlicePackage:
        """A slice; ``built_for`` is what its objects are really for."""
        name = name or f"{cpu}{platform.removeprefix('ios')}"
        folder = self.root / name
        found: dict[str, list[Path]] = {"whole": [], "rest": []}
        for source, text in SOURCES.items():
            path = write(folder / "src" / source, text)
            target = (folder / "obj" / source).with_suffix(".o")
            self.compile(path, target, built_for or (cpu, platform), minimum)
            found[source.partition("/")[0]].append(target)
        dist = folder / "dist"
        (dist / "lib").mkdir(parents=True)
        for part, archive in (("whole", "libtensorflow.a"), ("rest", "libtensorflow_deps.a")):
            command(self.tools.libtool, "-static", "-o", dist / "lib" / archive, *found[part])
        for header, text in headers.items():
            write(dist / "include" / header, text)
        write(dist / "licences/tensorflow/LICENSE", "Do as you like.\n")
        return SlicePackage(name=name, cpu=cpu, platform=platform, minimum_os=minimum, dist=dist)

    def compile(self, source: Path, target: Path, what: tuple[str, str], minimum: str) -> Path:
        """An object for a CPU and a platform."""
        cpu, platform = what
        target.parent.mkdir(parents=True, exist_ok=True)
        triple = TRIPLES[platform].format(cpu, minimum)
        command(program("clang"), "-target", triple, "-Os", "-c", source, "-o", target)
        return target

    def package(self, *slices: SlicePackage, folder: str = "out") -> Package:
        return Package(
            name="TensorFlow",
            version="1.8.0-rc1",
            slices=slices,
            folder=self.root / folder,
            log=self.root / "log",
            tools=self.tools,
            public=(PUBLIC, "tensorflow/not/there.h"),
            frameworks=("Accelerate",),
            libraries=("c++",),
            options=("-dead_strip",),
            defines=("IS_MOBILE_PLATFORM", "EIGEN_MAX_ALIGN_BYTES=64"),
            standard="c++14",
        )

    def sdk(self) -> Path:
        """What a linker needs of a system that the sources above need nothing of."""
        root = self.root / "iPhoneOS.sdk"
        write(root / "usr/lib/libSystem.tbd", STUB.format("/usr/lib/libSystem.B.dylib"))
        write(root / "usr/lib/libc++.tbd", STUB.format("/usr/lib/libc++.1.dylib"))
        framework = "System/Library/Frameworks/Accelerate.framework/Accelerate"
        write(root / f"{framework}.tbd", STUB.format(f"/{framework}"))
        return root

    def linker(self) -> Path:
        """LLVM's linker for Apple's systems."""
        return program("ld64.lld")

    def link(self, flags: Sequence[str | Path], *, cwd: Path | None = None) -> Path:
        """Link an app for an arm64 phone, as Xcode does, through the compiler."""
        source = write(
            self.root / "app.c", "int session(void); int main(void) { return session(); }"
        )
        app = self.compile(source, self.root / "app.o", ("arm64", "ios"), "12.0")
        image = self.root / "image"
        command(
            *(program("clang"), "-target", "arm64-apple-ios12.0", "-isysroot", self.sdk()),
            # Without a version clang talks to the linker as to one of 2010.
            *("-mlinker-version=705", "-fuse-ld=lld", f"--ld-path={self.linker()}"),
            *(app, *flags, "-o", image),
            cwd=cwd,
        )
        return image

    def functions(self, image: Path) -> set[str]:
        """Those of the functions above that are in a linked program."""
        listed = command(program("llvm-nm"), image)
        return set(re.findall(r" t _(one|two|three)$", listed, re.MULTILINE))


@pytest.fixture(scope="session")
def tools() -> Tools:
    return Tools(libtool=program("llvm-libtool-darwin"), lipo=program("llvm-lipo"))


@pytest.fixture
def factory(tmp_path: Path, tools: Tools) -> Factory:
    return Factory(root=tmp_path, tools=tools)


@pytest.fixture(scope="session")
def packed(tmp_path_factory: pytest.TempPathFactory, tools: Tools) -> Package:
    """A device and both simulators, packed; tests only read it."""
    factory = Factory(root=tmp_path_factory.mktemp("packed"), tools=tools)
    package = factory.package(
        factory.slice("arm64", minimum="12.0"),
        factory.slice("x86_64", "ios-simulator"),
        factory.slice("arm64", "ios-simulator"),
    )
    pack(package)
    return package


@pytest.fixture
def full(packed: Package, factory: Factory) -> Package:
    """The same slices in the test's own folder, not packed yet."""
    return factory.package(
        *(
            dataclasses.replace(
                part, dist=shutil.copytree(part.dist, factory.root / part.name / "dist")
            )
            for part in packed.slices
        )
    )
