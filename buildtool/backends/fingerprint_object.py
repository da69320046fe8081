"""The fingerprint of a build, as an object of its own in its archives: so it gets into all that is
linked with them, and no other object knows of it."""

from __future__ import annotations

from pathlib import Path

from buildtool.backends.backend import Job
from buildtool.core.fingerprint import SYMBOL, fingerprint_text
from buildtool.core.paths import DEPENDENCY_ARCHIVE
from buildtool.core.render import Renderer
from buildtool.core.run import Command, run
from buildtool.core.values import BuildPlan
from buildtool.plan.build_plan import fingerprint_of

TEMPLATE = "fingerprint.cc.j2"
WHAT = "the library's fingerprint"


def fingerprint_source(plan: BuildPlan) -> str:
    """The C++ text of the object."""
    text = fingerprint_text(fingerprint_of(plan))
    size = len(text) + 1
    room = -(-size // 4) * 4  # notes are padded to that
    lines = text.splitlines(keepends=True)
    return Renderer(Path()).text(TEMPLATE, lines=lines, size=size, room=room, symbol=SYMBOL)


def add_fingerprint(job: Job, plan: BuildPlan, archives: tuple[Path, ...]) -> None:
    """Put it into each archive of TensorFlow's own objects.

    Raises:
        BuildError: it does not compile.
    """
    own = [path for path in archives if path.name != DEPENDENCY_ARCHIVE]
    if not own:
        return
    chain, folder = job.toolchain, job.layout.runner
    renderer = Renderer(folder)
    renderer.write(f"{SYMBOL}.cc", fingerprint_source(plan))
    compiler = (str(chain.cxx.path), *chain.compile_flags, *plan.compile_flags)
    # In an object for link-time optimisation nobody could read it.
    argv = (*compiler, "-fPIC", "-fno-lto", "-c", f"{SYMBOL}.cc", "-o", f"{SYMBOL}.o")
    run(Command(argv=argv, cwd=folder), what=f"compiling {WHAT}", log=job.log)
    letters = chain.archive_flags.replace("q", "r")
    for archive in own:
        argv = (str(chain.ar.path), letters, str(archive.absolute()), f"{SYMBOL}.o")
        run(Command(argv=argv, cwd=folder), what=f"archiving {WHAT}", log=job.log)
