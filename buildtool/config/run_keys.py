"""The keys of a target file that say what the library is run on to verify it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Run:
    """For the platform `android`: what verification runs the library on. Unset, on a device that
    the environment variable `ANDROID_SERIAL` names; without that it is not run."""

    root: Path | None = None
    """A folder with an Android's own `system/bin/linker64` (or `linker`) and libraries: programs
    are run on these, under qemu."""

    device: str = ""
    """The serial number of a device or emulator as `adb devices` lists it, or `any` for the only
    one."""
