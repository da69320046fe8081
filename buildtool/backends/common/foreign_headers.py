"""Kernels whose files include headers of other libraries: of those that a backend builds on demand,
and of those that it does not build.

TensorFlow's mobile builds leave such files out (``decode_image_op.cc`` wants libjpeg,
``unicode_ops.cc`` ICU); without this check they would be planned, and fail to compile.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from buildtool.backends.backend import ForeignLibraries
from buildtool.backends.common.asked_headers import HeaderAsker
from buildtool.backends.common.selection_header import PREFIX_HEADERS
from buildtool.catalogue.cxxfiles import CxxFiles
from buildtool.core.decode import from_json
from buildtool.tools.asked_programs import answers

# Made by protoc from the tree's own protos, before anything is compiled.
GENERATED = (".pb.h", ".pb_text.h")
# These are not: protoc needs gRPC's part for them.
GRPC = ".grpc.pb.h"
# Only ever included for processors and compilers that this backend does not build for.
GUARDED = ("third_party/gpus/", "rocm/", "dnnl", "nvtx3/", "llvm/", "mlir/")
# Libraries that TensorFlow's BUILD files name and data/dependencies.yaml does not, by how the names
# of their headers begin. A machine may have them installed; the library would not link with them.
NOT_BUILT = {
    "curl/": "curl",
    "gif_lib.h": "giflib",
    "grpcpp/": "gRPC",
    "jpeglib.h": "libjpeg-turbo",
    "lmdb.h": "LMDB",
    "png.h": "libpng",
    "snappy.h": "snappy",
    "sqlite3.h": "SQLite",
    "unicode/": "ICU",
    "zlib.h": "zlib",
}


def foreign_headers(
    sources: Iterable[str],
    *,
    tree: Path,
    include_dirs: Sequence[Path],
    compiler: Sequence[str],
    standard: str,
    on_demand: Collection[str] = (),
    digest: str = "",
) -> Mapping[str, tuple[str, ...]]:
    """The headers that each of ``sources``, files of ``tree``, or a helper of it, includes and that
    are nowhere, or belong to a library that is not built. So are those whose names begin as one of
    ``on_demand``, wherever they are: these ask for a library.

    ``compiler`` is a command with the target's flags and defines. It is asked only about files
    that name, directly or through a header, something that neither the tree nor ``include_dirs``
    hold; most of what is named there stands under an ``#if`` for another system. ``digest`` stands
    for the content of ``tree``; where it is empty, each file is looked at.

    Raises:
        ToolError: the compiler cannot be run.
    """
    files = CxxFiles(tree, include_dirs)
    kept = ("reached", digest, *map(str, (tree, *include_dirs)), "", *sorted(on_demand))
    common = _reached(files, None, on_demand, kept)
    parts = {source: _reached(files, source, on_demand, kept) for source in sorted(set(sources))}
    known = {name for each in common.values() for name in each.missing}
    reached = {path: each for found in parts.values() for path, each in found.items()}
    unknown = {
        name
        for each in reached.values()
        for name in each.missing
        if (name.endswith(GRPC) or not name.endswith(GENERATED)) and not name.startswith(GUARDED)
    } - known
    folders = (f"-I{folder}" for folder in (tree, *include_dirs))
    asker = HeaderAsker(search=(*compiler, f"-std={standard}", *folders), tree=tree, digest=digest)
    absent = asker.absent(unknown) if unknown else set()
    absent |= {name for name in unknown if name.startswith((*NOT_BUILT, *on_demand))}
    absent |= {name for each in reached.values() for name in each.asking}
    found = {
        path: asker.included(tree / path, absent, functools.partial(_names, absent, files, path))
        for path in reached
    }
    wanted = {source: set().union(*(found[path] for path in parts[source])) for source in parts}
    return {source: tuple(sorted(names)) for source, names in wanted.items() if names}


@dataclass(frozen=True, kw_only=True)
class _Reached:
    """Of what a file includes, directly or not: names that are ``missing``, and headers whose names
    are ``asking`` for a library on demand."""

    missing: tuple[str, ...]
    asking: tuple[str, ...]


def _reached(
    files: CxxFiles, source: str | None, on_demand: Collection[str], kept: Sequence[str]
) -> Mapping[str, _Reached]:
    """What each file reaches that ``source``, or the prefix header (None), cannot do without."""

    def find() -> str:
        paths = PREFIX_HEADERS if source is None else files.helpers(source)
        result = {}
        for path in paths:
            closure = list(files.closure([path]))
            missing = {name for each in closure for name in files.missing_in(each)}
            asking = {name for name in closure if name.startswith(tuple(on_demand))}
            result[path] = {"missing": sorted(missing), "asking": sorted(asking)}
        return json.dumps(result)

    name = PREFIX_HEADERS if source is None else (source,)
    digest = kept[1]
    text = answers().derive((*kept, "", *name), find) if digest else find()
    return {path: from_json(_Reached, each) for path, each in json.loads(text).items()}


def _names(names: Collection[str], files: CxxFiles, path: str) -> bool:
    """Whether a file, or what it includes, has one of ``names`` in its text."""
    wanted = [name.encode() for name in names]
    texts = (files.text(each) or b"" for each in files.closure([path]))
    return any(name in text for text in texts for name in wanted)


def libraries_of(
    foreign: Mapping[str, Sequence[str]], on_demand: Mapping[str, str] = MappingProxyType({})
) -> ForeignLibraries:
    """The libraries that have these headers, by the file that includes them; the header itself
    where nobody knows its library. ``on_demand`` are libraries that can be built, by how the names
    of their headers begin."""
    built: dict[str, tuple[str, ...]] = {}
    missing: dict[str, tuple[str, ...]] = {}
    for source, headers in foreign.items():
        found = {header: _of(header, on_demand) for header in headers}
        wanted = {name for name in found.values() if name}
        lacking = {_not_built(header) for header, name in found.items() if not name}
        if wanted:
            built[source] = tuple(sorted(wanted))
        if lacking:
            missing[source] = tuple(sorted(lacking))
    return ForeignLibraries(built=built, missing=missing)


def _not_built(header: str) -> str:
    return "gRPC" if header.endswith(GRPC) else _of(header, NOT_BUILT) or header


def _of(header: str, libraries: Mapping[str, str]) -> str:
    """The library that has the header; empty if none of them does."""
    return next((name for start, name in libraries.items() if header.startswith(start)), "")
