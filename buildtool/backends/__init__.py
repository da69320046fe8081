"""The backends, one package each, found by name here. To add one, write an object that is a
:class:`~buildtool.backends.backend.Backend` and list it in :data:`BACKENDS`."""

from __future__ import annotations

from pathlib import Path

from buildtool.backends.backend import Backend
from buildtool.backends.bazel.bazel_backend import BazelBackend
from buildtool.backends.makefile.makefile_backend import MAKEFILE, MakefileBackend
from buildtool.backends.native.native_backend import NativeBackend
from buildtool.config import Target
from buildtool.core.errors import ConfigError, Problem
from buildtool.core.suggest import did_you_mean
from buildtool.platforms import find_platform
from buildtool.platforms.facts import ARCHIVES

BACKENDS: dict[str, Backend] = {
    backend.name: backend for backend in (NativeBackend(), MakefileBackend(), BazelBackend())
}
AUTO = "auto"


def find_backend(target: Target) -> Backend:
    """The backend that a target asks for; with ``auto`` the one that makes what its platform's apps
    get, and that its tree was made for: of static archives, a tree with TensorFlow 1.x's own
    makefile is compiled by that, all others by ``native``.

    Raises:
        ConfigError: there is no such backend, or its kind of tree is not what is given.
    """
    tree = target.tensorflow if isinstance(target.tensorflow, Path) else None
    has_makefile = tree is not None and (tree / MAKEFILE).is_file()
    artefact = find_platform(target.platform).artefact
    if target.backend == AUTO and artefact != ARCHIVES:
        return next(each for each in BACKENDS.values() if each.artefact == artefact)
    if target.backend == AUTO:
        return BACKENDS["makefile" if has_makefile else "native"]
    if target.backend not in BACKENDS:
        raise ConfigError(
            Problem(
                where=target.where("backend"),
                what=f"backend: there is no backend {target.backend!r}"
                + did_you_mean(target.backend, [AUTO, *BACKENDS]),
                todo=f"backends: {', '.join((AUTO, *sorted(BACKENDS)))}",
            )
        )
    if target.backend == "makefile" and not has_makefile:
        raise _no_makefile(target, tree)
    return BACKENDS[target.backend]


def _no_makefile(target: Target, tree: Path | None) -> ConfigError:
    if tree is None:
        return ConfigError(
            Problem(
                where=target.where("tensorflow"),
                what=f"tensorflow: {target.tensorflow} is no TensorFlow 1.x, which the backend "
                "'makefile' builds; no archive of packages has one",
                todo="name your own tree of TensorFlow 1.0 to 1.15: tf=FOLDER, or 'tensorflow:' in "
                "the target",
            )
        )
    return ConfigError(
        Problem(
            where=str(tree),
            what=f"this tree has no {MAKEFILE}, which the backend 'makefile' needs",
            todo="name a whole tree of TensorFlow 1.0 to 1.15, or set 'backend: auto'",
        )
    )
