"""The keys of a target file that say what the library is run on to verify and profile it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from buildtool.config.kinds import NO_RESULT, Host


@dataclass(frozen=True, kw_only=True)
class Run:
    """What programs are run on, to verify the library and to profile models. Unset, on this machine
    or under qemu; for Android on the device that the environment variable `ANDROID_SERIAL` names,
    and without that not at all."""

    host: Host = field(default=Host(""), metadata=NO_RESULT)
    """For Linux and Raspberry Pi: a board that `ssh` reaches under this name, such as `pi@board`.
    Its port, key and jump host are in `~/.ssh/config`; no password is asked for."""

    root: Path | None = field(default=None, metadata=NO_RESULT)
    """For Android: a folder with an Android's own `system/bin/linker64` (or `linker`) and
    libraries: programs are run on these, under qemu."""

    device: str = field(default="", metadata=NO_RESULT)
    """For Android: the serial number of a device or emulator as `adb devices` lists it, or `any`
    for the only one."""
