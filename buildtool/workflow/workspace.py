"""Where one target is built. What a build needs is found, fetched or read when a step uses it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.backends import find_backend
from buildtool.backends.backend import Backend, Job
from buildtool.catalogue.kernels import make_catalogue
from buildtool.config import Target, unread_by_backend
from buildtool.convert.conversion_wishes import is_converted
from buildtool.core.errors import ConfigError
from buildtool.core.paths import LOCK, Layout
from buildtool.core.values import (
    Abi,
    BuildPlan,
    KernelCatalogue,
    ModelInfo,
    PreparedModel,
    Toolchain,
)
from buildtool.platforms import find_platform, run_problems, target_abi
from buildtool.platforms.facts import Platform, SourceAccess
from buildtool.prepare.wishes import is_prepared
from buildtool.products import find_product
from buildtool.products.product import Product
from buildtool.runtimes import find_runtime
from buildtool.runtimes.runtime import Runtime
from buildtool.sources import Cache, OwnCopy, load_lock, with_own_copies
from buildtool.workflow.build_inputs import BuildInputs, find_inputs
from buildtool.workflow.kept import load_models, load_plan, load_prepared


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """One target, and the folder ``build/<target id>`` of ``layout``. It is a
    :class:`~buildtool.products.product.Build`, which says what raises what. ``runs`` (None: as many
    as usual) and ``against`` are for the steps ``profile`` and ``diff``, ``asked`` is for
    ``explain``, ``grow`` (bytes) for ``diff``. ``stated`` is the target without what the command
    line says of it, for the step ``what-if``; None for others."""

    target: Target
    layout: Layout
    cache: Cache
    offline: bool
    say: Callable[[str], None]
    runs: int | None = None
    against: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    grow: int | None = None
    stated: Target | None = None

    @property
    def platform(self) -> Platform:
        return find_platform(self.target.platform)

    @functools.cached_property
    def abi(self) -> Abi:
        return target_abi(self.target)[1]

    @property
    def runtime(self) -> Runtime:
        return find_runtime(self.target)

    @property
    def product(self) -> Product:
        return find_product(self.target)

    @functools.cached_property
    def backend(self) -> Backend:
        """Raises ConfigError if none builds what the target asks for, or if the target has keys of
        another one, or of another platform."""
        found = find_backend(
            self.target, product=self.product.name, object_format=self.abi.object_format
        )
        unread = (*unread_by_backend(self.target, found.name), *run_problems(self.target))
        if unread:
            raise ConfigError(unread)
        return found

    @functools.cached_property
    def access(self) -> SourceAccess:
        lock = with_own_copies(load_lock(LOCK), own_copies(self.target))
        return SourceAccess(lock=lock, cache=self.cache, offline=self.offline)

    @functools.cached_property
    def sysroot(self) -> Path | None:
        """The platform's SDK."""
        return self.platform.sdk(self.target, self.abi, self.access)

    @functools.cached_property
    def toolchain(self) -> Toolchain:
        """Raises ToolError where tools are missing, all at once."""
        if "inputs" in self.__dict__:
            return self.inputs.job.toolchain
        return self.backend.toolchain(self.target, self.platform, self.abi, self.sysroot)

    @functools.cached_property
    def inputs(self) -> BuildInputs:
        """The sources and tools, fetched and found."""
        return find_inputs(
            self.target,
            platform=self.platform,
            abi=self.abi,
            backend=self.backend,
            layout=self.layout,
            access=self.access,
            sysroot=self.sysroot,
            say=self.say,
        )

    @property
    def job(self) -> Job:
        return self.inputs.job

    @property
    def licences(self) -> Mapping[str, tuple[Path, ...]]:
        return self.inputs.licences

    @functools.cached_property
    def plan(self) -> BuildPlan:
        """The plan that the step ``plan`` wrote."""
        return load_plan(self.layout)

    @functools.cached_property
    def models(self) -> tuple[ModelInfo, ...]:
        """The models that the step ``plan`` has read."""
        return load_models(self.layout)

    @functools.cached_property
    def prepared(self) -> Mapping[str, PreparedModel]:
        """The models that the steps ``prepare`` and ``convert`` have changed, by name."""
        target, layout = self.target, self.layout
        return {
            **(load_prepared(layout.prepared) if is_prepared(target) else {}),
            **(load_prepared(layout.converted) if is_converted(target) else {}),
        }

    @functools.cached_property
    def tree_here(self) -> Path | None:
        """TensorFlow's tree as far as it is on this machine, with the target's patches; it is not
        fetched."""
        if self.target.patches and self.layout.overlay.is_dir():
            return self.layout.overlay
        named = self.target.tensorflow
        if isinstance(named, Path):
            return named
        source = self.access.lock.sources.get(named)
        if source is None or not self.cache.stamp(source.name, source.tree).is_file():
            return None
        return self.cache.tree(source.name, source.tree)

    def catalogue(self, defines: Sequence[str]) -> KernelCatalogue:
        """The kernels of the tree under ``defines``."""
        job, chain = self.job, self.job.toolchain
        macros = (f"-D{macro}" for macro in self.abi.system_macros)
        return make_catalogue(
            job.tree.path,
            defines=defines,
            preprocessor=(str(chain.cxx.path), "-E", *chain.compile_flags, *macros),
            cache=self.cache.folder("catalogue"),
            tree_digest=job.tree.digest,
        )


def own_copies(target: Target) -> tuple[OwnCopy, ...]:
    """The user's own copies of sources, as the target names them."""
    return tuple(
        OwnCopy(name=own.name, path=own.path, where=target.where(f"sources[{index}]"))
        for index, own in enumerate(target.sources)
    )
