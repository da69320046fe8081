"""Kernels whose files include headers of other libraries: of those that a backend builds on demand,
and of those that it does not build.

TensorFlow's mobile builds leave such files out (``decode_image_op.cc`` wants libjpeg,
``unicode_ops.cc`` ICU); without this check they would be planned, and fail to compile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from buildtool.backends.backend import ForeignLibraries
from buildtool.backends.common.selection_header import PREFIX_HEADERS
from buildtool.catalogue.cxxfiles import CxxFiles
from buildtool.core.run import Command, run
from buildtool.tools.make_rules import prerequisites

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
) -> Mapping[str, tuple[str, ...]]:
    """The headers that each of ``sources``, files of ``tree``, or a helper of it, includes and that
    are nowhere, or belong to a library that is not built. So are those whose names begin as one of
    ``on_demand``, wherever they are: these ask for a library.

    ``compiler`` is a command with the target's flags and defines. It is asked only about files
    that name, directly or through a header, something that neither the tree nor ``include_dirs``
    hold; most of what is named there stands under an ``#if`` for another system.

    Raises:
        ToolError: the compiler cannot be run.
    """
    files = CxxFiles(tree, include_dirs)
    list(files.closure(PREFIX_HEADERS))
    common = set(files.missing)
    parts = {source: files.helpers(source) for source in sorted(set(sources))}
    every = dict.fromkeys(path for paths in parts.values() for path in paths)
    reached = {path: list(files.closure([path])) for path in every}
    unknown = {
        name
        for name in files.missing - common
        if (name.endswith(GRPC) or not name.endswith(GENERATED)) and not name.startswith(GUARDED)
    }
    search = [
        *compiler,
        f"-std={standard}",
        f"-I{tree}",
        *(f"-I{folder}" for folder in include_dirs),
    ]
    absent = _absent(unknown, search) if unknown else set()
    absent |= {name for name in unknown if name.startswith((*NOT_BUILT, *on_demand))}
    own = {path for paths in reached.values() for path in paths}
    absent |= {path for path in own if path.startswith(tuple(on_demand))}
    found = {
        path: _spelt(_included(tree / path, search), absent)
        for path, paths in reached.items()
        if _names_any(absent, files, paths)
    }
    wanted = {
        source: set().union(*(found.get(path, ()) for path in paths))
        for source, paths in parts.items()
    }
    return {source: tuple(sorted(names)) for source, names in wanted.items() if names}


def _absent(names: Collection[str], search: Sequence[str]) -> set[str]:
    """Those of ``names`` that the compiler finds nowhere."""
    lines = (f"#if !__has_include(<{name}>)\nabsent {name}\n#endif\n" for name in sorted(names))
    command = Command(argv=(*search, "-E", "-P", "-x", "c++", "-"))
    output = run(command, what="looking for headers", stdin="".join(lines).encode()).stdout
    return {line.removeprefix("absent ") for line in output.splitlines() if line[:7] == "absent "}


def _names_any(names: Collection[str], files: CxxFiles, paths: Sequence[str]) -> bool:
    wanted = [name.encode() for name in names]
    texts = (files.text(path) or b"" for path in paths)
    return bool(wanted) and any(name in text for text in texts for name in wanted)


def _included(source: Path, search: Sequence[str]) -> set[str]:
    """What the preprocessor includes of a file, by the names that stand there where they are
    nowhere to be found (GCC manual, ``-MG``). It reads on after an ``#error``, as there may be
    while generated headers are not there."""
    command = Command(argv=(*search, "-M", "-MG", "-MT", "x", str(source)))
    rule = run(command, what=f"reading the includes of {source.name}", check=False).stdout
    return set(prerequisites(rule))


def _spelt(included: Iterable[str], names: Iterable[str]) -> set[str]:
    """Those of ``names`` that ``included`` holds, by themselves or at the end of a path."""
    paths = [f"/{path}" for path in included]
    return {name for name in names if any(path.endswith(f"/{name}") for path in paths)}


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
