"""Packs libraries for Apple's phones: one XCFramework of all slices, what package managers need,
and the settings of an app's build. Written by Apple's layouts, without Apple's tools."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from buildtool.core.errors import VerificationError
from buildtool.core.render import Renderer
from buildtool.products.xcframework.app_settings import settings_of, write_settings
from buildtool.products.xcframework.bundles import write_xcframework
from buildtool.products.xcframework.managers import write_manifests, write_zip
from buildtool.products.xcframework.package_values import (
    Library,
    Package,
    group,
)
from buildtool.products.xcframework.read_back import check_xcframework
from buildtool.products.xcframework.request import check_request


def pack(package: Package) -> tuple[str, ...]:
    """Write the package, read it back, and say what it holds in a line for each library.

    Files that did not change are left alone; bundles of an earlier packing that do not belong to
    this one are removed.

    Raises:
        ConfigError: the package cannot be like that.
        BuildError, ToolError: a slice is not what it says; a tool fails or is missing.
        VerificationError: an archive is damaged, or what was written is not right.
    """
    check_request(package)
    libraries = group(package)
    renderer = Renderer(package.folder)
    names = write_xcframework(package, libraries, renderer)
    _remove_others(package, names)
    settings = settings_of(package, libraries)
    write_settings(renderer, package, settings)
    checksum = write_zip(package, names)
    write_manifests(renderer, package, libraries, settings, checksum=checksum)
    renderer.finish()
    problems = check_xcframework(package.folder / f"{package.name}.xcframework")
    if problems:
        raise VerificationError(problems)
    return _summary(package, libraries)


def _summary(package: Package, libraries: Sequence[Library]) -> tuple[str, ...]:
    bundle = f"{package.name}.xcframework"
    lines = []
    for library in libraries:
        place = f"{bundle}/{library.identifier}/{library.binary}"
        size = (package.folder / place).stat().st_size
        lines.append(f"{place}: {', '.join(library.cpus)}; {size / 1e6:.2f} MB")
    return tuple(lines)


def _remove_others(package: Package, names: Iterable[str]) -> None:
    """Remove what earlier packings left: other bundles, and other files in this one."""
    keep = set(names)
    for bundle in sorted(package.folder.glob("*.xcframework*")):
        if bundle.name == f"{package.name}.xcframework":
            _remove_unnamed(bundle, package.folder, keep)
        elif bundle.name != f"{package.name}.xcframework.zip":
            shutil.rmtree(bundle) if bundle.is_dir() else bundle.unlink()


def _remove_unnamed(bundle: Path, root: Path, keep: set[str]) -> None:
    for folder, folders, files in os.walk(bundle, topdown=False):
        here = Path(folder)
        for name in files:
            if (here / name).relative_to(root).as_posix() not in keep:
                (here / name).unlink()
        for name in folders:
            if (here / name).is_symlink():
                (here / name).unlink()
            elif not any((here / name).iterdir()):
                (here / name).rmdir()
