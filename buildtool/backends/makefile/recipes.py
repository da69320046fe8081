"""How the libraries that a makefile build needs are compiled: facts in ``data/libraries.yaml``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from buildtool.backends.common.source_globs import matches_any, matching
from buildtool.core.decode import from_json
from buildtool.core.errors import BuildError, ConfigError, Problem
from buildtool.core.own_tables import read_table
from buildtool.core.paths import DATA
from buildtool.core.values import Toolchain
from buildtool.core.version_numbers import numbers
from buildtool.tools.compilers import major_version
from buildtool.tools.linkers import OBJECT_FORMATS

TABLE = DATA / "libraries.yaml"


@dataclass(frozen=True, kw_only=True)
class Program:
    """A program that is built of a library's sources for this machine, linked with the library.
    ``sources`` and ``exclude`` are globs; ``main`` is a file of our own beside the recipes, for
    programs whose own main function asks for more than is wanted."""

    name: str
    sources: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    main: str = ""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How one dependency becomes a static library. Globs and folders are relative to its root;
    ``language`` is what CMake calls the language that all of its files are compiled as, ``only``
    are globs of names in the lock file: the versions that this recipe is for; ``formats`` the
    formats of objects; ``precompiled`` are globs of headers that most of its files include."""

    name: str
    include: tuple[str, ...]
    sources: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    private_include: tuple[str, ...] = ()
    defines: tuple[str, ...] = ()
    language: str = "CXX"
    standard: int = 11
    only: tuple[str, ...] = ("*",)
    formats: tuple[str, ...] = OBJECT_FORMATS
    precompiled: tuple[str, ...] = ()
    programs: tuple[Program, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Fix:
    """What old sources need under new compilers, and why. ``sources`` are globs of names in the
    lock file; ``since`` and ``until`` the first and last major version of ``compiler`` (0: any)."""

    sources: tuple[str, ...]
    compiler: str
    flags: tuple[str, ...]
    reason: str
    since: int = 0
    until: int = 0

    def applies(self, source: str, toolchain: Toolchain) -> bool:
        """Whether ``source`` needs this with the compiler of ``toolchain``."""
        version = major_version(toolchain.cxx, toolchain.kind)
        return (
            self.compiler == toolchain.kind
            and self.since <= version
            and not (self.until and self.until < version)
            and matches_any(self.sources, source)
        )


@dataclass(frozen=True, kw_only=True)
class StandIn:
    """What is built of a dependency if there is no recipe for what a tree pins, and why it will do.
    ``source`` is its name in the lock file; ``since`` and ``until`` are the first and the last
    release of TensorFlow that it is for, such as ``1.8``."""

    name: str
    since: str
    until: str
    source: str
    reason: str

    def serves(self, release: str) -> bool:
        """Whether it is for a tree of ``release``, such as ``1.8.0-rc1``."""
        return _series(self.since) <= _series(release) <= _series(self.until)


@dataclass(frozen=True, kw_only=True)
class Recipes:
    """All recipes, stand-ins and fixes, in the order of the file, which stands in ``folder``."""

    libraries: tuple[Recipe, ...]
    fixes: tuple[Fix, ...]
    folder: Path
    stand_ins: tuple[StandIn, ...] = ()

    def find(self, name: str, source: str, object_format: str = "elf") -> Recipe | None:
        """The first recipe for the dependency ``name`` that is for ``source`` of the lock and for
        objects of this format."""
        for recipe in self.libraries:
            fits = object_format in recipe.formats and matches_any(recipe.only, source)
            if recipe.name == name and fits:
                return recipe
        return None

    def stand_in(self, name: str, release: str) -> StandIn | None:
        """The first stand-in for the dependency ``name`` of a tree of ``release``."""
        for each in self.stand_ins:
            if each.name == name and each.serves(release):
                return each
        return None

    def fixing(self, source: str, toolchain: Toolchain) -> tuple[Fix, ...]:
        """What ``source`` of the lock needs with this compiler."""
        return tuple(fix for fix in self.fixes if fix.applies(source, toolchain))

    def fixing_flags(self, source: str, toolchain: Toolchain) -> tuple[str, ...]:
        """The flags of that."""
        return tuple(flag for fix in self.fixing(source, toolchain) for flag in fix.flags)


def load_recipes(data: Path = TABLE) -> Recipes:
    """Read the recipes.

    Raises:
        ConfigError: the file is not as it should be.
    """
    try:
        table = read_table(data)
        libraries = tuple(from_json(Recipe, entry) for entry in table["libraries"])
        fixes = tuple(from_json(Fix, entry) for entry in table["fixes"])
        stand_ins = tuple(from_json(StandIn, entry) for entry in table.get("stand_ins", ()))
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as failure:
        what = f"is not a table of libraries and fixes: {failure}"
        todo = "its first lines say what belongs in it"
        raise ConfigError(Problem(where=str(data), what=what, todo=todo)) from None
    return Recipes(libraries=libraries, fixes=fixes, stand_ins=stand_ins, folder=data.parent)


def matching_files(
    root: Path, sources: Sequence[str], exclude: Sequence[str], *, name: str
) -> tuple[str, ...]:
    """The files of ``root`` that match a glob of ``sources`` and none of ``exclude``; sorted.

    Raises:
        BuildError: there is none: the tree is of a version that the recipe is not for.
    """
    found = matching(root, sources, exclude)
    if not found:
        what = f"{name}: has none of {', '.join(sources)}"
        todo = f"{TABLE.name} knows how {name} is laid out; mend it for this version"
        raise BuildError(Problem(where=str(root), what=what, todo=todo))
    return found


def _series(release: str) -> tuple[int, ...]:
    """``(1, 8)`` of ``1.8.0-rc1``."""
    return numbers(release)[:2]
