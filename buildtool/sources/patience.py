"""How long to wait for a server, and how often."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait, in seconds, for a connection and for the next bytes; how many attempts
    without a new byte; the pause before the second attempt (doubled for each further one).
    """

    connect: float = 20.0
    read: float = 60.0
    attempts: int = 4
    pause: float = 1.0
