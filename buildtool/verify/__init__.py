"""Verify: does the real artefact hold what the plan promised?

Four names are all that a caller needs::

    report = verify(
        VerificationInput(
            plan=plan,                        # values.BuildPlan
            libraries=(dist / "lib/libtensorflow.a", dist / "lib/libtensorflow_deps.a"),
            program=build / "runner",         # made by `link` out of runner/runner.cc
            link=Command(argv=(...)),         # with the library's link flags, as an app does
            emulator=toolchain.emulator,      # () on the machine itself
            expectation=ElfExpectation(machine=abi.machine, bits=abi.bits, ...),
            allowed=may_register(plan, catalogue, everything=False),
            models=(ModelRun(model=info, graph=frozen_pb, allowance=Allowance(share=1e-4)),),
            folder=build / "verify",
            cache=shared / "reference",
        )
    )
    write_report(...)                         # see buildtool.report.pages; also where it failed
    require_proof(report)                     # raises VerificationError with every problem

``verify`` never raises for what is wrong with the artefact, so that a report can be written in
any case; it raises ToolError (exit code 4) without an emulator and ConfigError (3) for inputs
that do not fit the model. Nothing in it waits longer than its timeouts.
"""

from buildtool.verify.compare import Allowance
from buildtool.verify.inputs import ModelRun
from buildtool.verify.proof import (
    SharedProof,
    VerificationInput,
    check_emulator,
    require_proof,
    verify,
)
from buildtool.verify.registry import may_register

__all__ = [
    "Allowance",
    "ModelRun",
    "SharedProof",
    "VerificationInput",
    "check_emulator",
    "may_register",
    "require_proof",
    "verify",
]
