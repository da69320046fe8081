"""The shared library, linked from the archives, and the program that proves it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.backends.backend import Library
from buildtool.core.paths import C_API_RUNNER
from buildtool.core.render import Renderer
from buildtool.core.run import Command, run
from buildtool.products import dist
from buildtool.products.product import Build
from buildtool.products.static.runner_link import link
from buildtool.tools.linkers import LINKING

C_STANDARD = "-std=gnu11"
# What is not there shows when it is linked, not when an app opens it.
COMPLETE = ("-Wl,-z,defs", "-Wl,-z,relro", "-Wl,-z,now")


@dataclass(frozen=True, kw_only=True)
class SharedLink:
    """A library to link: ``name`` is its file's, ``exports`` are the names or patterns of all that
    others can use, ``flags`` what it is made of, with archives relative to the runner's folder."""

    name: str
    exports: Sequence[str]
    flags: Sequence[str]


def link_library(build: Build, library: Library, what: SharedLink) -> None:
    """Link archives into one library, and put it without its symbols into ``dist``.

    Raises:
        BuildError: it does not link; what is undefined, if that is why.
    """
    toolchain, plan, log = build.job.toolchain, build.plan, build.job.log
    folder = build.layout.runner
    script = Renderer(folder).render(
        f"{what.name}.map", "shared/exports.map.j2", names=what.exports
    )
    linked = folder / what.name
    argv = (
        *(str(toolchain.cxx.path), *toolchain.compile_flags, *plan.compile_flags),
        *("-shared", f"-Wl,-soname,{what.name}", f"-Wl,--version-script={script}", *COMPLETE),
        *("-o", str(linked), LINKING[toolchain.object_format].map_to(map_of(linked))),
        *dist.absolute_flags(what.flags, folder),
        *toolchain.link_flags,
    )
    link(Command(argv=argv), library, what=f"linking {what.name}", log=log)
    given = build.layout.dist / "lib" / what.name
    given.parent.mkdir(parents=True, exist_ok=True)
    stripping = Command(argv=(str(toolchain.strip.path), "-o", str(given), str(linked)))
    run(stripping, what=f"stripping {what.name}", log=log)


def map_of(linked: Path) -> Path:
    """Where the linker's map of a library is."""
    return linked.with_suffix(".link.map")


def install_c_headers(build: Build, library: Library, runner: Path = C_API_RUNNER) -> None:
    """Put into ``dist`` the headers of the C API: those that the runner includes."""
    headers = dist.header_closure(
        build.job.toolchain,
        runner,
        includes=library.includes,
        flags=("-x", "c++", f"-std={build.backend.cxx_standard}"),
        log=build.job.log,
        more=(),
    )
    dist.install_headers(headers, library.roots, build.layout.headers)


def link_c_runner(build: Build, runner: Path = C_API_RUNNER) -> None:
    """Compile the program that opens the library, with the headers of ``dist``."""
    toolchain = build.job.toolchain
    program: Path = build.layout.program
    argv = (
        *(str(toolchain.cc.path), *toolchain.compile_flags, C_STANDARD, "-Os"),
        *(f"-I{build.layout.headers}", str(runner), "-o", str(program)),
        *(*toolchain.link_flags, "-ldl"),
    )
    run(Command(argv=argv), what="linking the runner", log=build.job.log)
