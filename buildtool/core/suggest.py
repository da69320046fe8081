"""One way to say "perhaps you meant"."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``"; perhaps you meant 'x'"`` for the known name nearest to ``name``, or ``""``."""
    near = difflib.get_close_matches(name, sorted(known), n=1)
    return f"; perhaps you meant {near[0]!r}" if near else ""


def suggest(name: str, known: Iterable[str]) -> str:
    """What to do about an unknown name: take the nearest known one, or any of them."""
    names = sorted(known)
    nearest = did_you_mean(name, names).removeprefix("; ")
    return nearest or f"it can be: {', '.join(names)}"
