"""The makefile backend: a 1.x tree, compiled by its own ``contrib/makefile`` on an overlay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from buildtool.backends.base import Job, Library
from buildtool.backends.launcher import find_launcher, parallel_jobs
from buildtool.backends.makefile import flags
from buildtool.backends.makefile.build import MakefileBuild
from buildtool.backends.makefile.dependencies import downloads, locked, make_libraries
from buildtool.backends.makefile.lists import (
    DOWNLOADS,
    FOLDER,
    HOST_FILES,
    OPS,
    PROTO_TEXTS,
    PROTOS,
    StockLists,
    read_host_files,
    read_lists,
)
from buildtool.backends.makefile.make import MAKEFILE, NOT_REMADE, Make
from buildtool.backends.makefile.overlay import GENERATED, MADE, make_overlay
from buildtool.backends.makefile.project import FOLDER as PROJECT
from buildtool.backends.makefile.project import MORE, render_project
from buildtool.backends.makefile.settings import Settings, keep_only, question_variables
from buildtool.backends.native.headers import foreign_headers, foreign_problems
from buildtool.catalogue.buildfiles import BuildGraph
from buildtool.config import Target
from buildtool.errors import ConfigError, ModelError, Problem
from buildtool.plan import TENSORFLOW, Offer
from buildtool.render import Renderer
from buildtool.run import Command, run
from buildtool.sources import Lock
from buildtool.toolchain import find_host_toolchain
from buildtool.values import BuildPlan, FileKind, PlannedFile, SelectedKernel

__all__ = ["MAKEFILE", "MakefileBackend"]

SOURCE_SUFFIXES = (".c", ".cc")


class MakefileBackend:
    """See :class:`~buildtool.backends.base.Backend`."""

    name = "makefile"
    folder = "makefile"
    cxx_standard = "c++11"
    type_policies = tuple(flags.TYPE_DEFINES)

    def sources(self, version: str, tree: Path | None, lock: Lock) -> Sequence[str]:
        if tree is None:
            raise ConfigError(
                Problem(
                    where=f"TensorFlow {version}",
                    what="the backend 'makefile' builds trees that the user has, and no tree is "
                    "named",
                    todo="name your own tree of TensorFlow 1.0 to 1.15: tf=FOLDER",
                )
            )
        return list(locked(tree, lock).values())

    def defines(self, job: Job, types: str) -> tuple[str, ...]:
        if job.target.protos == "lite":
            _knows_lite(job)
        asked = _ask(job, ("CXXFLAGS",))["CXXFLAGS"]
        return flags.defines(
            [flag[2:] for flag in asked if flag.startswith("-D")],
            types=types,
            file_list=job.target.file_list,
            protos=job.target.protos,
            extra=job.target.defines,
        )

    def compile_flags(self, job: Job) -> tuple[str, ...]:
        optimise = job.target.optimise
        return flags.compile_flags(
            level=optimise.level, lto=optimise.lto, extra=job.target.flags.compile
        )

    def link_flags(self, job: Job) -> tuple[str, ...]:
        optimise = job.target.optimise
        return flags.link_flags(
            fold_sections=optimise.fold_sections,
            lto=optimise.lto,
            linker=job.toolchain.link_flags or _gold(job),
        )

    def optional_flags(self, link_flags: Sequence[str]) -> tuple[str, ...]:
        return flags.optional_flags(link_flags)

    def notes(self, job: Job) -> list[str]:
        return list(read_lists(job.tree.path).notes)

    def portable(self, job: Job, graph: BuildGraph) -> frozenset[str]:
        del graph
        return frozenset(read_lists(job.tree.path).ops)

    def foreign_problems(
        self, job: Job, defines: Sequence[str], kernels: Sequence[SelectedKernel]
    ) -> list[Problem]:
        compiler = job.toolchain
        foreign = foreign_headers(
            {kernel.registration.source for kernel in kernels},
            tree=job.tree.path,
            include_dirs=[
                folder
                for path in downloads(job).values()
                for folder in (path, path / "public", path / "src")
                if folder.is_dir()
            ],
            compiler=(
                *(str(compiler.cxx.path), *compiler.compile_flags),
                *(f"-D{define}" for define in defines),
            ),
            standard=self.cxx_standard,
        )
        return list(foreign_problems(kernels, foreign, backend=self.name))

    def offers(self, job: Job, graph: BuildGraph, kernel_files: Sequence[str]) -> list[Offer]:
        lists = read_lists(job.tree.path)
        stock = _stock_sources(job, lists)
        target = job.target
        if target.file_list == "stock":
            _all_in_stock(target, kernel_files, stock)
        offer = partial(Offer, root=TENSORFLOW, required=target.file_list != "trimmed")
        found = {
            path: offer(path=path, kind=FileKind.RUNTIME, reason=f"the tree's makefile: {where}")
            for path, where in stock.items()
        }
        for path, where in _generated(lists).items():
            reason = f"the tree's makefile: {where}"
            found[path] = offer(path=path, kind=FileKind.PROTO, reason=reason)
        more = graph.closure(kernel_files).files if target.file_list != "stock" else {}
        for path, chain in more.items():
            if path.endswith(SOURCE_SUFFIXES) and path not in found:
                found[path] = Offer(
                    root=TENSORFLOW,
                    path=path,
                    kind=FileKind.RUNTIME,
                    reason=f"needed by {chain[0]}: {' > '.join(chain)}",
                )
        for path in sorted(set(graph.protos(list(more)).values()) - found.keys()):
            found[path] = Offer(
                root=TENSORFLOW, path=path, kind=FileKind.PROTO, reason="included as .pb.h"
            )
        return [found[path] for path in sorted(found)]

    def render(self, renderer: Renderer, plan: BuildPlan, target: Target) -> None:
        render_project(renderer, plan, everything=target.registration == "all")

    def build(self, job: Job, plan: BuildPlan) -> Library:
        job.log.parent.mkdir(parents=True, exist_ok=True)
        job.log.write_text("", encoding="utf-8")
        target, generated = job.target, job.folder / "generated"
        host = find_host_toolchain()
        libraries = make_libraries(job, plan, host)
        overlay = job.folder / self.folder / "tree"
        project = generated / PROJECT
        make_overlay(
            job.tree.path,
            overlay,
            files={**_files(job), **_lists_of(plan.files)},
            links={GENERATED: project, **_links(libraries.downloads)},
        )
        launcher = find_launcher(
            target.launcher, folder=overlay, project=project, cache=job.cache.root
        )
        settings = Settings(
            target=job.platform.makefile_target,
            types=target.types,
            plan=plan,
            toolchain=job.toolchain,
            host=host,
            libraries=libraries,
            launcher=launcher,
            prefix=(project / "tensorflow_prefix.h").read_text(encoding="utf-8"),
        )
        keep_only(overlay / MADE, [settings.key])
        make = Make(
            folder=overlay,
            variables=settings.variables(),
            more=(f"{GENERATED}/{MORE}",),
            jobs=parallel_jobs(target.jobs),
            log=job.log,
            say=job.say,
            environment=launcher.environment,
        )
        return MakefileBuild(
            settings=settings,
            make=make,
            generated=generated,
            archives=job.folder / self.folder,
            cache=job.cache.root,
            say=job.say,
        ).run()


def _gold(job: Job) -> tuple[str, ...]:
    """The flag for binutils' other linker, where GCC has it (GCC manual, ``-print-prog-name``)."""
    argv = (str(job.toolchain.cxx.path), "-print-prog-name=ld.gold")
    found = run(Command(argv=argv), what="looking for gold").stdout.strip()
    return (flags.GOLD,) if job.toolchain.kind == "gcc" and Path(found).is_file() else ()


