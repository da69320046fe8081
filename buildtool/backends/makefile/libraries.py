"""What a makefile build includes and links besides TensorFlow itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from buildtool.backends.makefile.dependency_archive import ArchiveJob, Archives, check_archive
from buildtool.backends.makefile.pinned import PinnedSource
from buildtool.backends.makefile.pins import KNOWN
from buildtool.backends.makefile.recipes import TABLE, Recipe, Recipes, load_recipes
from buildtool.core.errors import ConfigError, Problem
from buildtool.core.values import Toolchain
from buildtool.sources.cache import Cache
from buildtool.sources.treehash import tree_sha256

PROTOC = "protoc"
# In the order in which they are linked, those that others need last; unlike eigen and others, that
# are headers only, and fft2d, which the makefile compiles itself.
LINKED = ("protobuf", "nsync")
# protoc and the like run for seconds; optimising them would take longer.
HOST_FLAGS = ("-O0", "-DNDEBUG", "-w")


@dataclass(frozen=True, kw_only=True)
class Libraries:
    """The dependencies of one build, fetched and compiled.

    ``protoc``: the protobuf compiler, for this machine. ``includes`` and ``host_includes``: folders
    for ``-I`` of the target's and of this machine's compiles, in their order. ``archives`` and
    ``host_archives``: static libraries in the order in which they are linked. ``licences``: by
    source, the texts that go with the library. ``downloads``: by the folder's name below the
    makefile's ``downloads``, the tree that it expects there.
    """

    protoc: Path
    includes: tuple[Path, ...]
    host_includes: tuple[Path, ...]
    archives: tuple[Path, ...]
    host_archives: tuple[Path, ...]
    licences: Mapping[str, tuple[Path, ...]]
    downloads: Mapping[str, Path]


@dataclass(frozen=True, kw_only=True)
class LibraryInputs:
    """What the libraries are made of.

    ``sources``: by dependency, what the tree pins, fetched. ``compile_flags``: the target's, after
    those of its toolchain. ``renamed``: by dependency, a copy of its sources with another namespace
    that the libraries are to be built from; programs are built from the original.
    """

    sources: Mapping[str, PinnedSource]
    toolchain: Toolchain
    host: Toolchain
    compile_flags: tuple[str, ...]
    cache: Cache
    log: Path
    say: Callable[[str], None]
    launcher: str = "auto"
    jobs: int | None = None
    renamed: Mapping[str, Path] = field(default_factory=dict)


def build_libraries(inputs: LibraryInputs, *, recipes: Recipes | None = None) -> Libraries:
    """Compile, for the target and for this machine, what is linked; take from the cache what was
    compiled before.

    Raises:
        ConfigError: nobody has written down how one of them is compiled; all of them at once.
        BuildError, ToolError: one does not compile, or a tool is missing.
    """
    table = recipes or load_recipes()
    linked = [name for name in LINKED if name in inputs.sources]
    builder = _Builder(inputs, table, _find_recipes(linked, inputs, table))
    archives = tuple(builder.archive(name, host=False) for name in linked)
    host_archives = tuple(builder.archive(name, host=True) for name in linked)
    for archive in archives:
        check_archive(archive, inputs.toolchain)
    includes = tuple(folder for name in linked for folder in builder.includes(name))
    return Libraries(
        protoc=builder.program("protobuf", PROTOC),
        includes=includes,
        host_includes=includes,
        archives=archives,
        host_archives=host_archives,
        licences={each.tree.name: each.licences for each in inputs.sources.values()},
        downloads={
            known.folder: inputs.renamed.get(known.name, inputs.sources[known.name].tree.path)
            for known in KNOWN
            if known.name in inputs.sources
        },
    )


def _find_recipes(
    names: Sequence[str], inputs: LibraryInputs, recipes: Recipes
) -> Mapping[tuple[str, str], Recipe]:
    """By name and format of objects."""
    found = {
        (name, chain.object_format): recipes.find(
            name, inputs.sources[name].tree.name, chain.object_format
        )
        for name in names
        for chain in (inputs.toolchain, inputs.host)
    }
    problems = [
        Problem(
            where=str(recipes.folder),
            what=f"the build needs {inputs.sources[name].tree.name}, and there is no recipe for it",
            todo=f"add one to {TABLE.name}; the file's first lines say how",
        )
        for name in names
        if any(recipe is None for key, recipe in found.items() if key[0] == name)
    ]
    if problems:
        raise ConfigError(problems)
    return {key: recipe for key, recipe in found.items() if recipe}


class _Builder:
    def __init__(
        self, inputs: LibraryInputs, table: Recipes, recipes: Mapping[tuple[str, str], Recipe]
    ) -> None:
        self._inputs = inputs
        self._table = table
        self._recipes = recipes
        self._archives = Archives(
            cache=inputs.cache,
            launcher=inputs.launcher,
            jobs=inputs.jobs,
            log=inputs.log,
            say=inputs.say,
        )

    def includes(self, name: str) -> tuple[Path, ...]:
        root = self._inputs.renamed.get(name, self._inputs.sources[name].tree.path)
        recipe = self._recipes[name, self._inputs.toolchain.object_format]
        return tuple(root / folder for folder in recipe.include)

    def archive(self, name: str, *, host: bool) -> Path:
        job = self._job(name, host=host)
        if renamed := self._inputs.renamed.get(name):
            digest = tree_sha256(renamed)
            job = dataclasses.replace(job, root=renamed, digest=digest, programs=())
        return self._archives.folder(job) / f"lib{name}.a"

    def program(self, name: str, program: str) -> Path:
        """A program for this machine, from the sources as they are."""
        return self._archives.folder(self._job(name, host=True)) / program

    def _job(self, name: str, *, host: bool) -> ArchiveJob:
        inputs = self._inputs
        toolchain = inputs.host if host else inputs.toolchain
        source = inputs.sources[name].tree
        flags = HOST_FLAGS if host else inputs.compile_flags
        recipe = self._recipes[name, toolchain.object_format]
        return ArchiveJob(
            recipe=recipe,
            root=source.path,
            digest=source.digest,
            toolchain=toolchain,
            flags=(*flags, *self._table.fixing_flags(source.name, toolchain)),
            own=self._table.folder,
            programs=recipe.programs if host else (),
        )
