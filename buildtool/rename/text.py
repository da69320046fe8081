"""Renames protobuf in the text of one file: tokens of C++, not words within others, strings or
comments. Pure: text in, text out."""

from __future__ import annotations

import enum
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePosixPath

from buildtool.rename.names import is_protobuf_path, rename_path, rename_word
from buildtool.rename.tokens import (
    TOKEN,
    inner_blocks,
    is_nested,
    opens_block,
    qualifies,
    stands_alone,
)


class Kind(enum.Enum):
    """What a file is written in, as far as renaming is concerned."""

    CXX = "C++, C, Objective-C or Objective-C++"
    PROTOBUF = "C++ of protobuf itself, where all of the namespace google is protobuf's"
    PROTO = "protobuf's own language"
    BUILD = "a build file that lists protobuf's sources"
    OTHER = "something else"


_CXX = (".h", ".hh", ".hpp", ".hxx", ".inc", ".inl", ".c", ".cc", ".cpp", ".cxx", ".m", ".mm")
_BUILD_NAMES = frozenset({"Makefile.am", "Makefile.in", "CMakeLists.txt", "configure.ac"})
_BUILD = re.compile(
    r"(?<![\w.-])(google/protobuf/)(?=(?:[\w*-]+/)*[\w.*-]+\.(?:h|hh|hpp|inc|c|cc|cpp|m|mm)\b)",
    re.ASCII,
)
# Without one of these, there is nothing to rename in a file of C++.
_HINTS = ("google", "GOOGLE_", "PROTO")


@dataclass(frozen=True, kw_only=True)
class RenamedText:
    """A text with its lines in their places. ``doubts`` are the lines, from 1, that bring in all of
    the namespace ``google``: whether protobuf is meant cannot be seen in one file."""

    text: str
    doubts: tuple[int, ...] = ()


def kind_of(path: str) -> Kind:
    """The kind of a file, by its path."""
    file = PurePosixPath(path)
    if file.suffix in _CXX:
        return Kind.PROTOBUF if is_protobuf_path(path) else Kind.CXX
    if file.suffix == ".proto":
        return Kind.PROTO
    if file.name in _BUILD_NAMES or file.suffix == ".cmake" or file.name == "autogen.sh":
        return Kind.BUILD
    return Kind.OTHER


def rename_text(text: str, kind: Kind, prefix: str, *, macros: Collection[str] = ()) -> str:
    """``text`` with protobuf renamed; a text that was renamed with the same prefix stays as it is.

    ``macros`` are those of protobuf's headers (:func:`buildtool.rename.names.defined_macros`):
    which words of a file are macros of protobuf's cannot be seen in the file. ``prefix`` is a
    valid one. A ``.proto`` file stays as it is: its names are those on the wire and in type URLs,
    and the C++ that protoc makes of it is renamed instead.
    """
    return rename_lines(text, kind, prefix, macros=macros).text


def rename_lines(
    text: str, kind: Kind, prefix: str, *, macros: Collection[str] = ()
) -> RenamedText:
    """As :func:`rename_text`, with the lines that somebody must look at."""
    if kind is Kind.BUILD:
        return RenamedText(text=_BUILD.sub(f"{prefix}_google/protobuf/", text))
    if kind not in {Kind.CXX, Kind.PROTOBUF} or not any(hint in text for hint in _HINTS):
        return RenamedText(text=text)
    return _Cxx(text, prefix, macros, own=kind is Kind.PROTOBUF).renamed()


class _Cxx:
    """One pass over the tokens of a C++ text, which collects edits."""

    def __init__(self, text: str, prefix: str, macros: Collection[str], *, own: bool) -> None:
        self._text = text
        self._own = own
        self._prefix = prefix
        self._google = f"{prefix}_google"
        self._macros = macros
        self._edits: list[tuple[int, int, str]] = []
        self._doubts: list[int] = []

    def renamed(self) -> RenamedText:
        before = previous = ""  # the two identifiers before
        for token in TOKEN.finditer(self._text):
            word = token["word"]
            if word == "google":
                self._namespace(*token.span("word"), previous, before)
            elif word:
                self._replace(*token.span("word"), rename_word(word, self._prefix, self._macros))
            elif token["header"]:
                header = token["header"]
                inner = rename_path(header[1:-1], self._prefix)
                self._replace(*token.span("header"), header[0] + inner + header[-1])
            if word:
                before, previous = previous, word
        return RenamedText(text=self._applied(), doubts=tuple(self._doubts))

    def _namespace(self, start: int, end: int, previous: str, before: str) -> None:
        if is_nested(self._text, start, previous):
            return  # another namespace's google
        begin = opens_block(self._text, end) if previous == "namespace" else None
        if qualifies(self._text, end, "" if self._own else "protobuf"):
            self._replace(start, end, self._google)
        elif begin is not None:
            self._block(start, end, begin)
        elif "namespace" in {previous, before} and stands_alone(self._text, end):
            if self._own:
                self._replace(start, end, self._google)
            else:
                self._doubts.append(self._text.count("\n", 0, start) + 1)

    def _block(self, start: int, end: int, begin: int) -> None:
        """``namespace google {``: all of it is renamed if it holds nothing but protobuf, else the
        parts that are protobuf's are taken out of it."""
        blocks, others = inner_blocks(self._text, begin)
        if self._own or (blocks and not others):
            self._replace(start, end, self._google)
            return
        for first, last in blocks:
            self._edits.append((first, first, f"}} namespace {self._google} {{ "))
            self._edits.append((last, last, " } namespace google {"))

    def _replace(self, start: int, end: int, new: str) -> None:
        if self._text[start:end] != new:
            self._edits.append((start, end, new))

    def _applied(self) -> str:
        pieces: list[str] = []
        done = 0
        for start, end, new in sorted(self._edits):
            pieces += (self._text[done:start], new)
            done = end
        return "".join([*pieces, self._text[done:]])
