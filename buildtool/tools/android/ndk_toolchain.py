"""An NDK's own compiler, as the NDK's toolchain file for CMake describes it.

That file says which programs compile, for which triple, and with which flags; it is asked, so that
what CMake compiles and what this tool compiles itself are the same. Layout since r19: NDK,
"Build System Maintainers Guide".
"""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.core.errors import Problem, ToolError
from buildtool.core.render import Renderer
from buildtool.core.run import ANSWER, Command, run
from buildtool.core.values import Abi, Toolchain
from buildtool.tools.android.android_sdk import KEY as SDK_KEY
from buildtool.tools.android.android_sdk import VARIABLES as SDK_VARIABLES
from buildtool.tools.android.android_sdk import Sdk, find_root, read_sdk
from buildtool.tools.android.compatibility import DEFAULT_LEVEL, KitRequest, revision_mismatch
from buildtool.tools.android.ndk import PREBUILT, TOOLCHAIN_FILE, Ndk, find_ndk
from buildtool.tools.linkers import LLD
from buildtool.tools.probing import first, identified, tool, try_out

# Older ones have a libc++ that lacks C++17 (r20: LLVM 8), or GCC's; from r21 on LLVM's archiver and
# strip are in all of them (NDK changelogs, r19 to r21).
OLDEST = 21
LEAST_LEVEL = 21
# The start of the compiler's triple and the name of the folder of libraries differ for one ABI.
LIBRARY_TRIPLES = {"armeabi-v7a": "arm-linux-androideabi"}
ASKED = (
    "ANDROID_PLATFORM_LEVEL",
    "CMAKE_AR",
    "CMAKE_CXX_COMPILER",
    "CMAKE_CXX_COMPILER_TARGET",
    "CMAKE_CXX_FLAGS",
    "CMAKE_C_COMPILER",
    "CMAKE_EXE_LINKER_FLAGS",
)
# The file asks for debug information, of which nothing is left in a stripped app; and clang leaves
# out for Android what tells LLVM's linker which functions may be folded.
OWN_FLAGS = ("-g0", "-faddrsig")
# Of the compiler's own folder and the system's, what every program is linked with.
STUBS = ("libc.so", "libm.so", "libdl.so", "liblog.so")
ARCHIVES = ("libc++_static.a", "libc++abi.a")


@dataclass(frozen=True, kw_only=True)
class NdkSystem:
    """Where an NDK has the libraries of an ABI at an API level: ``stubs`` stand for Android's own,
    ``archives`` holds those that are linked in."""

    stubs: Path
    archives: Path


def find_user_ndk(asked: KitRequest) -> Ndk:
    """The NDK of the user: the key's, the environment's, or the SDK's newest.

    Raises:
        ToolError: there is none.
    """
    named = find_root(asked.sdk, SDK_KEY, SDK_VARIABLES, where=asked.where.get("sdk", ""))
    sdk: Sdk | None = read_sdk(named) if named is not None else None
    return find_ndk(asked.ndk, where=asked.where.get("ndk", ""), sdk=sdk)


def ndk_problems(ndk: Ndk, asked: KitRequest, abi: Abi) -> Iterator[Problem]:
    """Why this NDK cannot compile for the ABI and the API level that the target asks for."""
    where, level = str(ndk.named), asked.api_level or DEFAULT_LEVEL
    if ndk.major < OLDEST:
        yield Problem(
            where=where,
            what=f"NDK {ndk.revision} ({ndk.said_in.name}) is too old: its C++ library lacks what "
            "TensorFlow 2 includes",
            todo=f"set {ndk.named.setting} to r{OLDEST} or newer",
        )
        return
    yield from revision_mismatch(ndk, asked)
    if not (ndk.root / TOOLCHAIN_FILE).is_file():
        yield _incomplete(where, f"{TOOLCHAIN_FILE} is not in it")
    homes = _homes(ndk)
    for name in ("clang", "clang++"):
        if not any((home / "bin" / name).is_file() for home in homes):
            yield _incomplete(where, f"there is no {PREBUILT}/*/bin/{name}")
    of_level = list(_level_problems(ndk, asked, level))
    yield from of_level
    if homes and not of_level:
        yield from _library_problems(ndk, abi, level, where)


