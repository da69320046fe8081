"""The stages of one target, in order. Each function is one step that can run alone: it reads what
the steps before it left under ``build/<target id>/`` and leaves its own result there."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from buildtool import dist
from buildtool.apple.emulator import WHAT as EMULATED_BY
from buildtool.apple.emulator import find_emulator, is_too_large
from buildtool.apple.stand_in import find_sdk
from buildtool.backends import find_backend
from buildtool.backends.base import Backend, Job, Library
from buildtool.catalogue.buildfiles import load_packages, mobile_conditions
from buildtool.catalogue.kernels import make_catalogue
from buildtool.config import Target
from buildtool.decode import from_json
from buildtool.errors import BudgetError, BuildError, ConfigError, ModelError, Problem
from buildtool.graph import ModelSource, chosen_rewrites, read_models, read_runtime_facts
from buildtool.linking import LINKING
from buildtool.package_step import pack_slices
from buildtool.plain import plain
from buildtool.plan import TENSORFLOW, make_plan, plan_from_json, plan_to_json
from buildtool.platforms import find_abi, find_platform
from buildtool.platforms.abi import Abi, Platform
from buildtool.rename.sources import Renaming, rename_sources
from buildtool.render import Renderer, to_json, write_if_changed
from buildtool.report import Report, write_report
from buildtool.run import Command, failure_problem, run
from buildtool.runtime import runtime_roots
from buildtool.selection import deciding_attrs, select
from buildtool.size import SizeInput, measure, require_budget
from buildtool.sources import (
    Cache,
    Given,
    Lock,
    Progress,
    fetch_all,
    load_lock,
    local_tree,
    patched_tree,
    with_given,
)
from buildtool.toolchain import find_toolchain
from buildtool.values import (
    BuildPlan,
    ElfExpectation,
    FileKind,
    KernelCatalogue,
    MachoExpectation,
    ModelInfo,
    SizeReport,
    SourceTree,
    Toolchain,
    VerificationReport,
)
from buildtool.verify import ModelRun, VerificationInput, may_register, require_proof, verify

T = TypeVar("T")
LLD = "-fuse-ld=lld"
# As lld, GNU ld and gold say it.
UNDEFINED = re.compile(r"undefined (?:symbol: |reference to [`'])([^'\n]+)")
MOST_UNDEFINED = 10


def run_step(step: str, target: Target, folder: Path, *, offline: bool) -> str:
    """Run one step of one target; returns a line that says what it did.

    Raises:
        BuildToolError: whatever is wrong, in the words of the stage that found it.
    """
    work = Workspace(
        target=target,
        folder=plain(target.root) / folder.relative_to(target.root),
        cache=Cache(root=plain(Cache.of_user().root)),
        offline=offline,
        say=lambda text: print(f"{step}:{target.id}: {text}", flush=True),
    )
    return STEPS[step](work)


PACKAGE = Path(__file__).resolve().parent
LOCK = PACKAGE / "data" / "sources.lock.yaml"
RUNNER = PACKAGE.parent / "runner" / "runner.cc"
PROTOBUF = "protobuf"
BAZEL_CPUS = {"arm": "armhf"}


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """Where one target is built, and how: ``folder`` is ``build/<target id>``."""

    target: Target
    folder: Path
    cache: Cache
    offline: bool
    say: Callable[[str], None]

    @property
    def platform(self) -> Platform:
        """The target's platform. Raises ConfigError if there is none of that name."""
        return self._platform_and_abi()[0]

    @property
    def abi(self) -> Abi:
        """The target's ABI. Raises ConfigError if the platform has none of that name."""
        return self._platform_and_abi()[1]

    def _platform_and_abi(self) -> tuple[Platform, Abi]:
        return abi_of(self.target)

    @property
    def dist(self) -> Path:
        return self.folder / "dist"

    @property
    def program(self) -> Path:
        """The runner, linked with the library."""
        return self.folder / "runner" / "runner"


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The sources and tools of one target, found and verified, and the backend that uses them."""

    backend: Backend
    job: Job
    licences: Mapping[str, tuple[Path, ...]]

    @property
    def tree(self) -> SourceTree:
        return self.job.tree

    @property
    def toolchain(self) -> Toolchain:
        return self.job.toolchain


def find_inputs(work: Workspace) -> Inputs:
    """Fetch the sources and find the tools.

    Raises:
        DownloadError, ConfigError, ToolError: what is missing, with what to do.
    """
    target = work.target
    backend = find_backend(target)
    _check_format(work, backend)
    lock = with_given(load_lock(LOCK), given_sources(target))
    sysroot = plain(target.sysroot) if target.sysroot else None
    if work.abi.apple:
        sysroot = find_sdk(
            work.abi, str(target.compiler), sysroot, lock, work.cache, offline=work.offline
        )
    toolchain = find_toolchain(
        work.abi,
        compiler=str(target.compiler),
        sysroot=sysroot,
        compile_flags=target.cpu_flags,
        bitcode=target.bitcode,
    )
    _check_optimise(target, toolchain)
    progress = Progress.of_process()
    own: tuple[str, ...] = ()
    if isinstance(target.tensorflow, Path):
        tree = local_tree(target.tensorflow, cache=work.cache)
        tree = dataclasses.replace(tree, path=plain(tree.path))
        needed = backend.sources(target, tree.version, tree.path, lock)
    else:
        own = (target.tensorflow,)
        needed = backend.sources(target, lock[target.tensorflow].version, None, lock)
    names = [*own, *needed]
    texts = [licence.source for name in names for licence in lock[name].licences]
    found = fetch_all(
        lock, [*names, *texts], cache=work.cache, offline=work.offline, progress=progress
    )
    if not isinstance(target.tensorflow, Path):
        tree = found[target.tensorflow]
    tree = patched_tree(tree, target.patches, work.folder / "overlay")
    licences = {**_own_licence(tree), **_licences(lock, names, found)}
    renaming = _rename(work, tree, {name: found[name] for name in needed}, lock)
    if renaming is not None:
        found = {**found, renaming.source: renaming.protobuf}
    return Inputs(
        backend=backend,
        job=Job(
            target=target,
            platform=work.platform,
            abi=work.abi,
            tree=renaming.tree if renaming else tree,
            lock=lock,
            sources=found,
            toolchain=toolchain,
            folder=work.folder,
            cache=work.cache,
            log=work.folder / "logs" / "compile.log",
            say=work.say,
            renaming=renaming,
        ),
        licences=licences,
    )


def abi_of(target: Target) -> tuple[Platform, Abi]:
    """The platform and ABI that a target names.

    Raises:
        ConfigError: there is none of that name, or it is not made for the release that is named.
    """
    return find_abi(
        target.platform,
        target.abi,
        minimum_os=target.minimum_os,
        where=target.where("abi"),
        where_os=target.where("minimum_os"),
    )


def given_sources(target: Target) -> tuple[Given, ...]:
    """The user's own copies of sources, as the target names them."""
    return tuple(
        Given(name=own.name, path=own.path, where=target.where(f"sources[{index}]"))
        for index, own in enumerate(target.sources)
    )


