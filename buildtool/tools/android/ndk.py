"""An Android NDK as it lies on the disk: its revision, and which API levels it compiles for.

``source.properties`` is there since r11 (``Pkg.Revision = 14.1.3816874``), ``RELEASE.TXT`` before
(``r10e (64-bit)``). ``platforms/`` went with r22; ``meta/platforms.json`` says the levels since
r17 (NDK, "Build System Maintainers Guide").
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from buildtool.core.errors import Problem, ToolError
from buildtool.core.version_numbers import numbers
from buildtool.tools.android.android_sdk import (
    NamedFolder,
    Sdk,
    find_root,
    read_properties,
)

# Of an NDK since r19: its file for CMake, and the folder of its compiler.
TOOLCHAIN_FILE = "build/cmake/android.toolchain.cmake"
PREBUILT = "toolchains/llvm/prebuilt"
VARIABLES = ("ANDROID_NDK_HOME", "ANDROID_NDK_ROOT")
KEY = "ndk"
FILES = ("source.properties", "RELEASE.TXT")  # which say what it is
DESCRIPTION = "Android NDK"
# No Android before 5.0 has 64 bits (NDK documentation, "Android ABIs").
FIRST_64_BIT_LEVEL = 21
_RELEASE = re.compile(r"\br?(\d+)([a-z]?)\b")


@dataclass(frozen=True, kw_only=True)
class Ndk:
    """An NDK. ``revision`` is as its own file says it (``14.1.3816874`` or ``r10e``), ``major``
    its first number, ``said_in`` that file. ``levels`` are the API levels that it has libraries
    for, empty where no file says which. ``description`` is what ``source.properties`` call it.
    ``named`` is what named it, or the SDK that it is in."""

    root: Path
    named: NamedFolder
    revision: str
    major: int
    said_in: Path
    levels: tuple[int, ...] = ()
    has_platforms: bool = False
    description: str = ""

    @property
    def stands_in(self) -> bool:
        """Whether it says itself that it is something else than an Android NDK."""
        return bool(self.description) and not self.description.startswith(DESCRIPTION)


def find_ndk(
    given: Path | None = None,
    *,
    where: str = "",
    sdk: Sdk | None = None,
    env: Mapping[str, str] | None = None,
) -> Ndk:
    """The NDK that the user's files name (``given``, written in ``where``), else the environment's,
    else the newest of the SDK (``ndk/<revision>``, then ``ndk-bundle``).

    Raises:
        ToolError: there is none, or none at the named place.
    """
    named = find_root(given, KEY, VARIABLES, where=where, env=env)
    if named is not None:
        return read_ndk(named)
    inside = ndks_of(sdk) if sdk is not None else ()
    if inside:
        return inside[0]
    looked = f", and {sdk.root} has neither ndk/ nor ndk-bundle/" if sdk is not None else ""
    raise ToolError(
        Problem(
            where="Android NDK",
            what=f"not found: {' and '.join(VARIABLES)} are not set, the target has no "
            f"'{KEY}'{looked}",
            todo=f"set {VARIABLES[0]} to its folder, the one that holds source.properties",
        )
    )


def ndks_of(sdk: Sdk) -> tuple[Ndk, ...]:
    """The NDKs inside an SDK: those below ``ndk/``, newest first, then ``ndk-bundle``."""
    below = sdk.root / "ndk"
    places = [each for each in below.iterdir() if each.is_dir()] if below.is_dir() else []
    places.sort(key=lambda each: numbers(each.name), reverse=True)
    return tuple(
        read_ndk(dataclasses.replace(sdk.named, root=place))
        for place in [*places, sdk.root / "ndk-bundle"]
        if any((place / name).is_file() for name in FILES)
    )


def read_ndk(named: NamedFolder) -> Ndk:
    """Read the revision and the API levels of the NDK that is ``named``.

    Raises:
        ToolError: there is no NDK, or its files do not say which one it is.
    """
    root = named.root
    properties, release = (root / name for name in FILES)
    if not properties.is_file() and not release.is_file():
        what = "not a folder" if not root.is_dir() else "not an NDK: it has no source.properties"
        raise ToolError(
            Problem(
                where=str(named),
                what=f"is {what}",
                todo=f"set {named.setting} to the folder of an unpacked NDK",
            )
        )
    said_in = properties if properties.is_file() else release
    revision = _revision(said_in)
    if not revision:
        raise ToolError(
            Problem(
                where=str(said_in),
                what="does not say which revision this NDK is",
                todo=f"unpack the NDK again, or set {named.setting} to another one",
            )
        )
    return Ndk(
        root=root,
        named=named,
        revision=revision,
        major=numbers(revision)[0],
        said_in=said_in,
        levels=_levels(root),
        has_platforms=(root / "platforms").is_dir(),
        description=read_properties(properties).get("Pkg.Desc", ""),
    )


def _revision(said_in: Path) -> str:
    if said_in.name == "source.properties":
        found = read_properties(said_in).get("Pkg.Revision", "")
        return found if numbers(found) else ""
    match = _RELEASE.search(said_in.read_text(encoding="utf-8", errors="replace"))
    return f"r{match.group(1)}{match.group(2)}" if match else ""


def _levels(root: Path) -> tuple[int, ...]:
    names = [each.name for each in (root / "platforms").glob("android-*") if each.is_dir()]
    found = [int(name[8:]) for name in names if name[8:].isdigit()]
    return tuple(sorted(found)) if found else _levels_of_meta(root / "meta" / "platforms.json")


def _levels_of_meta(path: Path) -> tuple[int, ...]:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return tuple(range(int(said["min"]), int(said["max"]) + 1))
    except (OSError, ValueError, KeyError, TypeError):
        return ()
