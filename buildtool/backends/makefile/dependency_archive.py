"""One dependency compiled to a static library: once, kept in the cache, never half-built.

What decides its bytes is the name of its folder: the sources' hash, the recipe, the compiler, the
flags. It is built beside its place and gets its name when all of it is there; every target and
every TensorFlow tree that asks for the same gets the same files.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.backends.common.ninja import NativeBuild
from buildtool.backends.common.source_globs import matching
from buildtool.backends.makefile.recipes import Program, Recipe, matching_files
from buildtool.core.errors import BuildError, Problem
from buildtool.core.paths import TEMPLATES
from buildtool.core.render import Renderer
from buildtool.core.run import Command, run
from buildtool.core.values import Toolchain
from buildtool.sources.cache import Cache, writing
from buildtool.sources.progress import Progress
from buildtool.tools.launcher import Launcher, launching
from buildtool.tools.parallel import parallel_jobs

TEMPLATE = "makefile/library.cmake.j2"
PREFIX = "makefile/library_prefix.h.j2"
# What the project includes and runs, as that of the backend 'native' does.
SCRIPTS = ("pch_sum.cmake", "placeless.cmake")
TEMPLATES_USED = (TEMPLATE, PREFIX, *(f"native/{script}.j2" for script in SCRIPTS))
DONE = "built.json"


@dataclass(frozen=True, kw_only=True)
class ArchiveJob:
    """What is to be compiled: ``root`` are the sources, ``digest`` says their content, ``flags``
    come after those of the toolchain. ``programs``: those of the recipe that are built, too;
    ``own`` is the folder with their main files.
    """

    recipe: Recipe
    root: Path
    digest: str
    toolchain: Toolchain
    flags: tuple[str, ...]
    own: Path
    programs: tuple[Program, ...] = ()

    @property
    def mains(self) -> tuple[Path, ...]:
        """The main files of our own."""
        return tuple(self.own / program.main for program in self.programs if program.main)

    @property
    def key(self) -> str:
        """A name for everything that decides the result, also of this tool itself."""
        parts = {
            "recipe": dataclasses.asdict(self.recipe),
            "templates": [(TEMPLATES / name).read_text("utf-8") for name in TEMPLATES_USED],
            "sources": self.digest,
            "compiler": self.toolchain.identity,
            "flags": self.flags,
            "programs": [program.name for program in self.programs],
            "mains": [main.read_text(encoding="utf-8") for main in self.mains],
        }
        text = json.dumps(parts, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def outputs(self) -> tuple[str, ...]:
        """The files that the build must leave."""
        return (f"lib{self.recipe.name}.a", *(program.name for program in self.programs))


@dataclass(frozen=True, kw_only=True)
class Archives:
    """Builds libraries into ``cache``. ``launcher``: as in the target; ``log``: what is printed."""

    cache: Cache
    launcher: str
    jobs: int | None
    log: Path
    say: Callable[[str], None]

    def folder(self, job: ArchiveJob) -> Path:
        """The folder with the files of ``job``, built if it is not there yet.

        Raises:
            BuildError: it does not compile; with the first failure and a command to repeat it.
            ToolError: a tool is missing.
        """
        name = f"{job.recipe.name}-{job.key}"
        final = self.cache.folder("libraries") / name
        if not _is_built(final, job):
            what = f"{job.recipe.name} for {job.toolchain.triple}"
            with self.cache.locked(f"library-{name}", what=what, progress=Progress.of_process()):
                if not _is_built(final, job):
                    self._build(job, final, what)
        return final

    def _build(self, job: ArchiveJob, final: Path, what: str) -> None:
        # Kept after a failure, so that the command that repeats it does.
        work = self.cache.folder("libraries") / f".building-{final.name}"
        _remove(work)
        write_project(job, work / "project")
        with launching(self.launcher, folder=work / "build", cache=self.cache.root) as launcher:
            self._compile(job, work, what, launcher)
        self._keep(job, work, final)

    def _compile(self, job: ArchiveJob, work: Path, what: str, launcher: Launcher) -> None:
        native = NativeBuild(
            project=work / "project",
            folder=work / "build",
            variables={
                "SOURCE_DIR": str(job.root),
                "CMAKE_C_COMPILER_LAUNCHER": launcher.program,
                "CMAKE_CXX_COMPILER_LAUNCHER": launcher.program,
                "BUILDTOOL_PCH": "ON" if launcher.pch else "OFF",
            },
            toolchain=job.toolchain,
            environment=launcher.environment,
            jobs=parallel_jobs(self.jobs),
            log=self.log,
            say=self.say,
        )
        self.say(f"{what}: compiling")
        native.configure()
        native.build((), title=what)

    def _keep(self, job: ArchiveJob, work: Path, final: Path) -> None:
        made = work / "made"
        with writing(made):
            made.mkdir()
            for name in job.outputs:
                shutil.copy2(work / "build" / name, made / name)
            _remove(final)
            (made / DONE).write_text(json.dumps({"files": job.outputs}), encoding="utf-8")
            made.replace(final)
        _remove(work)


def check_archive(archive: Path, toolchain: Toolchain) -> None:
    """Make sure that ``archive`` has an index of symbols: one that another machine's ``ar`` made
    may have none, and the linker then finds nothing in it.

    Raises:
        BuildError: it defines no symbol.
    """
    nm = toolchain.extra["nm"].path
    argv = (str(nm), "--print-armap", "--defined-only", str(archive))
    listed = run(Command(argv=argv), what=f"symbols of {archive.name}", check=False)
    head, _, _ = listed.stdout.partition("\n\n")
    if " in " not in head:
        what = f"has no index of symbols; it was made by {toolchain.ar.path}"
        todo = "name the compiler whose own 'ar' stands beside it"
        raise BuildError(Problem(where=str(archive), what=what, todo=todo))


def _is_built(folder: Path, job: ArchiveJob) -> bool:
    return all((folder / name).is_file() for name in (DONE, *job.outputs))


def write_project(job: ArchiveJob, folder: Path) -> None:
    recipe = job.recipe
    programs = [
        {
            "name": program.name,
            "main": program.main,
            "files": matching_files(job.root, program.sources, program.exclude, name=program.name),
        }
        for program in job.programs
    ]
    renderer = Renderer(folder)
    for main in job.mains:
        renderer.write(main.name, main.read_text(encoding="utf-8"))
    for script in SCRIPTS:
        renderer.render(script, f"native/{script}.j2")
    headers = matching(job.root, recipe.precompiled, ())
    included = [_included(header, recipe.include) for header in headers]
    if headers:
        renderer.render("library_prefix.h", PREFIX, headers=included)
    renderer.render(
        "CMakeLists.txt",
        TEMPLATE,
        recipe=recipe,
        files=matching_files(job.root, recipe.sources, recipe.exclude, name=recipe.name),
        headers=headers,
        programs=programs,
        flags=job.flags,
        link_flags=job.toolchain.link_flags,
    )


def _included(header: str, folders: Sequence[str]) -> str:
    """What a file calls a header that stands in one of the folders of includes."""
    found = (header.removeprefix(f"{folder}/") for folder in folders if folder not in ("", "."))
    return next((name for name in found if name != header), header)


def _remove(folder: Path) -> None:
    if folder.exists():
        with writing(folder):
            shutil.rmtree(folder)
