"""Numbers, shapes and types as people read them."""

from __future__ import annotations

from buildtool.core.datatypes import UNKNOWN, short
from buildtool.report.page_rendering import size_text


def size(count: int | None) -> str:
    """Bytes for people: ``2.91 MB`` (of a million bytes)."""
    if count is None:
        return "of no fixed size"
    return size_text(count)


def amount(count: int) -> str:
    """A number for people: ``601.55 M``."""
    for unit, name in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= unit:
            return f"{count / unit:.2f} {name}"
    return str(count)


def of(count: int, what: str) -> str:
    """``1 node``, ``2 nodes``."""
    return f"{count} {what}{'s' * (count != 1)}"


def flop(count: int) -> str:
    """Floating-point operations for people: ``601.55 MFLOP``."""
    text = amount(count)
    return f"{text}FLOP" if text[-1].isalpha() else f"{text} FLOP"


def milliseconds(seconds: float) -> str:
    """A time for people, with three digits."""
    return f"{seconds * 1000:.3g} ms"


def shape(sizes: tuple[int, ...] | None) -> str:
    """``[?, 224, 224, 3]``."""
    if sizes is None:
        return "unknown shape"
    return f"[{', '.join('?' if each < 0 else str(each) for each in sizes)}]"


def dtype(name: str) -> str:
    """``float``."""
    return "unknown type" if name == UNKNOWN else short(name)
