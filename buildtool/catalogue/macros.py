"""Which macros register ops or kernels, and which files use one of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from buildtool.catalogue.cxxfiles import CxxFiles, library_sources

_DEFINE = re.compile(rb"^[ \t]*#[ \t]*define[ \t]+(\w+)((?:[^\n\\]|\\\r?\n|\\.)*)", re.MULTILINE)
_DEFINED = re.compile(rb"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.MULTILINE)
_UNDEF = re.compile(rb"^[ \t]*#[ \t]*undef[ \t]+(\w+)", re.MULTILINE)
_BLOCK_COMMENT = re.compile(rb"/\*.*?\*/", re.DOTALL)
_WORD = re.compile(rb"\b[A-Za-z_]\w+")
_WORD_BYTES = frozenset(b"_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")

# The macros of framework/op_kernel.h and framework/op.h, and the C API that does the same
# (tensorflow/c/kernels.h, tensorflow/c/ops.h; TensorFlow 1.14 and newer).
KERNEL_MACROS = ("REGISTER_KERNEL_BUILDER", "REGISTER_SYSTEM_KERNEL_BUILDER")
OP_MACROS = ("REGISTER_OP", "REGISTER_SYSTEM_OP")
C_FUNCTIONS = ("TF_NewKernelBuilder", "TF_NewOpDefinitionBuilder")
FRAMEWORK_HEADERS = ("tensorflow/core/framework/op.h", "tensorflow/core/framework/op_kernel.h")
_COMMON = b"REGISTER"
_WITH_COMMON = re.compile(rb"REGISTER\w*")
_HINTS = (_COMMON, b"TF_New")


class Define(NamedTuple):
    """A ``#define``: the macro and the words of its parameters and body."""

    name: bytes
    words: frozenset[bytes]


def defines(text: bytes) -> Iterator[Define]:
    """Every ``#define`` of ``text``, even one that an ``#if`` leaves out."""
    for match in _DEFINE.finditer(text):
        yield Define(match[1], frozenset(_WORD.findall(match[2])))


def own_macros(text: bytes) -> list[str]:
    """The names that ``text`` defines, sorted, each once."""
    return sorted({name.decode() for name in _DEFINED.findall(text)})


@dataclass(frozen=True, kw_only=True)
class RegisteringFiles:
    """The files of a tree that register something.

    ``sources`` gives each with the macros that it defines itself. They are in an order that keeps
    the macros of headers intact for as long as possible: first those that leave them alone.
    ``macros`` are all names, of the headers that ``sources`` include, whose expansion registers.
    """

    sources: Mapping[str, Sequence[str]]
    macros: frozenset[bytes]


def find_registering(files: CxxFiles) -> RegisteringFiles:
    """Find all sources of the library that use a registering macro or its C API."""
    candidates = _candidates(files)
    headers = [path for path in _headers(files, candidates) if _hinted(files.text(path))]
    macros = _leading_to_registration(files, headers)
    uses = word_finder(macros)
    own = {
        path: own_macros(text)
        for path in candidates
        if (text := files.text(path)) is not None and uses(text)
    }
    late = files.including(path for path in headers if _undefines(files, path, macros))
    shared = {name for path in headers for name in own_macros(files.text(path) or b"")}
    shared &= {name.decode() for name in macros}
    order = sorted(own, key=lambda path: (path in late or not shared.isdisjoint(own[path]), path))
    return RegisteringFiles(sources={path: own[path] for path in order}, macros=frozenset(macros))


def _candidates(files: CxxFiles) -> list[str]:
    found = []
    for path in library_sources(files.tree):
        if _hinted(files.text(path)):
            found.append(path)
        else:
            files.forget(path)
    return found


def _hinted(text: bytes | None) -> bool:
    return text is not None and any(hint in text for hint in _HINTS)


def _headers(files: CxxFiles, sources: Iterable[str]) -> list[str]:
    closure = files.closure([*sources, *FRAMEWORK_HEADERS])
    return [path for path in closure if not path.endswith(".cc")]


def _leading_to_registration(files: CxxFiles, headers: Iterable[str]) -> set[bytes]:
    """The base macros and every macro of ``headers`` whose body names one that registers."""
    found = {name.encode() for name in (*KERNEL_MACROS, *OP_MACROS, *C_FUNCTIONS)}
    waiting = [item for path in headers for item in defines(files.text(path) or b"")]
    while new := {item.name for item in waiting if not item.words.isdisjoint(found)} - found:
        found |= new
    return found


def _undefines(files: CxxFiles, path: str, macros: set[bytes]) -> bool:
    text = _BLOCK_COMMENT.sub(b"", files.text(path) or b"")
    return not macros.isdisjoint(_UNDEF.findall(text))


def word_finder(words: Iterable[bytes]) -> Callable[[bytes], bool]:
    """Give a function that tells whether a text holds one of ``words`` as a whole word.

    Nearly all registering macros have ``REGISTER`` in their names; a search for that literal is
    ten times as fast as one for any of the names.
    """
    wanted = frozenset(words)
    others = [word for word in sorted(wanted) if _COMMON not in word]

    def uses(text: bytes) -> bool:
        if any(_whole_word(text, match) in wanted for match in _WITH_COMMON.finditer(text)):
            return True
        return any(word in text and re.search(rb"\b%s\b" % word, text) for word in others)

    return uses


def _whole_word(text: bytes, match: re.Match[bytes]) -> bytes:
    start = match.start()
    while start and text[start - 1] in _WORD_BYTES:
        start -= 1
    return text[start : match.end()]
