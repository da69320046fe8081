"""The bill of materials of a target's library, from its plan, its licences and the lock file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from buildtool.core.paths import Layout
from buildtool.core.render import write_if_changed
from buildtool.core.values import BuildPlan
from buildtool.report.bill_of_materials import Bill, Material, bill_text
from buildtool.sources import Lock
from buildtool.sources.lock import GitHub, LockedSource
from buildtool.workflow.workspace import Workspace


def write_bill(work: Workspace, built: Mapping[Layout, BuildPlan]) -> None:
    """Write the bill of what was ``built``, of one target or of all its slices, into the target's
    ``dist``: the plans, by the folders that they were built in."""
    plans = [*built.values()]
    texts: dict[str, set[str]] = {}
    for layout in built:
        for path in sorted(layout.licences.glob("*/*")):
            texts.setdefault(path.parent.name, set()).add(path.name)
    trees = sorted({plan.tree_digest for plan in plans})
    bill = Bill(
        target=work.target.id,
        release=plans[0].tensorflow_version,
        materials=tuple(_materials(texts, work.access.lock)),
        models={model.name: model.sha256 for plan in plans for model in plan.models},
        facts={"tree of TensorFlow": ", ".join(trees), "target": work.target.id},
    )
    write_if_changed(work.layout.bill, bill_text(bill))


def _materials(texts: dict[str, set[str]], lock: Lock) -> Iterator[Material]:
    """One for each folder of licence texts; what the lock file knows of it besides."""
    for name, files in sorted(texts.items()):
        source = lock.sources.get(name)
        shown = tuple(sorted(files))
        if source is None:
            yield Material(name=name, texts=shown)
        else:
            yield Material(
                name=source.family,
                version=source.version,
                licence=source.spdx,
                repository=_repository(source),
                tree=source.tree,
                texts=shown,
            )


def _repository(source: LockedSource) -> str:
    """Where GitHub has it: the first such place, as the lock file writes it."""
    for place in source.places:
        if isinstance(place.origin, GitHub) and not place.subdir:
            return f"{place.origin.repository}@{place.origin.ref}"
    return ""