def _level_problems(ndk: Ndk, asked: KitRequest, level: int) -> Iterator[Problem]:
    place = asked.place("api_level")
    if level < LEAST_LEVEL:
        yield Problem(
            where=place,
            what=f"the backend compiles for API level {LEAST_LEVEL} and newer, not {level}",
            todo=f"set api_level: {LEAST_LEVEL} or more",
        )
    elif ndk.levels and not ndk.levels[0] <= level <= ndk.levels[-1]:
        yield Problem(
            where=place,
            what=f"NDK {ndk.revision} has no API level {level}; it has {ndk.levels[0]} to "
            f"{ndk.levels[-1]}",
            todo=f"set api_level: {max(ndk.levels[0], LEAST_LEVEL)} or more, up to "
            f"{ndk.levels[-1]}; or set {ndk.named.setting} to another NDK",
        )


def _library_problems(ndk: Ndk, abi: Abi, level: int, where: str) -> Iterator[Problem]:
    system = ndk_system(ndk, abi, level)
    if not system.archives.is_dir():
        yield Problem(
            where=where,
            what=f"NDK {ndk.revision} has no libraries for {abi.name}",
            todo=f"set {ndk.named.setting} to an NDK that has the ABI, or leave it out",
        )
        return
    if not (system.stubs / "libc.so").is_file():
        yield Problem(
            where=where,
            what=f"NDK {ndk.revision} has no libraries for {abi.name} at API level "
            f"{system.stubs.name}",
            todo="set api_level to one that it has: "
            + ", ".join(_levels_with_libraries(system.archives)),
        )
    for name in ARCHIVES:
        if not (system.archives / name).is_file():
            yield _incomplete(where, f"there is no {name} for {abi.name}")


def _incomplete(where: str, what: str) -> Problem:
    return Problem(where=where, what=f"is incomplete: {what}", todo="unpack the NDK again")


def _levels_with_libraries(folder: Path) -> list[str]:
    found = [each.name for each in folder.iterdir() if (each / "libc.so").is_file()]
    return sorted((name for name in found if name.isdigit()), key=int)


def ndk_system(ndk: Ndk, abi: Abi, level: int) -> NdkSystem:
    """Where the NDK has the libraries; a level without libraries of its own has those of the one
    below, as the toolchain file has it."""
    triple = LIBRARY_TRIPLES.get(abi.name, abi.triple)
    places = [home / "sysroot/usr/lib" / triple for home in _homes(ndk)]
    folder = next((each for each in places if each.is_dir()), places[0])
    below = folder.is_dir() and [int(n) for n in _levels_with_libraries(folder) if int(n) <= level]
    return NdkSystem(stubs=folder / str(max(below) if below else level), archives=folder)


def _homes(ndk: Ndk) -> list[Path]:
    """The folder of the compiler, of which an NDK has one, named for the machine it runs on."""
    return sorted((ndk.root / PREBUILT).glob("*"))


def find_ndk_toolchain(
    abi: Abi,
    asked: KitRequest,
    *,
    compile_flags: Sequence[str] = (),
    link_flags: Sequence[str] = (),
) -> Toolchain:
    """The tools of the user's NDK for ``abi``, verified.

    Raises:
        ToolError: there is no NDK, it is too old or lacks something, or its compiler does not work;
            all at once.
    """
    ndk = find_user_ndk(asked)
    problems = list(ndk_problems(ndk, asked, abi))
    host = {name: first(names) for name, names in _HOST.items()}
    problems += [_no_host_tool(name) for name, path in host.items() if path is None]
    if problems:
        raise ToolError(problems)
    variables = cmake_variables(ndk, abi, asked.api_level or DEFAULT_LEVEL)
    told = ask_toolchain_file(variables, host["cmake"] or Path())
    home = Path(told["CMAKE_CXX_COMPILER"]).parent
    level = int(told["ANDROID_PLATFORM_LEVEL"])
    own = (*abi.cpu_flags, *compile_flags, *OWN_FLAGS)
    toolchain = Toolchain(
        cc=tool("cc", Path(told["CMAKE_C_COMPILER"])),
        cxx=tool("c++", Path(told["CMAKE_CXX_COMPILER"])),
        ar=tool("ar", Path(told["CMAKE_AR"])),
        strip=tool("strip", home / "llvm-strip"),
        kind="clang",
        triple=told["CMAKE_CXX_COMPILER_TARGET"],
        compile_flags=(
            f"--target={told['CMAKE_CXX_COMPILER_TARGET']}",
            *shlex.split(told["CMAKE_CXX_FLAGS"]),
            *own,
        ),
        link_flags=(LLD, *shlex.split(told["CMAKE_EXE_LINKER_FLAGS"]), *link_flags),
        emulator=(),
        identity="",
        extra={
            "nm": tool("nm", home / "llvm-nm"),
            "c++filt": tool("c++filt", first((str(home / "llvm-cxxfilt"), *_FILTERS)) or Path()),
            **{name: tool(name, path) for name, path in host.items() if path is not None},
        },
        cmake=variables,
        own_flags=own,
        system_libraries=_system_libraries(ndk_system(ndk, abi, level), home, told),
        system="android",
        notes=_notes(ndk, level),
    )
    try_out(toolchain, abi, todo=f"is the NDK whole? Unpack it again, or set {ndk.named.setting}")
    return identified(toolchain)