def _links(downloads: Mapping[str, Path]) -> dict[str, Path]:
    return {f"{DOWNLOADS}{name}": path for name, path in downloads.items()}


def _files(job: Job) -> dict[str, str]:
    """What the overlay has in place of the tree's own."""
    renderer = Renderer(job.folder / MakefileBackend.folder)
    version_header = job.tree.path / "tensorflow/core/public/version.h"
    text = version_header.read_text(encoding="utf-8", errors="replace")
    path = renderer.render(
        "version_info.cc",
        "makefile/version_info.cc.j2",
        version=f"v{job.tree.version}",
        flags="tf_cxx11_abi_flag" in text,
    )
    return {
        NOT_REMADE: path.read_text(encoding="utf-8"),
        f"{FOLDER}/{HOST_FILES}": read_host_files(job.tree.path),
    }


def _lists_of(files: Sequence[PlannedFile]) -> dict[str, str]:
    """The makefile's lists: everything that may be linked, so that it knows all objects."""
    ops = [f.path for f in files if f.kind is not FileKind.PROTO]
    protos = [f.path for f in files if f.path.endswith(".proto")]
    texts = [f.path for f in files if f.path.endswith(".pb_text.cc")]
    lists = {OPS: ops, PROTOS: protos, PROTO_TEXTS: texts}
    return {
        f"{FOLDER}/{name}": "".join(f"{path}\n" for path in paths) for name, paths in lists.items()
    }