def _rename(
    work: Workspace, tree: SourceTree, sources: Mapping[str, SourceTree], lock: Lock
) -> Renaming | None:
    """Give protobuf other names in the tree and in its own sources, if the target asks for it.

    Raises:
        ConfigError: the build has no protobuf of its own.
    """
    target, folder = work.target, work.folder / "renamed"
    if target.protobuf_prefix is None:
        shutil.rmtree(folder, ignore_errors=True)
        return None
    source = next((name for name in sources if lock[name].family == PROTOBUF), None)
    if source is None:
        raise ConfigError(
            Problem(
                where=target.where("protobuf_prefix"),
                what="protobuf_prefix: this tree's build compiles no protobuf to rename",
                todo="leave the key out",
            )
        )
    return rename_sources(
        tree,
        sources[source],
        prefix=target.protobuf_prefix,
        folder=folder,
        cache=work.cache,
    )


def _check_format(work: Workspace, backend: Backend) -> None:
    """A backend need not build for every platform."""
    if work.abi.object_format not in backend.object_formats:
        raise ConfigError(
            Problem(
                where=work.target.where("backend"),
                what=f"backend: {backend.name!r} does not build for {work.platform.name} yet",
                todo="name your own tree of TensorFlow 1.0 to 1.15, which the backend 'makefile' "
                "builds: tf=FOLDER",
            )
        )


