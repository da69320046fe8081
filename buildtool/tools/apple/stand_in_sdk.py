"""A folder that stands in for an SDK of Apple's where there is none, to verify with.

It is put together from the headers of macOS and the C++ library that a Python package carries
(``ziglang-...`` in the lock file). The C library's functions are those of macOS; iOS has almost
the same ones. What is linked with it shows that the library is complete and of the right kind; an
app is linked with Apple's own SDK. Nothing of it goes into the library that is built.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

from buildtool.core.paths import TEMPLATES
from buildtool.core.render import Renderer, to_json
from buildtool.core.run import Command, run
from buildtool.core.values import Abi, AppleFacts, SourceTree
from buildtool.sources import Cache, Lock, Progress, fetch_all
from buildtool.sources.cache import writing
from buildtool.tools.apple.apple_sdk import CXX_HEADERS, FRAMEWORKS, LIBRARIES, SETTINGS
from buildtool.tools.apple.developer_tools import XCODE, chosen_kind, find_programs, named_sdk

SOURCE = "ziglang-0.10.1.post1"
# To be changed whenever this module puts something else together.
LAYOUT = "3"
# iOS 16 and macOS 13, whose headers these are, are of the same year.
VERSION = "16.0"
STANDS_IN = (
    "a folder that stands in for Apple's SDK: headers of macOS and LLVM's C++ library, from the "
    f"Python package {SOURCE}"
)
HEADERS = {"arm64": "aarch64-macos.13-none", "x86_64": "x86_64-macos.13-none"}
COMMON = ("any-macos-any", "any-macos.13-any")
STUB = "libc/darwin/libSystem.13.tbd"
CXX_SOURCES = ("libcxx/src/*.cpp", "libcxx/src/ryu/*.cpp", "libcxxabi/src/*.cpp")
# Only for other systems.
CXX_LEFT_OUT = frozenset({"cxa_noexception.cpp", "cxa_thread_atexit.cpp"})
# What most of them include, precompiled for that: reading it again and again is two thirds of the
# work. The others decide by themselves what headers define or declare.
CXX_COMMON = (
    *("algorithm", "charconv", "cstdio", "cstdlib", "functional", "locale", "map", "memory"),
    *("string", "system_error", "vector"),
)
CXX_BY_THEMSELVES = frozenset(
    {
        *("condition_variable_destructor.cpp", "memory.cpp", "mutex_destructor.cpp"),
        "system_error.cpp",
    }
)
CXX_FLAGS = (
    *("-std=c++20", "-Os", "-w", "-nostdinc++", "-fvisibility-inlines-hidden"),
    *("-D_LIBCPP_BUILDING_LIBRARY", "-D_LIBCXXABI_BUILDING_LIBRARY"),
    # libcxxabi has the operators new and delete, also for aligned memory, which clang takes to
    # be missing before iOS 11.
    "-faligned-allocation",
    "-D_LIBCPP_DISABLE_NEW_DELETE_DEFINITIONS",
    *("-DLIBCXX_BUILDING_LIBCXXABI", "-D_LIBCPP_ENABLE_CXX17_REMOVED_FEATURES"),
)
# The functions of frameworks that TensorFlow and its dependencies call, and the headers that they
# include for them.
FRAMEWORK_SYMBOLS = {
    "Accelerate": ("_cblas_sgemm",),
    "CoreFoundation": (
        *("_CFRelease", "_CFStringGetCString", "_CFStringGetLength"),
        *("_CFStringGetMaximumSizeForEncoding", "_CFTimeZoneCopyDefault", "_CFTimeZoneGetName"),
    ),
}
FRAMEWORK_HEADERS = {"Accelerate": "Accelerate", "CoreFoundation": "CFTimeZone"}
# For those who want a program that asks for nothing but the C library.
STATIC_CXX = f"{LIBRARIES}/static/libc++.a"


def can_stand_in(facts: AppleFacts) -> bool:
    """Whether the headers have this processor."""
    return facts.cpu in HEADERS


def find_sdk(
    abi: Abi, compiler: str, sysroot: Path | None, lock: Lock, cache: Cache, *, offline: bool
) -> Path | None:
    """The SDK that the target or the environment names; else, where LLVM is used, the folder that
    stands in for one. None where the tools find it themselves, or there is none.

    Raises:
        DownloadError, ToolError: that folder cannot be put together.
    """
    named = named_sdk(sysroot)
    if named or abi.apple is None or chosen_kind(compiler) == XCODE:
        return named
    if not can_stand_in(abi.apple):
        return None
    programs = find_programs(abi, compiler)
    source = fetch_all(
        lock, [SOURCE], cache=cache, offline=offline, progress=Progress.of_process()
    )[SOURCE]
    return make_stand_in(source, abi, programs=programs, cache=cache)


def make_stand_in(
    source: SourceTree, abi: Abi, *, programs: Mapping[str, Path], cache: Cache
) -> Path:
    """The folder for one ABI, put together if it is not there yet. It takes a minute of compiling.

    Raises:
        BuildError: the C++ library does not compile.
    """
    assert abi.apple is not None  # noqa: S101  (callers have looked)
    name = f"{abi.name}-{abi.minimum_os}-{_key(source, abi, programs['clang++'])}"
    final = cache.folder("apple-sdk", name) / f"{abi.apple.folder}.sdk"
    progress = Progress.of_process()
    with cache.locked(f"apple-sdk-{name}", what="SDK", progress=progress), writing(final):
        if not final.is_dir():
            work = final.with_name(f".{final.name}")
            shutil.rmtree(work, ignore_errors=True)
            _Maker(source.path, work, abi, programs, progress.note).make()
            work.replace(final)
    return final


def _key(source: SourceTree, abi: Abi, cxx: Path) -> str:
    own = sorted((TEMPLATES / "apple").iterdir())
    texts = (path.read_text(encoding="utf-8") for path in own)
    parts = (LAYOUT, source.digest, abi.triple, str(cxx.resolve()), *texts)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


class _Maker:
    def __init__(
        self,
        source: Path,
        folder: Path,
        abi: Abi,
        programs: Mapping[str, Path],
        say: Callable[[str], None],
    ) -> None:
        assert abi.apple is not None  # noqa: S101  (callers have looked)
        self._source, self._folder, self._abi, self._facts = source, folder, abi, abi.apple
        self._programs, self._say = programs, say
        self._renderer = Renderer(folder)

    def make(self) -> None:
        self._headers()
        system = _exported(self._source / STUB, self._facts.cpu)
        self._stub(f"{LIBRARIES}/libSystem.tbd", "/usr/lib/libSystem.B.dylib", system)
        for framework, symbols in FRAMEWORK_SYMBOLS.items():
            place = f"{FRAMEWORKS}/{framework}.framework"
            header = f"{FRAMEWORK_HEADERS[framework]}.h"
            self._renderer.render(f"{place}/Headers/{header}", f"apple/{header}.j2")
            name = f"/{place}/{framework}"
            self._stub(f"{place}/{framework}.tbd", name, {"symbols": symbols})
        self._cxx_library()
        settings = {
            "CanonicalName": f"{self._facts.sdk}{VERSION}",
            "MaximumDeploymentTarget": f"{VERSION}.99",
            "StandsIn": STANDS_IN,
            "Version": VERSION,
        }
        self._renderer.write(SETTINGS, to_json(settings))

    def _headers(self) -> None:
        include = self._folder / "usr/include"
        for part in (*COMMON, HEADERS[self._facts.cpu]):
            shutil.copytree(self._source / "libc/include" / part, include, dirs_exist_ok=True)
        headers = self._folder / CXX_HEADERS
        for part in ("libcxx", "libcxxabi"):
            shutil.copytree(self._source / part / "include", headers, dirs_exist_ok=True)
        (headers / "__config").rename(headers / "__config_library")
        config = f"{CXX_HEADERS}/__config"
        self._renderer.render(config, "apple/__config.j2", original="__config_library")
        simulator = self._facts.sdk.endswith("simulator")
        name = "usr/include/TargetConditionals.h"
        self._renderer.render(name, "apple/TargetConditionals.h.j2", simulator=simulator)
        # Apple's SDKs have it; the package left it out.
        self._renderer.render("usr/include/sys/syscall.h", "apple/syscall.h.j2")

    def _cxx_library(self) -> None:
        """The stub needs the names that the library exports: it is compiled for that."""
        self._say(f"C++ library for {self._abi.name}: compiling it once")
        files = [
            path
            for glob in CXX_SOURCES
            for path in sorted(self._source.glob(glob))
            if path.name not in CXX_LEFT_OUT
        ]
        archive = self._folder / STATIC_CXX
        archive.parent.mkdir(parents=True)
        objects = [archive.parent / f"{p.parent.parent.name}-{p.stem}.o" for p in files]
        common = archive.parent / "common.h"
        text = "".join(f"#include <{name}>\n" for name in CXX_COMMON)
        common.write_text(text, encoding="utf-8")
        self._compile(common, common.with_suffix(".pch"), ("-x", "c++-header"))
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            list(pool.map(self._compile_with(common.with_suffix(".pch")), files, objects))
        argv = (str(self._programs["ar"]), "qcsD", str(archive), *map(str, objects))
        run(Command(argv=argv), what="archiving the C++ library")
        for path in (*objects, common, common.with_suffix(".pch")):
            path.unlink()
        argv = (str(self._programs["nm"]), "-P", "-g", "--defined-only", str(archive))
        listed = run(Command(argv=argv), what="symbols of the C++ library").stdout
        symbols = sorted({line.split()[0] for line in listed.splitlines() if line.count(" ") > 1})
        self._stub(f"{LIBRARIES}/libc++.tbd", "/usr/lib/libc++.1.dylib", {"symbols": symbols})

    def _compile_with(self, precompiled: Path) -> Callable[[Path, Path], None]:
        def start(source: Path, made: Path) -> None:
            alone = source.name in CXX_BY_THEMSELVES
            self._compile(source, made, () if alone else ("-include-pch", str(precompiled)))

        return start

    def _compile(self, source: Path, made: Path, words: Sequence[str]) -> None:
        argv = (
            *(
                str(self._programs["clang++"]),
                f"--target={self._abi.triple}",
                "-isysroot",
                str(self._folder),
            ),
            *(*CXX_FLAGS, f"-I{self._folder / CXX_HEADERS}", f"-I{source.parent}"),
            *(f"-I{self._source / 'libcxx/src'}", *words, "-c", str(source), "-o", str(made)),
        )
        run(Command(argv=argv), what=f"compiling {source.name} of the C++ library")

    def _stub(self, name: str, install_name: str, exported: dict[str, Sequence[str]]) -> None:
        self._renderer.render(
            name,
            "apple/stub.tbd.j2",
            targets=[self._facts.tbd],
            install_name=install_name,
            symbols=exported["symbols"],
            weak=exported.get("weak-symbols", ()),
            thread_local=exported.get("thread-local-symbols", ()),
        )


def _exported(stub: Path, cpu: str) -> dict[str, Sequence[str]]:
    """What a library and those that it re-exports offer on ``cpu``, by kind of symbol."""
    found: dict[str, set[str]] = {"symbols": set()}
    for document in yaml.load_all(stub.read_text(encoding="utf-8"), Loader=_StubLoader):
        for section in (*document.get("exports", ()), *document.get("reexports", ())):
            if f"{cpu}-macos" in section["targets"]:
                for kind in ("symbols", "weak-symbols", "thread-local-symbols"):
                    found.setdefault(kind, set()).update(section.get(kind, ()))
    return {kind: sorted(names) for kind, names in found.items()}


class _StubLoader(yaml.SafeLoader):
    """Reads documents of the tag that text stubs have."""


_StubLoader.add_constructor(
    "!tapi-tbd",
    lambda loader, node: loader.construct_mapping(node, deep=True),  # type: ignore[arg-type]
)
