"""What programs are asked again and again, and what their answers rest on.

A script may do another thing each time, so only answers of programs are kept
(:mod:`buildtool.core.kept_answers`).
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from buildtool.core.errors import ToolError
from buildtool.core.kept_answers import KeptAnswers
from buildtool.core.run import ANSWER, Command, Completed, run
from buildtool.sources.cache import Cache
from buildtool.tools.make_rules import prerequisites

_ELF = b"\x7fELF"
# "libLLVM-14.so.1 => /lib/x86_64-linux-gnu/libLLVM-14.so.1 (0x00007f...)", as ld.so(8) says where
# this variable is set. A program that loads nothing does what it is told.
_TRACED = {"LD_TRACE_LOADED_OBJECTS": "1"}
_LOADED = re.compile(r"(?:=> |^\s)(/.+) \(0x[0-9a-f]+\)$", re.MULTILINE)
# How compilers show what they would start: `` "/usr/bin/ld.lld" "-pie" ...`` or `` as -o ...``.
_STARTED = re.compile(r'^ (?:"([^"]+)"|(\S+)) ', re.MULTILINE)


def answers() -> KeptAnswers:
    """Those of this user's machine."""
    return KeptAnswers(Cache.of_user().root / "answers")


def program_files(path: Path) -> list[str] | None:
    """What decides which program ``path`` is, and what it says: itself, the libraries that it
    loads, and those of its name on the path, one of which a compiler cache starts. None for a
    script.

    Raises:
        ToolError: it cannot be started.
    """
    if not _is_elf(path):
        return None
    asked = Command(argv=(str(path), "--version"), env=_TRACED)
    said = run(asked, what=path.name, check=False, timeout=ANSWER, error=ToolError).stdout
    named = (Path(folder, path.name) for folder in os.get_exec_path())
    return sorted({str(path), *map(str, named), *_LOADED.findall(said)})


def _is_elf(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_ELF)) == _ELF
    except OSError:
        return False


def compilation_files(
    compiler: Sequence[str], source: Path, link: Sequence[str]
) -> list[str] | None:
    """What it rests on that a C++ compiler, with these flags, makes a program of ``source`` and
    links it with ``link``: programs, headers, libraries, and the folders above them, in which
    others may come. None where that cannot be found out.

    Raises:
        ToolError: it cannot be started.
    """
    own = program_files(Path(compiler[0]))
    words = (*compiler, str(source))
    read = _said((*words, "-M")) if own else None
    shown = _said((*words, *link, "-###")) if own else None
    traced = ("-o", str(source.with_suffix(".traced")), "-Wl,--trace")
    linked = _said((*words, *link, *traced)) if own else None
    if own is None or read is None or shown is None or linked is None:
        return None
    names = (quoted or plain for quoted, plain in _STARTED.findall(shown.stderr))
    programs = (found for name in names if (found := shutil.which(name)))
    used = {*prerequisites(read.stdout), *programs, *linked.stdout.splitlines()}
    scratch = f"{source.parent}/"
    # The compiler's own objects between compiling and linking are gone.
    there = {path for path in used if path[:1] == "/" and os.path.exists(path)}  # noqa: PTH110
    kept = {path for path in there if not path.startswith(scratch)}
    return sorted({*own, *kept, *_above(kept)})


def _said(argv: tuple[str, ...]) -> Completed | None:
    done = run(
        Command(argv=argv), what="compiler probe", check=False, timeout=ANSWER, error=ToolError
    )
    return done if done.returncode == 0 else None


def _above(paths: Iterable[str]) -> set[str]:
    """The folders that these files are in, up to the root; but for those that this tool's own
    answers change."""
    found = {folder for path in paths for folder in Path(os.path.realpath(path)).parents}
    own = Cache.of_user().root
    return {
        str(folder) for folder in found if folder != folder.parent and folder not in own.parents
    }
