"""The shared library, linked from the archives, and the program that proves it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from buildtool.backends.backend import Library
from buildtool.core.paths import C_API_RUNNER
from buildtool.core.render import Renderer
from buildtool.core.run import Command, run
from buildtool.products import dist
from buildtool.products.product import Build
from buildtool.products.shared.shared_files import LIBRARY, PLACE
from buildtool.products.static.runner_link import link
from buildtool.tools.linkers import LINKING

WHAT = "linking the shared library"
SCRIPT = "exports.map"
C_STANDARD = "-std=gnu11"
# What is not there shows when it is linked, not when an app opens it.
COMPLETE = ("-Wl,-z,defs", "-Wl,-z,relro", "-Wl,-z,now")


def link_library(build: Build, library: Library, exports: Sequence[str]) -> None:
    """Link the archives into one library that exports these functions alone, and put it without
    its symbols into ``dist``.

    Raises:
        BuildError: it does not link; what is undefined, if that is why.
    """
    toolchain, plan, log = build.job.toolchain, build.plan, build.job.log
    folder = build.layout.runner
    script = Renderer(folder).render(SCRIPT, "shared/exports.map.j2", names=exports)
    linked = folder / LIBRARY
    argv = (
        *(str(toolchain.cxx.path), *toolchain.compile_flags, *plan.compile_flags),
        *("-shared", f"-Wl,-soname,{LIBRARY}", f"-Wl,--version-script={script}", *COMPLETE),
        *("-o", str(linked), LINKING[toolchain.object_format].map_to(linked.with_suffix(".map"))),
        *dist.absolute_flags(plan.link_flags, folder),
        *toolchain.link_flags,
    )
    link(Command(argv=argv), library, what=WHAT, log=log)
    given = build.layout.dist / PLACE
    given.parent.mkdir(parents=True, exist_ok=True)
    stripping = Command(argv=(str(toolchain.strip.path), "-o", str(given), str(linked)))
    run(stripping, what=f"stripping {LIBRARY}", log=log)


def install_c_headers(build: Build, library: Library) -> None:
    """Put into ``dist`` the headers of the C API."""
    headers = dist.header_closure(
        build.job.toolchain,
        C_API_RUNNER,
        includes=library.includes,
        flags=("-x", "c++", f"-std={build.backend.cxx_standard}"),
        log=build.job.log,
        more=(),
    )
    dist.install_headers(headers, library.roots, build.layout.headers)


def link_c_runner(build: Build) -> None:
    """Compile the program that opens the library, with the headers of ``dist``."""
    toolchain = build.job.toolchain
    program: Path = build.layout.program
    argv = (
        *(str(toolchain.cc.path), *toolchain.compile_flags, C_STANDARD, "-Os"),
        *(f"-I{build.layout.headers}", str(C_API_RUNNER), "-o", str(program)),
        *(*toolchain.link_flags, "-ldl"),
    )
    run(Command(argv=argv), what="linking the runner", log=build.job.log)
