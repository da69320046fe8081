"""Which of the dependencies that a tree pins its makefile build really needs.

The preprocessor answers: which headers outside the tree do the sources include, under the target's
defines? What the tree's download script fetches besides is needed by nothing that is compiled.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.backends.makefile.file_lists import DOWNLOADS, FOLDER
from buildtool.backends.makefile.make import MAKEFILE
from buildtool.backends.makefile.pins import KNOWN, KnownDependency
from buildtool.catalogue.cxxfiles import CxxFiles
from buildtool.catalogue.unity import Preprocessor, make_stubs
from buildtool.core.errors import ToolError
from buildtool.core.run import Command, run
from buildtool.tools.make_rules import prerequisites

SCRIPT = f"{FOLDER}/download_dependencies.sh"
_FETCHED = re.compile(r"\bDOWNLOADS_DIR\}?/(\w[\w/.-]*)")
_LINKS_ZLIB = re.compile(r"(?<!\S)-lz(?!\S)")
_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*["<]([^">\n]+)[">]', re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Need:
    """A dependency that a build needs, and the first reason that was found."""

    name: str
    reason: str


def needed(
    tree: Path, sources: Sequence[str], preprocessor: Preprocessor, *, cache: Path
) -> tuple[Need, ...]:
    """What ``sources`` of ``tree`` need, sorted by name.

    ``sources`` are the files that the makefile compiles, relative to the tree, with those of the
    host's tools and those below its ``downloads``. ``preprocessor`` is a C++ preprocessor with the
    target's defines; stubs for headers outside the tree are kept below ``cache``.

    Raises:
        ToolError: the preprocessor cannot be run, or does not get through the sources.
    """
    downloaded = [source for source in sources if source.startswith(DOWNLOADS)]
    own = [source for source in dict.fromkeys(sources) if (tree / source).is_file()]
    reasons = dict(_compiled(downloaded))
    for name, reason in _included(tree, own, preprocessor, cache):
        reasons.setdefault(name, reason)
    return tuple(Need(name=name, reason=reasons[name]) for name in sorted(reasons))


def notes_on_needs(tree: Path, needs: Sequence[Need]) -> list[str]:
    """In sentences: what is needed and why, and what the download script and the makefile of
    ``tree`` ask for though nothing that is compiled includes it."""
    if not needs:
        return []
    shown = "; ".join(f"{need.name} ({need.reason})" for need in needs)
    notes = [f"of the dependencies that the tree pins, its sources need {shown}"]
    asked = set(_FETCHED.findall(_text(tree / SCRIPT)))
    names = {known.name for known in KNOWN if known.folder in asked}
    names |= {"zlib"} if _LINKS_ZLIB.search(_text(tree / MAKEFILE)) else set()
    if unneeded := sorted(names - {need.name for need in needs}):
        notes.append(f"the tree's scripts ask for {', '.join(unneeded)} too; no source needs them")
    return notes


def _text(path: Path) -> str:
    return path.read_text("utf-8", "replace") if path.is_file() else ""


def _compiled(sources: Iterable[str]) -> Iterator[tuple[str, str]]:
    for source in sources:
        path = source.removeprefix(DOWNLOADS)
        for known in KNOWN:
            if path.startswith(f"{known.folder}/"):
                yield known.name, f"the makefile compiles {path}"


def _included(
    tree: Path, sources: Sequence[str], preprocessor: Preprocessor, cache: Path
) -> Iterator[tuple[str, str]]:
    files = CxxFiles(tree, preprocessor.include_dirs)
    order = list(files.closure(sources))
    stubs = make_stubs(files.missing, cache)
    read = _read_files(tree, sources, preprocessor, stubs)
    used = {header for header in files.missing if any(str(root / header) in read for root in stubs)}
    includers = _includers(files, (path for path in order if str(tree / path) in read))
    for known in KNOWN:
        if header := next(iter(sorted(_headers(known, used))), None):
            yield known.name, f"{includers.get(header, 'a source')} includes {header}"


def _headers(known: KnownDependency, used: Iterable[str]) -> Iterator[str]:
    return (header for header in used if header.startswith(known.headers))


def _includers(files: CxxFiles, paths: Iterable[str]) -> Mapping[str, str]:
    """The first of ``paths`` that names each header."""
    found: dict[str, str] = {}
    for path in paths:
        for header in _INCLUDE.findall(files.text(path) or b""):
            found.setdefault(header.decode("utf-8", "replace"), path)
    return found


def _read_files(
    tree: Path, sources: Sequence[str], preprocessor: Preprocessor, stubs: Sequence[Path]
) -> frozenset[str]:
    """Every file that the preprocessor reads for ``sources``, all included by one file: a header
    that any of them reads is read by the whole."""
    roots = (tree.absolute(), *preprocessor.include_dirs, *stubs)
    with tempfile.TemporaryDirectory(prefix="buildtool-") as folder:
        unity = Path(folder, "unity.cc")
        unity.write_text("".join(f'#include "{source}"\n' for source in sources), "utf-8")
        argv = (
            *preprocessor.argv,
            *(f"-D{define}" for define in preprocessor.defines),
            *("-x", "c++", "-M", "-w", "-nostdinc"),
            *(f"-I{root}" for root in roots),
            str(unity),
        )
        done = run(Command(argv=argv), what=f"asking what {tree} includes", error=ToolError)
    return frozenset(prerequisites(done.stdout))
