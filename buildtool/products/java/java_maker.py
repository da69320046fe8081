"""Static archives, with the library and the classes by which Java uses them."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.backends.backend import Library
from buildtool.core.errors import Problem
from buildtool.core.values import ElfExpectation, ModelInfo, VerificationReport
from buildtool.products import dist
from buildtool.products.java.java_classes import compile_classes, native_functions
from buildtool.products.java.java_places import CLASSES_PLACE, LIBRARY, LIBRARY_PLACE
from buildtool.products.java.jni_library import (
    HEADERS,
    JniLink,
    library_problems,
    link_library,
)
from buildtool.products.product import Build
from buildtool.products.static.static_maker import StaticMaker
from buildtool.tools.jdk import find_jdk


@dataclass(frozen=True, kw_only=True)
class JavaMaker(StaticMaker):
    """See :class:`~buildtool.products.product.Maker`."""

    headers: tuple[str, ...] = HEADERS

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

    def assemble(self, build: Build, library: Library) -> str:
        line = super().assemble(build, library)
        build.say("compiling and linking what Java calls")
        jdk, log, folder = find_jdk(), build.job.log, build.layout.folder / "java"
        jar = build.layout.folder / CLASSES_PLACE
        compile_classes(jdk, jar, _headers(build), log=log)
        plan = build.plan
        link = JniLink(
            toolchain=build.job.toolchain,
            dist=build.layout.dist,
            compile_flags=plan.compile_flags,
            app_flags=dist.app_compile_flags(plan.defines, standard=build.backend.cxx_standard),
            link_flags=plan.link_flags,
            includes=(_headers(build), *jdk.includes),
        )
        made = build.layout.folder / LIBRARY_PLACE
        link_library(link, folder, made, log=log)
        return f"{line}; {made.name}: {made.stat().st_size / 1e6:.2f} MB"

    def verify(self, build: Build) -> VerificationReport:
        report = super().verify(build)
        functions = native_functions(_headers(build))
        note = f"{LIBRARY} exports the {len(functions)} functions that Java calls, and nothing else"
        problems = tuple(_problems(build, functions))
        return dataclasses.replace(
            report,
            notes=report.notes if problems else (*report.notes, note),
            problems=(*report.problems, *problems),
        )


def _problems(build: Build, functions: tuple[str, ...]) -> Iterator[Problem]:
    expected = build.platform.expectation(build.target, build.abi)
    if isinstance(expected, ElfExpectation):  # no other platform has this product
        yield from library_problems(build.layout.folder / LIBRARY_PLACE, functions, expected)


def _headers(build: Build) -> Path:
    """The folder of what declares the native functions of the classes."""
    return build.layout.folder / "java" / "include"
