"""Small apps for a target's model: written once, and then the user's to change.

To add a way in which apps are built, write a module that renders one, list it in
:data:`APP_BUILDS`, and name it in the platforms and products that it is for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from buildtool.config import Target
from buildtool.platforms import PLATFORMS
from buildtool.products import find_product


@dataclass(frozen=True, kw_only=True)
class AppBuild:
    """How an app is built: ``render`` gives its files by their names, ``how`` is the command for
    people, with ``{app}`` for the app's folder."""

    render: Callable[..., dict[str, bytes]]
    how: str


def _cmake() -> AppBuild:
    from buildtool.apps.cmake_app import HOW, render_app  # noqa: PLC0415 - only to write one

    return AppBuild(render=render_app, how=HOW)


def _gradle() -> AppBuild:
    from buildtool.apps.gradle_app import HOW, render_app  # noqa: PLC0415 - as above

    return AppBuild(render=render_app, how=HOW)


def _xcode() -> AppBuild:
    from buildtool.apps.xcode_app import HOW, render_app  # noqa: PLC0415 - as above

    return AppBuild(render=render_app, how=HOW)


# By their names.
APP_BUILDS = {"cmake": _cmake, "gradle": _gradle, "xcode": _xcode}


def has_app(target: Target) -> bool:
    """Whether an app can be written for a target: its product and its platform go together. Where
    slices are packed, the app is for the package of all."""
    product = find_product(target)
    is_whole = bool(target.slices) == product.packs
    return is_whole and product.app_build in PLATFORMS[target.platform].app_builds


def load_app_build(target: Target) -> AppBuild:
    """How the app of a target is built, for one that has an app."""
    return APP_BUILDS[find_product(target).app_build]()
