"""Which kernels of TensorFlow Lite a library holds, by the symbols of the file that was linked: its
resolver cannot be asked through the interface for C."""

from __future__ import annotations

from pathlib import Path

from buildtool.binary.elf import held_symbols
from buildtool.core.errors import Problem
from buildtool.core.values import BuildPlan
from buildtool.verify.class_texts import TextCheck


def check_functions(linked: Path, plan: BuildPlan) -> TextCheck:
    """Compare the functions that give kernels with the plan, whose kernels are TensorFlow Lite's
    alone. ``linked`` has its symbols yet; each function has no parameters, so that the Itanium C++
    ABI mangles its name to the lengths and parts of it."""
    symbols = held_symbols(linked)
    lacking = {
        kernel.registration.kernel_class
        for kernel in plan.kernels
        if mangled(kernel.registration.kernel_class) not in symbols
    }
    missing = [each for each in plan.kernels if each.registration.kernel_class in lacking]
    problems = [
        Problem(
            where=f"{each.registration.source}:{each.registration.line}",
            what=f"the kernel of {each.registration.op} is planned, but {linked.name} has no "
            f"{each.registration.kernel_class}",
            todo="was the file compiled? See generated/files.json and the log of the compiler",
        )
        for each in missing
    ]
    lost = {each.registration.op for each in missing}
    return TextCheck(
        kernels=len(plan.kernels) - len(missing),
        ops=len(plan.ops) - len(lost),
        missing=tuple(sorted(lacking)),
        surplus=(),
        problems=tuple(problems),
    )


def mangled(function: str) -> str:
    """The symbol of a function without parameters: ``a::b`` is ``_ZN1a1bEv``."""
    return f"_ZN{''.join(f'{len(part)}{part}' for part in function.split('::'))}Ev"
