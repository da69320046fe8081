"""The steps of libraries that Java calls, in place of those of static archives: they are linked by
the backend, looked at, and run on a device if there is one."""

from __future__ import annotations

import gzip
import json
import lzma
from collections.abc import Collection, Iterator, Mapping, Sequence

from buildtool.core.errors import Problem, VerificationError
from buildtool.core.render import Renderer, to_json, write_if_changed
from buildtool.core.run import Command, run
from buildtool.core.values import (
    FileKind,
    LibraryFacts,
    ModelCheck,
    ModelInfo,
    SizeContributor,
    SizeReport,
    VerificationReport,
)
from buildtool.products import dist
from buildtool.products.aar.jni_symbols import FOLDERS, jni_symbols
from buildtool.products.aar.loadable import LibraryReport, LibraryWanted, check_library
from buildtool.products.aar.parts import FACTS, PRODUCTS, Product, chosen
from buildtool.report.size import require_budget
from buildtool.tools.android.adb import benchmark, find_device, has_shapes
from buildtool.verify import require_proof
from buildtool.verify.class_texts import TextCheck, check_texts
from buildtool.workflow.kept import load_models, load_plan, store_result
from buildtool.workflow.size_limits import with_limits
from buildtool.workflow.verify_step import write_reports
from buildtool.workflow.workspace import Inputs, Workspace, find_inputs, target_catalogue

UNFED = "it does not say what is fed to it"
# The product whose functions Java calls.
CALLED = "inference"
NO_PROGRAM = "a device is here, but 'benchmark' is not among 'android.build'"


def generate(work: Workspace) -> str:
    """Write the generated files and the folder that the build works in. Returns a line."""
    inputs, built = find_inputs(work), load_plan(work)
    renderer = Renderer(work.folder / "generated")
    inputs.backend.render(renderer, built, work.target, work.abi)
    renderer.finish()
    dist.install_models(load_models(work), work.dist / "models")
    return inputs.backend.place(inputs.job, built)


def compile_library(work: Workspace) -> str:
    """Build the libraries, and put them where an app's build takes them. Returns a line.

    Raises:
        BuildError: something does not compile or link.
    """
    inputs, built = find_inputs(work), load_plan(work)
    library = inputs.backend.build(inputs.job, built)
    _drop_others(work, library.products)
    for place, path in library.products.items():
        dist.copy_if_changed(path, work.dist / place)
    for program in (each for each in chosen(work.target) if each.kind == "program"):
        (work.dist / program.place(work.abi.name)).chmod(0o755)
    dist.install_licences({**inputs.licences, **library.licences}, work.dist / "licences")
    facts = {**library.facts, "files": sorted(library.products)}
    write_if_changed(work.dist / FACTS, to_json(facts))
    kernels = sum(file.kind is FileKind.KERNEL for file in library.files)
    made = ", ".join(sorted(library.products))
    return f"{made}; {kernels} files with kernels, {library.compiled} compiled"


def prove(work: Workspace) -> str:
    """Look at the libraries, and run the models on a device. Returns a line.

    Raises:
        VerificationError: they do not hold what the plan promised, or do not run.
    """
    inputs = find_inputs(work)
    facts = json.loads((work.dist / FACTS).read_text(encoding="utf-8"))
    looked = [_look(work, each, inputs, facts) for each in _libraries(work)]
    texts = _texts(work, inputs)
    models, not_run, problems = _on_device(work, inputs)
    built, abi = load_plan(work), work.abi
    report = VerificationReport(
        target=work.target.id,
        checked_members=0,
        machine=f"{abi.name}: {abi.machine}, {abi.bits} bits",
        needed_libraries=tuple(
            sorted({name for each in looked if each.facts for name in each.facts.needed})
        ),
        oldest_glibc=(),
        planned_kernels=len(built.kernels),
        registered_kernels=min((each.kernels for each in texts), default=0),
        registered_ops=min((each.ops for each in texts), default=0),
        missing=tuple(sorted({name for each in texts for name in each.missing})),
        surplus=tuple(sorted({name for each in texts for name in each.surplus})),
        models=tuple(models),
        not_run=not_run,
        libraries=tuple(_facts(each) for each in looked),
        notes=(
            *_told_by_texts(texts),
            *(f"{each.name} was not run: {UNFED}" for each in load_models(work) if _unfed(each)),
        ),
        problems=(
            *(problem for each in looked for problem in each.problems),
            *(problem for each in texts for problem in each.problems),
            *_no_functions(work, inputs),
            *problems,
        ),
    )
    store_result(work, "verification", report)
    write_reports(work)
    require_proof(report)
    held = f"all {report.planned_kernels} planned kernels are in {len(looked)} libraries"
    if not_run:
        return f"{held}; not run: {not_run}"
    return f"{held}; {len(models)} models run on a device"


