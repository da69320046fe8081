"""The bytes of a program as trees to walk: by dependency and folder, by kernel, and by type.

What was measured is what the linker took of each object file. So the smallest part is a file; one
that registers several kernels, or kernels for several types, stands in the trees once, under all of
them together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from buildtool.core.datatypes import short
from buildtool.core.values import BuildPlan, PlannedFile, SelectedKernel, SizeReport
from buildtool.report.size import places_of, shown_place
from buildtool.report.type_texts import kernel_types

MOST_OF_SYMBOL = 240  # characters; those of C++ can have thousands
NO_TYPE = "no type of its own"


class Part(NamedTuple):
    """A line of the size report: its bytes, what it is part of, and the places, in their lists, of
    the files and kernels that share it."""

    name: str
    size: int
    group: str
    files: tuple[int, ...]
    kernels: tuple[int, ...]


class LinkedFile(NamedTuple):
    """A file of the library: why it is linked, and the place of the one that asks for its
    ``symbol``, -1 for none."""

    place: str
    reason: str
    symbol: str
    asked_by: int


class ShownKernel(NamedTuple):
    """A kernel of the plan, in words."""

    op: str
    device: str
    label: str
    kernel_class: str
    types: str
    place: str
    reason: str


class Branch(NamedTuple):
    """A part of a tree; ``members`` are others, or places of :class:`Part`."""

    label: str
    members: tuple[Any, ...]


class View(NamedTuple):
    """One way to share out the bytes: ``noun`` says by what."""

    noun: str
    tree: Branch


def page_data(
    plan: BuildPlan, size: SizeReport, linked: Sequence[PlannedFile]
) -> Mapping[str, Any]:
    """What the page's script reads."""
    files = linked_files(linked)
    parts = program_parts(plan, size, files)
    return {
        "total": size.stripped,
        "parts": parts,
        "files": files,
        "kernels": [_kernel(kernel) for kernel in plan.kernels],
        "views": views(plan, parts),
    }


def linked_files(linked: Sequence[PlannedFile]) -> tuple[LinkedFile, ...]:
    """The files of the library, each with who asked for it."""
    places = {file.key: place for place, file in enumerate(linked)}
    return tuple(
        LinkedFile(
            place=shown_place(file),
            reason=_shortened(file.reason),
            symbol=_shortened(file.symbol),
            asked_by=places.get(file.asked_by, -1),
        )
        for file in linked
    )


def program_parts(
    plan: BuildPlan, size: SizeReport, files: Sequence[LinkedFile]
) -> tuple[Part, ...]:
    """The lines of the size report, the largest first."""
    by_place = {file.place: place for place, file in enumerate(files)}
    by_source: dict[str, list[int]] = defaultdict(list)
    for place, kernel in enumerate(plan.kernels):
        by_source[kernel.registration.source].append(place)
    return tuple(
        Part(
            name=item.name,
            size=item.size,
            group=item.detail or item.name,
            files=tuple(by_place[at] for at in places_of(item.name) if at in by_place),
            kernels=tuple(kernel for at in places_of(item.name) for kernel in by_source[at]),
        )
        for item in size.files
    )


def views(plan: BuildPlan, parts: Sequence[Part]) -> tuple[View, ...]:
    """The trees that can be walked; those of kernels and types hold the files that register some.
    Types are left out where no kernel has any, as in TensorFlow Lite."""
    found = [View("dependency", Branch("program", tuple(_by_dependency(parts))))]
    registering = [place for place, part in enumerate(parts) if part.kernels]
    if registering:
        found.append(View("kernel", Branch("kernels", _by_ops(plan, parts, registering))))
    types = _grouped(registering, lambda place: _type_names(plan, parts[place]))
    if types.keys() - {NO_TYPE}:
        members = (Branch(name, _by_ops(plan, parts, own)) for name, own in types.items())
        found.append(View("type", Branch("kernels", tuple(members))))
    return tuple(found)


def _by_dependency(parts: Sequence[Part]) -> Iterator[Any]:
    for group, own in _grouped(range(len(parts)), lambda place: parts[place].group).items():
        if [parts[place].name for place in own] == [group]:
            yield own[0]
        else:
            yield _folder(group, [(_path(parts[place].name), place) for place in own])


def _path(name: str) -> tuple[str, ...]:
    """The folders and the file of a line: of the first of namesakes."""
    return tuple(places_of(name)[0].rpartition(": ")[2].split("/"))


def _folder(label: str, paths: Sequence[tuple[tuple[str, ...], int]]) -> Branch:
    """A folder; where there is nothing in it but one other, that stands in its place."""
    inside = _grouped(paths, lambda path: path[0][0] if len(path[0]) > 1 else "")
    files = tuple(place for _, place in inside.pop("", ()))
    folders = [
        _folder(name, [(path[1:], place) for path, place in own]) for name, own in inside.items()
    ]
    members = tuple(f.members[0] if _is_lone(f) else f for f in folders)
    if not files and len(members) == 1 and isinstance(members[0], Branch):
        return Branch(label, members[0].members)
    return Branch(label, (*files, *members))


def _is_lone(folder: Branch) -> bool:
    """Whether nothing is in it but one file."""
    return len(folder.members) == 1 and isinstance(folder.members[0], int)


def _by_ops(plan: BuildPlan, parts: Sequence[Part], places: Iterable[int]) -> tuple[Any, ...]:
    named = _grouped(places, lambda place: _ops(plan, parts[place]))
    return tuple(Branch(name, tuple(own)) for name, own in named.items())


def _ops(plan: BuildPlan, part: Part) -> str:
    return ", ".join(sorted({plan.kernels[place].registration.op for place in part.kernels}))


def _type_names(plan: BuildPlan, part: Part) -> str:
    """All types for which a file registers kernels."""
    names = {
        short(name)
        for place in part.kernels
        for constraint in plan.kernels[place].registration.constraints
        for name in constraint.types
    }
    return ", ".join(sorted(names)) or NO_TYPE


def _kernel(kernel: SelectedKernel) -> ShownKernel:
    registration = kernel.registration
    return ShownKernel(
        op=registration.op,
        device=registration.device,
        label=registration.label,
        kernel_class=registration.kernel_class,
        types=kernel_types(registration),
        place=f"{registration.source}:{registration.line}",
        reason=kernel.reason,
    )


def _grouped(items: Iterable[Any], key: Callable[[Any], str]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for item in items:
        found[key(item)].append(item)
    return dict(found)


def _shortened(text: str) -> str:
    return text if len(text) <= MOST_OF_SYMBOL else f"{text[:MOST_OF_SYMBOL]} ..."
