"""Starts the runner (or the reference, which takes the same command line) and reads what it says.

The command line and the lines of JSON that it prints are described at the top of
``runner/runner.cc``.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from buildtool.core.datatypes import short
from buildtool.core.errors import Problem, ToolError, VerificationError
from buildtool.core.lite_names import version_label
from buildtool.core.run import UNREACHED, Command, Completed, failure_problem, run
from buildtool.core.values import ModelInfo, TypeConstraint
from buildtool.verify.causes import likely_cause
from buildtool.verify.tensor_files import Tensor, read_tensor, to_bytes

PROFILE_FILE = "profile.bin"


@functools.cache
def _op_codes() -> dict[int, str]:
    """The names of TensorFlow Lite's op codes."""
    from tflite.BuiltinOperator import BuiltinOperator  # noqa: PLC0415 - heavy, and rarely asked

    values = vars(BuiltinOperator).items()
    return {number: name for name, number in values if isinstance(number, int)}


@dataclass(frozen=True, kw_only=True)
class Program:
    """How to start the runner: ``argv`` is the emulator with its options and the program's path;
    ``timeout`` is seconds for each start, after which it is killed. ``device`` is where it runs, if
    that is not here."""

    argv: tuple[str, ...]
    name: str
    log: Path
    timeout: float
    env: Mapping[str, str] = field(default_factory=dict)
    device: str = ""


@dataclass(frozen=True, kw_only=True, order=True)
class RegisteredKernel:
    """A kernel in the registry of the running program. ``values`` are its constraints on
    attributes that are no types, as ``attr=value``."""

    op: str
    device: str
    label: str
    constraints: tuple[tuple[str, tuple[str, ...]], ...]
    values: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Registries:
    """What the program registers; both sorted, a kernel as often as it is registered."""

    ops: tuple[str, ...]
    kernels: tuple[RegisteredKernel, ...]


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """The outputs of one run of a model, in the order asked for; ``timings`` in milliseconds."""

    outputs: tuple[Tensor, ...]
    timings: Mapping[str, float]
    peak_kib: int


@dataclass(frozen=True, kw_only=True)
class ProfiledRuns:
    """Runs of a model, in milliseconds: ``plain`` as an app runs it, ``traced`` with TensorFlow's
    tracing. ``stats`` are what that has told (see ``runner/runner.cc``); ``timings`` and
    ``peak_kib`` are as in :class:`RunResult`."""

    plain: tuple[float, ...]
    traced: tuple[float, ...]
    stats: bytes
    timings: Mapping[str, float]
    peak_kib: int


def prove_session(program: Program) -> None:
    """Make a session.

    Raises:
        VerificationError: the program cannot, with the cause.
    """
    _start(program, ["--session"], what="making a session")


def list_registries(program: Program, customs: Sequence[str] = ()) -> Registries:
    """Ask the program for its op and kernel registries. ``customs`` are custom ops of TensorFlow
    Lite, which its resolver does not list by itself.

    Raises:
        VerificationError: it fails, or its answer is no list.
    """
    words = ["--kernels", *(word for name in customs for word in ("--custom", name))]
    lines = _lines(program, _start(program, words, what="listing the kernels"))
    lite = [lite_kernel(line) for line in lines if "version" in line]
    return Registries(
        ops=tuple(sorted({line["op"] for line in lines if "op" in line} | {k.op for k in lite})),
        kernels=tuple(sorted([*lite, *(_kernel(line) for line in lines if "kernel" in line)])),
    )


def lite_kernel(line: Mapping[str, Any]) -> RegisteredKernel:
    """What a resolver of TensorFlow Lite knows: an op code of the schema, or a custom op, in one
    version."""
    code = line.get("code")
    op = str(line["custom"]) if code is None else _op_codes().get(code, f"number {code}")
    return RegisteredKernel(
        op=op, device="CPU", label=version_label(line["version"]), constraints=()
    )


def run_model(
    program: Program,
    *,
    model: ModelInfo,
    graph: Path,
    inputs: Sequence[Tensor],
    folder: Path,
) -> RunResult:
    """Run a frozen graph, after what is to be run once before it; input and output files go to
    ``folder``. Outputs of a second step, if there is one, follow those of the first, and are called
    ``NAME, step 2``.

    Raises:
        VerificationError: the run fails, or gives other outputs than were asked for.
    """
    words = _words(model, graph, inputs, folder)
    if model.steps > 1:
        words += ["--steps", str(model.steps)]
    done = _start(program, [*words, "--out", str(folder)], what=f"running {model.name}")
    return _result(program, _lines(program, done), model, folder)


