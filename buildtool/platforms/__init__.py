"""The platforms: one module each, found by name here. To add one, write a module with a
``PLATFORM`` and list it in :data:`PLATFORMS`; nothing else asks for a platform's name."""

from __future__ import annotations

from buildtool.errors import ConfigError, Problem
from buildtool.platforms import linux, raspberrypi
from buildtool.platforms.abi import Abi, Platform
from buildtool.suggest import did_you_mean

PLATFORMS: dict[str, Platform] = {
    platform.name: platform for platform in (linux.PLATFORM, raspberrypi.PLATFORM)
}


def find_abi(platform: str, abi: str, *, where: str = "") -> tuple[Platform, Abi]:
    """The platform and ABI of these names.

    Raises:
        ConfigError: there is no such platform, or it has no such ABI.
    """
    if platform not in PLATFORMS:
        raise ConfigError(
            Problem(
                where=where,
                what=f"platform: there is no platform {platform!r}"
                + did_you_mean(platform, PLATFORMS),
                todo=f"platforms: {', '.join(sorted(PLATFORMS))}",
            )
        )
    found = PLATFORMS[platform]
    if abi not in found.abis:
        raise ConfigError(
            Problem(
                where=where,
                what=f"abi: platform {platform!r} has no ABI {abi!r}"
                + did_you_mean(abi, found.abis),
                todo=f"ABIs of {platform}: {', '.join(sorted(found.abis))}",
            )
        )
    return found, found.abis[abi]
