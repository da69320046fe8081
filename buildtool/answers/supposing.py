"""What would another model, tree or setting change in a library? Two plans, compared."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from buildtool.answers.measured_builds import identity_of, selected_by
from buildtool.answers.size_estimate import Linked, Measures, SizeEstimate, estimate_change
from buildtool.core.values import BuildPlan, LibraryKernel, PlannedFile
from buildtool.report.size import shown_place


@dataclass(frozen=True, kw_only=True)
class SupposedPlan:
    """A plan, the files that it would link as far as is known (by their keys), and the ABI that it
    is for; ``unknown`` are files of it that were never compiled, so that nobody knows what they
    need."""

    plan: BuildPlan
    files: Collection[str]
    abi: str
    unknown: Collection[str] = ()

    @property
    def linked(self) -> Sequence[PlannedFile]:
        return [file for file in self.plan.files if file.key in self.files]


@dataclass(frozen=True, kw_only=True)
class Coming:
    """What comes and what goes of one kind."""

    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Supposition:
    """What changes in a library. ``kernels_new`` and ``kernels_gone`` are sorted; ``unknown`` are
    new files of which nobody knows yet which others they need; ``stripped`` is what the program
    takes now, 0 where it is not built."""

    models: Coming
    ops: Coming
    kernels_new: tuple[LibraryKernel, ...]
    kernels_gone: tuple[LibraryKernel, ...]
    files: Coming
    types: Coming
    flags: Coming
    notes: Coming
    trees: tuple[str, str]
    size: SizeEstimate
    stripped: int = 0
    unknown: tuple[str, ...] = ()

    @property
    def recompiled(self) -> bool:
        """Whether files that stay are compiled in another way, which nobody has measured."""
        return bool(self.flags.new or self.flags.gone)


def suppose(
    before: SupposedPlan, after: SupposedPlan, measures: Measures, *, stripped: int = 0
) -> Supposition:
    """Compare the library as it is planned with what it would be; see :class:`Supposition`."""
    one, two = before.plan, after.plan
    kernels = [_kernels(plan) for plan in (one, two)]
    return Supposition(
        models=_coming(one, two, lambda plan: (model.name for model in plan.models)),
        ops=_coming(one, two, lambda plan: (op for op, _ in plan.ops)),
        kernels_new=tuple(sorted(kernels[1] - kernels[0])),
        kernels_gone=tuple(sorted(kernels[0] - kernels[1])),
        files=Coming(
            new=_without(after.linked, before.linked), gone=_without(before.linked, after.linked)
        ),
        types=_coming(one, two, lambda plan: plan.types),
        flags=_coming(one, two, lambda plan: (*plan.defines, *plan.compile_flags)),
        notes=_coming(one, two, lambda plan: plan.notes),
        trees=(_tree(one), _tree(two)),
        size=estimate_change(
            _linked(before),
            _linked(after),
            measures,
            identities=(identity_of(one, before.abi), identity_of(two, after.abi)),
        ),
        stripped=stripped,
        unknown=tuple(
            shown_place(file)
            for file in after.linked
            if file.key in after.unknown and file.key not in before.unknown
        ),
    )


def _kernels(plan: BuildPlan) -> set[LibraryKernel]:
    return {
        LibraryKernel(op=each.op, kernel_class=each.kernel_class, source=each.source)
        for each in (kernel.registration for kernel in plan.kernels)
    }


def _coming(
    before: BuildPlan, after: BuildPlan, of_plan: Callable[[BuildPlan], Iterable[str]]
) -> Coming:
    old, new = set(of_plan(before)), set(of_plan(after))
    return Coming(new=tuple(sorted(new - old)), gone=tuple(sorted(old - new)))


def _without(files: Iterable[PlannedFile], others: Iterable[PlannedFile]) -> tuple[str, ...]:
    found = {shown_place(file) for file in files} - {shown_place(file) for file in others}
    return tuple(sorted(found))


def _tree(plan: BuildPlan) -> str:
    return f"TensorFlow {plan.tensorflow_version} ({plan.tree_digest[:16]})"


def _linked(supposed: SupposedPlan) -> Linked:
    return Linked(
        places=frozenset(shown_place(file) for file in supposed.linked),
        selected=selected_by(supposed.plan),
    )
