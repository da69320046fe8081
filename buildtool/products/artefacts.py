"""What an app gets of a library, and which files that are: what the tasks must know of it.

A platform names its artefact. To add one, list it in :data:`ARTEFACTS`, and its steps in
:mod:`buildtool.workflow`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from buildtool.config import Target
from buildtool.core.paths import WITHIN
from buildtool.platforms.facts import ARCHIVES
from buildtool.products.aar.parts import places
from buildtool.tools.android.state import state

Files = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Artefact:
    """Files below ``build/<target id>``: ``flags`` are told to an app's build, ``products`` are
    what a target gives, ``programs`` are linked here to try it; ``packed`` is what packing the
    slices of a target reads besides the products. ``state`` is a cheap value that changes with
    what its build depends on besides the target, the compiler and the tree's sources."""

    flags: Files
    products: Callable[[Target], Files]
    programs: Files
    packed: Files
    state: Callable[[Target], str]

    def expand(self, names: Files, target: Target) -> Files:
        """``names``, in which ``{flags}``, ``{products}`` and the like stand for these files."""
        parts = {
            "{flags}": self.flags,
            "{products}": self.products(target),
            "{programs}": self.programs,
            "{packed}": self.packed,
        }
        return tuple(file for name in names for file in parts.get(name, (name,)))


def _nothing_else(target: Target) -> str:
    del target
    return ""


def _archives(target: Target) -> Files:
    del target
    return tuple(str(path) for path in WITHIN.archives)


ARTEFACTS: Mapping[str, Artefact] = {
    ARCHIVES: Artefact(
        flags=(
            "dist/compile_flags.txt",
            "dist/flags.json",
            "dist/link_flags.txt",
            "dist/lib/cmake/TensorFlowSelective/TensorFlowSelectiveConfig.cmake",
            "dist/lib/pkgconfig/tensorflow-selective.pc",
        ),
        products=_archives,
        programs=("runner/runner",),
        packed=("plan.json", "dist/flags.json"),
        state=_nothing_else,
    ),
    "jni": Artefact(flags=(), products=places, programs=(), packed=("plan.json",), state=state),
}
