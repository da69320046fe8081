"""The steps ``generate`` and ``compile``: the plan becomes files, the files a library."""

from __future__ import annotations

from buildtool.backends import find_backend
from buildtool.backends.backend import Library
from buildtool.core.errors import BuildError, Problem
from buildtool.core.paths import RUNNER
from buildtool.core.render import Renderer
from buildtool.core.run import Command, failure_problem, run
from buildtool.core.values import BuildPlan, FileKind
from buildtool.products import dist
from buildtool.tools.linkers import LINKING, UNDEFINED
from buildtool.workflow.kept import load_models, load_plan
from buildtool.workflow.workspace import Inputs, Workspace, find_inputs

MOST_UNDEFINED = 10


def generate(work: Workspace) -> str:
    """Write the generated files from ``plan.json``. Returns what changed, in one line."""
    built = load_plan(work)
    backend = find_backend(work.target)
    renderer = Renderer(work.folder / "generated")
    backend.render(renderer, built, work.target, work.abi)
    flags = Renderer(work.dist)
    dist.write_flags(
        flags,
        target=built.target,
        version=built.tensorflow_version,
        compile_flags=dist.app_compile_flags(built.defines, standard=backend.cxx_standard),
        link_flags=built.link_flags,
        optional=backend.optional_flags(built.link_flags),
    )
    for name in ("compile_flags.txt", "link_flags.txt", "flags.json"):
        renderer.write(name, (work.dist / name).read_text(encoding="utf-8"))
    renderer.finish()
    dist.install_models(load_models(work), work.dist / "models")
    count = len(renderer.changed) + len(flags.changed)
    return f"{count} files changed" if count else "nothing changed"


def compile_library(work: Workspace) -> str:
    """Compile and archive the library, link the runner with it. Returns a line.

    Raises:
        BuildError: something does not compile or link.
    """
    inputs = find_inputs(work)
    built = load_plan(work)
    library = inputs.backend.build(inputs.job, built)
    for archive in library.archives:
        dist.copy_if_changed(archive, work.dist / "lib" / archive.name)
    work.say("collecting headers")
    _install_headers(work, inputs, built, library)
    dist.install_licences(inputs.licences, work.dist / "licences")
    work.say("linking the runner")
    _link_runner(work, inputs, built)
    kinds = [file.kind for file in library.files]
    return (
        f"{len(library.files)} files linked ({kinds.count(FileKind.KERNEL)} with kernels), "
        f"{library.compiled} compiled"
    )


def _install_headers(work: Workspace, inputs: Inputs, built: BuildPlan, library: Library) -> None:
    flags = dist.app_compile_flags(built.defines, standard=inputs.backend.cxx_standard)
    headers = dist.header_closure(
        inputs.toolchain,
        RUNNER,
        includes=library.includes,
        flags=[flag for flag in flags if flag != "-Iinclude"],
        log=inputs.job.log,
    )
    dist.install_headers(headers, library.roots, work.dist / "include")


def _link_runner(work: Workspace, inputs: Inputs, built: BuildPlan) -> None:
    """Build the runner as an app would be built: from ``dist`` alone, with its flags."""
    toolchain, log = inputs.toolchain, inputs.job.log
    work.program.parent.mkdir(parents=True, exist_ok=True)
    flags = dist.app_compile_flags(built.defines, standard=inputs.backend.cxx_standard)
    compile_flags = dist.absolute_flags(flags, work.dist)
    link_flags = dist.absolute_flags(built.link_flags, work.dist)
    compiler = (str(toolchain.cxx.path), *toolchain.compile_flags, *built.compile_flags)
    # An object of its own name: the map, and so the report, would show a compiler's temporary one.
    program, made = str(work.program), str(work.program.with_suffix(".o"))
    compiling = Command(argv=(*compiler, *compile_flags, "-c", str(RUNNER), "-o", made))
    run(compiling, what="compiling the runner", log=log)
    argv = (
        *(*compiler, made, "-o", program),
        *(LINKING[toolchain.object_format].map_to(work.program.with_suffix(".map")), *link_flags),
        *toolchain.link_flags,
    )
    command = Command(argv=argv)
    done = run(command, what="linking the runner", log=log, check=False)
    if done.returncode:
        output = done.stdout + done.stderr
        undefined = sorted(set(UNDEFINED.findall(output)))
        raise BuildError(
            [
                Problem(
                    where="linking the runner",
                    what=f"nothing that was compiled defines {name}",
                    todo="a kernel needs a library that data/dependencies.yaml does not list, or a "
                    f"file that the tree's BUILD files do not name; full log: {log}",
                )
                for name in undefined[:MOST_UNDEFINED]
            ]
            or failure_problem(command, done.returncode, output, what="linking the runner", log=log)
        )
