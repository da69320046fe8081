"""The same model on several libraries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from buildtool.profile.model_profile import ModelProfile

Row = tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Milliseconds of a run for each of ``targets``, the one that was measured now first: of the
    whole ``run``, of each op and of each node; None where it is not run there."""

    targets: tuple[str, ...]
    places: tuple[str, ...]
    run: tuple[float, ...]
    ops: tuple[tuple[str, Row], ...]
    nodes: tuple[tuple[str, Row], ...]


def compare_profiles(profiles: Sequence[ModelProfile]) -> Comparison:
    """Compare profiles of one model; what takes most time in the first of them comes first."""
    ops = [{each.op: each.average for each in profile.ops} for profile in profiles]
    nodes = [
        {each.name: each.average * each.calls for each in profile.nodes} for profile in profiles
    ]
    return Comparison(
        targets=tuple(profile.where.target for profile in profiles),
        places=tuple(profile.where.place for profile in profiles),
        run=tuple(profile.average for profile in profiles),
        ops=_rows(ops),
        nodes=_rows(nodes),
    )


def _rows(columns: Sequence[dict[str, float]]) -> tuple[tuple[str, Row], ...]:
    names = dict.fromkeys(name for column in columns for name in column)
    rows = [(name, tuple(column.get(name) for column in columns)) for name in names]
    # Where one does not have it at all, the others decide.
    return tuple(sorted(rows, key=lambda row: [-(time or 0.0) for time in row[1]]))