def _check_optimise(target: Target, toolchain: Toolchain) -> None:
    """GNU ld reads no bitcode, and the symbols of GCC's link-time objects are seen by GCC's own
    tools only."""
    if target.optimise.lto != "none" and LLD not in toolchain.link_flags:
        raise ConfigError(
            Problem(
                where=target.where("optimise.lto"),
                what=f"optimise.lto: needs clang and lld; here is {toolchain.cxx.version}",
                todo="set 'compiler: clang' and install lld, or leave the key out",
            )
        )


def plan(work: Workspace) -> str:
    """Decide everything, and write ``plan.json``. Returns what was decided, in one line.

    Raises:
        ModelError: the models cannot run on such a library; every reason at once.
    """
    rewrites = chosen_rewrites(work.target.rewrites, work.target.where("rewrites"))
    inputs = find_inputs(work)
    backend, job, target = inputs.backend, inputs.job, work.target
    work.say("reading the kernels and ops of the tree")
    catalogue = _catalogue(work, inputs, backend.defines(job, target.types))
    reading = read_models(
        _model_sources(work.target),
        definitions=catalogue.definitions,
        registered_ops=[place.op for place in catalogue.ops],
        deciding=deciding_attrs(catalogue),
        cache=work.cache.root,
        facts=read_runtime_facts(inputs.tree.path),
        rewrites=rewrites,
    )
    graph = load_packages(
        inputs.tree.path,
        mobile_conditions(BAZEL_CPUS.get(work.abi.machine, work.abi.machine)),
        work.cache.folder("buildfiles", inputs.tree.digest[:16]),
    )
    selection = select(
        reading.opset,
        catalogue,
        others=_OtherCatalogues(work, inputs),
        portable=backend.portable(job, graph),
    )
    problems = [
        *reading.problems,
        *selection.problems,
        *backend.foreign_problems(job, catalogue.defines, selection.kernels),
    ]
    if problems:
        raise ModelError(problems)
    work.say("reading the tree's BUILD files")
    offers = backend.offers(job, graph, [k.registration.source for k in selection.kernels])
    graph.save()
    built = make_plan(
        target=target.id,
        version=inputs.tree.version,
        models=reading.opset.models,
        catalogue=catalogue,
        kernels=selection.kernels,
        ops=[op for op, _ in selection.ops],
        types=selection.types,
        roots=runtime_roots(inputs.tree.version),
        offers=offers,
        compile_flags=backend.compile_flags(job),
        link_flags=dist.app_link_flags(
            backend.link_flags(job),
            work.platform.link_flags,
            target.flags.link,
            object_format=job.toolchain.object_format,
        ),
        notes=[
            *reading.notes,
            *selection.notes,
            *_tree_notes(inputs.tree),
            *(job.renaming.notes if job.renaming else ()),
            *backend.notes(job),
            *job.toolchain.notes,
        ],
    )
    write_if_changed(work.folder / "plan.json", to_json(plan_to_json(built)))
    _write_models(work, reading.opset.models)
    required = sum(file.required for file in built.files)
    return (
        f"{len(built.ops)} ops, {len(built.kernels)} kernels, {required} files to compile in any "
        f"case, {len(built.files) - required} if symbols ask for them"
    )


def generate(work: Workspace) -> str:
    """Write the generated files from ``plan.json``. Returns what changed, in one line."""
    built = load_plan(work)
    backend = find_backend(work.target)
    renderer = Renderer(work.folder / "generated")
    backend.render(renderer, built, work.target)
    flags = Renderer(work.dist)
    dist.write_flags(
        flags,
        target=built.target,
        version=built.tensorflow_version,
        compile_flags=dist.app_compile_flags(built.defines, standard=backend.cxx_standard),
        link_flags=built.link_flags,
        optional=backend.optional_flags(built.link_flags),
    )
    for name in ("compile_flags.txt", "link_flags.txt", "flags.json"):
        renderer.write(name, (work.dist / name).read_text(encoding="utf-8"))
    renderer.finish()
    dist.install_models(_load_models(work), work.dist / "models")
    count = len(renderer.changed) + len(flags.changed)
    return f"{count} files changed" if count else "nothing changed"


