"""TensorFlow's own outputs, computed by ``reference.py`` in a Python that has it, and kept."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from buildtool.core.errors import Problem, ToolError, VerificationError
from buildtool.core.kept_answers import KeptAnswers, Reply
from buildtool.core.own_files import load_kept
from buildtool.core.run import Command, run
from buildtool.verify import reference
from buildtool.verify.inputs import ModelRun
from buildtool.verify.program import Program, run_model
from buildtool.verify.tensor_files import Tensor, read_tensor, to_bytes

LIST = "outputs.json"
# Of what the cache holds: an older release reads its own.
FORMAT = 2
# TensorFlow's words for an op that the installed one does not have: a user's own, for one.
_UNKNOWN_OP = re.compile(r"Op type not registered '(?P<op>[^']+)'")


@dataclass(frozen=True, kw_only=True)
class ExpectedOutputs:
    """TensorFlow's outputs, and the names of those that it draws anew each time. They are those of
    the ``rewritten`` model where TensorFlow does not run the one that was given."""

    tensors: tuple[Tensor, ...]
    drawn: frozenset[str] = frozenset()
    rewritten: bool = False


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Where TensorFlow's own outputs come from: ``python`` has TensorFlow (``version``, empty if
    it has none); what was computed once is kept in ``cache``. ``timeout`` is in seconds."""

    python: str
    version: str
    cache: Path
    log: Path
    timeout: float


def find_reference(*, python: str, cache: Path, log: Path, timeout: float) -> Reference:
    """Ask ``python`` (empty: the one that runs us) which TensorFlow it has; what it said is kept
    beside the outputs until its packages change.

    Raises:
        ToolError: that Python cannot be started.
    """
    python = python or sys.executable
    argv = (python, reference.__file__, "--version")

    def ask() -> Reply:
        command = Command(argv=argv)
        done = run(command, what="looking for tensorflow", check=False, timeout=60, error=ToolError)
        version, *paths = done.stdout.splitlines() or [""]
        known = done.returncode in (0, reference.NOT_INSTALLED)
        used = (reference.__file__, *paths) if known and paths else None
        return Reply(text=version if done.returncode == 0 else "", rests_on=used)

    version = KeptAnswers(cache / "answers").ask(argv, ask)
    return Reference(python=python, version=version, cache=cache, log=log, timeout=timeout)


def expected_outputs(
    item: ModelRun, source: Reference, inputs: tuple[Tensor, ...]
) -> ExpectedOutputs:
    """TensorFlow's outputs, computed once for each model, inputs, outputs and version. They are
    those of the model as it was given, before any rewrite, if TensorFlow runs it at all.

    Raises:
        VerificationError: TensorFlow itself cannot run the model on these inputs.
    """
    entry = source.cache / _key(item, source, inputs)
    was_there = entry.is_dir()
    found = load_kept(lambda: _read(entry))
    if found is None:
        if was_there:  # and is spoilt
            shutil.rmtree(entry, ignore_errors=True)
        _compute(item, source, inputs, entry)
    return found or _read(entry)


def _read(entry: Path) -> ExpectedOutputs:
    rows = json.loads((entry / LIST).read_text(encoding="utf-8"))
    drawn = frozenset(row["name"] for row in rows if row.pop("drawn", False))
    rewritten = {row.pop("rewritten", False) for row in rows} == {True}
    for place, row in enumerate(rows):
        if row.pop("sha256") != _hash_of(entry / f"{place}.bin"):
            raise ValueError(entry)
    tensors = tuple(read_tensor(entry / f"{place}.bin", **row) for place, row in enumerate(rows))
    return ExpectedOutputs(tensors=tensors, drawn=drawn, rewritten=rewritten)


def _hash_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def unknown_op(failure: VerificationError) -> str:
    """The op for want of which the installed TensorFlow cannot run a model; empty if it is another
    reason. The library's own tree may have it."""
    found = (_UNKNOWN_OP.search(problem.what) for problem in failure.problems)
    return next((match["op"] for match in found if match), "")


def is_known(item: ModelRun, source: Reference, inputs: tuple[Tensor, ...]) -> bool:
    """Whether they were computed before."""
    return (source.cache / _key(item, source, inputs)).is_dir()


