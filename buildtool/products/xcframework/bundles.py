"""The ``.xcframework``, and the static ``.framework`` in it, in Apple's layout.

The keys are those that ``xcodebuild -create-xcframework`` writes, and those of "Information
Property List" in Apple's documentation. Nothing in a bundle depends on when or where it was made.
"""

from __future__ import annotations

import plistlib
import posixpath
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from buildtool.core.errors import BuildError, Problem
from buildtool.core.render import Renderer
from buildtool.products.dist import copy_if_changed
from buildtool.products.xcframework import header_sets as sets
from buildtool.products.xcframework.package_values import (
    BUNDLE_PLATFORMS,
    HEADERS,
    LICENCES,
    VARIANTS,
    Form,
    Library,
    Package,
)
from buildtool.products.xcframework.slice_libraries import build_library, read_slices

INFO = "Info.plist"
MODULE_MAP = "module.modulemap"


def write_xcframework(
    package: Package, libraries: Sequence[Library], renderer: Renderer
) -> tuple[str, ...]:
    """Write the bundle into the package's folder; the names of all files that it consists of.

    Raises:
        BuildError: a slice is not what it says, headers are missing or differ; or a tool fails.
        ToolError: a tool is missing.
    """
    root = f"{package.name}.xcframework"
    problems: list[Problem] = []
    contents = [_contents(package, library, problems) for library in libraries]
    inputs = read_slices(package.slices, problems)
    if problems:
        raise BuildError(problems)
    names = [f"{root}/{INFO}"]
    renderer.write(names[0], to_plist(xcframework_info(libraries)))
    copies: dict[str, Path] = {}
    for library, (headers, licences, public) in zip(libraries, contents, strict=True):
        place = f"{root}/{library.identifier}"
        binary = f"{place}/{library.binary}"
        build_library(
            library, inputs, package.folder / binary, tools=package.tools, log=package.log
        )
        names += [binary, *_write_module_map(f"{place}/", library, public, renderer)]
        copies |= _below(f"{place}/{library.headers}", headers)
        copies |= _below(f"{root}/{LICENCES}", licences)
        if library.form is Form.FRAMEWORK:
            names.append(f"{place}/{library.product}/{INFO}")
            renderer.write(names[-1], to_plist(framework_info(library, package.version)))
            copies |= _below(f"{place}/{library.product}/{LICENCES}", licences)
    for name, source in copies.items():
        copy_if_changed(source, package.folder / name)
    return tuple(sorted({*names, *copies}))


def xcframework_info(libraries: Sequence[Library]) -> dict[str, Any]:
    """The Info.plist that says what is where."""
    return {
        "AvailableLibraries": [
            _entry(library) for library in sorted(libraries, key=lambda one: one.identifier)
        ],
        "CFBundlePackageType": "XFWK",
        "XCFrameworkFormatVersion": "1.0",
    }


def framework_info(library: Library, version: str) -> dict[str, Any]:
    """The Info.plist of a static framework."""
    return {
        "CFBundleDevelopmentRegion": "en",
        "CFBundleExecutable": library.name,
        "CFBundleIdentifier": f"org.tensorflow.{library.name.replace('_', '-')}",
        "CFBundleInfoDictionaryVersion": "6.0",
        "CFBundleName": library.name,
        "CFBundlePackageType": "FMWK",
        "CFBundleShortVersionString": plain_version(version),
        "CFBundleSupportedPlatforms": [BUNDLE_PLATFORMS[library.platform]],
        "CFBundleVersion": plain_version(version),
        "MinimumOSVersion": library.minimum_os,
    }


def plain_version(version: str) -> str:
    """The numbers of a version: bundles may not say ``-rc1``."""
    found = re.match(r"\d+(\.\d+){0,2}", version)
    return found.group() if found else "0"


def to_plist(value: Mapping[str, Any]) -> str:
    """A property list as text, its keys sorted."""
    return plistlib.dumps(dict(value), sort_keys=True).decode("utf-8")


def _entry(library: Library) -> dict[str, Any]:
    platform, variant = VARIANTS[library.platform]
    entry: dict[str, Any] = {
        "LibraryIdentifier": library.identifier,
        "LibraryPath": library.product,
        "SupportedArchitectures": list(library.cpus),
        "SupportedPlatform": platform,
    }
    if variant:
        entry["SupportedPlatformVariant"] = variant
    if library.form is Form.LIBRARY:
        entry["HeadersPath"] = HEADERS
    return entry


def _contents(
    package: Package, library: Library, problems: list[Problem]
) -> tuple[Mapping[str, Path], Mapping[str, Path], tuple[str, ...]]:
    """Headers, licences and public headers of a library."""
    headers = sets.collect_headers(library, problems)
    licences = sets.collect_licences(library, problems)
    return headers, licences, sets.public_headers(package.public, headers, library, problems)


def _write_module_map(
    place: str, library: Library, public: Sequence[str], renderer: Renderer
) -> tuple[str, ...]:
    """Write the module map where compilers look for it."""
    if library.form is Form.FRAMEWORK:
        name = f"{place}{library.product}/Modules/{MODULE_MAP}"
        listed = list(public)
    else:
        folder = sets.module_folder(public)
        name = posixpath.join(f"{place}{HEADERS}", folder, MODULE_MAP)
        listed = [posixpath.relpath(header, folder or ".") for header in public]
    renderer.render(
        name,
        f"packaging/{MODULE_MAP}.j2",
        module=library.name,
        framework=library.form is Form.FRAMEWORK,
        headers=listed,
    )
    return (name,)


def _below(folder: str, files: Mapping[str, Path]) -> dict[str, Path]:
    return {f"{folder}/{name}": path for name, path in files.items()}
