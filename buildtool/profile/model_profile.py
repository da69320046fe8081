"""The profile of one model on one library, and how it is measured and kept."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from buildtool.core.decode import from_json
from buildtool.core.errors import ConfigError, Problem
from buildtool.core.own_files import load_kept_json
from buildtool.core.values import ModelInfo
from buildtool.profile.node_times import NodeTimes, OpTimes, node_times, op_times
from buildtool.profile.step_stats import NodeRun, read_runs
from buildtool.verify.inputs import ModelRun, model_inputs
from buildtool.verify.program import Program, profile_model

SCHEMA_VERSION = 1
SECONDS = 120  # after which no further run is begun, with and without tracing


@dataclass(frozen=True, kw_only=True)
class Circumstance:
    """Where it was measured. ``place`` is this machine, an emulator or a device, in words;
    ``emulated``: the times are those of an emulator."""

    target: str
    tensorflow_version: str
    place: str
    emulated: bool


@dataclass(frozen=True, kw_only=True)
class ModelProfile:
    """A model's profile. Times are milliseconds: ``plain`` of each run without tracing, ``traced``
    of each one with it, ``timings`` of reading and loading. ``run`` is how long the nodes of each
    traced run took together. ``original_sha256`` is that of the model before it was changed for
    this library, or its own."""

    model: str
    sha256: str
    original_sha256: str
    where: Circumstance
    inputs: str
    wanted_runs: int
    plain: tuple[float, ...]
    traced: tuple[float, ...]
    timings: Mapping[str, float]
    peak_kib: int
    nodes: tuple[NodeTimes, ...]
    ops: tuple[OpTimes, ...]
    sums: tuple[float, ...]

    @property
    def average(self) -> float:
        """Of the runs without tracing but for the first, where there are more."""
        return statistics.fmean(self.plain[1:] or self.plain)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A profile, and the nodes of its median traced run, for a picture."""

    profile: ModelProfile
    timeline: tuple[NodeRun, ...]


def measure_model(
    item: ModelRun, program: Program, where: Circumstance, *, folder: Path, runs: int
) -> Measured:
    """Run a model and say what its nodes took.

    Raises:
        VerificationError: it does not run, or what was traced cannot be read.
        ConfigError: the given inputs do not fit.
    """
    found = profile_model(
        program,
        model=item.model,
        graph=item.graph,
        inputs=model_inputs(item.model, item.inputs),
        folder=folder,
        runs=runs,
        seconds=SECONDS,
    )
    traced = read_runs(found.stats)
    profile = ModelProfile(
        model=item.model.name,
        sha256=item.model.sha256,
        original_sha256=_original(item.model),
        where=where,
        inputs="seeded" if item.inputs is None else f"given: {item.inputs.name}",
        wanted_runs=runs,
        plain=found.plain,
        traced=found.traced,
        timings=found.timings,
        peak_kib=found.peak_kib,
        nodes=node_times(traced),
        ops=op_times(traced),
        sums=tuple(sum(node.time for node in run) / 1000 for run in traced),
    )
    median = sorted(zip(found.traced, traced, strict=True), key=lambda pair: pair[0])
    return Measured(profile=profile, timeline=median[len(median) // 2][1])


def profile_values(profile: ModelProfile) -> dict[str, object]:
    """The content of a profile's JSON file: the fields of :class:`ModelProfile`."""
    return {"schema_version": SCHEMA_VERSION, **dataclasses.asdict(profile)}


def _as_profile(content: Any) -> ModelProfile | None:
    known = content["schema_version"] == SCHEMA_VERSION
    return from_json(ModelProfile, content) if known else None


def find_profile(folder: Path, target: str, wanted: ModelInfo) -> ModelProfile:
    """The profile of the same model that the step has left in ``folder`` for another target.

    Raises:
        ConfigError: there is none.
    """
    listed = (load_kept_json(path, _as_profile) for path in sorted(folder.glob("*.json")))
    found = [profile for profile in listed if profile is not None]
    for profile in found:
        if profile.original_sha256 == _original(wanted):
            return profile
    others = ", ".join(f"{each.model} ({each.original_sha256[:12]})" for each in found)
    has = f"there are only those of {others}" if others else "there is none at all"
    raise ConfigError(
        Problem(
            where=f"against={target}",
            what=f"there is no profile of {wanted.name} ({_original(wanted)[:12]}) on it; {has}",
            todo=f"measure the same file there first: doit profile:{target} model={wanted.name}.pb",
        )
    )


def _original(model: ModelInfo) -> str:
    return model.original_sha256 or model.sha256
