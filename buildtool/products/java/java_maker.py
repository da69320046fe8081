"""Static archives, with the library and the classes by which Java uses them."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from buildtool.backends.backend import Library
from buildtool.core.errors import Problem
from buildtool.core.own_files import read_own
from buildtool.core.render import to_json, write_if_changed
from buildtool.core.values import ElfExpectation, LinkWay, ModelInfo, VerificationReport
from buildtool.products import dist
from buildtool.products.java.java_classes import compile_classes, native_functions
from buildtool.products.java.java_places import (
    CLASSES,
    CLASSES_PLACE,
    FACTS_PLACE,
    LIBRARY,
    LIBRARY_PLACE,
)
from buildtool.products.java.jni_library import HEADERS, JniLink, link_library
from buildtool.products.product import Build
from buildtool.products.static.static_maker import StaticMaker
from buildtool.tools.helpers import Helper
from buildtool.tools.jdk import find_jdk, jdk_helper
from buildtool.verify.loadable import LibraryWanted, check_linked


@dataclass(frozen=True, kw_only=True)
class JavaMaker(StaticMaker):
    """See :class:`~buildtool.products.product.Maker`."""

    headers: tuple[str, ...] = HEADERS

    def helpers(self) -> tuple[Helper, ...]:
        return (jdk_helper(),)

    def rehearse(
        self,
        build: Build,
        models: Sequence[ModelInfo],
        ops: Collection[str],
        broken: Collection[str],
    ) -> tuple[Problem, ...]:
        """As for archives; and a JDK that is missing is told before anything is compiled.

        Raises:
            ToolError: it is missing.
        """
        find_jdk()
        return super().rehearse(build, models, ops, broken)

    def link_ways(self, build: Build) -> tuple[LinkWay, ...]:
        java = f"{dist.shown_dist(build.layout)}/java"
        lines = (
            f"javac -cp {java}/{CLASSES} App.java",
            f"java -cp {java}/{CLASSES}:. -Djava.library.path={java} App",
        )
        return (LinkWay(tool="Java", lines=lines), *super().link_ways(build))

    def assemble(self, build: Build, library: Library) -> str:
        line = super().assemble(build, library)
        build.say("compiling and linking what Java calls")
        jdk, log, folder = find_jdk(), build.job.log, build.layout.folder / "java"
        headers = folder / "include"
        compile_classes(jdk, build.layout.folder / CLASSES_PLACE, headers, log=log)
        plan, android = build.plan, _expected(build).android
        link = JniLink(
            toolchain=build.job.toolchain,
            dist=build.layout.dist,
            compile_flags=plan.compile_flags,
            app_flags=dist.app_compile_flags(plan.defines, standard=build.backend.cxx_standard),
            link_flags=plan.link_flags,
            # An NDK has a jni.h of its own.
            includes=(headers, *(() if android else jdk.includes)),
        )
        made = build.layout.folder / LIBRARY_PLACE
        link_library(link, folder, made, log=log)
        facts = {
            "exports": native_functions(headers),
            "stand_in": android is None or android.stand_in,
        }
        write_if_changed(build.layout.folder / FACTS_PLACE, to_json(facts))
        return f"{line}; {made.name}: {made.stat().st_size / 1e6:.2f} MB"

    def verify(self, build: Build) -> VerificationReport:
        report = super().verify(build)
        facts = read_own(build.layout.folder / FACTS_PLACE)
        exports = tuple(facts["exports"])
        expected = _expected(build)
        wanted = LibraryWanted.of(expected, soname=LIBRARY, exports=exports)
        found = check_linked(build.layout.folder / LIBRARY_PLACE, expected, wanted)
        note = f"{LIBRARY} exports the {len(exports)} functions that Java calls, and nothing else"
        return dataclasses.replace(
            report,
            notes=report.notes if found.problems else (*report.notes, note),
            problems=(*report.problems, *found.problems),
        )


def _expected(build: Build) -> ElfExpectation:
    found = build.platform.expectation(build.target, build.abi)
    assert isinstance(found, ElfExpectation)  # noqa: S101  (no other platform offers it)
    return found
