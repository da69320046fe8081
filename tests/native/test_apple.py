"""The generated project for Apple's systems, and some of the real files in it compiled: those that
have code of their own for these systems."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from buildtool.backends.common.ninja import NativeBuild
from buildtool.backends.native.native_dependencies import load_dependencies
from buildtool.binary.symbols import read_symbols, system_symbols
from buildtool.core.errors import ToolError
from buildtool.core.paths import LOCK
from buildtool.core.values import MachoExpectation, Toolchain
from buildtool.plan.build_plan import TENSORFLOW
from buildtool.platforms import find_abi
from buildtool.sources import Cache, Progress, fetch_all, load_lock
from buildtool.tools.apple.apple_sdk import CXX_HEADERS
from buildtool.tools.apple.apple_toolchain import find_apple_toolchain
from buildtool.tools.apple.stand_in_sdk import SOURCE, find_sdk
from buildtool.tools.compilers import find_protoc
from buildtool.verify.macho_check import faults

if TYPE_CHECKING:
    from tests.conftest import Project

pytestmark = [pytest.mark.real_tree, pytest.mark.build]

EXPECTED = MachoExpectation(cpu="arm64", platform="ios", minimum_os="12.0")
RELEASE = "tensorflow-2.14.1"
# Each with a symbol that only the form for these systems defines or asks for.
FILES = {
    "abseil:absl/time/internal/cctz/src/time_zone_lookup.cc": "_CFTimeZoneCopyDefault",
    "nsync:platform/posix/src/per_thread_waiter.c": "_pthread_setspecific",
    "nsync:platform/c++11/src/nsync_semaphore_mutex.cc": "__ZNSt3__15mutex4lockEv",
    f"{TENSORFLOW}:tensorflow/tsl/platform/default/env.cc": "_pthread_threadid_np",
    f"{TENSORFLOW}:tensorflow/tsl/platform/env.cc": "__NSGetExecutablePath",
}


@dataclass(frozen=True, kw_only=True)
class Phone:
    """The project that was generated for an iPhone, and what builds it."""

    project: Path
    trees: Mapping[str, Path]
    toolchain: Toolchain

    def variables(self) -> dict[str, str]:
        return {
            "BUILDTOOL_PROTOC": str(find_protoc("3.21")),
            **{
                f"{name.upper().replace('-', '_')}_SOURCE_DIR": str(path)
                for name, path in self.trees.items()
            },
        }


@pytest.fixture(scope="module")
def phone(tmp_path_factory: pytest.TempPathFactory, make_project: Callable[..., Project]) -> Phone:
    cache, lock = Cache.of_user(), load_lock(LOCK)
    sources = {item.name: item.source for item in load_dependencies("2.14.1", "macho")}
    for name in (SOURCE, RELEASE, *sources.values()):
        if not any(cache.root.glob(f"trees/{name}-*.verified")):
            pytest.skip(f"needs {name} in the cache: run 'python -m buildtool.sources' once")
    abi = find_abi("ios", "arm64")[1]
    try:
        toolchain = find_apple_toolchain(
            abi,
            compiler="llvm",
            sysroot=find_sdk(abi, "llvm", None, lock, cache, offline=True),
            compile_flags=(),
            link_flags=(),
            probe=False,
            bitcode=False,
        )
        find_protoc("3.21")
    except ToolError as failure:
        pytest.skip(str(failure))
    trees = {TENSORFLOW: RELEASE, **sources}
    found = fetch_all(
        lock, list(trees.values()), cache=cache, offline=True, progress=Progress.of_process()
    )
    project = make_project(tmp_path_factory.mktemp("phone") / "project", cache=cache.root)
    project.target("phone", "extends: ios\nslices: [arm64]\n")
    project.doit("generate:phone-arm64", "offline=1")
    return Phone(
        project=project.folder("phone-arm64") / "generated" / "native",
        trees={name: found[source].path for name, source in trees.items()},
        toolchain=toolchain,
    )


def native_build(phone: Phone, folder: Path) -> NativeBuild:
    return NativeBuild(
        project=phone.project,
        folder=folder / "native",
        variables=phone.variables(),
        toolchain=phone.toolchain,
        environment={},
        jobs=2,
        log=folder / "log",
        say=lambda _: None,
    )


def build_some(native: NativeBuild, keys: Iterable[str]) -> dict[str, Path]:
    """The objects of these files."""
    objects = native.objects()
    trees = native.folder / "trees"
    wanted = {key: objects[str(trees / key.replace(":", "/", 1))] for key in keys}
    native.build([str(path.relative_to(native.folder)) for path in wanted.values()], title="some")
    return wanted


def test_files_with_code_for_these_systems_compile(phone: Phone, tmp_path: Path) -> None:
    native = native_build(phone, tmp_path)
    native.configure(BUILDTOOL_CANDIDATES="ON")
    made = build_some(native, FILES)
    symbols = read_symbols(phone.toolchain, list(made.values()))
    for key, path in made.items():
        assert FILES[key] in symbols[path].undefined, key
        assert path.suffix == ".o"
        assert faults(path.read_bytes(), EXPECTED) == (), key
    # The semaphore of Linux is not among what may be compiled.
    assert not [path for path in native.objects() if "futex" in path]
    words = (phone.project.parents[1] / "dist" / "link_flags.txt").read_text().split()
    assert words[words.index("CoreFoundation") - 1] == "-framework"
    system = system_symbols(phone.toolchain)
    assert {"_CFTimeZoneCopyDefault", "___dso_handle", "_malloc", "__Znwm"} <= system


def test_the_project_with_cmakes_own_support_for_ios(phone: Phone, tmp_path: Path) -> None:
    """The precompiled header must be made with the flags that CMake adds to the objects'."""
    sdk = phone.toolchain.sysroot
    assert sdk is not None
    native = native_build(phone, tmp_path)
    native.configure(
        BUILDTOOL_CANDIDATES="ON",
        CMAKE_SYSTEM_NAME="iOS",
        CMAKE_OSX_SYSROOT=str(sdk),
        CMAKE_OSX_ARCHITECTURES="arm64",
        CMAKE_OSX_DEPLOYMENT_TARGET="12.0",
        CMAKE_C_COMPILER_TARGET=phone.toolchain.triple,
        CMAKE_CXX_COMPILER_TARGET=phone.toolchain.triple,
        CMAKE_C_FLAGS="",
        CMAKE_CXX_FLAGS=f"-stdlib++-isystem{sdk / CXX_HEADERS}",
        CMAKE_INSTALL_NAME_TOOL=shutil.which("false") or "",  # wanted, and never called
    )
    key = f"{TENSORFLOW}:tensorflow/tsl/platform/env.cc"
    made = build_some(native, [key])
    assert (native.folder / "pch" / "tensorflow_prefix.h.pch").is_file()
    assert faults(made[key].read_bytes(), EXPECTED) == ()
