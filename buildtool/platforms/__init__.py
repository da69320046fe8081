"""The platforms: one module each, found by name here. To add one, write a module with a
``PLATFORM`` and list it in :data:`PLATFORMS`; nothing else asks for a platform's name."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from buildtool.config import COMMAND_LINE, Target
from buildtool.core.errors import ConfigError, Problem
from buildtool.core.suggest import did_you_mean
from buildtool.core.values import Abi
from buildtool.core.version_numbers import version_numbers
from buildtool.platforms import android, ios, linux, raspberrypi
from buildtool.platforms.facts import Platform

# Where a target file says which release of the system is built for.
RELEASE_KEY = "ios.minimum_os"
GNU = "-gnu"  # in the triples of systems with GNU's C library
PLATFORMS: dict[str, Platform] = {
    platform.name: platform
    for platform in (android.PLATFORM, ios.PLATFORM, linux.PLATFORM, raspberrypi.PLATFORM)
}


def find_platform(name: str, *, where: str = "") -> Platform:
    """The platform of this name.

    Raises:
        ConfigError: there is none.
    """
    if name not in PLATFORMS:
        raise ConfigError(
            Problem(
                where=where,
                what=f"platform: there is no platform {name!r}" + did_you_mean(name, PLATFORMS),
                todo=f"platforms: {', '.join(sorted(PLATFORMS))}",
            )
        )
    return PLATFORMS[name]


def find_abi(
    platform: str,
    abi: str,
    *,
    minimum_os: str | None = None,
    where: str = "",
    where_os: str = "",
) -> tuple[Platform, Abi]:
    """The platform and ABI of these names; ``minimum_os`` is the oldest release of the system that
    is built for, None for the ABI's usual one. ``where`` and ``where_os`` are where the ABI and
    the release were written.

    Raises:
        ConfigError: there is no such platform, it has no such ABI, or that is not made for such a
            release.
    """
    found = find_platform(platform, where=where)
    if abi not in found.abis:
        raise ConfigError(
            Problem(
                where=where,
                what=f"abi: platform {platform!r} has no ABI {abi!r}"
                + did_you_mean(abi, found.abis),
                todo=f"ABIs of {platform}: {', '.join(sorted(found.abis))}",
            )
        )
    return found, _for_release(found.abis[abi], minimum_os, where_os)


def _for_release(abi: Abi, minimum_os: str | None, where: str) -> Abi:
    versions = abi.os_versions
    if versions is None:
        if minimum_os is None:
            return abi
        what = f"{RELEASE_KEY}: objects for {abi.name} do not depend on a release of the system"
        raise ConfigError(Problem(where=where, what=what, todo="leave the key out"))
    wanted = minimum_os or versions.default
    if version_numbers(wanted) < version_numbers(versions.oldest):
        raise ConfigError(
            Problem(
                where=where,
                what=f"{RELEASE_KEY}: {wanted} is too old for {abi.name}: {versions.reason}",
                todo=f'write "{versions.oldest}" or a newer one',
            )
        )
    if versions.newest and version_numbers(wanted) > version_numbers(versions.newest):
        raise ConfigError(
            Problem(
                where=where,
                what=f"{RELEASE_KEY}: {wanted} does not run on {abi.name}; {versions.newest} was "
                "the last release that did",
                todo=f"take {abi.name} out of the target, or write an older '{RELEASE_KEY}'",
            )
        )
    built = max(wanted, versions.least or wanted, key=version_numbers)
    return dataclasses.replace(abi, minimum_os=built, triple=abi.triple.format(minimum_os=built))


def target_abi(target: Target) -> tuple[Platform, Abi]:
    """The platform and ABI that a target names.

    Raises:
        ConfigError: there is none of that name, or it is not made for the release that is named.
    """
    return find_abi(
        target.platform,
        target.abi,
        minimum_os=target.ios.minimum_os,
        where=target.where("abi"),
        where_os=target.where(RELEASE_KEY),
    )


def platform_problems(target: Target) -> Iterator[Problem]:
    """What a target asks for that its platform has not."""
    try:
        if target.slices:  # each of which is a target that is checked by itself
            find_platform(target.platform, where=target.where("platform"))
            return
        _, abi = target_abi(target)
    except ConfigError as failure:
        yield from failure.problems
        return
    # What the command line says is for the target that is built, which is then refused.
    yield from (each for each in run_problems(target) if each.where != COMMAND_LINE)
    if target.glibc and GNU not in abi.triple:
        yield Problem(
            where=target.where("glibc"),
            what=f"glibc: the C library of {target.platform} for {abi.name} is not glibc",
            todo="leave the key out",
        )


def run_problems(target: Target) -> Iterator[Problem]:
    """Keys for what programs run on that the target's platform does not read."""
    run, platform = target.run, find_platform(target.platform)
    given = {"host": run.host, "root": run.root, "device": run.device}
    for key in (name for name, value in given.items() if value and name not in platform.run_keys):
        readers = sorted(each.name for each in PLATFORMS.values() if key in each.run_keys)
        yield Problem(
            where=target.where(f"run.{key}"),
            what=f"run.{key}: only targets of the platform {' or '.join(readers)} have it, and "
            f"this one's is {target.platform!r}",
            todo="take it out, or move it to such a target",
        )
