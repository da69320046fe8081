"""What builds have measured, kept for estimates: how many bytes each file took in a program, and
what it registered there. The newest builds of a tree are kept in the cache, whatever folder they
were built in."""

from __future__ import annotations

import functools
import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from buildtool.core.decode import from_json
from buildtool.core.paths import DATA
from buildtool.core.render import to_json, write_if_changed
from buildtool.core.values import BuildPlan, SizeReport
from buildtool.plan.build_plan import selections
from buildtool.report.size import places_of

FOLDER, SHIPPED = "sizes", "measured_builds.json.gz"
_KEPT = 60  # builds of one tree


@dataclass(frozen=True, kw_only=True)
class MeasuredBuild:
    """One build. ``identity`` is the same for builds whose objects are: of one tree, processor,
    macros and flags. ``files`` are the bytes of each place of the size report, ``selected`` the
    kernel classes and ops that files register."""

    identity: str
    files: Mapping[str, int]
    selected: Mapping[str, tuple[str, ...]]


def measured_build(plan: BuildPlan, size: SizeReport, abi: str) -> MeasuredBuild:
    """What there is to keep of a build. Namesakes that were measured together share the bytes."""
    files: dict[str, int] = {}
    for row in size.files:
        places = places_of(row.name)
        for place in places:
            files[place] = files.get(place, 0) + row.size // len(places)
    return MeasuredBuild(identity=identity_of(plan, abi), files=files, selected=selected_by(plan))


def selected_by(plan: BuildPlan) -> Mapping[str, tuple[str, ...]]:
    """By file of TensorFlow's tree, the kernel classes and ops that it registers."""
    return {path: (*classes, *ops) for path, (classes, ops) in selections(plan).items()}


def identity_of(plan: BuildPlan, abi: str) -> str:
    """What decides how large an object is, besides what it registers."""
    flags = [flag for flag in plan.link_flags if flag.startswith("-Wl,")]
    parts = [plan.tree_digest, abi, plan.defines, plan.compile_flags, flags]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def keep_build(cache: Path, plan: BuildPlan, measured: MeasuredBuild) -> None:
    """Keep a build in the cache; the oldest ones go."""
    folder = cache / FOLDER / plan.tree_digest[:16]
    text = to_json(asdict(measured))
    name = hashlib.sha256(text.encode()).hexdigest()[:16]
    write_if_changed(folder / f"{name}.json", text)
    for path in _newest(folder)[_KEPT:]:
        path.unlink(missing_ok=True)


@functools.cache
def shipped_builds() -> Sequence[MeasuredBuild]:
    """Builds that come with this tool, of many ops each: two for ``linux`` of 224 and 222 ops, one
    for ``pi`` of 92, all of TensorFlow 2.14.1."""
    content = json.loads(gzip.decompress((DATA / SHIPPED).read_bytes()))
    return [from_json(MeasuredBuild, row) for row in content["builds"]]


def kept_builds(cache: Path, tree_digest: str) -> Sequence[MeasuredBuild]:
    """The builds of a tree that are kept, the newest first; what cannot be read is none."""
    found = map(_read, _newest(cache / FOLDER / tree_digest[:16]))
    return [build for build in found if build is not None]


def _newest(folder: Path) -> list[Path]:
    found = [(path.stat().st_mtime, path.name, path) for path in folder.glob("*.json")]
    return [path for _, _, path in sorted(found, reverse=True)]


def _read(path: Path) -> MeasuredBuild | None:
    try:
        return from_json(MeasuredBuild, json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None
