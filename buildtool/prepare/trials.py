"""What graphs give for the same inputs, computed by TensorFlow (``trial_runs.py``), and kept."""

from __future__ import annotations

import functools
import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.core.datatypes import short
from buildtool.core.errors import ToolError, writing
from buildtool.core.own_files import load_kept
from buildtool.core.run import Command, run
from buildtool.core.scratch import scratch_folder
from buildtool.model.freezing import environment
from buildtool.verify.tensor_files import Tensor, read_tensor, to_bytes

_SCRIPT = "buildtool.prepare.trial_runs"
_TIMEOUT = 3600.0
Inputs = tuple[Tensor, ...]
Outputs = tuple[Tensor, ...]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One graph as a file, with the hash of its content."""

    path: Path
    sha256: str


@dataclass(frozen=True, kw_only=True)
class TrialResult:
    """The outputs of each run of one graph; or why TensorFlow does not run it."""

    runs: tuple[Outputs, ...] = ()
    failure: str = ""


@dataclass(frozen=True, kw_only=True)
class Laboratory:
    """Where graphs are tried: ``python`` has TensorFlow (``version``). What was computed is kept in
    ``cache``; ``log`` gets what the process prints."""

    python: str
    version: str
    cache: Path
    log: Path

    def run(
        self,
        graphs: Sequence[Trial],
        runs: Sequence[Inputs],
        outputs: Sequence[str],
        initialisers: Sequence[str],
    ) -> tuple[TrialResult, ...]:
        """The results of each graph, all that are not known yet in one process.

        Raises:
            ToolError: the process ends without an answer.
        """
        asked = _digest(self.version, runs, (*outputs, "", *initialisers))
        entries = [
            self.cache / hashlib.sha256(f"{asked} {graph.sha256}".encode()).hexdigest()[:32]
            for graph in graphs
        ]
        found = {entry: load_kept(functools.partial(_read, entry, outputs)) for entry in entries}
        fresh = {
            entry: graph
            for entry, graph in zip(entries, graphs, strict=True)
            if found[entry] is None
        }
        if fresh:
            self._compute(fresh, runs, outputs, initialisers)
        return tuple(found[entry] or _read(entry, outputs) for entry in entries)

    def _compute(
        self,
        fresh: dict[Path, Trial],
        runs: Sequence[Inputs],
        outputs: Sequence[str],
        initialisers: Sequence[str],
    ) -> None:
        with scratch_folder(self.cache, "running") as scratch:
            results = scratch / "results"
            request = {
                "graphs": [str(graph.path) for graph in fresh.values()],
                "runs": [_written(inputs, scratch / f"run-{i}") for i, inputs in enumerate(runs)],
                "outputs": list(outputs),
                "initialisers": list(initialisers),
                "results": str(results),
            }
            asked = scratch / "request.json"
            asked.write_text(json.dumps(request), encoding="utf-8")
            command = Command(argv=(self.python, "-m", _SCRIPT, str(asked)), env=environment())
            what = "running the prepared graphs in TensorFlow"
            run(command, what=what, log=self.log, timeout=_TIMEOUT, error=ToolError)
            for number, entry in enumerate(fresh):
                shutil.rmtree(entry, ignore_errors=True)
                shutil.move(results / str(number), entry)


def _written(inputs: Inputs, folder: Path) -> list[tuple[str, str, str, str]]:
    folder.mkdir()
    rows = []
    for place, tensor in enumerate(inputs):
        path = folder / f"{place}.bin"
        with writing(path):
            path.write_bytes(to_bytes(tensor))
        shape = ",".join(map(str, tensor.array.shape))
        rows.append((tensor.name, short(tensor.dtype), shape, str(path)))
    return rows


def _read(entry: Path, outputs: Sequence[str]) -> TrialResult:
    failed = entry / "failed.txt"
    if failed.is_file():
        return TrialResult(failure=failed.read_text(encoding="utf-8"))
    runs = []
    for folder in sorted(entry.iterdir(), key=lambda path: int(path.name)):
        rows = json.loads((folder / "rows.json").read_text(encoding="utf-8"))
        runs.append(
            tuple(
                read_tensor(
                    folder / f"{place}.bin",
                    name=name,
                    dtype=f"DT_{row['dtype'].upper()}",
                    shape=row["shape"],
                )
                for place, (name, row) in enumerate(zip(outputs, rows, strict=True))
            )
        )
    return TrialResult(runs=tuple(runs))


def _digest(version: str, runs: Sequence[Inputs], names: Sequence[str]) -> str:
    digest = hashlib.sha256(f"{version}\n".encode())
    digest.update("\n".join(names).encode())
    for tensor in (tensor for inputs in runs for tensor in inputs):
        digest.update(f"\n{tensor.name} {tensor.dtype} {tensor.array.shape}\n".encode())
        digest.update(to_bytes(tensor))
    return digest.hexdigest()
