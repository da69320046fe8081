"""The libraries that an emulated program for Apple's systems loads: a C++ library and an unwinder.

Both are linked from what the SDK's stand-in is made of (LLVM's sources), under the names that
Apple's have on a device. The C library is the emulator's own. None of it goes into what is built.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from buildtool.core.run import Command, run
from buildtool.core.values import SourceTree
from buildtool.sources import Cache, Progress
from buildtool.sources.cache import writing
from buildtool.tools.linkers import LINKING

CXX, UNWIND = "usr/lib/libc++.1.dylib", "usr/lib/system/libunwind.dylib"
# Without Unwind_AppleExtras.cpp, which has no code on ARM64: LLVM's linker (14 and 19) gives the
# end of its empty section an entry "cannot be unwound", which hides that of the next function.
SOURCES = (
    *("libunwind.cpp", "UnwindLevel1.c", "UnwindLevel1-gcc-ext.c"),
    *("UnwindRegistersRestore.S", "UnwindRegistersSave.S"),
)
FLAGS = ("-O2", "-w", "-fno-rtti", "-D_LIBUNWIND_IS_NATIVE_ONLY")
LANGUAGES = {".cpp": ("-std=c++17",), ".c": ("-x", "c"), ".S": ()}
# The emulator looks at neither: one does for all targets.
RELEASES = ("12.0", "16.0")


def make_root(
    source: SourceTree,
    *,
    triple: str,
    platform: str,
    sdk: Path,
    library: Path,
    cxx: Path,
    linker: Path,
    cache: Cache,
) -> Path:
    """The folder that stands for the root of the system that the program runs on; made if it is not
    there yet, in seconds.

    ``source`` is the tree with LLVM's runtimes, ``sdk`` the stand-in made of it and ``library`` the
    static C++ library in that. ``cxx`` compiles for ``triple`` and ``linker``, which is
    ``ld64.lld``, links for ``platform`` (``ios`` or ``ios-simulator``).

    Raises:
        BuildError: something does not compile or link.
    """
    own = Path(__file__).read_text(encoding="utf-8")
    parts = (source.digest, triple, platform, str(sdk), str(linker.resolve()), own)
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
    final = cache.folder("apple-root", key) / "root"
    progress = Progress.of_process()
    with cache.locked(f"apple-root-{key}", what="root", progress=progress), writing(final):
        if not final.is_dir():
            work = final.with_name(".root")
            shutil.rmtree(work, ignore_errors=True)
            compiler = (str(cxx), f"--target={triple}", "-isysroot", str(sdk), *FLAGS)
            objects = _unwinder(source.path / "libunwind", compiler, work / "objects")
            argv = (
                *(str(linker), "-arch", "arm64", "-platform_version", platform, *RELEASES),
                *("-syslibroot", str(sdk), "-dylib"),
            )
            _link(argv, objects, work, UNWIND)
            _link(argv, LINKING["macho"].whole(str(library)), work, CXX)
            shutil.rmtree(work / "objects")
            work.replace(final)
    return final


def _unwinder(source: Path, compiler: tuple[str, ...], folder: Path) -> tuple[str, ...]:
    folder.mkdir(parents=True)
    objects = []
    for name in SOURCES:
        made = str(folder / f"{name}.o")
        path = str(source / "src" / name)
        language = LANGUAGES[Path(name).suffix]
        argv = (*compiler, *language, f"-I{source / 'include'}", "-c", path, "-o", made)
        run(Command(argv=argv), what=f"compiling {name} of the unwinder")
        objects.append(made)
    return tuple(objects)


def _link(linker: tuple[str, ...], parts: tuple[str, ...], root: Path, name: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    argv = (*linker, *parts, "-lSystem", "-install_name", f"/{name}", "-o", str(root / name))
    run(Command(argv=argv), what=f"linking {name}")
