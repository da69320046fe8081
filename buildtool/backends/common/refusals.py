"""What a compiler said of the files that it refused: a guess that does not compile is no error, but
where nothing else defines what was looked for in it, its compiler's words are the reason."""

from __future__ import annotations

import re
from collections.abc import Sequence

# As GCC and clang begin an error: "FILE:LINE:COLUMN: error: ...".
_ERROR = re.compile(r": (?:fatal )?error: ")
# The error, and what the compiler shows of the source below it.
_LINES = 4
_LONGEST = 400


def first_errors(lines: Sequence[str]) -> str:
    """The first error of a compiler's output and the lines that it shows with it; the last lines
    where nothing there looks like an error."""
    shown = [line for line in lines if line.strip()]
    first = next((n for n, line in enumerate(shown) if _ERROR.search(line)), len(shown) - _LINES)
    first = max(first, 0)
    return "\n".join(line[:_LONGEST].rstrip() for line in shown[first : first + _LINES])
