"""What changed from one build to another."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from buildtool.answers.saved_report import SavedReport
from buildtool.core.errors import BudgetError, Problem
from buildtool.core.values import Change, Comparison, Names, SizeChanges


def compare(old: SavedReport, new: SavedReport, *, before: str, after: str) -> Comparison:
    """What changed from ``old`` to ``new``; ``before`` and ``after`` are what people call them."""
    kinds = {
        "dependency": (old.by_dependency, new.by_dependency),
        "op": (old.by_op, new.by_op),
        "kernel": (old.by_kernel, new.by_kernel),
        "type": (old.by_type, new.by_type),
        "file": (old.by_file, new.by_file),
    }
    sizes = (
        SizeChanges(kind=kind, changes=_changes(*both))
        for kind, both in kinds.items()
        if both[0] != both[1]
    )
    return Comparison(
        before=before,
        after=after,
        totals=tuple(
            Change(name=name, before=old.totals[name], after=new.totals[name])
            for name in new.totals
            if old.totals[name] or new.totals[name]
        ),
        sizes=tuple(sizes),
        names=tuple(each for each in _names(old, new) if each.came or each.went),
        tree=_tree(old, new),
        unknown=tuple(_unknown(old, before)) + tuple(_unknown(new, after)),
    )


def _changes(old: Mapping[str, int], new: Mapping[str, int]) -> tuple[Change, ...]:
    changes = [
        Change(name=name, before=old.get(name), after=new.get(name))
        for name in {*old, *new}
        if old.get(name) != new.get(name)
    ]
    return tuple(sorted(changes, key=lambda change: (-change.grown, change.name)))


def _names(old: SavedReport, new: SavedReport) -> Iterable[Names]:
    yield _came_and_went("kernel", old.kernels, new.kernels)
    yield _came_and_went("op", old.ops, new.ops)
    yield _came_and_went("file in the program", old.by_file, new.by_file)
    if old.flags is not None and new.flags is not None:
        for kind in sorted({*old.flags, *new.flags}):
            of_kind = old.flags.get(kind, ()), new.flags.get(kind, ())
            yield _came_and_went(f"flag of {kind}", *of_kind)
    models = ({f"{name} ({sha[:12]})" for name, sha in each.models.items()} for each in (old, new))
    yield _came_and_went("model", *models)


def _came_and_went(kind: str, old: Collection[str], new: Collection[str]) -> Names:
    came, went = {*new} - {*old}, {*old} - {*new}
    return Names(kind=kind, came=tuple(sorted(came)), went=tuple(sorted(went)))


def _tree(old: SavedReport, new: SavedReport) -> str:
    if old.tree_digest == new.tree_digest:
        return ""
    trees = (f"TensorFlow {each.version} ({each.tree_digest[:12]})" for each in (old, new))
    return " became ".join(trees)


def _unknown(report: SavedReport, called: str) -> Iterable[str]:
    if report.flags is None:
        yield f"flags: {called} was written by an older release of this tool, which kept none"


def require_growth(found: Comparison, most: int, *, where: str) -> None:
    """Let a build fail that has grown too much.

    Raises:
        BudgetError: the stripped program has grown by more than ``most`` bytes.
    """
    if found.grown <= most:
        return
    largest = next((each.changes for each in found.sizes if each.kind == "file"), ())
    grown = [f"{each.grown:>+12,}  {each.name}" for each in largest[:10] if each.grown > 0]
    raise BudgetError(
        Problem(
            where=where,
            what=f"the stripped program has grown by {found.grown:,} bytes against {found.before}; "
            f"'grow' allows {most:,}",
            todo="\n    ".join(["what grew most, in bytes:", *grown]),
        )
    )
