"""Links a shared library, proves it with a program that opens it, and measures it."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from buildtool.backends.backend import Job, Library
from buildtool.config import Target
from buildtool.core.errors import Problem
from buildtool.core.paths import ARCHIVE_NAMES, Layout
from buildtool.core.render import Renderer, to_json, write_if_changed
from buildtool.core.values import (
    ElfExpectation,
    LinkWay,
    ModelInfo,
    SizeReport,
    VerificationReport,
)
from buildtool.plan.build_plan import RuntimeRoot
from buildtool.platforms.facts import Platform
from buildtool.products import dist
from buildtool.products.dist_files import CMAKE_CONFIG, CMAKE_VERSION, NDK_BUILD
from buildtool.products.product import Build, Packer, Slice
from buildtool.products.shared.c_exports import c_api_roots, exported
from buildtool.products.shared.shared_files import FACTS, LIBRARY, NAME, PLACE
from buildtool.products.shared.shared_link import (
    SharedLink,
    install_c_headers,
    link_c_runner,
    link_library,
    map_of,
)
from buildtool.products.static.static_maker import (
    StaticMaker,
    linked_runner,
    verification_input,
)
from buildtool.report.size import SizeInput, measure
from buildtool.tools.helpers import Helper
from buildtool.verify import SharedProof, verify
from buildtool.verify.class_texts import check_texts
from buildtool.verify.loadable import LibraryWanted
from buildtool.verify.runnable import Runnable


@dataclass(frozen=True, kw_only=True)
class SharedMaker:
    """See :class:`~buildtool.products.product.Maker`. ``packer`` is None where slices are not
    packed."""

    packer: Packer | None = None
    told_sizes: tuple[str, ...] = ("linked", "stripped", "xz")

    def helpers(self) -> tuple[Helper, ...]:
        return ()

    def roots(self) -> tuple[RuntimeRoot, ...]:
        return c_api_roots()

    def link_flags(self, job: Job, own: Sequence[str]) -> tuple[str, ...]:
        exported(job.tree.path, job.target.exports, job.target.where("exports"))  # or say so now
        return StaticMaker().link_flags(job, own)

    def rehearse(
        self,
        build: Build,
        models: Sequence[ModelInfo],
        ops: Collection[str],
        broken: Collection[str],
    ) -> tuple[Problem, ...]:
        return StaticMaker().rehearse(build, models, ops, broken)

    def write_flags(self, build: Build, renderer: Renderer) -> int:
        flags = Renderer(build.layout.dist)
        values = {"target": build.plan.target, "version": build.plan.tensorflow_version}
        flags.render(CMAKE_CONFIG, "shared/TensorFlowSelectiveConfig.cmake.j2", **values)
        flags.render(CMAKE_VERSION, "dist/ConfigVersion.cmake.j2", **values)
        if build.platform.ndk_build:
            flags.render(NDK_BUILD, "shared/Android.mk.j2")
        del renderer
        return len(flags.changed)

    def link_ways(self, build: Build) -> tuple[LinkWay, ...]:
        folder, library = dist.shown_dist(build.layout), build.runtime.library
        line = f"$CC app.c -I{folder}/include -L{folder}/lib -l{NAME}"
        return (
            dist.cmake_way(folder, library.package, NAME),
            LinkWay(tool="flags alone", lines=(line,)),
        )

    def assemble(self, build: Build, library: Library) -> str:
        for archive in library.archives:
            dist.copy_if_changed(archive, build.layout.runner / "lib" / archive.name)
        exports = _exports(build)
        build.say("linking the shared library")
        flags = build.plan.link_flags
        link_library(build, library, SharedLink(name=LIBRARY, exports=exports, flags=flags))
        install_c_headers(build, library)
        dist.install_licences({**build.licences, **library.licences}, build.layout.licences)
        link_c_runner(build)
        android = _expected(build).android
        facts = {
            "exports": exports,
            "library": LIBRARY,
            "notes": build.job.toolchain.notes,
            "stand_in": android is None or android.stand_in,
        }
        write_if_changed(build.layout.dist / FACTS, to_json(facts))
        return (
            f"{LIBRARY}: {len(library.files)} files linked, {len(exports)} functions exported, "
            f"{library.compiled}"
        )

    def verify(self, build: Build) -> VerificationReport:
        plan, expected = build.plan, _expected(build)
        library = build.layout.dist / PLACE
        exports = _exports(build)
        proof = SharedProof(
            library=library,
            wanted=LibraryWanted.of(expected, soname=LIBRARY, exports=exports),
            texts=check_texts(
                library,
                plan,
                build.catalogue(plan.defines),
                everything=build.target.registration == "all",
            ),
        )
        what = verification_input(build)
        return verify(
            dataclasses.replace(
                what,
                libraries=tuple(build.layout.runner / "lib" / name for name in ARCHIVE_NAMES),
                words=_words(build),
                shared=(proof,),
            )
        )

    def runnable(self, build: Build) -> Runnable:
        return dataclasses.replace(linked_runner(build), words=_words(build))

    def proved(self, report: VerificationReport) -> str:
        return StaticMaker().proved(report)

    def measure(self, build: Build) -> SizeReport:
        linked = build.layout.runner / LIBRARY
        found = measure(
            SizeInput(
                plan=build.plan,
                archives=tuple(build.layout.runner / "lib" / name for name in ARCHIVE_NAMES),
                program=linked,
                strip=build.toolchain.strip.path,
                folder=build.layout.size,
                link_map=map_of(linked),
            )
        )
        return dataclasses.replace(found, archive=0)

    def pack(
        self, target: Target, platform: Platform, slices: Sequence[Slice], layout: Layout
    ) -> tuple[str, ...]:
        return self.packer(target, platform, slices, layout) if self.packer else ()


def _words(build: Build) -> tuple[str, ...]:
    """Which library the program opens."""
    return ("--library", str(build.layout.dist / PLACE))


def _expected(build: Build) -> ElfExpectation:
    found = build.platform.expectation(build.target, build.abi)
    assert isinstance(found, ElfExpectation)  # noqa: S101  (no other platform offers it)
    return found


def _exports(build: Build) -> tuple[str, ...]:
    target = build.target
    return exported(build.job.tree.path, target.exports, target.where("exports"))
