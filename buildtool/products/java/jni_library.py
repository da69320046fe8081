"""The library of native functions: one file of our own, linked with what ``dist`` holds in the way
that an app links it. It has the functions that Java calls for others, and no other symbol, so that
nothing in it clashes with anything in the process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.core.paths import JAVA
from buildtool.core.run import Command, run
from buildtool.core.values import Toolchain
from buildtool.products import dist
from buildtool.products.java.java_places import LIBRARY

SOURCE, EXPORTS = JAVA / "jni" / "inference.cc", JAVA / "jni" / "exports.map"
# What it includes besides what other apps do.
HEADERS = (
    "tensorflow/core/common_runtime/graph_constructor.h",
    "tensorflow/core/common_runtime/shape_refiner.h",
    "tensorflow/core/framework/step_stats.pb.h",
    "tensorflow/core/platform/protobuf.h",
)


@dataclass(frozen=True, kw_only=True)
class JniLink:
    """What the library is made of. ``compile_flags`` are those of the processor and of the target;
    ``app_flags`` and ``link_flags`` those of an app, as ``dist`` tells them. ``includes`` are the
    folders of the classes' headers, and of ``jni.h`` where the compiler has none of its own."""

    toolchain: Toolchain
    dist: Path
    compile_flags: Sequence[str]
    app_flags: Sequence[str]
    link_flags: Sequence[str]
    includes: Sequence[Path]


def link_library(link: JniLink, folder: Path, library: Path, *, log: Path) -> None:
    """Compile and link in ``folder``, where the library with all its symbols stays; what an app
    gets is ``library``.

    Raises:
        BuildError: it does not compile or link.
    """
    toolchain = link.toolchain
    folder.mkdir(parents=True, exist_ok=True)
    made, whole = str(folder / "inference.o"), str(folder / LIBRARY)
    compiler = (str(toolchain.cxx.path), *toolchain.compile_flags, *link.compile_flags, "-fPIC")
    compiling = (
        *(*compiler, *dist.absolute_flags(link.app_flags, link.dist)),
        *(f"-I{each}" for each in link.includes),
        # Checks in headers name their files, which stand elsewhere on every machine.
        f"-ffile-prefix-map={link.dist / 'include'}/=",
        *("-c", str(SOURCE), "-o", made),
    )
    run(Command(argv=compiling), what="compiling the functions for Java", log=log)
    linking = (
        *(*compiler, "-shared", made, "-o", whole, f"-Wl,-soname,{LIBRARY}"),
        *("-Xlinker", f"--version-script={EXPORTS}"),
        *("-Wl,--no-undefined", "-Wl,-z,relro,-z,now,-z,noexecstack"),
        *dist.absolute_flags(link.link_flags, link.dist),
        *toolchain.link_flags,
    )
    run(Command(argv=linking), what="linking the library for Java", log=log)
    stripped = folder / "stripped.so"
    argv = (str(toolchain.strip.path), "--strip-unneeded", "-o", str(stripped), whole)
    run(Command(argv=argv), what="stripping the library for Java", log=log)
    dist.copy_if_changed(stripped, library)
