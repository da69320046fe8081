"""Small apps for a target's model: written once, and then the user's to change.

To add a way in which apps are built, write a module with a function ``render_app``, list what loads
it in :data:`APP_BUILDS`, and name it in the platforms and products that it is for.
"""

from __future__ import annotations

from collections.abc import Callable

from buildtool.config import Target
from buildtool.platforms import PLATFORMS
from buildtool.products import find_product


def _cmake() -> Callable[..., dict[str, bytes]]:
    from buildtool.apps.cmake_app import render_app  # noqa: PLC0415 - only when one is written

    return render_app


# By its name, what gives the function that renders the files of such an app.
APP_BUILDS = {"cmake": _cmake}


def has_app(target: Target) -> bool:
    """Whether an app can be written for a target: its product and its platform go together."""
    return find_product(target).app_build in PLATFORMS[target.platform].app_builds


def load_app_build(target: Target) -> Callable[..., dict[str, bytes]]:
    """The function that renders the files of a target's app, for one that has an app."""
    return APP_BUILDS[find_product(target).app_build]()
