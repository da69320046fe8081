"""The runner, built as an app would be: from ``dist`` alone, with its headers and flags."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from buildtool.backends.backend import Library
from buildtool.core.errors import BuildError, Problem
from buildtool.core.run import Command, failure_problem, run
from buildtool.core.values import MissingSymbol, RefusedFile
from buildtool.products import dist
from buildtool.products.product import Build
from buildtool.tools.launcher import Launcher, launching
from buildtool.tools.linkers import LINKING, UNDEFINED

MOST_UNDEFINED = 10
WHAT = "linking the runner"


def install_app_headers(build: Build, library: Library, others: Sequence[str]) -> None:
    """Put into ``dist`` the headers that the runner and other apps include, and ``others``.

    Raises:
        BuildError: the runner does not preprocess.
    """
    flags = dist.app_compile_flags(build.plan.defines, standard=build.backend.cxx_standard)
    headers = dist.header_closure(
        build.job.toolchain,
        build.runtime.runner,
        includes=library.includes,
        flags=[*(flag for flag in flags if flag != "-Iinclude"), *_runner_defines(build)],
        log=build.job.log,
        more=(*build.runtime.headers, *others),
    )
    dist.install_headers(headers, library.roots, build.layout.headers)


def link_runner(build: Build, library: Library) -> None:
    """Compile the runner and link it with the library.

    Raises:
        BuildError: it does not compile or link; what is undefined, if that is why.
    """
    toolchain, plan, log = build.job.toolchain, build.plan, build.job.log
    build.layout.runner.mkdir(parents=True, exist_ok=True)
    compiler = (str(toolchain.cxx.path), *toolchain.compile_flags, *plan.compile_flags)
    # An object of its own name: the map, and so the report, would show a compiler's temporary one.
    program, made = str(build.layout.program), build.layout.program.with_suffix(".o")
    cache = build.access.cache.root
    with launching(build.target.launcher, folder=build.layout.runner, cache=cache) as launcher:
        compiling = _compiling_the_runner(build, compiler, made, launcher)
        run(compiling, what="compiling the runner", log=log)
    link_flags = dist.absolute_flags(plan.link_flags, build.layout.dist)
    argv = (
        *(*compiler, str(made), "-o", program),
        *(
            LINKING[toolchain.object_format].map_to(build.layout.program.with_suffix(".map")),
            *link_flags,
        ),
        *toolchain.link_flags,
    )
    link(Command(argv=argv), library, what=WHAT, log=log)


def _compiling_the_runner(
    build: Build, compiler: Sequence[str], made: Path, launcher: Launcher
) -> Command:
    """The command, which names nothing by the folder of the project, so that the launcher finds
    in its cache what another target or another copy of the project has compiled."""
    layout = build.layout
    flags = dist.app_compile_flags(build.plan.defines, standard=build.backend.cxx_standard)
    there = Path(os.path.relpath(made, layout.dist))
    argv = (
        *((launcher.program,) if launcher.program else ()),
        *(*compiler, *flags, *_runner_defines(build)),
        *("-MD", "-MF", str(there.with_suffix(".d"))),
        *("-c", str(build.runtime.runner), "-o", str(there)),
    )
    return Command(argv=argv, cwd=layout.dist, env=launcher.environment)


def _runner_defines(build: Build) -> tuple[str, ...]:
    return build.runtime.runner_defines(build.models)


def link(command: Command, library: Library, *, what: str, log: Path) -> None:
    """Link something with the library.

    Raises:
        BuildError: it does not link; what is undefined, if that is why.
    """
    done = run(command, what=what, log=log, check=False)
    if done.returncode:
        output = done.stdout + done.stderr
        undefined = sorted(set(UNDEFINED.findall(output)))
        raise BuildError(
            undefined_problems(undefined, library.unfound, log, what=what)
            or failure_problem(command, done.returncode, output, what=what, log=log)
        )


def undefined_problems(
    names: Sequence[str], missing: Sequence[MissingSymbol], log: Path, *, what: str = WHAT
) -> list[Problem]:
    """The symbols that the linker lacks: first the files that were looked to for them and did not
    compile, then the symbols that no file is known for."""
    known = {each.name: each for each in missing}
    refused: dict[RefusedFile, list[MissingSymbol]] = {}
    for name in names:
        for file in known[name].refused[:1] if name in known else ():
            refused.setdefault(file, []).append(known[name])
    explained = {each.name for wanted in refused.values() for each in wanted}
    others = [name for name in names if name not in explained]
    return [
        *(_refused_problem(file, wanted, log) for file, wanted in refused.items()),
        *(_undefined_problem(name, known.get(name), log, what) for name in others),
    ][:MOST_UNDEFINED]


def _refused_problem(file: RefusedFile, wanted: Sequence[MissingSymbol], log: Path) -> Problem:
    first, more = wanted[0], len(wanted) - 1
    also = f", and {more} more that the link lacks" if more else ""
    errors = "".join(f"\n    {line}" for line in file.errors.splitlines())
    return Problem(
        where=file.path,
        what=f"does not compile. It may define {first.name}, which {first.file} needs{also}"
        f"{errors}",
        todo="the library that its errors name may be of another release than this tree was "
        f"written for (data/dependencies.yaml); full log: {log}",
    )


def _undefined_problem(name: str, found: MissingSymbol | None, log: Path, linking: str) -> Problem:
    """A symbol that the linker lacks, with the file that asks for it and what was tried."""
    asking = f", which {found.file} needs" if found else ""
    tried = ", ".join(found.tried) if found else ""
    return Problem(
        where=linking,
        what=f"nothing that was compiled defines {name}{asking}"
        + (f"; compiled in the hope of it: {tried}" if tried else ""),
        todo="a kernel needs a library that data/dependencies.yaml does not list, or a "
        f"file that the tree's BUILD files do not name; full log: {log}",
    )
