"""Links TensorFlow Lite's archives into shared libraries, proves them with a program that opens
them, and measures them."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.backends.backend import Job, Library
from buildtool.config import Target
from buildtool.core.errors import Problem
from buildtool.core.fingerprint import SYMBOL as FINGERPRINT
from buildtool.core.lite_names import is_lite
from buildtool.core.paths import FLEX_LIBRARY, LITE_C_RUNNER, LITE_LIBRARY, Layout
from buildtool.core.render import Renderer
from buildtool.core.values import (
    BuildPlan,
    ElfExpectation,
    LinkWay,
    ModelInfo,
    SizeReport,
    VerificationReport,
)
from buildtool.plan.build_plan import RuntimeRoot
from buildtool.platforms.facts import Platform
from buildtool.products import dist
from buildtool.products.dist_files import cmake_config, cmake_version
from buildtool.products.product import Build, Slice
from buildtool.products.shared.lite_exports import FLEX, PATTERN, declared_functions
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
from buildtool.report.size import SizeInput, joined, measure
from buildtool.tools.helpers import Helper
from buildtool.verify import SharedProof, verify
from buildtool.verify.class_texts import check_texts
from buildtool.verify.linked_functions import check_functions
from buildtool.verify.loadable import LibraryWanted
from buildtool.verify.runnable import Runnable

COUNTED = "symbols of TensorFlow Lite's library, and by the texts in that with TensorFlow's ops"


@dataclass(frozen=True, kw_only=True)
class LiteSharedMaker:
    """See :class:`~buildtool.products.product.Maker`."""

    told_sizes: tuple[str, ...] = ("linked", "stripped", "xz")

    def helpers(self) -> tuple[Helper, ...]:
        return ()

    def roots(self) -> tuple[RuntimeRoot, ...]:
        return ()

    def link_flags(self, job: Job, own: Sequence[str]) -> tuple[str, ...]:
        declared_functions(job.tree.path)  # or say so now
        return StaticMaker().link_flags(job, own)

    def rehearse(
        self,
        build: Build,
        models: Sequence[ModelInfo],
        ops: Collection[str],
        broken: Collection[str],
    ) -> tuple[Problem, ...]:
        more = StaticMaker().rehearse(build, models, ops, broken)
        return (*text_problems(models), *more)

    def write_flags(self, build: Build, renderer: Renderer) -> int:
        flags = Renderer(build.layout.dist)
        values = {
            "target": build.plan.target,
            "version": build.plan.tensorflow_version,
            "package": build.runtime.library.package,
            "component": build.runtime.library.component,
            "libraries": build.runtime.shared_libraries,
        }
        flags.render(cmake_config(build.runtime.library), "shared/LiteConfig.cmake.j2", **values)
        flags.render(cmake_version(build.runtime.library), "dist/ConfigVersion.cmake.j2", **values)
        del renderer
        return len(flags.changed)

    def link_ways(self, build: Build) -> tuple[LinkWay, ...]:
        library = build.runtime.library
        return (dist.cmake_way(dist.shown_dist(build.layout), library.package, library.component),)

    def assemble(self, build: Build, library: Library) -> str:
        for archive in library.archives:
            dist.copy_if_changed(archive, build.layout.runner / "lib" / archive.name)
        build.say("linking the shared libraries")
        links = [_link(build, name) for name in build.runtime.shared_libraries]
        for each in links:
            link_library(build, library, each)
        install_c_headers(build, library, LITE_C_RUNNER)
        dist.install_licences({**build.licences, **library.licences}, build.layout.licences)
        link_c_runner(build, LITE_C_RUNNER)
        names = ", ".join(each.name for each in links)
        return f"{names}: {len(library.files)} files linked, {library.compiled}"

    def verify(self, build: Build) -> VerificationReport:
        what = verification_input(build)
        names = build.runtime.library.archives
        return verify(
            dataclasses.replace(
                what,
                libraries=tuple(build.layout.runner / "lib" / name for name in names),
                words=_words(build),
                shared=tuple(_proof(build, name) for name in build.runtime.shared_libraries),
                counted=COUNTED,
            )
        )

    def runnable(self, build: Build) -> Runnable:
        return dataclasses.replace(linked_runner(build), words=_words(build))

    def proved(self, report: VerificationReport) -> str:
        return StaticMaker().proved(report)

    def measure(self, build: Build) -> SizeReport:
        reports = [
            measure(
                SizeInput(
                    plan=build.plan,
                    archives=tuple(
                        build.layout.runner / "lib" / each
                        for each in build.runtime.library.archives
                    ),
                    program=build.layout.runner / name,
                    strip=build.toolchain.strip.path,
                    folder=build.layout.size,
                    link_map=map_of(build.layout.runner / name),
                )
            )
            for name in build.runtime.shared_libraries
        ]
        return dataclasses.replace(joined(reports), archive=0)

    def pack(
        self, target: Target, platform: Platform, slices: Sequence[Slice], layout: Layout
    ) -> tuple[str, ...]:
        del target, platform, slices, layout
        return ()


def _link(build: Build, name: str) -> SharedLink:
    """What a library is linked of. That of TensorFlow's ops holds what it needs of TensorFlow Lite,
    too: an interpreter hands it its own objects, which both know by the tree's headers."""
    flags, library = build.plan.link_flags, build.runtime.library
    if name == FLEX_LIBRARY:
        return SharedLink(name=name, exports=(FLEX,), flags=flags)
    wanted = declared_functions(build.job.tree.path)
    return SharedLink(
        name=name,
        exports=(PATTERN,),
        flags=(
            *(f"-Wl,-u,{function}" for function in (*wanted, FINGERPRINT)),
            *flags[flags.index(f"lib/{library.plain}") :],
        ),
    )


