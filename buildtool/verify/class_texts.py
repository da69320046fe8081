"""Which kernels a library registers, by the texts in it.

A kernel's class is in the binary as a text: the registering macro gives it to the registry
(``framework/op_kernel.h``, 1.0 to 2.14). What is not selected is left out by the compiler together
with its text. Linkers put a text at the end of a longer one that ends like it; spaces in a class
are placed differently by different preprocessors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.binary.loaded_texts import Texts, loaded_texts, squeezed
from buildtool.core.errors import Problem
from buildtool.core.values import BuildPlan, KernelCatalogue

SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class TextCheck:
    """``kernels`` and ``ops`` count what the plan selects and the library has; ``missing`` are
    classes, ``surplus`` those that nobody selected. ``uncertain`` are classes and ops that stand
    only at the end of another's name, such as ``Relu`` in ``LeakyRelu``: the linker may have put
    them there, or they are not in the library."""

    kernels: int
    ops: int
    missing: tuple[str, ...]
    surplus: tuple[str, ...]
    problems: tuple[Problem, ...]
    uncertain: tuple[str, ...] = ()


def check_texts(
    library: Path, plan: BuildPlan, catalogue: KernelCatalogue, *, everything: bool
) -> TextCheck:
    """Compare the texts of ``library`` with the plan; with ``everything`` nothing is too much."""
    texts = Texts(loaded_texts(library.read_bytes()))
    planned = {squeezed(item.registration.kernel_class.encode()) for item in plan.kernels}
    missing = {each for each in planned if not texts.ending_with(each)}
    problems = [
        Problem(
            where=f"{item.registration.source}:{item.registration.line}",
            what=f"the kernel {item.registration.kernel_class} is planned for "
            f"{item.registration.op}, but {library.name} does not have it",
            todo="was the file compiled, with the defines of the plan? See generated/files.json "
            "and the log of the compiler",
        )
        for item in plan.kernels
        if squeezed(item.registration.kernel_class.encode()) in missing
    ]
    lost = [op for op, _ in plan.ops if not texts.ending_with(op.encode())]
    problems += [
        Problem(
            where=source,
            what=f"the op {op} is planned, but {library.name} does not have it",
            todo="was the file with its REGISTER_OP compiled?",
        )
        for op, source in plan.ops
        if op in lost
    ]
    surplus = () if everything else _surplus(texts, planned, catalogue)
    if surplus:
        more = f" and {len(surplus) - SHOWN} more" if len(surplus) > SHOWN else ""
        problems.append(
            Problem(
                where=library.name,
                what=f"the selection had no effect: it has {len(surplus)} classes of kernels that "
                f"were not selected ({'; '.join(surplus[:SHOWN])}{more})",
                todo="SELECTIVE_REGISTRATION was not defined for every file, or another "
                "ops_to_register.h came first",
            )
        )
    return TextCheck(
        kernels=sum(
            squeezed(item.registration.kernel_class.encode()) not in missing
            for item in plan.kernels
        ),
        ops=len(plan.ops) - len(lost),
        missing=tuple(sorted(each.decode() for each in missing)),
        surplus=surplus,
        problems=tuple(problems),
        uncertain=tuple(sorted(_uncertain(texts, plan, catalogue))),
    )


def joined(checks: Sequence[TextCheck]) -> TextCheck:
    """What several libraries have together."""
    return TextCheck(
        kernels=sum(each.kernels for each in checks),
        ops=sum(each.ops for each in checks),
        missing=tuple(name for each in checks for name in each.missing),
        surplus=tuple(name for each in checks for name in each.surplus),
        problems=tuple(problem for each in checks for problem in each.problems),
        uncertain=tuple(name for each in checks for name in each.uncertain),
    )


def _uncertain(texts: Texts, plan: BuildPlan, catalogue: KernelCatalogue) -> Iterator[str]:
    """What is planned, and stands nowhere but in names that mean something else."""
    known = {squeezed(each.kernel_class.encode()) for each in catalogue.kernels}
    others = texts.whole & (known | {each.op.encode() for each in catalogue.ops})
    classes = {each.registration.kernel_class for each in plan.kernels}
    for name in classes | {op for op, _ in plan.ops}:
        text = squeezed(name.encode())
        if text in texts.whole:
            continue
        longer = texts.ending_with(text)
        if longer and longer <= others:
            yield name


def _surplus(texts: Texts, planned: set[bytes], catalogue: KernelCatalogue) -> tuple[str, ...]:
    """Classes that are there by themselves and were not selected. One with the name of an op
    proves nothing: names of ops are there for many reasons."""
    system = {squeezed(each.kernel_class.encode()) for each in catalogue.kernels if each.system}
    ops = {each.op.encode() for each in catalogue.ops}
    known = {squeezed(each.kernel_class.encode()): each.kernel_class for each in catalogue.kernels}
    found = known.keys() & texts.whole - planned - system - ops
    return tuple(sorted(known[each] for each in found))