def _ask(job: Job, names: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """What the tree's makefile says for this platform, before anything is changed."""
    overlay = job.folder / MakefileBackend.folder / "asked"
    lists = read_lists(job.tree.path)
    stock = {OPS: lists.ops, PROTOS: lists.protos, PROTO_TEXTS: lists.proto_texts}
    files = {
        f"{FOLDER}/{name}": "".join(f"{path}\n" for path in paths) for name, paths in stock.items()
    }
    make_overlay(
        job.tree.path, overlay, files={**files, **_files(job)}, links=_links(downloads(job))
    )
    make = Make(
        folder=overlay,
        variables=question_variables(job.platform.makefile_target),
        more=(),
        jobs=1,
        log=job.log,
        say=job.say,
    )
    return make.ask(names)


def _stock_sources(job: Job, lists: StockLists) -> dict[str, str]:
    """The sources that the tree's makefile compiles, and which part of it names each."""
    named = set(lists.ops)
    asked = _ask(job, ("TF_CC_SRCS",))["TF_CC_SRCS"]
    return {path: OPS if path in named else "TF_CC_SRCS" for path in asked}


def _generated(lists: StockLists) -> dict[str, str]:
    return {
        **dict.fromkeys(lists.protos, PROTOS),
        **dict.fromkeys(lists.proto_texts, PROTO_TEXTS),
    }


def _knows_lite(job: Job) -> None:
    """Raises ConfigError if the tree has code that asks for more of a message than there is."""
    source = job.tree.path / "tensorflow/core/platform/env.cc"
    text = source.read_text(encoding="utf-8", errors="replace") if source.is_file() else ""
    if flags.LITE not in text:
        raise ConfigError(
            Problem(
                where=job.target.where("protos"),
                what=f"protos: TensorFlow {job.tree.version} knows no {flags.LITE}",
                todo="set 'protos: full', or leave the key out",
            )
        )


def _all_in_stock(target: Target, kernel_files: Sequence[str], stock: Mapping[str, str]) -> None:
    """The stock list alone must hold what the models need.

    Raises:
        ModelError: it does not.
    """
    lacking = sorted(set(kernel_files) - stock.keys())
    if lacking:
        raise ModelError(
            Problem(
                where=target.where("file_list"),
                what=f"the tree's list of files lacks {path}, which has kernels that the models "
                "need",
                todo="set 'file_list: additions', or leave the key out",
            )
            for path in lacking
        )
