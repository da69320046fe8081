"""An Android SDK as it lies on the disk: which platforms and build-tools are in it.

Layout: developer.android.com, "Android SDK command-line tools". Debian's package
``android-sdk-build-tools`` keeps the files in ``build-tools/debian`` and links the version to it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from buildtool.core.errors import Problem, ToolError
from buildtool.core.version_numbers import numbers

# The older name is the newer documentation's: "ANDROID_SDK_ROOT, which also points to the SDK
# installation directory, is deprecated". TensorFlow's configure.py asks for ANDROID_SDK_HOME.
VARIABLES = ("ANDROID_HOME", "ANDROID_SDK_ROOT", "ANDROID_SDK_HOME")
KEY = "sdk"
_VERSION = re.compile(r"\d+(\.\d+)+(-?rc\d+)?")


@dataclass(frozen=True, kw_only=True)
class BuildTools:
    """One version of the build-tools: ``version`` is its folder's name, which is what Bazel looks
    for, ``revision`` what its ``source.properties`` say (empty if they say nothing)."""

    version: str
    folder: Path
    revision: str


@dataclass(frozen=True, kw_only=True)
class NamedFolder:
    """A folder and who names it: the variable or key ``by``, and the ``file:line`` where the user
    has written it, empty for a variable of the environment."""

    root: Path
    by: str
    where: str = ""

    def __str__(self) -> str:
        told = f"{self.by}={self.root}"
        return f"{self.where}: {told}" if self.where else told

    @property
    def setting(self) -> str:
        """What is to be set to name another folder."""
        return f"{self.by} in {self.where}" if self.where else self.by


@dataclass(frozen=True, kw_only=True)
class Sdk:
    """An SDK. ``named`` is what named it; ``platforms`` are the folders that
    hold an ``android.jar``, by API level; ``odd_tools`` are folders of build-tools that Bazel does
    not take for a version because of their names."""

    root: Path
    named: NamedFolder
    platforms: Mapping[int, Path] = field(default_factory=dict)
    build_tools: Mapping[str, BuildTools] = field(default_factory=dict)
    odd_tools: tuple[BuildTools, ...] = ()


def find_sdk(
    given: Path | None = None, *, where: str = "", env: Mapping[str, str] | None = None
) -> Sdk:
    """The SDK that the user's files name (``given``, written in ``where``), else the one that the
    environment names.

    Raises:
        ToolError: none is named, or there is none at the named place.
    """
    named = find_root(given, KEY, VARIABLES, where=where, env=env)
    if named is None:
        raise ToolError(
            Problem(
                where="Android SDK",
                what=f"not found: {' and '.join(VARIABLES[:2])} are not set, and the target has "
                f"no '{KEY}'",
                todo=f"set {VARIABLES[0]} to its folder, the one that holds platforms/ and "
                "build-tools/",
            )
        )
    root = named.root
    if not root.is_dir() or not ((root / "platforms").is_dir() or (root / "build-tools").is_dir()):
        what = "holds neither platforms/ nor build-tools/" if root.is_dir() else "is not a folder"
        raise ToolError(
            Problem(
                where=str(named),
                what=f"is not an Android SDK: it {what}",
                todo=f"set {named.setting} to the SDK's own folder",
            )
        )
    return read_sdk(named)


def find_root(
    given: Path | None,
    key: str,
    variables: tuple[str, ...],
    *,
    where: str = "",
    env: Mapping[str, str] | None = None,
) -> NamedFolder | None:
    """Who names a folder first, and which one: ``key`` of the user's files (``given``, written in
    ``where``), or an environment variable that is not empty. None if nobody does."""
    if given is not None:
        return NamedFolder(root=given, by=key, where=where)
    own = os.environ if env is None else env
    for variable in variables:
        if value := own.get(variable, "").strip():
            return NamedFolder(root=Path(value).expanduser(), by=variable)
    return None


def read_sdk(named: NamedFolder) -> Sdk:
    """List what is installed in the SDK that is ``named``; links are followed."""
    root = named.root
    tools = [_read_tools(folder) for folder in _folders(root / "build-tools")]
    versions = {each.version: each for each in tools if _VERSION.fullmatch(each.version)}
    linked = {each.folder.resolve() for each in versions.values()}
    return Sdk(
        root=root,
        named=named,
        platforms=_platforms(root / "platforms"),
        build_tools=dict(sorted(versions.items(), key=lambda item: numbers(item[0]))),
        odd_tools=tuple(
            each
            for each in tools
            if each.version not in versions
            and each.revision
            and each.folder.resolve() not in linked
        ),
    )


def read_properties(path: Path) -> Mapping[str, str]:
    """The lines ``name = value`` of a ``source.properties``; none if there is no such file."""
    if not path.is_file():
        return {}
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    pairs = (line.partition("=") for line in lines if not line.lstrip().startswith("#"))
    return {name.strip(): value.strip() for name, equals, value in pairs if equals}


def _read_tools(folder: Path) -> BuildTools:
    revision = read_properties(folder / "source.properties").get("Pkg.Revision", "")
    return BuildTools(version=folder.name, folder=folder, revision=revision)


def _platforms(folder: Path) -> Mapping[int, Path]:
    found = {
        int(match.group(1)): place
        for place in _folders(folder)
        if (match := re.fullmatch(r"android-(\d+)", place.name))
        and (place / "android.jar").is_file()
    }
    return dict(sorted(found.items()))


def _folders(parent: Path) -> list[Path]:
    if not parent.is_dir():
        return []
    return sorted(each for each in parent.iterdir() if each.is_dir())
