"""Op definitions out of the sources' ``REGISTER_OP``.

That is what a runtime knows. ``ops.pbtxt`` lacks the ops whose names begin with ``_`` and those
that somebody added to a tree, and may be older than the sources (1.8.0-rc1: eleven ops differ).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from buildtool.catalogue.constants import Constants, literal
from buildtool.catalogue.op_language import OpWords, record
from buildtool.catalogue.opdefs import Record

_OP = re.compile(r'buildtool_op [01] \d+ "[^"]*"(.*?)\bbuildtool_end', re.DOTALL)
_METHOD = re.compile(r"\s*\.\s*(\w+)\s*\(")
_MARK = re.compile(
    r"""R"(?P<raw>[^()\s\\]{0,16})\(.*?\)(?P=raw)"|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)+'"""
    r"|(?P<open>\()|(?P<close>\))",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_LETTERS = {"n": "\n", "t": "\t"}
_STATEFUL = ("SetIsStateful", "SetDoNotOptimize")  # framework/op_def_builder.cc: they are one


def read_registered(
    source: str,
    expanded: str,
    constants: Constants,
    compound: Mapping[str, tuple[str, ...]],
) -> Iterator[tuple[str, Record | None]]:
    """Each op that one preprocessed source registers, with its definition; None for one that
    cannot be read."""
    for match in _OP.finditer(expanded):
        op = constants.string(match[1], source)
        if op.isidentifier():
            words = _words(source, _calls(expanded, match.end()), constants)
            yield op, record(words, compound) if words else None


def merged(found: Iterable[tuple[str, Record | None]]) -> dict[str, Record]:
    """The definitions by op. One that two sources define in two ways is not known."""
    known: dict[str, Record | None] = {}
    for op, definition in found:
        same = op not in known or known[op] == definition
        known[op] = definition if same else None
    return {op: definition for op, definition in sorted(known.items()) if definition is not None}


def _calls(text: str, position: int) -> Iterator[tuple[str, str]]:
    """The methods that follow, each with the text of its arguments."""
    while call := _METHOD.match(text, position):
        depth = 1
        for mark in _MARK.finditer(text, call.end()):
            depth += bool(mark["open"]) - bool(mark["close"])
            if not depth:
                break
        else:
            return
        yield call[1], text[call.end() : mark.start()]
        position = mark.end()


def _words(source: str, calls: Iterator[tuple[str, str]], constants: Constants) -> OpWords | None:
    """What concerns a graph of all the calls; None if one of them holds no string."""
    texts: dict[str, list[str]] = {"Attr": [], "Input": [], "Output": []}
    stateful, deprecation = False, ""
    for method, arguments in calls:
        if method in texts:
            text = constants.text(arguments, source)
            if text is None:
                return None
            texts[method].append(_unescaped(text))
        elif method == "Deprecated":
            version, _, why = arguments.partition(",")
            explanation = _unescaped(literal(why) or "")
            deprecation = f"since GraphDef version {version.strip()}: {explanation}"
        stateful |= method in _STATEFUL
    return OpWords(texts["Attr"], texts["Input"], texts["Output"], stateful, deprecation)


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda match: _LETTERS.get(match[1], match[1]), text)