_FILTERS = ("llvm-cxxfilt", "c++filt")
_HOST: Mapping[str, tuple[str, ...]] = {
    "cmake": ("cmake",),
    "ninja": ("ninja", "ninja-build"),
}


def _no_host_tool(name: str) -> Problem:
    return Problem(
        where="toolchain",
        what=f"no {name} here",
        todo="on Debian or Ubuntu: apt-get install cmake ninja-build",
    )


def cmake_variables(ndk: Ndk, abi: Abi, level: int) -> dict[str, str]:
    """What CMake is told to compile with the NDK. From r23 on the file has two ways; the one that
    older ones have does not leave the flags to CMake's own modules."""
    return {
        "ANDROID_ABI": abi.name,
        "ANDROID_PLATFORM": f"android-{level}",
        "ANDROID_STL": "c++_static",
        "ANDROID_USE_LEGACY_TOOLCHAIN_FILE": "ON",
        "CMAKE_TOOLCHAIN_FILE": str(ndk.root / TOOLCHAIN_FILE),
    }


def ask_toolchain_file(variables: Mapping[str, str], cmake: Path) -> dict[str, str]:
    """What the toolchain file sets, by the variables' names.

    Raises:
        ToolError: CMake cannot read it, or it sets no compiler.
    """
    file = variables["CMAKE_TOOLCHAIN_FILE"]
    with tempfile.TemporaryDirectory() as folder:
        script = Renderer(Path(folder)).render("ask.cmake", "android/ask.cmake.j2", names=ASKED)
        defined = (f"-D{name}={value}" for name, value in sorted(variables.items()))
        command = Command(argv=(str(cmake), *defined, "-P", str(script)))
        done = run(command, what=f"asking {file}", timeout=ANSWER, error=ToolError)
    told = dict(line.split("=", 1) for line in done.stderr.splitlines() if line.startswith(ASKED))
    lacking = sorted(name for name in ASKED if not told.get(name))
    if lacking:
        what = f"sets no {', '.join(lacking)}"
        raise ToolError(Problem(where=file, what=what, todo="unpack the NDK again"))
    return told


def _system_libraries(system: NdkSystem, home: Path, told: Mapping[str, str]) -> tuple[Path, ...]:
    """Android's own libraries, C++'s, and the compiler's."""
    asking = (told["CMAKE_CXX_COMPILER"], f"--target={told['CMAKE_CXX_COMPILER_TARGET']}")
    asked = Command(argv=(*asking, "-print-libgcc-file-name"))
    runtime = Path(run(asked, what="asking clang", check=False, timeout=ANSWER).stdout.strip())
    unwinders = home.parent.glob(f"lib*/clang/*/lib/linux/{_processor(told)}/libunwind.a")
    return (
        *(system.stubs / name for name in STUBS),
        *(system.archives / name for name in ARCHIVES),
        runtime,
        *sorted(unwinders)[:1],
    )


def _processor(told: Mapping[str, str]) -> str:
    """What the compiler's own folder calls it."""
    start = told["CMAKE_CXX_COMPILER_TARGET"].partition("-")[0]
    return "arm" if start.startswith("armv7") else {"i686": "i386"}.get(start, start)


def _notes(ndk: Ndk, level: int) -> tuple[str, ...]:
    found = f"NDK {ndk.revision}, API level {level}, static libc++"
    if not ndk.stands_in:
        return (found,)
    return (
        found,
        f"this is not an Android NDK ({ndk.description}): what it makes does not run on a device",
    )
