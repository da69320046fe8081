"""The keys of a model that say what an app feeds it, and what it makes of what comes out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from buildtool.config.kinds import Count


@dataclass(frozen=True, kw_only=True)
class App:
    """What the app that `doit app` writes does with this model; see [apps.md](apps.md). The keys
    are about its first input; others are fed with numbers, or with a file's bytes where they take a
    string. Nothing of it changes the library."""

    takes: Literal["auto", "image", "sound", "numbers", "bytes"] = "auto"
    """What the app is given: an `image` file, a WAV file (`sound`), a text file of `numbers`, or
    any file, whose `bytes` are fed to a string. `auto`: bytes for a string, an image for a shape
    that has 1 or 3 channels, else numbers."""

    size: tuple[Count, ...] = ()
    """Height and width that images are brought to, such as `[224, 224]`. Unset, those of the
    input's shape."""

    mean: tuple[float, ...] = ()
    """What is taken off each value of an image (0 to 255) or of a sound (-1 to 1): one number, or
    one for each channel."""

    scale: tuple[float, ...] = ()
    """What the difference is multiplied with, one number or one for each channel: with `mean:
    [127.5]` and `scale: [0.0078431373]` values are from -1 to 1."""

    rate: Count | None = None
    """Samples in each second that a sound must have. Unset, any."""

    labels: Path | None = None
    """A text file with the names of the model's classes, one in each line."""
