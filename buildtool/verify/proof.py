"""The verification of one artefact, step by step."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from buildtool.binary.archive import Member, read_archive
from buildtool.binary.elf import kernel_factories
from buildtool.binary.elf_file import is_bitcode
from buildtool.core.errors import Problem, ToolError, VerificationError
from buildtool.core.lite_names import CUSTOM, is_lite
from buildtool.core.values import (
    BuildPlan,
    MachoExpectation,
    ModelCheck,
    VerificationReport,
)
from buildtool.verify.architecture import TODO, Expectation, check_members, program_faults
from buildtool.verify.class_texts import TextCheck, joined
from buildtool.verify.differences import Circumstances
from buildtool.verify.expected import find_reference
from buildtool.verify.inputs import ModelRun
from buildtool.verify.linked_program import glibc_problems, linked_facts
from buildtool.verify.loadable import LibraryReport, LibraryWanted, check_linked, library_facts
from buildtool.verify.macho_check import image_problems
from buildtool.verify.models import NOT_INSTALLED, check_model
from buildtool.verify.program import Program, Registries, list_registries, prove_session
from buildtool.verify.registry import AllowedRegistrations, RegistryCheck, check_registries
from buildtool.verify.renamed import check_renamed

QUICK_TIMEOUT = 120.0
QEMU_PACKAGE = "qemu-user-static"


@dataclass(frozen=True, kw_only=True)
class SharedProof:
    """A shared library that the program opens: what it must be, and what its texts say of its
    kernels and ops."""

    library: Path
    wanted: LibraryWanted
    texts: TextCheck


@dataclass(frozen=True, kw_only=True)
class VerificationInput:
    """What to verify, and with what.

    ``libraries`` are the archives, of which the first must be in ``program``, the runner that is
    linked with them, as a whole. ``emulator`` is put
    before the program's path; ``not_run`` says why the program cannot be started here at all, so
    that its file alone is looked at (empty: it can); ``emulated`` what stands for a device where
    that is not its own system, ``device`` which device. ``allowed`` may be registered besides what
    is planned. ``folder`` receives tensors and logs; ``cache`` keeps TensorFlow's outputs between
    targets. ``python`` has TensorFlow (empty: the one that runs us). ``protobuf_prefix``: what all
    names of protobuf must have before them; empty if it has its own. ``timeout`` is seconds for one
    run of one model. ``words`` follow the program's path; with ``shared`` the program opens those
    libraries, which are made of the archives, and whose kernels are ``counted`` by what that says.
    """

    plan: BuildPlan
    libraries: tuple[Path, ...]
    program: Path
    expectation: Expectation
    folder: Path
    cache: Path
    emulator: tuple[str, ...] = ()
    not_run: str = ""
    emulated: str = ""
    device: str = ""
    allowed: AllowedRegistrations = field(default_factory=AllowedRegistrations)
    models: tuple[ModelRun, ...] = ()
    protobuf_prefix: str = ""
    timeout: float = 900.0
    python: str = ""
    words: tuple[str, ...] = ()
    shared: tuple[SharedProof, ...] = ()
    counted: str = "the texts in the library"


@dataclass
class _Findings:
    """What the steps have found so far. ``whole`` are the members that the program must have,
    ``libraries`` what its file, or those that it opens, say to a loader."""

    members: tuple[Member, ...] = ()
    whole: tuple[Member, ...] = ()
    renamed: int = 0
    registries: Registries = field(default_factory=lambda: Registries(ops=(), kernels=()))
    registry: RegistryCheck = field(
        default_factory=lambda: RegistryCheck(missing=(), surplus=(), problems=())
    )
    libraries: list[LibraryReport] = field(default_factory=list)
    models: list[ModelCheck] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def verify(what: VerificationInput) -> VerificationReport:
    """Look at every object, link and start the runner, list what it registers, run every model.

    Problems are in the report's ``problems``; a step whose ground is missing is left out.

    Raises:
        ToolError: the emulator is missing.
        ConfigError: the inputs given for a model do not fit.
    """
    check_emulator(what.emulator)
    found = _Findings()
    try:
        _check_objects(what, found)
        _require_program(what)
        _check_linked(what, found)
        if what.not_run:
            found.notes.append(
                f"the program was not started: {what.not_run}; "
                + ("" if what.shared else "its kernels are counted by its symbols, and ")
                + "no model was run"
            )
        else:
            _start_program(what, found)
    except VerificationError as failure:
        found.problems += failure.problems
    return _report(what, found)


def require_proof(report: VerificationReport) -> None:
    """Let the build fail where the artefact is not proved.

    Raises:
        VerificationError: the report has problems.
    """
    if report.problems:
        raise VerificationError(report.problems)


def check_emulator(emulator: tuple[str, ...]) -> None:
    """Is the emulator there?

    Raises:
        ToolError: it is not, with the package that has it.
    """
    if emulator and shutil.which(emulator[0]) is None:
        raise ToolError(
            Problem(
                where="verify",
                what=f"the emulator {emulator[0]!r} is not installed, so the library cannot be "
                "run on this machine",
                todo=f"install the Debian package {QEMU_PACKAGE} "
                f"(apt-get install {QEMU_PACKAGE}), or name the emulator's path in the target file",
            )
        )


def _check_objects(what: VerificationInput, found: _Findings) -> None:
    for library in what.libraries:
        members = read_archive(library)
        found.members += members
        found.whole = found.whole or members
        found.problems += check_members(library, members, what.expectation)
        if what.protobuf_prefix:
            names = check_renamed(library, members, what.protobuf_prefix)
            found.renamed += names.renamed
            found.problems += names.problems
        if not members:
            found.problems.append(
                Problem(where=str(library), what="is empty", todo="build the library again")
            )
    bitcode = sum(is_bitcode(member.data) for member in found.members)
    if bitcode:
        found.notes.append(
            f"{bitcode} members are LLVM bitcode: their architecture shows only when linked"
        )


def _require_program(what: VerificationInput) -> None:
    if not what.program.is_file():
        raise VerificationError(
            Problem(
                where=str(what.program),
                what="the runner was not linked",
                todo="build the library and the runner again",
            )
        )


def _check_linked(what: VerificationInput, found: _Findings) -> None:
    """A fault of the program alone, in no member of the library, is the C or C++ library's: it
    says nothing against ours. On Apple's systems they come with the device, not from the linker:
    there all faults count, and what is missing shows without starting the program."""
    if isinstance(what.expectation, MachoExpectation):
        found.problems += image_problems(
            what.program, what.expectation, whole=found.whole, kernels=len(what.plan.kernels)
        )
        return
    for each in what.shared:
        library = check_linked(each.library, what.expectation, each.wanted)
        found.libraries.append(library)
        found.problems += (*library.problems, *each.texts.problems)
    if what.shared:
        found.notes.append(f"kernels and ops are counted by {what.counted}")
        return
    if what.expectation.android is not None:
        wanted = LibraryWanted.of(what.expectation, soname="")
        program = check_linked(what.program, what.expectation, wanted)
        found.libraries.append(program)
        found.problems += program.problems
        if what.not_run:
            found.problems += _too_few_kernels(what)
        return
    faults = program_faults(what.program, what.expectation)
    ours = found.problems or any(is_bitcode(member.data) for member in found.members)
    if ours:
        found.problems += (
            Problem(where=str(what.program), what=fault, todo=TODO) for fault in faults
        )
    else:
        found.notes += (
            f"the linked runner {fault}, though every member of the library is right: the "
            "C or C++ library that it was linked with is not; link an app with the board's own"
            for fault in faults
        )
    found.problems += glibc_problems(what.program, what.expectation.glibc)


def _too_few_kernels(what: VerificationInput) -> Iterator[Problem]:
    """What shows of the registry without starting the program."""
    registered, planned = kernel_factories(what.program), len(what.plan.kernels)
    if registered < planned:
        yield Problem(
            where=str(what.program),
            what=f"registers {registered} kernels by its symbols; planned are {planned}",
            todo="link libtensorflow.a as a whole, with the flags of link_flags.txt",
        )


def _start_program(what: VerificationInput, found: _Findings) -> None:
    program = _program(what)
    prove_session(program)
    if not what.shared:
        _check_registry(what, program, found)
    _run_models(what, found)


def _program(what: VerificationInput, timeout: float = QUICK_TIMEOUT) -> Program:
    return Program(
        argv=(*what.emulator, str(what.program), *what.words),
        name=what.program.name,
        log=what.folder / "runner.log",
        timeout=timeout,
        env={"TF_CPP_MIN_LOG_LEVEL": "2"},
        device=what.device,
    )


def _check_registry(what: VerificationInput, program: Program, found: _Findings) -> None:
    planned = [kernel.registration for kernel in what.plan.kernels]
    customs = {kernel.op for kernel in planned if kernel.kernel_class.startswith(f"{CUSTOM}::")}
    found.registries = list_registries(program, sorted(customs))
    found.registry = check_registries(
        what.plan, found.registries, members=found.members, allowed=what.allowed
    )
    found.problems += found.registry.problems
    found.notes += found.registry.notes


def _run_models(what: VerificationInput, found: _Findings) -> None:
    if not what.models:
        found.notes.append("no model was run: the target names only ops")
        return
    log = what.folder / "reference.log"
    source = find_reference(python=what.python, cache=what.cache, log=log, timeout=what.timeout)
    if not source.version:
        found.notes.append(NOT_INSTALLED)
    program = _program(what, what.timeout)
    around = Circumstances(
        reference=source,
        version=what.plan.tensorflow_version,
        ops=frozenset(kernel.registration.op for kernel in what.plan.kernels),
        is_lite=any(is_lite(kernel.registration.kernel_class) for kernel in what.plan.kernels),
    )
    for place, item in enumerate(what.models):
        folder = what.folder / f"model-{place}"
        _run_one(item, program, around, folder=folder, found=found)


def _run_one(
    item: ModelRun, program: Program, around: Circumstances, *, folder: Path, found: _Findings
) -> None:
    """Run one model; the failure of one does not keep the others from running."""
    try:
        check, problems = check_model(item, program, around, folder=folder)
    except VerificationError as failure:
        found.problems += failure.problems
        return
    found.models.append(check)
    found.problems += problems


def _report(what: VerificationInput, found: _Findings) -> VerificationReport:
    facts = linked_facts(what.program, what.expectation)
    texts = joined([each.texts for each in what.shared]) if what.shared else None
    registered = len(found.registries.kernels) or facts.kernels
    return VerificationReport(
        target=what.plan.target,
        checked_members=len(found.members),
        protobuf_prefix=what.protobuf_prefix,
        renamed_symbols=found.renamed,
        machine=facts.machine,
        needed_libraries=tuple(facts.libraries),
        oldest_glibc=facts.oldest_glibc,
        minimum_os=facts.minimum_os,
        constructors=facts.constructors,
        not_run=what.not_run,
        emulated=what.emulated,
        device=what.device,
        libraries=tuple(map(library_facts, found.libraries)),
        planned_kernels=len(what.plan.kernels),
        registered_kernels=texts.kernels if texts else registered,
        registered_ops=texts.ops if texts else len(found.registries.ops),
        missing=texts.missing if texts else found.registry.missing,
        surplus=texts.surplus if texts else found.registry.surplus,
        models=tuple(found.models),
        notes=tuple(found.notes),
        problems=tuple(found.problems),
    )
