"""The libraries of all ABIs and the classes in one AAR, and a Maven repository that has it."""

from __future__ import annotations

from collections.abc import Sequence

from buildtool.config import Target
from buildtool.core.own_files import read_own
from buildtool.core.paths import Layout
from buildtool.platforms.facts import Platform
from buildtool.products.aar.aar_file import AarContent
from buildtool.products.aar.aar_packing import (
    JAVA_PACKAGES,
    exact_library,
    licence_texts,
    package_aar,
)
from buildtool.products.java.java_places import (
    CLASSES_PLACE,
    FACTS_PLACE,
    LIBRARY,
    LIBRARY_PLACE,
)
from buildtool.products.product import Slice
from buildtool.tools.android.compatibility import DEFAULT_LEVEL


def pack_java(
    target: Target, platform: Platform, slices: Sequence[Slice], layout: Layout
) -> tuple[str, ...]:
    """Write the AAR, look at it, and put it where an app's build takes it. Returns lines.

    Raises:
        VerificationError: Android could not load what is in it.
    """
    del platform
    level = target.android.api_level or DEFAULT_LEVEL
    folder = slices[0].layout.folder
    facts = read_own(folder / FACTS_PLACE)
    content = AarContent(
        package=target.android.package,
        level=level,
        libraries={each.abi.name: [each.layout.folder / LIBRARY_PLACE] for each in slices},
        classes=folder / CLASSES_PLACE,
        kept=JAVA_PACKAGES,
        licences=licence_texts(slices),
    )
    wanted = {LIBRARY: exact_library(LIBRARY, level, facts)}
    return package_aar(target, slices, layout, content, wanted)
