"""Is every object of the artefact for the target's processor, platform and oldest release, and is
the linked image complete?

LLVM's linker links an object for a device into a program for a simulator without a warning, and
also one for a newer release. Such a program fails at its start, on the user's machine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from buildtool.binary.archive import Member
from buildtool.binary.macho import (
    MachoImage,
    MachoObject,
    NotMachoError,
    is_macho,
    kernel_factories,
    read_image,
    read_object,
    version_text,
)
from buildtool.core.errors import Problem
from buildtool.core.values import MachoExpectation
from buildtool.core.version_numbers import version_numbers

# Where Apple's own libraries and frameworks are on every device.
APPLE = ("/usr/lib/", "/System/Library/")
SHOWN = 8
FORCE_LOAD = (
    "use -Wl,-force_load,/absolute/path/of/the/archive in the link that makes the app, as the link "
    "settings beside the library do"
)


def object_faults(found: MachoObject, expected: MachoExpectation) -> Iterator[str]:
    """Sentences that say how an object differs from what is expected."""
    if found.cpu != expected.cpu:
        yield f"is for {found.cpu}, not for {expected.cpu}"
    if not found.platform:
        yield f"does not say which platform it is for; expected is {expected.platform}"
    elif found.platform != expected.platform:
        yield f"is for the platform {found.platform}, not for {expected.platform}"
    elif found.minimum_os > version_numbers(expected.minimum_os):
        yield (
            f"needs release {version_text(found.minimum_os)} of the system; "
            f"the target's oldest is {expected.minimum_os}"
        )
    if expected.bitcode and found.kind == "object" and (found.bitcode or 0) < 2:
        left = "only a marker where its bitcode should be" if found.bitcode else "no bitcode"
        yield f"has {left}; the target asks for bitcode"


def faults(data: bytes | memoryview, expected: MachoExpectation) -> tuple[str, ...]:
    """The faults of one file."""
    try:
        return tuple(object_faults(read_object(data), expected))
    except NotMachoError as found:
        return (f"is {found}",)


def image_problems(
    program: Path, expected: MachoExpectation, *, whole: Sequence[Member], kernels: int
) -> list[Problem]:
    """What is wrong with a linked program that still has its symbols.

    ``whole`` are the members that must all be in it, and ``kernels`` how many it must register at
    the least.
    """
    try:
        found, image = read_object(program), read_image(program)
    except NotMachoError as failure:
        return [Problem(where=str(program), what=f"is {failure}", todo="link it again")]
    problems = [
        Problem(where=str(program), what=fault, todo="check the flags of the final link")
        for fault in object_faults(found, expected)
    ]
    problems += _foreign_symbols(program, image)
    objects = [(item.name, read_object(item.data)) for item in whole if is_macho(item.data)]
    problems += _dropped(program, found, objects)
    if found.constructor_names:  # else its symbols are stripped, and say nothing of kernels
        problems += _too_few_kernels(program, kernels)
    return problems


def _foreign_symbols(program: Path, image: MachoImage) -> Iterator[Problem]:
    for library in image.libraries:
        if not library.startswith(APPLE):
            yield Problem(
                where=str(program),
                what=f"loads the library {library}, which is none of Apple's",
                todo="link that library statically",
            )
    nowhere = sorted(name for name, library in image.undefined.items() if not library)
    if nowhere:
        more = f" and {len(nowhere) - SHOWN} more" if len(nowhere) > SHOWN else ""
        yield Problem(
            where=str(program),
            what=f"has undefined symbols that belong to none of its libraries: "
            f"{', '.join(nowhere[:SHOWN])}{more}",
            todo="link without -undefined dynamic_lookup and without -flat_namespace, and see "
            "what the linker misses",
        )


def _dropped(
    program: Path, found: MachoObject, objects: Sequence[tuple[str, MachoObject]]
) -> Iterator[Problem]:
    """Members whose constructors are not in the program."""
    promised = sum(item.constructors for _, item in objects)
    missing = _missing_members(found, objects)
    if missing:
        more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        yield Problem(
            where=str(program),
            what=f"runs {found.constructors} functions before main, but the library has "
            f"{promised}: what registers itself was dropped "
            f"({', '.join(missing[:SHOWN])}{more})",
            todo=FORCE_LOAD,
        )


def _missing_members(found: MachoObject, objects: Sequence[tuple[str, MachoObject]]) -> list[str]:
    """By the names of the constructors; where the program's symbols are stripped already, only
    their number is known, and all members are named if it is too low."""
    if not found.constructor_names:
        too_few = found.constructors < sum(item.constructors for _, item in objects)
        return [name for name, item in objects if item.constructors] if too_few else []
    kept = Counter(found.constructor_names)
    missing = []
    for name, item in objects:
        own = Counter(item.constructor_names)
        if own - kept:
            missing.append(name)
        kept -= own
    return missing


def _too_few_kernels(program: Path, kernels: int) -> Iterator[Problem]:
    registered = kernel_factories(program)
    if registered < kernels:
        yield Problem(
            where=str(program),
            what=f"registers {registered} kernels by its symbols; planned are {kernels}",
            todo=FORCE_LOAD,
        )
