"""One model, converted by the TensorFlow that is installed, once; measured and compared."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.config import Convert
from buildtool.convert.conversion_request import ANSWER, MODEL, SAMPLES
from buildtool.convert.converter_orders import ConversionOrder
from buildtool.core.decode import from_json
from buildtool.core.errors import (
    BuildToolError,
    ConfigError,
    ModelError,
    Problem,
)
from buildtool.core.own_files import load_kept
from buildtool.core.run import Command, failure_problem, run
from buildtool.core.scratch import scratch_folder
from buildtool.core.values import Conversion, Difference, PreparedModel
from buildtool.model.freezing import environment
from buildtool.model.freezing import sha256 as file_hash
from buildtool.model.lite.tflite_file import Operator, read_model
from buildtool.prepare.pipeline import compressed_size
from buildtool.prepare.price import PriceLimits, limit_words, over_limits

_SCRIPT = "buildtool.convert.run_converter"
# All that decides what the converter is told and what of its answer is kept.
_SOURCES = (
    *("conversion_request.py", "converter_words.py", "original_models.py"),
    *("run_converter.py", "steady_nodes.py"),
)
_TIMEOUT = 1800.0  # seconds; large networks take a minute
_LEAST = 1024  # elements of a weight that dynamic range changes
_BETWEEN = {"QUANTIZE", "DEQUANTIZE"}
_HASH = "model_sha256"
_INT8 = "write 'numbers: dynamic-range' or 'float16'"
_ERRORS = {each.__name__: each for each in (ConfigError, ModelError)}


@dataclass(frozen=True, kw_only=True)
class Converted:
    """The converted model, what was done, and what is worse than allowed."""

    model: PreparedModel
    report: Conversion
    problems: tuple[Problem, ...]


@dataclass(frozen=True, kw_only=True)
class Converter:
    """What converts: ``python`` has TensorFlow (``version``). What was converted is kept in
    ``cache``; ``log`` gets what the process prints."""

    python: str
    version: str
    cache: Path
    log: Path

    def convert(self, order: ConversionOrder) -> Converted:
        """Convert a model, or take it from the cache.

        Raises:
            ConfigError: samples or stated shapes do not fit it.
            ModelError: TensorFlow does not load it, or its converter fails.
        """
        entry = self.cache / _key(order, self.version)
        answer = load_kept(functools.partial(_read, entry))
        if answer is None:
            self._make(order, entry)
            answer = _read(entry)
        return _judged(order, entry / MODEL, answer)

    def _make(self, order: ConversionOrder, entry: Path) -> None:
        with scratch_folder(self.cache, "converting") as scratch:
            asked = scratch / "request.json"
            asked.write_text(json.dumps(dataclasses.asdict(order.request)), encoding="utf-8")
            command = Command(
                argv=(self.python, "-m", _SCRIPT, str(asked), str(scratch)),
                env={**environment(), "TMPDIR": str(scratch), "TF_ENABLE_ONEDNN_OPTS": "0"},
            )
            what = f"converting {order.request.name}"
            done = run(
                command, what=what, log=self.log, timeout=_TIMEOUT, check=False, error=ModelError
            )
            if done.returncode:
                output = done.stdout + done.stderr
                raise ModelError(
                    failure_problem(command, done.returncode, output, what=what, log=self.log)
                )
            said = json.loads((scratch / ANSWER).read_text(encoding="utf-8"))
            if "error" in said:
                raise _refusal(order, said)
            said[_HASH] = file_hash(scratch / MODEL)
            (scratch / ANSWER).write_text(json.dumps(said), encoding="utf-8")
            made = scratch / "entry"
            made.mkdir()
            for name in (MODEL, ANSWER):
                (scratch / name).replace(made / name)
            shutil.rmtree(entry, ignore_errors=True)
            made.replace(entry)


@dataclass(frozen=True, kw_only=True)
class _Answer:
    """What the process found; see its script."""

    model_sha256: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    differences: tuple[Difference, ...]
    compared: str
    runs: int
    notes: tuple[str, ...]


def _read(entry: Path) -> _Answer:
    answer = from_json(_Answer, json.loads((entry / ANSWER).read_text(encoding="utf-8")))
    if answer.model_sha256 != file_hash(entry / MODEL):
        raise ValueError(entry)
    return answer


def _refusal(order: ConversionOrder, said: dict[str, object]) -> BuildToolError:
    """What is wrong with the model or its samples, at the key that it is about, or else at the one
    that asks for the conversion. What is about a part of the samples names that, too."""
    places, name = order.places, order.request.name
    return _ERRORS[str(said["error"])](
        dataclasses.replace(problem, where=places[problem.where], what=f"{name}: {problem.what}")
        if problem.where in places
        else dataclasses.replace(problem, where=f"{places[SAMPLES]}: {problem.where}")
        for problem in from_json(tuple[Problem, ...], said["problems"])
    )


def _key(order: ConversionOrder, version: str) -> str:
    """What the result depends on: every file, what is asked for, TensorFlow, the way we convert."""
    asked = dataclasses.asdict(order.request) | {"path": "", "samples": ""}
    whole = hashlib.sha256(json.dumps([version, asked]).encode())
    for name in _SOURCES:
        whole.update(Path(__file__).with_name(name).read_bytes())
    samples = order.request.samples
    whole.update(file_hash(Path(samples)).encode() if samples else b"-")
    return whole.hexdigest()[:32]


def _judged(order: ConversionOrder, path: Path, answer: _Answer) -> Converted:
    keys, name = order.keys, order.request.name
    limits = _limits(keys, order.tolerance)
    problems = tuple(
        Problem(where=f"{order.where}: {name}", what=f"converted, {each}", todo=_remedy(order))
        for each in over_limits(answer.differences, limits)
    )
    operators = read_model(path.read_bytes()).operators
    ops = Counter(operator.op for operator in operators)
    select = {operator.op for operator in operators if operator.is_flex}
    report = Conversion(
        model=name,
        kind=order.kind,
        numbers=keys.numbers,
        sha256=answer.model_sha256,
        before=sum(file.stat().st_size for file in order.files),
        after=path.stat().st_size,
        compressed_before=sum(map(compressed_size, order.files)),
        compressed_after=compressed_size(path),
        ops=tuple(sorted(ops.items(), key=lambda item: (-item[1], item[0]))),
        select=tuple(sorted(select)),
        differences=answer.differences,
        compared=answer.compared,
        runs=answer.runs,
        limits=tuple(limit_words(limits)),
        notes=(*answer.notes, *_undone(keys, operators)),
    )
    model = PreparedModel(
        name=name,
        path=path,
        sha256=answer.model_sha256,
        inputs=answer.inputs,
        outputs=answer.outputs,
        steps=(f"convert to {keys.numbers}",),
        notes=tuple(f"{name}: {note}" for note in (_in_words(report), *report.notes)),
    )
    return Converted(model=model, report=report, problems=problems)


def _in_words(report: Conversion) -> str:
    worst = max((each.largest for each in report.differences), default=None)
    price = report.compared if worst is None else f"largest difference {worst:.2g}"
    select = f", with {', '.join(report.select)}" if report.select else ""
    return (
        f"converted from a {report.kind}, {report.numbers}{select}: {report.before:,} -> "
        f"{report.after:,} bytes, {price}"
    )


def _undone(keys: Convert, operators: Sequence[Operator]) -> Iterator[str]:
    """What was asked for and not done."""
    bytes_used = any("DT_INT8" in operator.types for operator in operators)
    if keys.numbers == "dynamic-range" and not bytes_used:
        yield (
            "no weight became one of 8 bits: the converter leaves those with fewer than "
            f"{_LEAST:,} elements as they are, and those of ops that cannot take them"
        )
    floats = {op.op for op in operators if "DT_FLOAT" in op.types} - _BETWEEN
    if keys.numbers == "int8" and floats:
        yield f"computed in floats, as there is no kernel for bytes: {', '.join(sorted(floats))}"


def _limits(keys: Convert, tolerance: float) -> PriceLimits:
    """What is allowed: where numbers stay as they are, the model's tolerance."""
    stated: float | None = keys.largest_difference
    if stated is None and keys.numbers == "float":
        stated = tolerance
    return PriceLimits(largest=stated, same_top=keys.same_top)


def _remedy(order: ConversionOrder) -> str:
    if order.keys.numbers == "float":
        return f"raise {order.key}.largest_difference, if the app can bear it"
    other = _INT8 if order.keys.numbers == "int8" else "write 'numbers: float'"
    return f"{other}, or raise the limit; {order.where} says what is allowed"
