"""Does the linked program register what the plan promised, and not far more?"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from buildtool.binary import macho
from buildtool.binary.archive import Member
from buildtool.binary.elf import read_object, undefined_symbols
from buildtool.binary.elf_file import NotElfError, is_bitcode
from buildtool.core.errors import Problem
from buildtool.core.values import BuildPlan, KernelCatalogue, Registration
from buildtool.verify.program import RegisteredKernel, Registries, constraint_names

SHOWN = 8
# Part of the mangled names of what registers a kernel (framework/op_kernel.h, 1.0 to 2.14).
REGISTRAR = "OpKernelRegistrar"


@dataclass(frozen=True, kw_only=True)
class RegistryCheck:
    """How the registry differs from the plan, as lines for a report, and what is wrong."""

    missing: tuple[str, ...]
    surplus: tuple[str, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AllowedRegistrations:
    """What may be registered besides what is planned. ``repeated`` are kernels that the tree itself
    registers more than once, with the places, as ``file:line``, where it does."""

    kernels: frozenset[RegisteredKernel] = frozenset()
    ops: frozenset[str] = frozenset()
    repeated: Mapping[RegisteredKernel, tuple[str, ...]] = field(default_factory=dict)


_NOTHING = AllowedRegistrations()


def may_register(
    plan: BuildPlan, catalogue: KernelCatalogue, *, everything: bool
) -> AllowedRegistrations:
    """What a library that follows the plan may hold: the macros compare the text of a class alone,
    so that a class that is selected registers all its kernels, for whatever types and devices.
    System kernels and ops register always; with ``everything`` all do."""
    chosen = {_squeezed(item.registration.kernel_class) for item in plan.kernels}
    places = defaultdict[RegisteredKernel, list[str]](list)
    for kernel in catalogue.kernels:
        places[_planned(kernel)].append(f"{kernel.source}:{kernel.line}")
    return AllowedRegistrations(
        kernels=frozenset(
            _planned(kernel)
            for kernel in catalogue.kernels
            if everything or kernel.system or _squeezed(kernel.kernel_class) in chosen
        ),
        ops=frozenset(item.op for item in catalogue.ops if everything or item.system),
        repeated={kernel: tuple(found) for kernel, found in places.items() if len(found) > 1},
    )


def _squeezed(text: str) -> str:
    """A class as the macros compare it: without spaces."""
    return "".join(text.split())


def check_registries(
    plan: BuildPlan,
    found: Registries,
    *,
    members: Sequence[Member],
    allowed: AllowedRegistrations = _NOTHING,
) -> RegistryCheck:
    """Compare what is registered with ``plan``. ``members`` of the archive help to tell why a
    kernel is missing; ``allowed`` is surplus that is no fault."""
    registered = Counter(_plain(kernel) for kernel in found.kernels)
    planned = {_planned(item.registration): item.registration for item in plan.kernels}
    missing = [planned[kernel] for kernel in sorted(planned.keys() - registered.keys())]
    surplus = sorted(registered.keys() - planned.keys())
    problems = [_missing_problem(kernel, found.kernels, members) for kernel in missing]
    problems += _missing_ops(plan, found)
    repeated, notes = _repeated(found, planned, allowed)
    problems += repeated
    lost = {(kernel.op, kernel.device) for kernel in missing}  # told with what is missing
    kernels = [k for k in surplus if k not in allowed.kernels and (k.op, k.device) not in lost]
    ops = set(found.ops) - {op for op, _ in plan.ops} - allowed.ops
    problems += _no_selection(plan.target, [*map(describe, kernels)], "kernels")
    problems += _no_selection(plan.target, sorted(ops), "ops")
    return RegistryCheck(
        missing=tuple(describe(_planned(kernel)) for kernel in missing),
        surplus=tuple(describe(kernel) for kernel in surplus),
        problems=tuple(problems),
        notes=tuple(notes),
    )


def describe(kernel: RegisteredKernel) -> str:
    """``MatMul on CPU (T: DT_FLOAT)``."""
    limits = "; ".join(f"{attr}: {', '.join(types)}" for attr, types in kernel.constraints)
    label = f", label {kernel.label!r}" if kernel.label else ""
    return f"{kernel.op} on {kernel.device}" + (f" ({limits})" if limits else "") + label


def _planned(kernel: Registration) -> RegisteredKernel:
    return RegisteredKernel(
        op=kernel.op,
        device=kernel.device,
        label=kernel.label,
        constraints=constraint_names(kernel.constraints),
    )


def _plain(kernel: RegisteredKernel) -> RegisteredKernel:
    """Without the constraints on numbers and strings, of which a catalogue says nothing."""
    return RegisteredKernel(
        op=kernel.op, device=kernel.device, label=kernel.label, constraints=kernel.constraints
    )


def _missing_problem(
    kernel: Registration, found: Sequence[RegisteredKernel], members: Sequence[Member]
) -> Problem:
    return Problem(
        where=f"{kernel.source}:{kernel.line}",
        what=f"the kernel {kernel.kernel_class} is planned for {describe(_planned(kernel))}, "
        "but the linked program does not register it",
        todo=_why_missing(kernel, found, members),
    )


def _why_missing(
    kernel: Registration, found: Sequence[RegisteredKernel], members: Sequence[Member]
) -> str:
    others = [item for item in found if (item.op, item.device) == (kernel.op, kernel.device)]
    if others:
        listed = "; ".join(describe(item) for item in others[:SHOWN])
        return (
            f"registered is: {listed}. The types differ: the file was compiled with another type "
            "policy or other defines than the plan was made for"
        )
    objects = [member for member in members if _is_object_of(member, kernel.source)]
    if not objects:
        return f"no object of {PurePosixPath(kernel.source).name} is in the library: not compiled"
    if not any(_registers(member) for member in objects):
        return (
            f"{objects[0].name} is in the library but registers nothing: the class in the "
            "generated header is not spelt as this file spells it under the defines it was "
            "compiled with, or the op is not selected"
        )
    return (
        f"{objects[0].name} is in the library and registers something: the class in the header "
        "differs from this one, or the linker dropped the object (no whole-archive)"
    )


def _is_object_of(member: Member, source: str) -> bool:
    name = PurePosixPath(source).name
    return PurePosixPath(member.name).name in {
        f"{name}.o",
        f"{PurePosixPath(name).stem}.o",
        f"{name}.obj",
    }


def _registers(member: Member) -> bool:
    """Whether the object runs code at start that registers kernels: headers of GCC's library
    before 13 have code of their own there (``<iostream>``). Bitcode does not say; it is given the
    benefit."""
    if is_bitcode(member.data):
        return True
    try:
        if macho.is_macho(member.data):
            return macho.kernel_factories(member.data) > 0
        starts = read_object(member.data).has_static_constructors
        return starts and any(REGISTRAR in name for name in undefined_symbols(member.data))
    except (NotElfError, macho.NotMachoError):
        return False


def _missing_ops(plan: BuildPlan, found: Registries) -> Iterator[Problem]:
    registered = set(found.ops)
    for op, source in plan.ops:
        if op not in registered:
            yield Problem(
                where=source,
                what=f"the op {op} is planned, but the linked program does not register it",
                todo="the file with its REGISTER_OP is not compiled, or the generated header "
                "does not select the op",
            )


def _repeated(
    found: Registries, planned: Container[RegisteredKernel], allowed: AllowedRegistrations
) -> tuple[list[Problem], list[str]]:
    """Problems with kernels that are registered more than once, and notes:
    those that the tree itself registers so, and no model has."""
    problems, notes = [], []
    for kernel, count in sorted(Counter(found.kernels).items()):
        if count == 1:
            continue
        places = allowed.repeated.get(_plain(kernel), ())
        there = " and ".join(places)
        todo = "an object file is in the link twice; the archive must hold each once"
        if count <= len(places):
            if _plain(kernel) not in planned:
                notes.append(
                    f"{describe(kernel)} is registered {count} times, at {there}: no model "
                    "that uses it can run; the models of this target do not use it"
                )
                continue
            todo = (
                f"the tree itself does it, at {there}: choose other 'types', or mend it with "
                "'patches'"
            )
        problems.append(
            Problem(
                where=describe(kernel),
                what=f"is registered {count} times; a model that uses it fails with "
                "'Multiple OpKernel registrations match'",
                todo=todo,
            )
        )
    return problems, notes


def _no_selection(where: str, found: Sequence[str], kind: str) -> Iterator[Problem]:
    if found:
        more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        yield Problem(
            where=where,
            what=f"the selection had no effect: {len(found)} {kind} that it does not "
            f"name are registered ({'; '.join(found[:SHOWN])}{more})",
            todo="SELECTIVE_REGISTRATION was not defined for every file, or another "
            "ops_to_register.h came first in the include folders; delete the objects",
        )