def _key(item: ModelRun, source: Reference, inputs: tuple[Tensor, ...]) -> str:
    model = item.model
    content = " ".join(filter(None, (model.original_sha256, model.sha256)))
    digest = hashlib.sha256(f"{FORMAT} {content} {source.version}\n".encode())
    for tensor in inputs:
        digest.update(f"{tensor.name} {tensor.dtype} {tensor.array.shape}\n".encode())
        digest.update(to_bytes(tensor))
    digest.update("\n".join(info.name for info in model.outputs).encode())
    if model.initialisers:
        digest.update("\n".join(("", *model.initialisers, str(model.steps))).encode())
    if item.reference_kernels:
        digest.update(b"\nreference kernels")
    if item.draws:  # which ops do, this tool may come to know
        digest.update(b"\ndrawn")
    return digest.hexdigest()


def _compute(item: ModelRun, source: Reference, inputs: tuple[Tensor, ...], entry: Path) -> None:
    """Fill the cache's ``entry``; it appears complete or not at all."""
    entry.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=entry.parent))
    try:
        graph, outputs = _first_that_runs(item, source, inputs, folder)
        drawn = _drawn(item, source, inputs, outputs, graph) if item.draws else frozenset()
        rewritten = graph != (item.model.original or graph)
        rows = [
            {
                "name": tensor.name,
                "dtype": tensor.dtype,
                "shape": list(tensor.array.shape),
                "sha256": _hash_of(folder / f"{place}.bin"),
            }
            | ({"drawn": True} if tensor.name in drawn else {})
            | ({"rewritten": True} if rewritten else {})
            for place, tensor in enumerate(outputs)
        ]
        (folder / LIST).write_text(json.dumps(rows), encoding="utf-8")
        if not entry.is_dir():  # another build of the same model may have been faster
            folder.replace(entry)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _first_that_runs(
    item: ModelRun, source: Reference, inputs: tuple[Tensor, ...], folder: Path
) -> tuple[Path, tuple[Tensor, ...]]:
    """The graph as it was given with its outputs; the rewritten one where TensorFlow runs that
    alone: none runs channels that come first on a CPU, or a fused op as another release had it."""
    given = item.model.original or item.graph
    try:
        return given, _run_reference(item, source, inputs, folder, given)
    except VerificationError as failure:
        if given == item.graph:
            raise
        try:
            return item.graph, _run_reference(item, source, inputs, folder, item.graph)
        except VerificationError:
            raise failure from None


def _drawn(
    item: ModelRun,
    source: Reference,
    inputs: tuple[Tensor, ...],
    first: tuple[Tensor, ...],
    graph: Path,
) -> frozenset[str]:
    """The outputs that are others when the same model runs again on the same inputs."""
    with tempfile.TemporaryDirectory() as folder:
        second = _run_reference(item, source, inputs, Path(folder), graph)
    return frozenset(
        one.name
        for one, other in zip(first, second, strict=True)
        if to_bytes(one) != to_bytes(other)
    )


def _run_reference(
    item: ModelRun, source: Reference, inputs: tuple[Tensor, ...], folder: Path, graph: Path
) -> tuple[Tensor, ...]:
    whole = Program(
        argv=(
            source.python,
            reference.__file__,
            *([reference.PLAIN] if item.reference_kernels else []),
        ),
        name=f"tensorflow {source.version}",
        log=source.log,
        timeout=source.timeout,
    )
    parts = replace(whole, argv=(*whole.argv, "--parts"))
    run_with = functools.partial(
        run_model, model=item.model, graph=graph, inputs=inputs, folder=folder
    )
    # Where the parts do not run it, the whole of TensorFlow says why.
    with contextlib.suppress(VerificationError):
        return run_with(parts).outputs
    try:
        return run_with(whole).outputs
    except VerificationError as failure:
        raise VerificationError(
            Problem(
                where=problem.where,
                what=problem.what,
                todo="TensorFlow itself cannot run this model on these inputs: give it fitting "
                f"ones as an .npz file\n    {problem.todo}",
            )
            for problem in failure.problems
        ) from None
