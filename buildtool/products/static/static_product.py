"""Static archives of TensorFlow and of what it depends on, with headers, flags and licences."""

from __future__ import annotations

from pathlib import Path

from buildtool.config import Target
from buildtool.core.paths import WITHIN
from buildtool.products.dist_files import (
    CMAKE_CONFIG,
    COMPILE_FLAGS_TEXT,
    FLAGS_JSON,
    LINK_FLAGS_TEXT,
    PKG_CONFIG,
)
from buildtool.products.product import ArchiveProduct, Maker, ProductFiles


def _in_dist(*names: str) -> tuple[str, ...]:
    return tuple(str(WITHIN.dist / name) for name in names)


FILES = ProductFiles(
    flags=_in_dist(COMPILE_FLAGS_TEXT, FLAGS_JSON, LINK_FLAGS_TEXT, CMAKE_CONFIG, PKG_CONFIG),
    products=tuple(map(str, WITHIN.archives)),
    programs=(str(WITHIN.program),),
    packed=(str(WITHIN.plan), *_in_dist(FLAGS_JSON)),
)


class StaticProduct(ArchiveProduct):
    """See :class:`~buildtool.products.product.Product`."""

    @property
    def maps_models(self) -> bool:
        return True

    def takes(self, tree: Path | None) -> bool:
        del tree
        return True

    def files(self, target: Target) -> ProductFiles:
        del target
        return FILES

    def maker(self) -> Maker:
        from buildtool.products.static.static_maker import StaticMaker  # noqa: PLC0415 - heavy

        return StaticMaker(packer=self.packer)


STATIC = StaticProduct(name="static")
