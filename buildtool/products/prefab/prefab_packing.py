"""All ABIs of a target in one AAR with Prefab metadata, and a Maven repository that has it.

With Prefab, the Gradle plugin for Android offers the library to an app's CMake and ndk-build:
``find_package(TensorFlowSelective REQUIRED CONFIG)`` and then
``target_link_libraries(app TensorFlowSelective::tensorflow_selective)``. Layout and keys:
google.github.io/prefab, "Package layout" and "Schemas", version 2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from buildtool.config import Target
from buildtool.core.own_files import read_own
from buildtool.core.paths import Layout
from buildtool.core.render import Renderer
from buildtool.core.version_numbers import numbers
from buildtool.platforms.facts import Platform
from buildtool.products.aar.aar_file import AarContent
from buildtool.products.aar.aar_packing import (
    exact_library,
    licence_texts,
    package_aar,
    package_coordinates,
)
from buildtool.products.product import Slice
from buildtool.products.shared.shared_files import FACTS, LIBRARY, NAME, PLACE
from buildtool.tools.android.compatibility import DEFAULT_LEVEL
from buildtool.verify.loadable import LibraryReport, check_library

MODULE = f"prefab/modules/{NAME}"


def pack_prefab(
    target: Target, platform: Platform, slices: Sequence[Slice], layout: Layout
) -> tuple[str, ...]:
    """Write the AAR, look at it, and put it where an app's build takes it. Returns lines.

    Raises:
        VerificationError: Android could not load what is in it.
    """
    del platform
    level = target.android.api_level or DEFAULT_LEVEL
    facts = read_own(slices[0].layout.dist / FACTS)
    wanted = exact_library(LIBRARY, level, facts)
    looked = {
        each.abi.name: check_library(each.layout.dist / PLACE, each.abi, wanted) for each in slices
    }
    version = package_coordinates(target, slices).version
    content = AarContent(
        package=target.android.package,
        level=level,
        libraries={each.abi.name: [each.layout.dist / PLACE] for each in slices},
        licences=licence_texts(slices),
        more=prefab_entries(slices, looked, level, version),
    )
    return package_aar(target, slices, layout, content, {LIBRARY: wanted}, tells_classes=False)


def prefab_entries(
    slices: Sequence[Slice], looked: Mapping[str, LibraryReport], level: int, version: str
) -> dict[str, bytes]:
    """The files below ``prefab/``. The library holds a C++ library of its own, of which nothing can
    be seen: to apps it has none."""
    renderer = Renderer(Path())
    headers = slices[0].layout.headers
    entries = {
        f"{MODULE}/include/{path.relative_to(headers).as_posix()}": path.read_bytes()
        for path in sorted(each for each in headers.rglob("*") if each.is_file())
    }
    texts = {
        "prefab/prefab.json": renderer.text("prefab/prefab.json.j2", version=version),
        f"{MODULE}/module.json": renderer.text("prefab/module.json.j2"),
    }
    for each in slices:
        abi = each.abi.name
        folder = f"{MODULE}/libs/android.{abi}"
        entries[f"{folder}/{LIBRARY}"] = (each.layout.dist / PLACE).read_bytes()
        ident = looked[abi].ident
        made_by = numbers(ident.ndk) if ident else ()
        texts[f"{folder}/abi.json"] = renderer.text(
            "prefab/abi.json.j2", abi=abi, level=level, ndk=made_by[0] if made_by else 0
        )
    return {**entries, **{name: text.encode() for name, text in texts.items()}}
