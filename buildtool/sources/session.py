"""What all fetches of one call share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from buildtool.sources.cache import Cache
from buildtool.sources.patience import Patience
from buildtool.sources.pip_settings import PipSettings, pip_settings
from buildtool.sources.progress import Progress


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
        """Settings of pip, read once."""
        return pip_settings()
