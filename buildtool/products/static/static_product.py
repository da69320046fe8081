"""Static archives of TensorFlow and of what it depends on, with headers, flags and licences."""

from __future__ import annotations

import functools
from pathlib import Path

from buildtool.config import Target
from buildtool.core.paths import WITHIN
from buildtool.products.dist_files import (
    COMPILE_FLAGS_TEXT,
    FLAGS_JSON,
    LINK_FLAGS_TEXT,
    cmake_config,
    pkg_config,
)
from buildtool.products.product import ArchiveProduct, Maker, ProductFiles
from buildtool.runtimes import RUNTIMES


def _in_dist(*names: str) -> tuple[str, ...]:
    return tuple(str(WITHIN.dist / name) for name in names)


def archive_files(target: Target) -> ProductFiles:
    """The archives of the target's runtime, and what tells an app's build of them."""
    return _files_of(target.runtime)


@functools.cache
def _files_of(runtime: str) -> ProductFiles:
    library = RUNTIMES[runtime].library
    places = (cmake_config(library), pkg_config(library))
    return ProductFiles(
        flags=_in_dist(COMPILE_FLAGS_TEXT, FLAGS_JSON, LINK_FLAGS_TEXT, *places),
        products=tuple(map(str, WITHIN.archives(library.archives))),
        programs=(str(WITHIN.program),),
        packed=(str(WITHIN.plan), *_in_dist(FLAGS_JSON)),
    )


class StaticProduct(ArchiveProduct):
    """See :class:`~buildtool.products.product.Product`."""

    @property
    def runtimes(self) -> tuple[str, ...]:
        return tuple(RUNTIMES)

    @property
    def app_build(self) -> str:
        return "cmake"

    @property
    def maps_models(self) -> bool:
        return True

    def takes(self, tree: Path | None) -> bool:
        del tree
        return True

    def files(self, target: Target) -> ProductFiles:
        return archive_files(target)

    def maker(self, target: Target) -> Maker:
        del target
        from buildtool.products.static.static_maker import StaticMaker  # noqa: PLC0415 - heavy

        return StaticMaker(packer=self.packer)


STATIC = StaticProduct(name="static")