def compile_library(work: Workspace) -> str:
    """Compile and archive the library, link the runner with it. Returns a line.

    Raises:
        BuildError: something does not compile or link.
    """
    inputs = find_inputs(work)
    built = load_plan(work)
    library = inputs.backend.build(inputs.job, built)
    for archive in library.archives:
        dist.copy_if_changed(archive, work.dist / "lib" / archive.name)
    work.say("collecting headers")
    _install_headers(work, inputs, built, library)
    dist.install_licences(inputs.licences, work.dist / "licences")
    work.say("linking the runner")
    _link_runner(work, inputs, built)
    kinds = [file.kind for file in library.files]
    return (
        f"{len(library.files)} files linked ({kinds.count(FileKind.KERNEL)} with kernels), "
        f"{library.compiled} compiled"
    )


def prove(work: Workspace) -> str:
    """Verify the library and run the models. Returns a line.

    Raises:
        VerificationError: the library does not hold what the plan promised.
    """
    inputs = find_inputs(work)
    built = load_plan(work)
    models = _load_models(work)
    settings = {model.name: model for model in work.target.models}
    emulator, emulated, not_run = _how_to_run(work, inputs)
    graphs = {
        model.name: dist.model_file(model, work.dist / "models")
        for model in models
        if model.node_count
    }
    large = [name for name, graph in graphs.items() if emulated and is_too_large(graph)]
    report = verify(
        VerificationInput(
            plan=dataclasses.replace(built, models=models),
            libraries=tuple(work.dist / name for name in (dist.WHOLE, dist.REST)),
            program=work.program,
            emulator=emulator,
            emulated=emulated,
            not_run=not_run,
            unrun_models=tuple(large),
            expectation=_expectation(work),
            allowed=may_register(
                built,
                _catalogue(work, inputs, built.defines),
                everything=work.target.registration == "all",
            ),
            models=tuple(
                ModelRun(
                    model=model,
                    graph=graphs[model.name],
                    inputs=settings[model.name].samples if model.name in settings else None,
                )
                for model in models
                if model.name in graphs and model.name not in large
            ),
            folder=work.folder / "verify",
            protobuf_prefix=work.target.protobuf_prefix or "",
            cache=work.cache.folder("reference"),
        )
    )
    _store(work, "verification", report)
    write_reports(work)
    require_proof(report)
    if report.not_run:
        return f"the files are right, and were not run: {report.not_run}"
    compared = [
        output.max_absolute
        for model in report.models
        for output in model.outputs
        if output.max_absolute is not None
    ]
    largest = f", largest difference {max(compared):.2g}" if compared else ", not compared"
    more = f" and {len(report.surplus)} more" if report.surplus else ""
    where = ", in an emulator" if report.emulated else ""
    return (
        f"all {report.planned_kernels} planned kernels{more} are registered, "
        f"{len(report.models)} models run{largest}{where}"
    )


def _expectation(work: Workspace) -> ElfExpectation | MachoExpectation:
    abi = work.abi
    if abi.apple:
        return MachoExpectation(
            cpu=abi.apple.cpu,
            platform=abi.apple.platform,
            minimum_os=abi.minimum_os,
            bitcode=work.target.bitcode,
        )
    return ElfExpectation(
        machine=abi.machine,
        bits=abi.bits,
        arm_architecture=abi.arm_architecture,
        neon=abi.neon,
        hard_float=abi.hard_float,
        glibc=tuple(int(part) for part in (work.target.glibc or "").split(".") if part),
    )


def _how_to_run(work: Workspace, inputs: Inputs) -> tuple[tuple[str, ...], str, str]:
    """What is put before the program; by what it is emulated, if no device's own system is; and why
    this machine cannot start it at all."""
    chain, apple = inputs.toolchain, work.abi.apple
    if apple is None or chain.emulator:
        return chain.emulator, "", ""
    compiler = str(work.target.compiler)
    emulator = find_emulator(
        work.abi, compiler, chain, inputs.job.lock, work.cache, offline=work.offline
    )
    if emulator:
        return emulator, EMULATED_BY, ""
    return (), "", f"this machine runs nothing for {apple.platform} on {apple.cpu}"


