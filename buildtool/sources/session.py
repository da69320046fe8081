"""What all fetches of one call share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from buildtool.sources.cache import Cache
from buildtool.sources.progress import Progress

if TYPE_CHECKING:
    from buildtool.sources.pypi import PipSettings


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait, in seconds, for a connection and for the next bytes; how many attempts
    without a new byte; the pause before the second attempt (doubled for each further one).
    """

    connect: float = 20.0
    read: float = 60.0
    attempts: int = 4
    pause: float = 1.0


@dataclass(kw_only=True)
class Session:
    """What all fetches of one call share. ``offline`` forbids every use of the network."""

    cache: Cache
    debian_suites: tuple[str, ...]
    offline: bool
    progress: Progress
    patience: Patience

    @cached_property
    def pip(self) -> PipSettings:
        """What pip is told; asked for once."""
        from buildtool.sources.pypi import pip_settings  # noqa: PLC0415  (imports requests)

        return pip_settings()
