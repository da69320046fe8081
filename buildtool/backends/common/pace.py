"""How often a build reports its progress."""

from __future__ import annotations

import time
from collections.abc import Callable

FIRST_SECONDS = 2.0
NEXT_SECONDS = 5.0


class Pace:
    """Passes on a message after two seconds, then every five seconds; others are dropped."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._due = time.monotonic() + FIRST_SECONDS

    def __call__(self, text: str) -> None:
        now = time.monotonic()
        if now >= self._due:
            self._due = now + NEXT_SECONDS
            self._say(text)