def package(work: Workspace) -> str:
    """Pack the slices of a target together. Returns a line."""
    return pack_slices(work.target, find_platform(work.target.platform), work.folder)


def size(work: Workspace) -> str:
    """Measure, and compare with the budget. Returns a line.

    Raises:
        BudgetError: larger than the target allows.
    """
    inputs = find_inputs(work)
    report = measure(
        SizeInput(
            plan=load_plan(work),
            archives=tuple(work.dist / name for name in (dist.WHOLE, dist.REST)),
            program=work.program,
            strip=inputs.toolchain.strip.path,
            folder=work.folder / "runner",
            link_map=work.program.with_suffix(".map"),
            budget=work.target.size_budget.stripped or 0,
        )
    )
    _store(work, "size", report)
    write_reports(work)
    require_budget(report)
    return (
        f"archive {report.archive / 1e6:.2f} MB, linked {report.linked / 1e6:.2f} MB, "
        f"stripped {report.stripped / 1e6:.2f} MB, xz {report.xz / 1e6:.2f} MB"
    )


def write_reports(work: Workspace) -> None:
    """Write the reports from what the steps so far have found."""
    built = load_plan(work)
    measured = _load(work, "size", SizeReport)
    problems: tuple[Problem, ...] = ()
    if measured:
        try:
            require_budget(measured)
        except BudgetError as failure:
            problems = tuple(failure.problems)
    write_report(
        work.folder,
        Report(
            plan=built,
            verification=_load(work, "verification", VerificationReport),
            size=measured,
            problems=problems,
        ),
    )


def finish(work: Workspace) -> str:
    """Write the reports. Returns where the library is."""
    write_reports(work)
    shown = work.folder.relative_to(work.folder.parent.parent)
    return f"library in {shown}/dist, report in {shown}/report.html"


def load_plan(work: Workspace) -> BuildPlan:
    """The plan that :func:`plan` wrote."""
    path = work.folder / "plan.json"
    return plan_from_json(json.loads(path.read_text(encoding="utf-8")))


def _catalogue(work: Workspace, inputs: Inputs, defines: Sequence[str]) -> KernelCatalogue:
    return make_catalogue(
        inputs.tree.path,
        defines=defines,
        preprocessor=(str(inputs.toolchain.cxx.path), "-E", *inputs.toolchain.compile_flags),
        cache=work.cache.folder("catalogue"),
        tree_digest=inputs.tree.digest,
    )


class _OtherCatalogues(Mapping[str, KernelCatalogue]):
    """Catalogues under the other type policies, made only if an error message asks."""

    def __init__(self, work: Workspace, inputs: Inputs) -> None:
        self._work, self._inputs = work, inputs
        self._names = {
            f"types: {policy}": policy
            for policy in inputs.backend.type_policies
            if policy != work.target.types
        }

    def __getitem__(self, name: str) -> KernelCatalogue:
        defines = self._inputs.backend.defines(self._inputs.job, self._names[name])
        return _catalogue(self._work, self._inputs, defines)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _model_sources(target: Target) -> list[ModelSource]:
    return [
        ModelSource(
            path=model.path,
            name=model.name,
            inputs=tuple(given.name for given in model.inputs),
            outputs=model.outputs,
            shapes={given.name: given.shape for given in model.inputs if given.shape is not None},
        )
        for model in target.models
    ]


def _tree_notes(tree: SourceTree) -> list[str]:
    if not tree.local_changes:
        return []
    shown = ", ".join(tree.local_changes[:5])
    return [f"the tree has local changes, which are built as they are: {shown}"]


def _licences(
    lock: Lock, names: Sequence[str], trees: Mapping[str, SourceTree]
) -> dict[str, tuple[Path, ...]]:
    """The licence texts of each source, some of which stand in another source's tree."""
    return {
        name: tuple(
            trees[licence.source].path / licence.path
            for licence in lock[name].licences
            if licence.source in trees
        )
        for name in names
    }


