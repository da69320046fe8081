"""Headers and licences of the slices of one variant, put together; and the module map."""

from __future__ import annotations

import filecmp
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePosixPath

from buildtool.core.errors import Problem
from buildtool.products.xcframework.package_values import Library, SlicePackage


def collect_headers(library: Library, problems: list[Problem]) -> Mapping[str, Path]:
    """All headers by the name that ``#include`` has for them, with the file of the first slice
    that has it. Compilers include others for other CPUs, but none may differ."""
    for part in library.slices:
        if not (part.dist / "include").is_dir():
            what, todo = "there is no such folder", f"build slice {part.name} first"
            problems.append(Problem(where=str(part.dist / "include"), what=what, todo=todo))
    found = _union(library.slices, lambda part: _files(part.dist / "include"), problems)
    problems.extend(_same_in_any_case(found, library))
    return found


def collect_licences(library: Library, problems: list[Problem]) -> Mapping[str, Path]:
    """All licence texts, as :func:`collect_headers`."""
    return _union(library.slices, lambda part: _files(part.dist / "licences"), problems)


def public_headers(
    wanted: Iterable[str], headers: Mapping[str, Path], library: Library, problems: list[Problem]
) -> tuple[str, ...]:
    """Those of the wanted headers that are there. At least one must be."""
    names = tuple(wanted)
    found = tuple(sorted(name for name in names if name in headers))
    if not found:
        what = f"has none of the headers that apps include: {', '.join(names) or 'none is named'}"
        where = str(library.slices[0].dist / "include")
        problems.append(Problem(where=where, what=what, todo="build the slice again"))
    return found


def module_folder(public: Iterable[str]) -> str:
    """The folder of the headers that the module map of a plain library stands in.

    Not the topmost: Xcode copies the headers of all such libraries of an app into one folder, in
    which only one of them could have a module map.
    """
    folders = [PurePosixPath(name).parts[0] for name in public if "/" in name]
    return min(folders, default="")


def _files(folder: Path) -> Mapping[str, Path]:
    return {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _union(
    slices: Iterable[SlicePackage],
    files: Callable[[SlicePackage], Mapping[str, Path]],
    problems: list[Problem],
) -> dict[str, Path]:
    union: dict[str, Path] = {}
    for part in slices:
        for name, path in files(part).items():
            first = union.setdefault(name, path)
            if first is not path and not filecmp.cmp(first, path, shallow=False):
                what = f"differs from {first}, but an XCFramework has one for both CPUs"
                todo = "build both slices from the same tree, with the same defines and renaming"
                problems.append(Problem(where=str(path), what=what, todo=todo))
    return dict(sorted(union.items()))


def _same_in_any_case(headers: Mapping[str, Path], library: Library) -> list[Problem]:
    """Macs take names that differ only in case for the same."""
    seen: dict[str, str] = {}
    problems = []
    for name in headers:
        first = seen.setdefault(name.casefold(), name)
        if first != name:
            what = f"to a Mac, {first} and {name} are the same file"
            where = str(library.slices[0].dist / "include")
            problems.append(Problem(where=where, what=what, todo="rename one of them"))
    return problems
