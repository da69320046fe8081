"""A shared library with TensorFlow's C API, headers and CMake's package for it."""

from __future__ import annotations

from pathlib import Path

from buildtool.config import Target
from buildtool.core.paths import WITHIN
from buildtool.products.dist_files import CMAKE_CONFIG, CMAKE_VERSION
from buildtool.products.product import ArchiveProduct, Maker, ProductFiles, is_release_1
from buildtool.products.shared.shared_files import FACTS, LIBRARY, PLACE

FILES = ProductFiles(
    flags=(str(WITHIN.dist / CMAKE_CONFIG), str(WITHIN.dist / CMAKE_VERSION)),
    products=(str(WITHIN.dist / PLACE), str(WITHIN.dist / FACTS)),
    programs=(str(WITHIN.program), str(WITHIN.runner / LIBRARY)),
)


class SharedProduct(ArchiveProduct):
    """See :class:`~buildtool.products.product.Product`."""

    @property
    def exports_functions(self) -> bool:
        return True

    def takes(self, tree: Path | None) -> bool:
        return not is_release_1(tree)

    def files(self, target: Target) -> ProductFiles:
        del target
        return FILES

    def maker(self) -> Maker:
        from buildtool.products.shared.shared_maker import SharedMaker  # noqa: PLC0415 - heavy

        return SharedMaker(packer=self.packer)


SHARED = SharedProduct(name="shared")
