"""Runs each model on the artefact and compares what it gives with TensorFlow's own outputs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from buildtool.core.errors import Problem, VerificationError
from buildtool.core.values import ModelCheck, ModelInfo, OutputCheck, TensorInfo
from buildtool.verify.compare import Allowance, compare, describe
from buildtool.verify.differences import Circumstances, why_different
from buildtool.verify.expected import ExpectedOutputs, Reference, expected_outputs, unknown_op
from buildtool.verify.inputs import SEEDED, ModelRun, model_inputs
from buildtool.verify.program import Program, RunResult, run_model
from buildtool.verify.rehearsal import worthless_problems
from buildtool.verify.tensor_files import Tensor

NOT_INSTALLED = "not compared: tensorflow is not installed"
DRAWN = "drawn at random: of the right type and shape, and finite"


def check_model(
    item: ModelRun, program: Program, around: Circumstances, *, folder: Path
) -> tuple[ModelCheck, tuple[Problem, ...]]:
    """Run one model, and compare its outputs with those of TensorFlow.

    Raises:
        VerificationError: it does not run on the artefact, or not in TensorFlow.
        ConfigError: the given inputs do not fit.
    """
    source = around.reference
    inputs = model_inputs(item.model, item.inputs)
    lacking = ""
    try:
        expected = expected_outputs(item, source, inputs) if source.version else None
    except VerificationError as failure:
        lacking = unknown_op(failure)
        if not lacking:
            raise
        expected = None
    result = run_model(
        program,
        model=item.model,
        graph=item.graph,
        inputs=inputs,
        folder=folder,
    )
    known = expected.tensors if expected is not None else None
    drawn = expected.drawn if expected is not None else frozenset[str]()
    problems = (
        *_shape_problems(item.model, result, known),
        *worthless_problems(item, result.outputs if known is None else known, inputs),
    )
    compared = known if not problems else None
    checks = _checks(result.outputs, compared, drawn, item.allowance)
    if not problems:
        causes = _causes(result.outputs, compared, checks, item, around)
        problems = tuple(_value_problems(item.model, checks, causes))
    check = ModelCheck(
        model=item.model.name,
        sha256=item.model.sha256,
        inputs=SEEDED if item.inputs is None else f"given: {item.inputs.name}",
        reference=_reference(item.model, source, expected, lacking),
        compared=compared is not None,
        outputs=checks,
        timings=result.timings,
        peak_kib=result.peak_kib,
    )
    return check, problems


def _reference(
    model: ModelInfo, source: Reference, expected: ExpectedOutputs | None, lacking: str
) -> str:
    """What outputs are compared with, or why not; ``lacking`` is an op that TensorFlow lacks."""
    if lacking:
        return f"not compared: tensorflow {source.version} has no op {lacking}"
    if expected is None:
        return NOT_INSTALLED
    given = " on the model as it was before its rewrites" if model.original else ""
    if expected.rewritten:
        given = " on the rewritten model, as it does not run the original"
    return f"tensorflow {source.version}{given}"


def _checks(
    outputs: tuple[Tensor, ...],
    expected: tuple[Tensor, ...] | None,
    drawn: frozenset[str],
    allowance: Allowance,
) -> tuple[OutputCheck, ...]:
    if expected is None:
        return tuple(describe(output) for output in outputs)
    pairs = zip(outputs, expected, strict=True)
    return tuple(
        describe(output, rule=DRAWN) if output.name in drawn else compare(output, wanted, allowance)
        for output, wanted in pairs
    )


def _shape_problems(
    model: ModelInfo, result: RunResult, expected: tuple[Tensor, ...] | None
) -> Iterator[Problem]:
    for place, (info, output) in enumerate(
        zip(model.outputs * model.steps, result.outputs, strict=True)
    ):
        fault = _misfit(info, output)
        if expected is not None and not fault:
            wanted = expected[place]
            if (wanted.dtype, wanted.array.shape) != (output.dtype, output.array.shape):
                fault = _differs(output, f"{wanted.dtype} {wanted.array.shape} as TensorFlow's")
        if fault:
            yield Problem(
                where=f"{model.name}: output {info.name!r}",
                what=fault,
                todo="the program runs another graph than the one that was planned; build it again",
            )


def _misfit(info: TensorInfo, output: Tensor) -> str:
    """How an output differs from what the model says of it, empty if it does not."""
    shape = output.array.shape
    fits = info.shape is None or (
        len(info.shape) == len(shape)
        and all(want in (-1, size) for want, size in zip(info.shape, shape, strict=True))
    )
    if info.dtype == output.dtype and fits:
        return ""
    return _differs(output, f"{info.dtype} {info.shape}")


def _differs(output: Tensor, wanted: str) -> str:
    return f"is {output.dtype} {output.array.shape}, not {wanted}"


def _causes(
    outputs: tuple[Tensor, ...],
    expected: tuple[Tensor, ...] | None,
    checks: tuple[OutputCheck, ...],
    item: ModelRun,
    around: Circumstances,
) -> tuple[str, ...]:
    """For each output what may have made it differ; nothing where nothing was compared."""
    if expected is None:
        return ()
    compared = zip(outputs, expected, checks, strict=True)
    return tuple(
        why_different(output, wanted, check, item.allowance, around) if check.outside else ""
        for output, wanted, check in compared
    )


def _value_problems(
    model: ModelInfo, checks: tuple[OutputCheck, ...], causes: tuple[str, ...]
) -> Iterator[Problem]:
    for place, check in enumerate(checks):
        where = f"{model.name}: output {check.name!r}"
        share = f"{check.outside} of {check.elements} elements"
        if check.outside and causes:
            yield Problem(
                where=where,
                what=f"{share} differ from TensorFlow's{_largest(check)}",
                todo=causes[place],
            )
        elif check.outside:
            yield Problem(
                where=where,
                what=f"{share} are not finite",
                todo="install tensorflow to see whether its own outputs are; or give other inputs",
            )


def _largest(check: OutputCheck) -> str:
    if check.max_absolute is None or check.max_relative is None:
        return ""
    return (
        f"; largest difference {check.max_absolute:.3g}, which is {check.max_relative:.3g} of "
        f"the largest value (allowed: {check.tolerance:g}{'; ' * bool(check.rule)}{check.rule}); "
        "NaN and infinity must agree too"
    )
