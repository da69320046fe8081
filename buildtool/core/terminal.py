"""Text of files and models, as a terminal or a log may show it: to be read, never to be obeyed."""

from __future__ import annotations

import re

# C0 but for the end of a line and the tab, DEL and C1, marks and changes of a text's direction,
# other ends of lines, halves of surrogate pairs.
_OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
# A line of ours that goes on is indented: any other is made by a name that has a line's end in it.
_BROKEN = re.compile(r"\n(?!    )")
# What a person reads of a line; a name can be as long as the file that it stands in.
_MOST = 2000


def visible(text: str) -> str:
    """``text`` with what a terminal would obey written out as Python would write it."""
    return _OBEYED.sub(_escape, text)


def one_line(text: str) -> str:
    """The same in a single line."""
    return visible(text).replace("\n", "\\n")


def paragraph(text: str, most: int = _MOST) -> str:
    """The same as a part of a message: lines after its first are indented, and none is longer than
    ``most``."""
    lines = _BROKEN.sub(r"\\n", visible(text)).split("\n")
    return "\n".join(_cut(line, most) for line in lines)


def _cut(line: str, most: int) -> str:
    more = len(line) - most
    return f"{line[:most]}... ({more} characters more)" if more > 0 else line


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
