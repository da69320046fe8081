"""The rules that compilers write for make (GCC manual, ``-M``)."""

from __future__ import annotations

import re

_CONTINUED = "\\\n"
_SPACE = re.compile(r"(?<!\\)\s+")


def prerequisites(rule: str) -> tuple[str, ...]:
    """The files that ``target.o: file file`` names, in its order; a space in a name and the end of
    a line stand behind a backslash."""
    _, _, files = rule.replace(_CONTINUED, " ").partition(":")
    return tuple(name.replace("\\ ", " ") for name in _SPACE.split(files) if name)
