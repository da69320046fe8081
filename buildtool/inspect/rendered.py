"""The templates of what is shown, filled."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from buildtool.inspect.number_texts import amount, dtype, flop, milliseconds, of, shape, size
from buildtool.report.page_rendering import render_page

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def rendered(template: str, **values: object) -> str:
    """A template of the folder ``inspect``; values are escaped in those of HTML."""
    filters: tuple[Callable[..., Any], ...] = (
        size,
        amount,
        flop,
        shape,
        dtype,
        milliseconds,
        of,
        dot_string,
    )
    return render_page(
        f"inspect/{template}", filters={each.__name__: each for each in filters}, **values
    )


def dot_string(text: str) -> str:
    """A string of Graphviz's language ("The DOT Language"), its new lines as escapes."""
    plain = _CONTROL.sub("?", text).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + plain.replace("\n", "\\n") + '"'