def _proof(build: Build, name: str) -> SharedProof:
    """What a library must be, and what it has of the plan."""
    expected = build.platform.expectation(build.target, build.abi)
    assert isinstance(expected, ElfExpectation)  # noqa: S101  (no other platform offers it)
    given, plan = build.layout.dist / "lib" / name, build.plan
    if name == FLEX_LIBRARY:
        return SharedProof(
            library=given,
            wanted=LibraryWanted.of(expected, soname=name, exports=(FLEX,)),
            texts=check_texts(
                given,
                _half(plan, of_lite=False),
                build.catalogue(plan.defines),
                everything=False,
            ),
        )
    functions = declared_functions(build.job.tree.path)
    wanted = LibraryWanted.of(expected, soname=name, exports=functions)
    return SharedProof(
        library=given,
        wanted=dataclasses.replace(wanted, only=(PATTERN,)),
        texts=check_functions(build.layout.runner / name, _half(plan, of_lite=True)),
    )


def _half(plan: BuildPlan, *, of_lite: bool) -> BuildPlan:
    """The kernels and ops of TensorFlow Lite, or those of TensorFlow."""
    kernels = [k for k in plan.kernels if is_lite(k.registration.kernel_class) == of_lite]
    lite = {k.registration.op for k in plan.kernels if is_lite(k.registration.kernel_class)}
    ops = tuple(each for each in plan.ops if (each[0] in lite) == of_lite)
    return dataclasses.replace(plan, kernels=tuple(kernels), ops=ops)


def _words(build: Build) -> tuple[str, ...]:
    """Which libraries the program opens."""
    folder: Path = build.layout.dist / "lib"
    options = {LITE_LIBRARY: "--library", FLEX_LIBRARY: "--flex"}
    return tuple(
        word
        for name in build.runtime.shared_libraries
        for word in (options[name], str(folder / name))
    )


def text_problems(models: Sequence[ModelInfo]) -> Iterator[Problem]:
    """Inputs that the interface for C cannot set."""
    for model in models:
        for end in model.inputs:
            if end.dtype == "DT_STRING":
                yield Problem(
                    where=f"{model.name}: input {end.name!r}",
                    what="is a text, which TensorFlow Lite's interface for C cannot set",
                    todo="set 'product: static', whose apps use that for C++",
                )
