"""What the native backend compiles besides TensorFlow: facts in ``data/dependencies.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from buildtool.backends.common.source_globs import matching
from buildtool.core.decode import from_json
from buildtool.core.errors import ConfigError, Problem
from buildtool.core.paths import DATA
from buildtool.core.version_numbers import series
from buildtool.tools.linkers import OBJECT_FORMATS

TABLE = DATA / "dependencies.yaml"


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
    formats: tuple[str, ...] = OBJECT_FORMATS
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
    own = series(version)
    if own not in table:
        raise ConfigError(
            Problem(
                where=f"TensorFlow {version}",
                what="the native backend does not know the dependencies of this version",
                todo=f"it knows {', '.join(sorted(table))}; add {own!r} to {data.name}",
            )
        )
    found = (from_json(Dependency, entry) for entry in table[own])
    return tuple(dependency for dependency in found if object_format in dependency.formats)


def dependency_sources(dependency: Dependency, root: Path) -> tuple[str, ...]:
    """The files of ``root`` that may be compiled, sorted, relative to it."""
    return matching(root, dependency.sources, dependency.exclude)
