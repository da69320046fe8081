"""The backends, one package each, found by name here. To add one, write an object that is a
:class:`~buildtool.backends.backend.Backend` and list it in :data:`BACKENDS`."""

from __future__ import annotations

from pathlib import Path

from buildtool.backends.backend import Backend
from buildtool.backends.bazel.bazel_backend import BazelBackend
from buildtool.backends.makefile.makefile_backend import MakefileBackend
from buildtool.backends.native.native_backend import NativeBackend
from buildtool.config import Target
from buildtool.core.errors import ConfigError, Problem
from buildtool.core.suggest import did_you_mean

# With ``auto``, the first that can feed the product and takes the tree.
BACKENDS: dict[str, Backend] = {
    backend.name: backend for backend in (MakefileBackend(), NativeBackend(), BazelBackend())
}
AUTO = "auto"


def find_backend(target: Target, *, product: str, object_format: str) -> Backend:
    """The backend that a target asks for; with ``auto`` the one that can feed its product, and that
    its tree was made for.

    Raises:
        ConfigError: there is no such backend, it makes no such thing, or its kind of tree is not
            what is given.
    """
    tree = target.tensorflow if isinstance(target.tensorflow, Path) else None
    able = [
        each
        for each in BACKENDS.values()
        if product in each.products
        and object_format in each.object_formats
        and target.runtime in each.runtimes
    ]
    if target.backend == AUTO:
        found = next((each for each in able if each.takes(tree)), None)
        if found is None:
            raise _no_backend(target, able)
        return found
    if target.backend not in BACKENDS:
        raise ConfigError(
            Problem(
                where=target.where("backend"),
                what=f"backend: there is no backend {target.backend!r}"
                + did_you_mean(target.backend, [AUTO, *BACKENDS]),
                todo=f"backends: {', '.join((AUTO, *sorted(BACKENDS)))}",
            )
        )
    found = BACKENDS[target.backend]
    if found not in able:
        raise _cannot(target, found, product, able)
    found.check_tree(target)
    return found


def _no_backend(target: Target, able: list[Backend]) -> ConfigError:
    """The tree is of a kind that none of those takes that build the runtime."""
    names = ", ".join(each.name for each in able)
    return ConfigError(
        Problem(
            where=target.where("tensorflow"),
            what=f"tensorflow: the runtime {target.runtime!r} is not built of such a tree",
            todo=f"give one that these backends take: {names}; or leave the key out",
        )
    )


def _cannot(target: Target, found: Backend, product: str, able: list[Backend]) -> ConfigError:
    """A backend need not build for every platform."""
    what = f"backend: {found.name!r} does not build for {target.platform}"
    if target.runtime not in found.runtimes:
        what = f"backend: {found.name!r} does not build the runtime {target.runtime!r}"
    elif product not in found.products:
        todo = "set 'backend: auto', or leave the key out"
        return ConfigError(Problem(where=target.where("backend"), what=what, todo=todo))
    others = ", ".join(sorted(each.name for each in able))
    todo = f"backends that do: {others}"
    return ConfigError(Problem(where=target.where("backend"), what=f"{what} yet", todo=todo))