def size(work: Workspace) -> str:
    """Measure, and compare with the budget. Returns a line.

    Raises:
        BudgetError: larger than the target allows.
    """
    inputs = find_inputs(work)
    folder = work.folder / "size"
    folder.mkdir(parents=True, exist_ok=True)
    stripped, linked = {}, 0
    for product in _libraries(work):
        path = folder / product.file
        source = work.dist / product.place(work.abi.name)
        linked += source.stat().st_size
        argv = (str(inputs.toolchain.strip.path), "-o", str(path), str(source))
        run(Command(argv=argv), what=f"stripping {product.file}", timeout=120)
        stripped[product.file] = path.read_bytes()
    contents = stripped.values()
    report = SizeReport(
        target=work.target.id,
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
    report = with_limits(report, work.target)
    store_result(work, "size", report)
    write_reports(work)
    require_budget(report)
    return f"stripped {report.stripped / 1e6:.2f} MB, xz {report.xz / 1e6:.2f} MB"


def _drop_others(work: Workspace, products: Collection[str]) -> None:
    """Remove what an earlier build of other products has left for an app."""
    for place in {each.place(work.abi.name) for each in PRODUCTS.values()} - set(products):
        path = work.dist / place
        path.unlink(missing_ok=True)
        if path.parent != work.dist and path.parent.is_dir() and not any(path.parent.iterdir()):
            path.parent.rmdir()


def _libraries(work: Workspace) -> list[Product]:
    return [each for each in chosen(work.target) if each.kind == "library"]


def _look(
    work: Workspace, product: Product, inputs: Inputs, facts: Mapping[str, object]
) -> LibraryReport:
    called = product.name == CALLED
    wanted = LibraryWanted(
        soname=product.file,
        level=int(str(facts["api_level"])),
        symbols=jni_symbols(inputs.tree.path) if called else (),
        page_size=work.target.android.page_size or 0,
        stand_in=bool(facts["stand_in"]),
    )
    path = work.dist / product.place(work.abi.name)
    return check_library(path, work.abi, wanted, where=product.file)


def _no_functions(work: Workspace, inputs: Inputs) -> Iterator[Problem]:
    """A library that Java calls, of a tree whose functions for Java were not found."""
    called = any(each.name == CALLED for each in _libraries(work))
    if called and not jni_symbols(inputs.tree.path):
        yield Problem(
            where=", ".join(FOLDERS),
            what="no function for Java was found in the tree, so that none is looked for in the "
            "library",
            todo="is the tree complete? Otherwise build 'portable' alone with 'android.build'",
        )


def _told_by_texts(texts: Sequence[TextCheck]) -> Iterator[str]:
    yield "kernels and ops are counted by the texts in the libraries"
    if names := sorted({name for each in texts for name in each.uncertain}):
        yield (
            f"not certain by their texts, which end longer names: {', '.join(names)}; a run of the "
            "model would tell"
        )


def _texts(work: Workspace, inputs: Inputs) -> list[TextCheck]:
    built = load_plan(work)
    catalogue = target_catalogue(work, inputs, built.defines)
    everything = work.target.registration == "all"
    return [
        check_texts(work.dist / each.place(work.abi.name), built, catalogue, everything=everything)
        for each in _libraries(work)
    ]


def _facts(report: LibraryReport) -> LibraryFacts:
    facts, ident = report.facts, report.ident
    return LibraryFacts(
        name=report.path.name,
        size=facts.size if facts else 0,
        needed=facts.needed if facts else (),
        exports=len(facts.exports) if facts else 0,
        page_size=facts.page_size if facts else 0,
        level=ident.level if ident else 0,
        ndk=ident.ndk if ident else "",
    )


def _on_device(
    work: Workspace, inputs: Inputs
) -> tuple[list[ModelCheck], str, tuple[Problem, ...]]:
    """The models as a device ran them; why nothing was run; what is wrong."""
    log = work.folder / "logs" / "device.log"
    looked = find_device(work.abi.name, sdk=inputs.toolchain.sysroot, log=log)
    programs = [each for each in chosen(work.target) if each.kind == "program"]
    if looked.device is None:
        return [], looked.reason, ()
    if not programs:
        return [], NO_PROGRAM, ()
    program = work.dist / programs[0].place(work.abi.name)
    checks, problems = [], list[Problem]()
    for model in load_models(work):
        if not model.node_count or _unfed(model):
            continue
        graph = dist.model_file(model, work.dist / "models")
        try:
            timings = benchmark(looked.device, program, model, graph, log=log)
        except VerificationError as failure:
            problems += failure.problems
            continue
        checks.append(
            ModelCheck(
                model=model.name,
                sha256=model.sha256,
                inputs="made up by benchmark_model",
                reference=f"run on {looked.device.name}, which gives times and no outputs",
                compared=False,
                outputs=(),
                timings=timings,
            )
        )
        work.say(f"{model.name} on {looked.device.name}: {timings.get('avg', 0):.2f} ms")
    return checks, "" if checks or problems else "no model says what is fed to it", tuple(problems)


def _unfed(model: ModelInfo) -> bool:
    """A model that no program can be told to run."""
    return bool(model.node_count) and not has_shapes(model)
