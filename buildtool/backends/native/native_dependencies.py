"""What the native backend compiles besides TensorFlow: facts in ``data/dependencies.yaml``."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from pathlib import Path

import yaml

from buildtool.core.decode import from_json
from buildtool.core.errors import ConfigError, Problem
from buildtool.core.paths import DATA

TABLE = DATA / "dependencies.yaml"
FORMATS = ("elf", "macho")


@dataclass(frozen=True, kw_only=True)
class Dependency:
    """A library that TensorFlow needs: ``source`` is its name in the lock file; ``include`` and
    ``private_include`` are folders, ``sources`` and ``exclude`` globs, relative to its root;
    ``language`` is what CMake calls the language that all of them are compiled as; ``formats`` are
    the formats of objects that it is built for in this way, ``frameworks`` those of Apple's that it
    calls there."""

    name: str
    source: str
    include: tuple[str, ...] = ()
    private_include: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    defines: tuple[str, ...] = ()
    language: str = "CXX"
    formats: tuple[str, ...] = FORMATS
    frameworks: tuple[str, ...] = ()

    @property
    def variable(self) -> str:
        """The prefix of its CMake variables."""
        return self.name.upper().replace("-", "_")


def load_dependencies(
    version: str, object_format: str, *, data: Path = TABLE
) -> tuple[Dependency, ...]:
    """The dependencies of this version of TensorFlow (``2.14.1``) where objects are ``elf`` or
    ``macho``.

    Raises:
        ConfigError: nobody has found out yet what this version needs.
    """
    table = yaml.safe_load(data.read_text(encoding="utf-8"))
    series = ".".join(version.split(".")[:2])
    if series not in table:
        raise ConfigError(
            Problem(
                where=f"TensorFlow {version}",
                what="the native backend does not know the dependencies of this version",
                todo=f"it knows {', '.join(sorted(table))}; add {series!r} to {data.name}",
            )
        )
    found = (from_json(Dependency, entry) for entry in table[series])
    return tuple(dependency for dependency in found if object_format in dependency.formats)


def dependency_sources(dependency: Dependency, root: Path) -> tuple[str, ...]:
    """The files of ``root`` that may be compiled, sorted, relative to it."""
    found = {
        path.relative_to(root).as_posix()
        for pattern in dependency.sources
        for path in root.glob(pattern)
    }
    return tuple(
        sorted(
            path
            for path in found
            if not any(fnmatch.fnmatchcase(path, pattern) for pattern in dependency.exclude)
        )
    )
