"""What a makefile build includes and links besides TensorFlow itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Libraries:
    """The dependencies of one build, fetched and compiled.

    ``protoc``: the protobuf compiler, for this machine. ``includes`` and ``host_includes``: folders
    for ``-I`` of the target's and of this machine's compiles, in their order. ``archives`` and
    ``host_archives``: static libraries in the order in which they are linked. ``licences``: by
    dependency, the texts that go with the library. ``downloads``: by the folder's name below the
    makefile's ``downloads``, the tree that it expects there.
    """

    protoc: Path
    includes: tuple[Path, ...]
    host_includes: tuple[Path, ...]
    archives: tuple[Path, ...]
    host_archives: tuple[Path, ...]
    licences: Mapping[str, tuple[Path, ...]]
    downloads: Mapping[str, Path]