def profile_model(
    program: Program,
    *,
    model: ModelInfo,
    graph: Path,
    inputs: Sequence[Tensor],
    folder: Path,
    runs: int,
    seconds: int,
) -> ProfiledRuns:
    """Run a frozen graph ``runs`` times, and as often with tracing, each for ``seconds`` at most;
    input files and what was traced go to ``folder``.

    Raises:
        VerificationError: a run fails, or nothing was traced.
    """
    words = _words(model, graph, inputs, folder)
    words += ["--profile", str(runs), str(seconds), "--out", str(folder)]
    lines = _lines(program, _start(program, words, what=f"profiling {model.name}"))
    measured = [line for line in lines if "run" in line]
    last = next((line for line in lines if "timings" in line), {})
    try:
        stats = (folder / PROFILE_FILE).read_bytes()
    except OSError as failure:
        raise _bad_answer(program, f"wrote no {PROFILE_FILE}: {failure.strerror}") from None
    return ProfiledRuns(
        plain=tuple(line["run"] for line in measured if not line["traced"]),
        traced=tuple(line["run"] for line in measured if line["traced"]),
        stats=stats,
        timings=last.get("timings", {}),
        peak_kib=last.get("peak_kib", 0),
    )


def _words(model: ModelInfo, graph: Path, inputs: Sequence[Tensor], folder: Path) -> list[str]:
    """What the program is told of the model; the inputs are written to ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    words = ["--run", str(graph)]
    for place, tensor in enumerate(inputs):
        path = folder / f"input-{place}.bin"
        path.write_bytes(to_bytes(tensor))
        shape = ",".join(str(size) for size in tensor.array.shape)
        words += ["--input", tensor.name, short(tensor.dtype), shape, str(path)]
    for info in model.outputs:
        words += ["--output", info.name]
    for name in model.initialisers:
        words += ["--init", name]
    return words


def constraint_names(
    constraints: Sequence[TypeConstraint],
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """A plan's constraints in the form that :class:`RegisteredKernel` has them."""
    return tuple(sorted((item.attr, tuple(sorted(item.types))) for item in constraints))


def _start(program: Program, words: list[str], *, what: str) -> Completed:
    command = Command(argv=(*program.argv, *words), env=program.env)
    step = f"{program.name}, {what}" + (f" on {program.device}" if program.device else "")
    try:
        done = run(
            command,
            what=step,
            log=program.log,
            check=False,
            timeout=program.timeout,
            error=VerificationError,
        )
    except ToolError as failure:
        raise ToolError(
            Problem(
                where=step,
                what=failure.problems[0].what,
                todo="if the program is for another machine, give the target an emulator "
                "(Debian package qemu-user-static)",
            )
        ) from None
    if done.returncode == 0:
        return done
    if done.returncode == UNREACHED:
        said, todo = done.stderr.strip(), f"full log: {program.log}"
        raise ToolError(Problem(where=step, what=said, todo=todo))
    problem = failure_problem(command, done.returncode, done.stderr, what=step, log=program.log)
    cause = likely_cause(done.returncode, done.stderr)
    todo = f"{cause}\n    {problem.todo}" if cause else problem.todo
    raise VerificationError(Problem(where=problem.where, what=problem.what, todo=todo))


def _lines(program: Program, done: Completed) -> list[dict[str, Any]]:
    try:
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    except ValueError as failure:
        raise _bad_answer(program, f"printed a line that is not JSON: {failure}") from None
    return lines


def _kernel(line: dict[str, Any]) -> RegisteredKernel:
    constraints, values = [], []
    for item in line["constraints"]:
        if item["types"]:
            types = tuple(sorted(f"DT_{name.upper()}" for name in item["types"]))
            constraints.append((item["attr"], types))
        values += [f"{item['attr']}={value}" for value in item["values"]]
    return RegisteredKernel(
        op=line["kernel"],
        device=line["device"],
        label=line["label"],
        constraints=tuple(sorted(constraints)),
        values=tuple(sorted(values)),
    )


def _result(
    program: Program, lines: list[dict[str, Any]], model: ModelInfo, folder: Path
) -> RunResult:
    found = [line for line in lines if "output" in line]
    wanted = [info.name for info in model.outputs] * model.steps
    if [line["output"] for line in found] != wanted:
        names = ", ".join(line["output"] for line in found) or "none"
        raise _bad_answer(program, f"gave the outputs {names} instead of {', '.join(wanted)}")
    last = next((line for line in lines if "timings" in line), {})
    try:
        outputs = tuple(
            read_tensor(
                folder / f"{place}.bin",
                name=line["output"] + _step(place // len(model.outputs)),
                dtype=f"DT_{line['dtype'].upper()}",
                shape=line["shape"],
            )
            for place, line in enumerate(found)
        )
    except (OSError, ValueError) as failure:
        raise _bad_answer(program, f"wrote an output that cannot be read: {failure}") from None
    return RunResult(
        outputs=outputs, timings=last.get("timings", {}), peak_kib=last.get("peak_kib", 0)
    )


def _step(number: int) -> str:
    return f", step {number + 1}" if number else ""


def _bad_answer(program: Program, what: str) -> VerificationError:
    return VerificationError(
        Problem(where=program.name, what=what, todo=f"full log: {program.log}")
    )
