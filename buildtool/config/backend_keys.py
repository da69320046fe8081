"""The keys of a target file that one backend alone reads: each backend's are a section of
:class:`~buildtool.config.target.Target`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from buildtool.config.kinds import NO_RESULT, OF_MACHINE, Bytes, Release, Url


@dataclass(frozen=True, kw_only=True)
class Dependency:
    """Which version of a dependency is built."""

    name: str
    """Its name in the lock file, without its version: `protobuf`."""

    use: str
    """A name in the lock file, such as `protobuf-3.5.0`, or `pinned`: what the tree pins, and
    nothing else."""


@dataclass(frozen=True, kw_only=True)
class Makefile:
    """For the backend `makefile`: what a tree of TensorFlow 1.x is built with."""

    dependencies: tuple[Dependency, ...] = ()
    """Versions of what the tree depends on. Unset, what the tree pins; where nobody has written
    down how that is compiled, the nearest version that `buildtool/data/libraries.yaml` names, and
    the report says so."""


@dataclass(frozen=True, kw_only=True)
class Bazel:
    """For the backend `bazel`: which Bazel, and with which settings. Each is written as the
    Bazel at hand knows it."""

    version: Release | None = None
    """The release of Bazel, such as `"0.20.0"`. Unset, the newest at hand that the tree accepts."""

    program: Path | None = field(default=None, metadata=OF_MACHINE)
    """The program. Unset, `bazelisk`, `bazel-X`, `bazel`, or the one of npm."""

    disk_cache: Path | None = field(default=None, metadata=NO_RESULT)
    """A folder that Bazel keeps results in, for all its builds."""

    http_cache: Url | None = field(default=None, metadata=NO_RESULT)
    """A cache that Bazels of several machines share, such as `http://cache:8080`."""

    executor: Url | None = field(default=None, metadata=NO_RESULT)
    """A service that compiles, such as `grpc://builder:8980`."""

    instance: str | None = field(default=None, metadata=NO_RESULT)
    """The instance of that service."""

    distfiles: Path | None = field(default=None, metadata=NO_RESULT)
    """A folder with archives that Bazel would download otherwise, by their names."""

    memory: Bytes | None = field(default=None, metadata=NO_RESULT)
    """Memory that all compilers together may use, as Bazel estimates it."""

    output_base: Path | None = field(default=None, metadata=NO_RESULT)
    """The folder of all that Bazel makes. Unset, one below `build/` for each target."""

    startup: tuple[str, ...] = ()
    """Further words before `build`, each list item one argument."""

    flags: tuple[str, ...] = ()
    """Further words after `build`, each list item one argument."""
