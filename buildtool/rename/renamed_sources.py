"""The sources of one build with protobuf renamed: made once, and made anew when they change."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from buildtool.core.render import to_json, write_if_changed
from buildtool.core.values import SourceTree
from buildtool.rename.generated import write_protoc
from buildtool.rename.names import outer_namespace
from buildtool.rename.renamed_tree import RenameReport, Unchanged, read_renamed, rename_tree
from buildtool.sources import Cache, Progress
from buildtool.sources.cache import writing
from buildtool.sources.treehash import file_sha256, tree_sha256

# Beside the trees, to say that they are whole.
STAMP = "renamed.json"


@dataclass(frozen=True, kw_only=True)
class Renaming:
    """How protobuf is renamed in one build: with ``prefix``.

    ``protobuf`` and ``tree`` are the sources of protobuf and of TensorFlow, renamed,
    ``original_protobuf`` and ``original_tree`` the same as they were; ``macros`` those of
    protobuf's that have other names now, under their old ones. ``folder`` is where the build keeps
    what this needs; ``doubts`` are lines of the tree, as ``file:line``, that bring in all of the
    namespace ``google``; ``beside`` is what to say of the app's own protobuf.
    """

    prefix: str
    protobuf: SourceTree
    original_protobuf: SourceTree
    tree: SourceTree
    original_tree: SourceTree
    macros: tuple[str, ...]
    folder: Path
    doubts: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """Protobuf's name in the lock file."""
        return self.protobuf.name

    @property
    def notes(self) -> tuple[str, ...]:
        """What somebody who uses the library should know, in sentences."""
        namespace = outer_namespace(self.prefix)
        own = (
            f"protobuf is renamed: its namespace is {namespace}::protobuf, its headers are in "
            f"{namespace}/protobuf/"
        )
        return (
            own,
            *self.beside,
            *(
                f"{line} uses all of the namespace google; it was not renamed there"
                for line in self.doubts
            ),
        )

    def protoc(self, protoc: Path) -> Path:
        """A program that does what ``protoc`` does, but whose C++ is for the renamed protobuf."""
        # Another protoc is another program by another name: what it made before is not up to date.
        key = _key(str(protoc), str(self.protobuf.path))[:12]
        place = self.folder / f"protoc-{key}" / "protoc"
        return write_protoc(place, protoc=protoc, renamed=self.protobuf.path)


def rename_sources(
    tree: SourceTree, protobuf: SourceTree, *, prefix: str, folder: Path, cache: Cache
) -> Renaming:
    """Rename protobuf in its own sources and in a TensorFlow ``tree``; both are only read. What is
    a build's own stands below ``folder``.

    Raises:
        ConfigError: the prefix cannot be used, or something of the user's stands there.
        DownloadError: the cache cannot be written.
    """
    ours = renamed_protobuf(protobuf, prefix=prefix, cache=cache)
    renamed = read_renamed(ours.path)
    macros = renamed.macros if renamed else ()
    made, doubts = renamed_tree(tree, prefix=prefix, macros=macros, folder=folder)
    return Renaming(
        prefix=prefix,
        protobuf=ours,
        original_protobuf=protobuf,
        tree=made,
        original_tree=tree,
        macros=macros,
        folder=folder,
        doubts=doubts,
    )


def renamed_protobuf(original: SourceTree, *, prefix: str, cache: Cache) -> SourceTree:
    """The sources of protobuf, renamed: a copy in the cache, which all builds share.

    Raises:
        ConfigError: the prefix cannot be used.
        DownloadError: the cache cannot be written.
    """
    key = _key(original.digest, prefix)
    name = f"{original.name}-{key[:16]}"
    folder = cache.folder("renamed") / name
    tree, stamp = folder / "tree", folder / STAMP
    if _stamped(stamp, key) is None or read_renamed(tree) is None:
        what = f"renaming {original.name}"
        with cache.locked(f"renamed-{name}", what=what, progress=Progress.of_process()):
            if _stamped(stamp, key) is None or read_renamed(tree) is None:
                with writing(folder):
                    stamp.unlink(missing_ok=True)
                    rename_tree(original.path, tree, prefix=prefix, unchanged=Unchanged.COPY)
                    _write_stamp(stamp, key, tree_sha256(tree))
    digest, _ = _stamped(stamp, key) or ("", ())
    return dataclasses.replace(original, path=tree, digest=digest)


def renamed_tree(
    tree: SourceTree, *, prefix: str, macros: Collection[str], folder: Path
) -> tuple[SourceTree, tuple[str, ...]]:
    """A tree that uses protobuf, renamed as that was: below ``folder``, links to what stays as it
    is; and the lines that bring in all of the namespace ``google``, as ``file:line``.

    ``macros`` are the renamed protobuf's. What stands below ``folder`` and is right keeps its time.

    Raises:
        ConfigError: the prefix cannot be used, or something of the user's stands there.
    """
    # Another original gets another place: its files may be older than what was compiled here.
    root = folder / hashlib.sha256(os.fsencode(tree.path)).hexdigest()[:12]
    key = _key(str(tree.path), tree.digest, prefix, *sorted(macros))
    stamp = folder / STAMP
    if _stamped(stamp, key) is None or read_renamed(root) is None:
        stamp.unlink(missing_ok=True)
        for other in folder.iterdir() if folder.is_dir() else ():
            if other.is_dir() and other != root:
                shutil.rmtree(other)
        report = rename_tree(tree.path, root, prefix=prefix, macros=macros)
        _write_stamp(stamp, key, _content(tree, report), report.doubts)
    digest, doubts = _stamped(stamp, key) or ("", ())
    return dataclasses.replace(tree, path=root, digest=digest), doubts


def _key(*parts: str) -> str:
    """Names what decides the result: these words, and this package itself."""
    own = [file_sha256(path) for path in sorted(Path(__file__).parent.glob("*.py"))]
    text = "\n".join([*parts, *own])
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _content(tree: SourceTree, report: RenameReport) -> str:
    """A digest of a tree that says what it says, whatever this tool's version."""
    changed = [f"{name} {file_sha256(report.destination / name)}" for name in report.changed]
    return hashlib.sha256("\n".join([tree.digest, *changed]).encode()).hexdigest()


def _write_stamp(stamp: Path, key: str, digest: str, doubts: tuple[str, ...] = ()) -> None:
    write_if_changed(stamp, to_json({"key": key, "digest": digest, "doubts": doubts}))


def _stamped(stamp: Path, key: str) -> tuple[str, tuple[str, ...]] | None:
    """Digest and doubts of what stands beside the stamp; None if it is not what ``key`` says."""
    try:
        found = json.loads(stamp.read_text("utf-8"))
        return (found["digest"], tuple(found["doubts"])) if found["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