def _own_licence(tree: SourceTree) -> dict[str, tuple[Path, ...]]:
    """The licence of a tree that need not be in the lock file."""
    licence = tree.path / "LICENSE"
    return {f"{TENSORFLOW}-{tree.version}": (licence,)} if licence.is_file() else {}


def _install_headers(work: Workspace, inputs: Inputs, built: BuildPlan, library: Library) -> None:
    flags = dist.app_compile_flags(built.defines, standard=inputs.backend.cxx_standard)
    headers = dist.header_closure(
        inputs.toolchain,
        RUNNER,
        includes=library.includes,
        flags=[flag for flag in flags if flag != "-Iinclude"],
        log=inputs.job.log,
    )
    dist.install_headers(headers, library.roots, work.dist / "include")


def _link_runner(work: Workspace, inputs: Inputs, built: BuildPlan) -> None:
    """Build the runner as an app would be built: from ``dist`` alone, with its flags."""
    toolchain, log = inputs.toolchain, inputs.job.log
    work.program.parent.mkdir(parents=True, exist_ok=True)
    flags = dist.app_compile_flags(built.defines, standard=inputs.backend.cxx_standard)
    compile_flags = dist.absolute_flags(flags, work.dist)
    link_flags = dist.absolute_flags(built.link_flags, work.dist)
    compiler = (str(toolchain.cxx.path), *toolchain.compile_flags, *built.compile_flags)
    # An object of its own name: the map, and so the report, would show a compiler's temporary one.
    program, made = str(work.program), str(work.program.with_suffix(".o"))
    compiling = Command(argv=(*compiler, *compile_flags, "-c", str(RUNNER), "-o", made))
    run(compiling, what="compiling the runner", log=log)
    argv = (
        *(*compiler, made, "-o", program),
        *(LINKING[toolchain.object_format].map_to(work.program.with_suffix(".map")), *link_flags),
        *toolchain.link_flags,
    )
    command = Command(argv=argv)
    done = run(command, what="linking the runner", log=log, check=False)
    if done.returncode:
        output = done.stdout + done.stderr
        undefined = sorted(set(UNDEFINED.findall(output)))
        raise BuildError(
            [
                Problem(
                    where="linking the runner",
                    what=f"nothing that was compiled defines {name}",
                    todo="a kernel needs a library that data/dependencies.yaml does not list, or a "
                    f"file that the tree's BUILD files do not name; full log: {log}",
                )
                for name in undefined[:MOST_UNDEFINED]
            ]
            or failure_problem(command, done.returncode, output, what="linking the runner", log=log)
        )


def _write_models(work: Workspace, models: Sequence[ModelInfo]) -> None:
    """Where the frozen models of this machine lie; the plan itself holds no such path."""
    values = [
        dataclasses.asdict(model)
        | {"path": str(model.path), "original": str(model.original) if model.original else None}
        for model in models
    ]
    write_if_changed(work.folder / "models.json", to_json(values))


def _load_models(work: Workspace) -> tuple[ModelInfo, ...]:
    values = json.loads((work.folder / "models.json").read_text(encoding="utf-8"))
    return tuple(from_json(ModelInfo, value) for value in values)


def _store(work: Workspace, name: str, value: Any) -> None:
    """Keep the result of a step, with the plan that it is about."""
    content = {"plan": _plan_digest(work), name: dataclasses.asdict(value)}
    write_if_changed(work.folder / f"{name}.json", to_json(content))


def _load(work: Workspace, name: str, kind: type[T]) -> T | None:
    """The result of a step, if there is one about the plan as it is now."""
    path = work.folder / f"{name}.json"
    if not path.is_file():
        return None
    content = json.loads(path.read_text(encoding="utf-8"))
    if content.get("plan") != _plan_digest(work):
        return None
    return from_json(kind, content[name])


def _plan_digest(work: Workspace) -> str:
    return hashlib.sha256((work.folder / "plan.json").read_bytes()).hexdigest()


STEPS: Mapping[str, Callable[[Workspace], str]] = {
    "plan": plan,
    "generate": generate,
    "compile": compile_library,
    "verify": prove,
    "size": size,
    "build": finish,
    "package": package,
}
