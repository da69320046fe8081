"""What an overlay has besides the tree, and queries to the tree's makefile in one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from buildtool.backends.backend import Job
from buildtool.backends.makefile.file_lists import (
    DOWNLOADS,
    FOLDER,
    OPS,
    PROTO_TEXT,
    PROTO_TEXTS,
    PROTOS,
    read_lists,
)
from buildtool.backends.makefile.make import Make
from buildtool.backends.makefile.makefile_dependencies import downloads
from buildtool.backends.makefile.makefile_overlay import VERSION_INFO, make_overlay
from buildtool.backends.makefile.settings import platform_variables, question_variables
from buildtool.core.render import Renderer
from buildtool.core.values import FileKind, PlannedFile

# The backend's folder below build/<target id>.
WORK = "makefile"


def links(trees: Mapping[str, Path]) -> dict[str, Path]:
    """Where dependencies are in an overlay, by the makefile's names of their folders."""
    return {f"{DOWNLOADS}{name}": path for name, path in trees.items()}


def files(job: Job) -> dict[str, str]:
    """What the overlay has in place of the tree's own."""
    renderer = Renderer(job.folder / WORK)
    version_header = job.tree.path / "tensorflow/core/public/version.h"
    text = version_header.read_text(encoding="utf-8", errors="replace")
    path = renderer.render(
        "version_info.cc",
        "makefile/version_info.cc.j2",
        version=f"v{job.tree.version}",
        flags="tf_cxx11_abi_flag" in text,
    )
    return {VERSION_INFO: path.read_text(encoding="utf-8")}


def lists_of(files: Sequence[PlannedFile]) -> dict[str, str]:
    """The makefile's lists: everything that may be linked, so that it knows all objects."""
    ops = [f.path for f in files if f.kind is not FileKind.PROTO]
    protos = [f.path for f in files if f.path.endswith(".proto")]
    texts = [f.path for f in files if f.path.endswith(PROTO_TEXT)]
    return _written({OPS: ops, PROTOS: protos, PROTO_TEXTS: texts})


def _written(lists: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {
        f"{FOLDER}/{name}": "".join(f"{path}\n" for path in paths) for name, paths in lists.items()
    }


def ask(job: Job, names: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """What the tree's makefile says for this platform, before anything is changed."""
    overlay = job.folder / WORK / "asked"
    lists = read_lists(job.tree.path)
    stock = {OPS: lists.ops, PROTOS: lists.protos, PROTO_TEXTS: lists.proto_texts}
    make_overlay(
        job.tree.path,
        overlay,
        files={**_written(stock), **files(job)},
        links=links(downloads(job)),
    )
    make = Make(
        folder=overlay,
        variables=question_variables(platform_variables(job)),
        more=(),
        jobs=1,
        log=job.log,
        say=job.say,
    )
    return make.ask(names)
