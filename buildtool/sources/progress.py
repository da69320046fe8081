"""What a person sees of a fetch: nothing for the first two seconds, then how far it is.

On a terminal one line is written over; where output is collected (no terminal, ``CI`` or
``NO_COLOR`` set) plain lines come at longer intervals.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import TextIO

QUIET_SECONDS = 2.0
LIVE_INTERVAL = 0.2
PLAIN_INTERVAL = 10.0


class Progress:
    """Writes to ``stream``; with None it is silent. ``live`` allows one line to be written over.
    ``clock`` gives seconds.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        live: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream
        self._live = live
        self._clock = clock
        self._started: dict[str, float] = {}
        self._shown = 0.0
        self._width = 0

    @classmethod
    def of_process(
        cls, stream: TextIO | None = None, environment: Mapping[str, str] | None = None
    ) -> Progress:
        """Return the one that fits this process: standard error, live only on a terminal."""
        env = os.environ if environment is None else environment
        out = sys.stderr if stream is None else stream
        return cls(out, live=out.isatty() and not (env.get("CI") or env.get("NO_COLOR")))

    def update(self, what: str, done: int, total: int | None) -> None:
        """Say that ``done`` bytes of ``total`` (None: unknown) of ``what`` are here."""
        now = self._clock()
        started = self._started.setdefault(what, now)
        interval = LIVE_INTERVAL if self._live else PLAIN_INTERVAL
        if now - started >= QUIET_SECONDS and now - self._shown >= interval:
            self._shown = now
            self._write(f"{what}: {_amount(done, total)}", over=self._live)

    def end(self, what: str) -> None:
        """Forget ``what``; its next update starts anew."""
        self._started.pop(what, None)
        if self._width:
            self._write("", over=True)

    def note(self, text: str) -> None:
        """Write one lasting line."""
        self._write(text, over=False)

    def _write(self, text: str, *, over: bool) -> None:
        if self._stream is None:
            return
        blank = "\r" + " " * self._width + "\r" if self._width else ""
        self._stream.write(blank + text + ("" if over else "\n"))
        self._stream.flush()
        self._width = len(text) if over else 0


def _amount(done: int, total: int | None) -> str:
    if not total:
        return f"{done / 1e6:.1f} MB"
    return f"{done / 1e6:.1f} of {total / 1e6:.1f} MB ({100 * done // total} %)"
