"""What the native backend compiles besides TensorFlow: facts in ``data/dependencies.yaml``."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.backends.common.source_globs import matching
from buildtool.core.decode import from_json
from buildtool.core.errors import ConfigError, Problem
from buildtool.core.own_tables import read_table
from buildtool.core.paths import DATA
from buildtool.core.values import BuildPlan, PlannedFile
from buildtool.core.version_numbers import series
from buildtool.tools.linkers import OBJECT_FORMATS

TABLE = DATA / "dependencies.yaml"


@dataclass(frozen=True, kw_only=True)
class Dependency:
    """A library that TensorFlow needs: ``source`` is its name in the lock file; ``include`` and
    ``private_include`` are folders, ``sources`` and ``exclude`` globs, relative to its root;
    ``language`` is what CMake calls the language that all of them are compiled as; ``formats`` are
    the formats of objects that it is built for in this way, ``frameworks`` those of Apple's that it
    calls there. One that is ``on_demand`` is built where a kernel's file includes a header whose
    name begins as one of ``headers``, or where one that is built ``requires`` it by name;
    ``generated`` are headers that its own build would make, ``always`` the sources that are
    compiled wherever it is built. ``runtimes`` are the values of the key ``runtime`` that need it.
    ``rtti`` says whether its code asks for types at run time, ``full_only`` are the sources that
    are left out where messages are lite, ``protos`` the protos whose code is then made anew, both
    globs.
    """

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
    on_demand: bool = False
    headers: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    generated: tuple[str, ...] = ()
    always: tuple[str, ...] = ()
    runtimes: tuple[str, ...] = ("full", "lite-flex")
    rtti: bool = False
    full_only: tuple[str, ...] = ()
    protos: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """The release, where the source is named for one."""
        return self.source.removeprefix(f"{self.name}-")

    @property
    def variable(self) -> str:
        """The prefix of its CMake variables."""
        return self.name.upper().replace("-", "_")


def load_dependencies(
    version: str, object_format: str, *, runtime: str = "full", data: Path = TABLE
) -> tuple[Dependency, ...]:
    """The dependencies of a runtime of this version of TensorFlow (``2.14.1``) where objects are
    ``elf`` or ``macho``.

    Raises:
        ConfigError: nobody has found out yet what this version needs.
    """
    return _dependencies(version, object_format, runtime, data, data.stat().st_mtime_ns)


@functools.lru_cache(maxsize=16)
def _dependencies(
    version: str, object_format: str, runtime: str, data: Path, changed: int
) -> tuple[Dependency, ...]:
    del changed
    table = read_table(data)
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
    return tuple(
        item for item in found if object_format in item.formats and runtime in item.runtimes
    )


def planned_dependencies(
    plan: BuildPlan, object_format: str, *, runtime: str = "full"
) -> tuple[Dependency, ...]:
    """What is built beside TensorFlow for a plan: of the libraries on demand, those whose files it
    offers."""
    roots = {file.root for file in plan.files}
    found = load_dependencies(plan.tensorflow_version, object_format, runtime=runtime)
    return tuple(item for item in found if not item.on_demand or item.name in roots)


def with_required(chosen: Iterable[str], dependencies: Sequence[Dependency]) -> tuple[str, ...]:
    """The names of the ``chosen`` dependencies and of all that they require, sorted."""
    by_name = {item.name: item for item in dependencies}
    found: set[str] = set()
    work = list(chosen)
    while work:
        name = work.pop()
        if name not in found:
            found.add(name)
            work += by_name[name].requires
    return tuple(sorted(found))


@functools.lru_cache(maxsize=64)
def dependency_sources(
    dependency: Dependency, root: Path, *, lite: bool = False
) -> tuple[str, ...]:
    """The files of ``root`` that may be compiled, sorted, relative to it; ``lite``: where messages
    are."""
    left_out = dependency.full_only if lite else ()
    return matching(root, dependency.sources, (*dependency.exclude, *left_out))


def proto_name(file: PlannedFile, dependencies: Iterable[Dependency]) -> str:
    """What other protos import this one as."""
    own = (item for item in dependencies if item.name == file.root)
    folders = [f"{folder}/" for item in own for folder in item.include]
    there = (folder for folder in folders if file.path.startswith(folder))
    return file.path.removeprefix(next(there, ""))
