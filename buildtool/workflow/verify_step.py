"""The steps after compiling: the library is verified, measured and reported on."""

from __future__ import annotations

import dataclasses

from buildtool.config import Model, Target
from buildtool.core.errors import BudgetError, Problem
from buildtool.core.values import ElfExpectation, MachoExpectation, SizeReport, VerificationReport
from buildtool.platforms import find_platform
from buildtool.products import dist
from buildtool.products.package_slices import pack_slices
from buildtool.report.pages import Report, write_report
from buildtool.report.size import SizeInput, measure, require_budget
from buildtool.tools.apple.emulator import WHAT as EMULATED_BY
from buildtool.tools.apple.emulator import find_emulator
from buildtool.verify import (
    Allowance,
    ModelRun,
    VerificationInput,
    may_register,
    require_proof,
    verify,
)
from buildtool.workflow.kept import load_models, load_plan, load_result, store_result
from buildtool.workflow.size_limits import with_limits
from buildtool.workflow.workspace import Inputs, Workspace, find_inputs, target_catalogue


def prove(work: Workspace) -> str:
    """Verify the library and run the models. Returns a line.

    Raises:
        VerificationError: the library does not hold what the plan promised.
    """
    inputs = find_inputs(work)
    built = load_plan(work)
    models = load_models(work)
    settings = {model.name: model for model in work.target.models}
    emulator, emulated, not_run = _how_to_run(work, inputs)
    graphs = {
        model.name: dist.model_file(model, work.dist / "models")
        for model in models
        if model.node_count
    }
    report = verify(
        VerificationInput(
            plan=dataclasses.replace(built, models=models),
            libraries=tuple(work.dist / name for name in (dist.WHOLE, dist.REST)),
            program=work.program,
            emulator=emulator,
            emulated=emulated,
            not_run=not_run,
            expectation=_expectation(work),
            allowed=may_register(
                built,
                target_catalogue(work, inputs, built.defines),
                everything=work.target.registration == "all",
            ),
            models=tuple(
                ModelRun(
                    model=model,
                    graph=graphs[model.name],
                    allowance=_allowance(work.target, model.name),
                    inputs=settings[model.name].samples if model.name in settings else None,
                )
                for model in models
                if model.name in graphs
            ),
            folder=work.folder / "verify",
            protobuf_prefix=work.target.protobuf_prefix or "",
            cache=work.cache.folder("reference"),
        )
    )
    store_result(work, "verification", report)
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


def _allowance(target: Target, name: str) -> Allowance:
    """How far the outputs of the model of this name may be off."""
    index = [model.name for model in target.models].index(name)
    share, key = target.models[index].tolerance, f"models[{index}].tolerance"
    stated = share != Model.tolerance
    return Allowance(share=share, key=key, where=target.where(key), stated=stated)


def _expectation(work: Workspace) -> ElfExpectation | MachoExpectation:
    abi = work.abi
    if abi.apple:
        return MachoExpectation(
            cpu=abi.apple.cpu,
            platform=abi.apple.platform,
            minimum_os=abi.minimum_os,
            bitcode=work.target.ios.bitcode,
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
        )
    )
    report = with_limits(report, work.target)
    store_result(work, "size", report)
    write_reports(work)
    require_budget(report)
    return (
        f"archive {report.archive / 1e6:.2f} MB, linked {report.linked / 1e6:.2f} MB, "
        f"stripped {report.stripped / 1e6:.2f} MB, xz {report.xz / 1e6:.2f} MB"
    )


def write_reports(work: Workspace) -> None:
    """Write the reports from what the steps so far have found."""
    built = load_plan(work)
    measured = load_result(work, "size", SizeReport)
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
            verification=load_result(work, "verification", VerificationReport),
            size=measured,
            problems=problems,
        ),
    )


def finish(work: Workspace) -> str:
    """Write the reports. Returns where the library is."""
    write_reports(work)
    shown = work.folder.relative_to(work.folder.parent.parent)
    return f"library in {shown}/dist, report in {shown}/report.html"


def package(work: Workspace) -> str:
    """Pack the slices of a target together. Returns a line."""
    return pack_slices(work.target, find_platform(work.target.platform), work.folder)
