"""The libraries of all ABIs and the classes in one AAR, and a Maven repository that has it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from buildtool.config import Target
from buildtool.core.errors import VerificationError
from buildtool.core.paths import Layout
from buildtool.platforms.facts import Platform
from buildtool.products.aar.aar_check import check_aar
from buildtool.products.aar.aar_file import AarContent, write_aar
from buildtool.products.aar.aar_packing import (
    JAVA_PACKAGES,
    hand_out,
    licence_texts,
    package_coordinates,
)
from buildtool.products.java.java_places import (
    CLASSES_PLACE,
    FACTS_PLACE,
    LIBRARY,
    LIBRARY_PLACE,
)
from buildtool.products.product import Slice
from buildtool.tools.android.compatibility import DEFAULT_LEVEL
from buildtool.tools.android.ndk_support import system_libraries
from buildtool.verify.loadable import LibraryWanted


def pack_java(
    target: Target, platform: Platform, slices: Sequence[Slice], layout: Layout
) -> tuple[str, ...]:
    """Write the AAR, look at it, and put it where an app's build takes it. Returns lines.

    Raises:
        VerificationError: Android could not load what is in it.
    """
    del platform
    level = target.android.api_level or DEFAULT_LEVEL
    coordinates = package_coordinates(target, slices)
    folder = slices[0].layout.folder
    facts = json.loads((folder / FACTS_PLACE).read_text(encoding="utf-8"))
    path = layout.package / f"{coordinates.artifact}-{coordinates.version}.aar"
    content = AarContent(
        package=target.android.package,
        level=level,
        libraries={each.abi.name: [each.layout.folder / LIBRARY_PLACE] for each in slices},
        classes=folder / CLASSES_PLACE,
        kept=JAVA_PACKAGES,
        licences=licence_texts(slices),
    )
    write_aar(path, content)
    wanted = LibraryWanted(
        soname=LIBRARY,
        level=level,
        system=system_libraries(),
        symbols=tuple(facts["exports"]),
        only=tuple(facts["exports"]),
        stand_in=facts["stand_in"],
    )
    report = check_aar(path, {each.abi.name: each.abi for each in slices}, {LIBRARY: wanted})
    if report.problems:
        raise VerificationError(report.problems)
    abis = ", ".join(each.abi.name for each in slices)
    return (
        f"{path.name}: {abis}; {report.classes} classes; {report.size / 1e6:.2f} MB",
        hand_out(path, coordinates, target, layout),
    )
