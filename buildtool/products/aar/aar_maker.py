"""Libraries that Java calls: the backend links them; they are looked at, and run on a device if
there is one."""

from __future__ import annotations

import gzip
import lzma
from collections.abc import Collection, Sequence

from buildtool.backends.backend import Job, Library
from buildtool.config import Target
from buildtool.core.errors import Problem
from buildtool.core.own_files import read_own
from buildtool.core.paths import Layout
from buildtool.core.render import Renderer, to_json, write_if_changed
from buildtool.core.run import Command, run
from buildtool.core.values import (
    FileKind,
    LinkWay,
    ModelInfo,
    SizeContributor,
    SizeReport,
    VerificationReport,
)
from buildtool.plan.build_plan import RuntimeRoot
from buildtool.platforms.android_parts import FACTS, PARTS, chosen_parts
from buildtool.platforms.facts import Platform
from buildtool.products import dist
from buildtool.products.aar.aar_packing import pack_aar
from buildtool.products.aar.aar_proof import verify_libraries
from buildtool.products.product import Build, Slice
from buildtool.tools.helpers import Helper
from buildtool.verify.runnable import Runnable

NO_RUNNER = (
    "an AAR that the tree's own BUILD files make has no runner of ours; its part 'benchmark' "
    "prints such tables on a device"
)


class AarMaker:
    """See :class:`~buildtool.products.product.Maker`."""

    told_sizes: tuple[str, ...] = ("stripped", "xz")

    def helpers(self) -> tuple[Helper, ...]:
        return ()

    def roots(self) -> tuple[RuntimeRoot, ...]:
        return ()  # the tree's own libraries name theirs

    def link_flags(self, job: Job, own: Sequence[str]) -> tuple[str, ...]:
        return (*own, *job.target.flags.link)

    def rehearse(
        self,
        build: Build,
        models: Sequence[ModelInfo],
        ops: Collection[str],
        broken: Collection[str],
    ) -> tuple[Problem, ...]:
        del build, models, ops, broken
        return ()  # its outputs are compared with nothing

    def write_flags(self, build: Build, renderer: Renderer) -> int:
        del build, renderer
        return 0  # Java needs none

    def link_ways(self, build: Build) -> tuple[LinkWay, ...]:
        folder = dist.shown_dist(build.layout)
        lines = ["// build.gradle", f"android.sourceSets.main.jniLibs.srcDirs += '{folder}/jni'"]
        for each in chosen_parts(build.target, "classes"):
            lines += [f"dependencies {{ implementation files('{folder}/{each.file}') }}"]
        return (LinkWay(tool="Gradle", lines=tuple(lines)),)

    def assemble(self, build: Build, library: Library) -> str:
        _drop_others(build, library.products)
        for place, path in library.products.items():
            dist.copy_if_changed(path, build.layout.dist / place)
        for program in chosen_parts(build.target, "program"):
            (build.layout.dist / program.place(build.abi.name)).chmod(0o755)
        dist.install_licences({**build.licences, **library.licences}, build.layout.licences)
        facts = {**library.facts, "files": sorted(library.products)}
        write_if_changed(build.layout.dist / FACTS, to_json(facts))
        kernels = sum(file.kind is FileKind.KERNEL for file in library.files)
        made = ", ".join(sorted(library.products))
        return f"{made}; {kernels} files with kernels, {library.compiled}"

    def verify(self, build: Build) -> VerificationReport:
        facts = read_own(build.layout.dist / FACTS)
        return verify_libraries(build, facts)

    def runnable(self, build: Build) -> Runnable:
        del build
        return Runnable(not_run=NO_RUNNER)

    def proved(self, report: VerificationReport) -> str:
        held = f"all {report.planned_kernels} planned kernels are in {len(report.libraries)}"
        if report.not_run:
            return f"{held} libraries; not run: {report.not_run}"
        return f"{held} libraries; {len(report.models)} models run on a device"

    def measure(self, build: Build) -> SizeReport:
        folder = build.layout.size
        folder.mkdir(parents=True, exist_ok=True)
        stripped, linked = {}, 0
        for part in chosen_parts(build.target, "library"):
            path = folder / part.file
            source = build.layout.dist / part.place(build.abi.name)
            linked += source.stat().st_size
            argv = (str(build.toolchain.strip.path), "-o", str(path), str(source))
            run(Command(argv=argv), what=f"stripping {part.file}", timeout=120)
            stripped[part.file] = path.read_bytes()
        contents = stripped.values()
        return SizeReport(
            target=build.target.id,
            archive=0,
            linked=linked,
            stripped=sum(map(len, contents)),
            gzip=sum(len(gzip.compress(each, 9, mtime=0)) for each in contents),
            xz=sum(len(lzma.compress(each, preset=9)) for each in contents),
            dependencies=tuple(
                SizeContributor(name=name, size=len(content)) for name, content in stripped.items()
            ),
            files=(),
            ops=(),
        )

    def pack(
        self, target: Target, platform: Platform, slices: Sequence[Slice], layout: Layout
    ) -> tuple[str, ...]:
        del platform
        return pack_aar(target, slices, layout)


def _drop_others(build: Build, products: Collection[str]) -> None:
    """Remove what an earlier build of other parts has left for an app."""
    for place in {each.place(build.abi.name) for each in PARTS.values()} - set(products):
        path = build.layout.dist / place
        path.unlink(missing_ok=True)
        if (
            path.parent != build.layout.dist
            and path.parent.is_dir()
            and not any(path.parent.iterdir())
        ):
            path.parent.rmdir()
