"""C++ as far as finding protobuf's names needs it: what is an identifier, what is not, and what
stands around the word ``google``.

After C++17, [lex]: comments, string, character and raw string literals, numbers with digit
separators, lines that go on after a backslash. Trigraphs, and identifiers that are broken over
two lines, are not understood.
"""

from __future__ import annotations

import re

_COMMENT = r"//(?:[^\\\n]|\\\r?\n|\\)*|/\*[\s\S]*?(?:\*/|\Z)"
_SPACE = rf"(?:\s|\\\r?\n|{_COMMENT})*"
_LITERAL = r"""
    (?:u8|[uUL])?R"(?P<mark>[^()\\\s]{0,16})\([\s\S]*?\)(?P=mark)"
  | (?:u8|[uUL])?(?:"(?:[^"\\\n]|\\[\s\S])*"? | '(?:[^'\\\n]|\\[\s\S])*'?)
  | \.?\d(?:[eEpP][+-]|'?[\w.])*
"""
_WORD = r"(?P<word>[A-Za-z_$][\w$]*)"

# Tokens, with groups where it matters which: a header's name in its quotes, an identifier.
TOKEN = re.compile(
    rf"""
    {_COMMENT}
  | (?: ^[ \t]*\#[ \t]*(?:include(?:_next)?|import)\b[ \t]*
      | __has_include(?:_next)?[ \t]*\([ \t]*
      | (?=<google/protobuf/[\w./+-]*>) )
    (?P<header>"[^"\n]*"|<[^>\n]*>)
  | {_LITERAL}
  | {_WORD}
    """,
    re.VERBOSE | re.MULTILINE | re.ASCII,
)
# The same inside of a block; the braces in macros need not match, so directives are skipped.
_IN_BLOCK = re.compile(
    rf"""
    {_COMMENT}
  | ^[ \t]*\#(?:[^\\\n/]|\\\r?\n|\\|{_COMMENT}|/)*
  | {_LITERAL}
  | {_WORD}
  | (?P<brace>[{{}}])
    """,
    re.VERBOSE | re.MULTILINE | re.ASCII,
)
_QUALIFIES = re.compile(rf"{_SPACE}::{_SPACE}(\w+)", re.ASCII)
_OPENS = re.compile(rf"{_SPACE}\{{", re.ASCII)
_ENDS = re.compile(rf"{_SPACE};", re.ASCII)
_OPENS_PROTOBUF = re.compile(rf"{_SPACE}protobuf{_SPACE}(?:::{_SPACE}\w+{_SPACE})*\{{", re.ASCII)

# Words after which "::" starts a name from the outermost namespace, although nothing separates
# the two; after any other, it goes on in that one.
_GLOBAL_AFTER = frozenset(
    {"return", "const", "volatile", "typename", "class", "struct", "new", "delete", "case", "else"}
    | {"throw", "public", "private", "protected", "virtual", "using"}
)


def is_nested(text: str, start: int, previous: str) -> bool:
    """Whether the identifier that starts here belongs to another name before it, as in
    ``other::google``; ``previous`` is the identifier before."""
    qualified = re.search(r"\w::\Z", text[max(start - 3, 0) : start], re.ASCII)
    return qualified is not None and previous not in _GLOBAL_AFTER


def qualifies(text: str, end: int, name: str) -> bool:
    """Whether ``::`` and this name follow; any, without one."""
    found = _QUALIFIES.match(text, end)
    return found is not None and name in {"", found[1]}


def opens_block(text: str, end: int) -> int | None:
    """The place after the ``{`` that follows, if one does."""
    found = _OPENS.match(text, end)
    return found.end() if found else None


def stands_alone(text: str, end: int) -> bool:
    """Whether ``;`` follows."""
    return _ENDS.match(text, end) is not None


def inner_blocks(text: str, begin: int) -> tuple[list[tuple[int, int]], bool]:
    """The blocks ``namespace protobuf { ... }`` of the block that begins here, each from its
    first character to the place after its last; and whether there is anything else in it."""
    blocks: list[tuple[int, int]] = []
    others, depth, start = False, 1, -1
    for token in _IN_BLOCK.finditer(text, begin):
        if token["word"] and depth == 1 and start < 0:
            if token["word"] == "namespace" and _OPENS_PROTOBUF.match(text, token.end()):
                start = token.start()
            else:
                others = True
        elif token["brace"]:
            depth += 1 if token["brace"] == "{" else -1
            if depth == 1 and start >= 0:
                blocks.append((start, token.end()))
                start = -1
            if depth == 0:
                break
    if start >= 0:  # the rest of the file, or of a macro
        blocks.append((start, len(text)))
    return blocks, others
