"""Whether the libraries for Android hold what was planned, and what a device says of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from buildtool.core.errors import Problem, VerificationError
from buildtool.core.values import ModelCheck, ModelInfo, VerificationReport
from buildtool.platforms.android_parts import CALLED, Part, chosen_parts
from buildtool.products import dist
from buildtool.products.aar.jni_symbols import FOLDERS, jni_symbols
from buildtool.products.product import Build
from buildtool.tools.android.adb import benchmark, find_device, has_shapes
from buildtool.tools.android.ndk_support import system_libraries
from buildtool.verify.class_texts import TextCheck, check_texts
from buildtool.verify.loadable import LibraryReport, LibraryWanted, check_library, library_facts

UNFED = "it does not say what its inputs are"
NO_PROGRAM = "a device is here, but 'benchmark' is not among 'android.build'"


def verify_libraries(build: Build, facts: Mapping[str, object]) -> VerificationReport:
    """Look at the libraries, of which ``facts`` say what they were made with, and run the models on
    a device."""
    reports = [_look(build, each, facts) for each in chosen_parts(build.target, "library")]
    texts = _texts(build)
    models, not_run, problems = _on_device(build)
    plan, abi = build.plan, build.abi
    return VerificationReport(
        target=build.target.id,
        checked_members=0,
        machine=f"{abi.name}: {abi.machine}, {abi.bits} bits",
        needed_libraries=tuple(
            sorted({name for each in reports if each.facts for name in each.facts.needed})
        ),
        oldest_glibc=(),
        planned_kernels=len(plan.kernels),
        registered_kernels=min((each.kernels for each in texts), default=0),
        registered_ops=min((each.ops for each in texts), default=0),
        missing=tuple(sorted({name for each in texts for name in each.missing})),
        surplus=tuple(sorted({name for each in texts for name in each.surplus})),
        models=tuple(models),
        not_run=not_run,
        libraries=tuple(library_facts(each) for each in reports),
        notes=(
            *_notes_of_texts(texts),
            *(f"{each.name} was not run: {UNFED}" for each in build.models if _unfed(each)),
        ),
        problems=(
            *(problem for each in reports for problem in each.problems),
            *(problem for each in texts for problem in each.problems),
            *_no_functions(build),
            *problems,
        ),
    )


def _look(build: Build, part: Part, facts: Mapping[str, object]) -> LibraryReport:
    wanted = LibraryWanted(
        soname=part.file,
        level=int(str(facts["api_level"])),
        system=system_libraries(),
        symbols=jni_symbols(build.job.tree.path) if part.name == CALLED else (),
        page_size=build.target.android.page_size or 0,
        stand_in=bool(facts["stand_in"]),
    )
    path = build.layout.dist / part.place(build.abi.name)
    return check_library(path, build.abi, wanted, where=part.file)


def _no_functions(build: Build) -> Iterator[Problem]:
    """A library that Java calls, of a tree whose functions for Java were not found."""
    called = any(each.name == CALLED for each in chosen_parts(build.target))
    if called and not jni_symbols(build.job.tree.path):
        yield Problem(
            where=", ".join(FOLDERS),
            what="no function for Java was found in the tree, so the library cannot be checked for "
            "them",
            todo="is the tree complete? Otherwise build 'portable' alone with 'android.build'",
        )


def _notes_of_texts(texts: Sequence[TextCheck]) -> Iterator[str]:
    yield "kernels and ops are counted by the texts in the libraries"
    if names := sorted({name for each in texts for name in each.uncertain}):
        yield (
            f"the libraries' texts do not show for certain that these are in: {', '.join(names)}; "
            "longer names end in the same words, and only a run of the model can tell"
        )


def _texts(build: Build) -> list[TextCheck]:
    plan = build.plan
    catalogue = build.catalogue(plan.defines)
    everything = build.target.registration == "all"
    return [
        check_texts(
            build.layout.dist / each.place(build.abi.name), plan, catalogue, everything=everything
        )
        for each in chosen_parts(build.target, "library")
    ]


def _on_device(build: Build) -> tuple[list[ModelCheck], str, tuple[Problem, ...]]:
    """The models as a device ran them; why nothing was run; what is wrong."""
    log = build.layout.log("device")
    search = find_device(build.abi.name, sdk=build.job.toolchain.sysroot, log=log)
    programs = chosen_parts(build.target, "program")
    if search.device is None:
        return [], search.reason, ()
    if not programs:
        return [], NO_PROGRAM, ()
    program = build.layout.dist / programs[0].place(build.abi.name)
    checks, problems = [], list[Problem]()
    for model in build.models:
        if not model.node_count or _unfed(model):
            continue
        graph = dist.model_file(model, build.layout.rewritten_models)
        try:
            timings = benchmark(search.device, program, model, graph, log=log)
        except VerificationError as failure:
            problems += failure.problems
            continue
        checks.append(
            ModelCheck(
                model=model.name,
                sha256=model.sha256,
                inputs="made up by benchmark_model",
                reference=f"run on {search.device.name}, which gives times and no outputs",
                compared=False,
                outputs=(),
                timings=timings,
            )
        )
        build.say(f"{model.name} on {search.device.name}: {timings.get('avg', 0):.2f} ms")
    return (
        checks,
        "" if checks or problems else "no model says what its inputs are",
        tuple(problems),
    )


def _unfed(model: ModelInfo) -> bool:
    """A model whose inputs are not known, so that no program can run it."""
    return bool(model.node_count) and not has_shapes(model)
