"""All ABIs of a target in one AAR, and a Maven repository that has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from buildtool.config import Target
from buildtool.core.errors import VerificationError
from buildtool.core.own_files import read_own
from buildtool.core.paths import Layout
from buildtool.platforms.android_parts import FACTS, chosen_parts
from buildtool.products import dist
from buildtool.products.aar.aar_check import check_aar
from buildtool.products.aar.aar_file import AarContent, write_aar
from buildtool.products.aar.maven import Coordinates, write_repository
from buildtool.products.product import Slice
from buildtool.tools.android.ndk_support import system_libraries
from buildtool.verify.loadable import LibraryWanted

# What the native library looks up by name.
JAVA_PACKAGES = ("org.tensorflow",)


def pack_aar(target: Target, slices: Sequence[Slice], layout: Layout) -> tuple[str, ...]:
    """Write the AAR, look at it, and put it where an app's build takes it. Returns lines.

    Raises:
        VerificationError: Android could not load what is in it.
    """
    facts = [read_own(each.layout.dist / FACTS) for each in slices]
    level = max(int(each["api_level"]) for each in facts)
    return package_aar(
        target,
        slices,
        layout,
        _content(target, slices, level),
        _library_needs(target, facts, level),
    )


def package_aar(
    target: Target,
    slices: Sequence[Slice],
    layout: Layout,
    content: AarContent,
    wanted: Mapping[str, LibraryWanted],
    *,
    tells_classes: bool = True,
) -> tuple[str, ...]:
    """Write an AAR, look at it, and put it where an app's build takes it. ``wanted`` is what each
    library must be, by its file's name. Returns lines.

    Raises:
        VerificationError: Android could not load what is in it.
    """
    coordinates = package_coordinates(target, slices)
    # Looked at before it is where an app's build takes it.
    path = layout.package / f"{coordinates.artifact}-{coordinates.version}.aar"
    write_aar(path, content)
    report = check_aar(path, {each.abi.name: each.abi for each in slices}, wanted)
    if report.problems:
        raise VerificationError(report.problems)
    abis = ", ".join(each.abi.name for each in slices)
    classes = f"; {report.classes} classes" if tells_classes else ""
    return (
        f"{path.name}: {abis}{classes}; {report.size / 1e6:.2f} MB",
        _hand_out(path, coordinates, target, layout),
    )


def exact_library(soname: str, level: int, facts: Mapping[str, Any]) -> LibraryWanted:
    """What a library must be that exports what its link was asked for, and nothing else: ``facts``
    are what the link wrote of it."""
    exports = tuple(facts["exports"])
    return LibraryWanted(
        soname=soname,
        level=level,
        system=system_libraries(),
        symbols=exports,
        only=exports,
        stand_in=facts["stand_in"],
    )


def _hand_out(path: Path, coordinates: Coordinates, target: Target, layout: Layout) -> str:
    """Put an AAR that was looked at where an app's build takes it, in place of an older one, and
    into a Maven repository. Returns a line."""
    ready = layout.dist
    dist.copy_if_changed(path, ready / path.name)
    for stale in set(ready.glob("*.aar")) - {ready / path.name}:
        stale.unlink()
    pom = write_repository(
        ready / "maven", coordinates, path, description=target.description or target.id
    )
    return f"{coordinates} in {pom.relative_to(layout.folder.parent.parent).parents[0]}"


def package_coordinates(target: Target, slices: Sequence[Slice]) -> Coordinates:
    """What an app calls the package, as the target says."""
    android = target.android
    return Coordinates(
        group=android.group,
        artifact=android.artifact,
        version=android.version or slices[0].plan.tensorflow_version,
    )


def _content(target: Target, slices: Sequence[Slice], level: int) -> AarContent:
    classes = chosen_parts(target, "classes")
    return AarContent(
        package=target.android.package,
        level=level,
        libraries={
            each.abi.name: [
                each.layout.dist / library.place(each.abi.name)
                for library in chosen_parts(target, "library")
            ]
            for each in slices
        },
        classes=slices[0].layout.dist / classes[0].place("") if classes else None,
        kept=JAVA_PACKAGES if classes else (),
        licences=licence_texts(slices),
    )


def _library_needs(
    target: Target, facts: Sequence[dict[str, Any]], level: int
) -> dict[str, LibraryWanted]:
    """What each library must be, by its file's name."""
    return {
        each.file: LibraryWanted(
            soname=each.file,
            level=level,
            system=system_libraries(),
            page_size=target.android.page_size or 0,
            stand_in=any(each["stand_in"] for each in facts),
        )
        for each in chosen_parts(target, "library")
    }


def licence_texts(slices: Sequence[Slice]) -> dict[str, str]:
    """The texts of all slices, by source and name."""
    found: dict[str, str] = {}
    for each in slices:
        folder = each.layout.licences
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                text = path.read_text(encoding="utf-8", errors="replace")
                found[path.relative_to(folder).as_posix()] = text
    return found
