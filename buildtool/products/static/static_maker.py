"""Puts static archives together, proves them with a program that is linked as an app is, and
measures that program."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.backends.backend import Job, Library
from buildtool.config import Model, Target
from buildtool.core.errors import Problem
from buildtool.core.paths import Layout
from buildtool.core.random_ops import RANDOM
from buildtool.core.render import Renderer
from buildtool.core.values import (
    FileKind,
    LinkWay,
    ModelInfo,
    SizeReport,
    VerificationReport,
)
from buildtool.plan.build_plan import RuntimeRoot
from buildtool.platforms.facts import Platform
from buildtool.products import dist
from buildtool.products.dist_files import FLAGS_FILES
from buildtool.products.examples import write_examples
from buildtool.products.product import Build, Packer, Slice
from buildtool.products.static.runner_link import install_app_headers, link_runner
from buildtool.report.size import SizeInput, measure
from buildtool.runtimes import find_runtime
from buildtool.tools.helpers import Helper
from buildtool.verify import Allowance, ModelRun, VerificationInput, verify
from buildtool.verify.expected import find_reference
from buildtool.verify.rehearsal import rehearse, unknown_ranks
from buildtool.verify.runnable import Runnable

REHEARSAL_TIMEOUT = 900.0  # seconds for one model


@dataclass(frozen=True, kw_only=True)
class StaticMaker:
    """See :class:`~buildtool.products.product.Maker`. ``packer`` is None where slices are not
    packed; ``headers`` are for apps, besides those that every app gets."""

    packer: Packer | None = None
    headers: tuple[str, ...] = ()
    told_sizes: tuple[str, ...] = ("archive", "linked", "stripped", "xz")

    def helpers(self) -> tuple[Helper, ...]:
        return ()

    def roots(self) -> tuple[RuntimeRoot, ...]:
        return ()

    def link_flags(self, job: Job, own: Sequence[str]) -> tuple[str, ...]:
        return dist.app_link_flags(
            own,
            job.platform.app_link_flags(job.target, job.abi),
            job.target.flags.link,
            object_format=job.toolchain.object_format,
            library=find_runtime(job.target).library,
        )

    def write_flags(self, build: Build, renderer: Renderer) -> int:
        plan, backend = build.plan, build.backend
        flags = Renderer(build.layout.dist)
        dist.write_flags(
            flags,
            target=plan.target,
            version=plan.tensorflow_version,
            compile_flags=_app_flags(build),
            link_flags=plan.link_flags,
            optional=backend.optional_flags(plan.link_flags),
            library=build.runtime.library,
        )
        if build.runtime.has_examples:
            write_examples(flags, build.models, plan.tensorflow_version)
        if build.platform.ndk_build:
            dist.write_ndk_build(flags, plan.link_flags, _app_flags(build))
        for name in FLAGS_FILES:
            renderer.write(name, (build.layout.dist / name).read_text(encoding="utf-8"))
        return len(flags.changed)

    def link_ways(self, build: Build) -> tuple[LinkWay, ...]:
        return dist.archive_ways(dist.shown_dist(build.layout), build.runtime.library)

    def assemble(self, build: Build, library: Library) -> str:
        for archive in library.archives:
            dist.copy_if_changed(archive, build.layout.dist / "lib" / archive.name)
        build.say("collecting headers")
        install_app_headers(build, library, self.headers)
        dist.install_licences({**build.licences, **library.licences}, build.layout.licences)
        build.say("linking the runner")
        link_runner(build, library)
        kinds = [file.kind for file in library.files]
        return (
            f"{len(library.files)} files linked ({kinds.count(FileKind.KERNEL)} with kernels), "
            f"{library.compiled}"
        )

    def verify(self, build: Build) -> VerificationReport:
        return verify(verification_input(build))

    def runnable(self, build: Build) -> Runnable:
        return linked_runner(build)

    def rehearse(
        self,
        build: Build,
        models: Sequence[ModelInfo],
        ops: Collection[str],
        broken: Collection[str],
    ) -> tuple[Problem, ...]:
        source = find_reference(
            python="",
            cache=build.access.cache.folder("reference"),
            log=build.layout.log("reference"),
            timeout=REHEARSAL_TIMEOUT,
        )
        if not source.version:
            return ()
        runs = [
            dataclasses.replace(each, graph=each.model.path)
            for each in _model_runs(build.target, ops, models, build.layout.rewritten_models)
        ]
        sound = [each for each in runs if each.model.name not in broken]
        others = [each for each in runs if each.model.name in broken]
        return (*unknown_ranks(others), *rehearse(sound, source, build.say))

    def proved(self, report: VerificationReport) -> str:
        if report.not_run:
            return f"the files are right, but were not run: {report.not_run}"
        compared = [
            output.max_absolute
            for model in report.models
            for output in model.outputs
            if output.max_absolute is not None
        ]
        # Texts have no difference: those that are not equal are an error.
        equal = bool(report.models) and all(model.compared for model in report.models)
        others = ", outputs equal" if equal else ", not compared"
        largest = f", largest difference {max(compared):.2g}" if compared else others
        more = f" and {len(report.surplus)} more" if report.surplus else ""
        where = ", in an emulator" if report.emulated else f" on {report.device}"
        where = where if report.emulated or report.device else ""
        return (
            f"all {report.planned_kernels} planned kernels{more} are registered, "
            f"{len(report.models)} models run{largest}{where}"
        )

    def measure(self, build: Build) -> SizeReport:
        return measure(
            SizeInput(
                plan=build.plan,
                archives=build.layout.archives(build.runtime.library.archives),
                program=build.layout.program,
                strip=build.toolchain.strip.path,
                folder=build.layout.runner,
                link_map=build.layout.program.with_suffix(".map"),
            )
        )

    def pack(
        self, target: Target, platform: Platform, slices: Sequence[Slice], layout: Layout
    ) -> tuple[str, ...]:
        return self.packer(target, platform, slices, layout) if self.packer else ()


def _app_flags(build: Build) -> tuple[str, ...]:
    return dist.app_compile_flags(build.plan.defines, standard=build.backend.cxx_standard)


def linked_runner(build: Build) -> Runnable:
    """The program that is linked with the archives, where it runs, and the models."""
    place = build.platform.runner(build.target, build.abi, build.job.toolchain, build.access)
    ops = [op for op, _ in build.plan.ops]
    return Runnable(
        program=build.layout.program,
        emulator=place.argv,
        emulated=place.emulated,
        device=place.device,
        not_run=place.not_run,
        models=_model_runs(build.target, ops, build.models, build.layout.rewritten_models),
    )


def verification_input(build: Build) -> VerificationInput:
    """What is to be verified of the archives and the program that is linked with them."""
    target, plan, models = build.target, build.plan, build.models
    job, runner = build.job, linked_runner(build)
    return VerificationInput(
        plan=dataclasses.replace(plan, models=models),
        libraries=build.layout.archives(build.runtime.library.archives),
        program=runner.program,
        emulator=runner.emulator,
        emulated=runner.emulated,
        device=runner.device,
        not_run=runner.not_run,
        expectation=build.platform.expectation(target, build.abi),
        allowed=build.runtime.load_planner().allowed(plan, target, build.catalogue),
        models=runner.models,
        folder=build.layout.verify,
        protobuf_prefix=target.protobuf_prefix or "",
        cache=job.cache.folder("reference"),
    )


def _model_runs(
    target: Target, ops: Iterable[str], models: Sequence[ModelInfo], folder: Path
) -> tuple[ModelRun, ...]:
    """Each model that is a graph, with what the target says of it; rewritten ones are in
    ``folder``. ``ops`` are all that they run."""
    settings = {model.name: model for model in target.models}
    draws = any(RANDOM.fullmatch(op) for op in ops)
    return tuple(
        ModelRun(
            model=model,
            graph=dist.model_file(model, folder),
            allowance=_allowance(target, model.name),
            inputs=settings[model.name].samples,
            draws=draws,
            reference_kernels=target.kernels == "reference",
        )
        for model in models
        if model.node_count
    )


def _allowance(target: Target, name: str) -> Allowance:
    """How far the outputs of the model of this name may be off."""
    index = [model.name for model in target.models].index(name)
    share, key = target.models[index].tolerance, f"models[{index}].tolerance"
    stated = share != Model.tolerance
    return Allowance(share=share, key=key, where=target.where(key), stated=stated)
