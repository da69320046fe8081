"""A shared library with TensorFlow's C API, headers and CMake's package for it."""

from __future__ import annotations

from pathlib import Path

from buildtool.config import Target
from buildtool.core.paths import WITHIN
from buildtool.products.dist_files import CMAKE_CONFIG, CMAKE_VERSION, cmake_config, cmake_version
from buildtool.products.product import ArchiveProduct, Maker, ProductFiles, is_release_1
from buildtool.products.shared.shared_files import FACTS, LIBRARY, PLACE
from buildtool.runtimes import RUNTIMES, find_runtime
from buildtool.runtimes.runtime import Runtime

FILES = ProductFiles(
    flags=(str(WITHIN.dist / CMAKE_CONFIG), str(WITHIN.dist / CMAKE_VERSION)),
    products=(str(WITHIN.dist / PLACE), str(WITHIN.dist / FACTS)),
    programs=(str(WITHIN.program), str(WITHIN.runner / LIBRARY)),
)


def lite_files(runtime: Runtime) -> ProductFiles:
    """The same of shared libraries of TensorFlow Lite."""
    names = runtime.shared_libraries
    flags = (cmake_config(runtime.library), cmake_version(runtime.library))
    return ProductFiles(
        flags=tuple(str(WITHIN.dist / name) for name in flags),
        products=tuple(str(WITHIN.dist / "lib" / name) for name in names),
        programs=(str(WITHIN.program), *(str(WITHIN.runner / name) for name in names)),
    )


class SharedProduct(ArchiveProduct):
    """See :class:`~buildtool.products.product.Product`."""

    @property
    def runtimes(self) -> tuple[str, ...]:
        return ("full",) if self.packs else tuple(RUNTIMES)

    @property
    def exports_functions(self) -> bool:
        return True

    def takes(self, tree: Path | None) -> bool:
        return not is_release_1(tree)

    def files(self, target: Target) -> ProductFiles:
        runtime = find_runtime(target)
        return lite_files(runtime) if runtime.shared_libraries else FILES

    def maker(self, target: Target) -> Maker:
        if find_runtime(target).shared_libraries:
            from buildtool.products.shared.lite_shared_maker import (  # noqa: PLC0415 - heavy
                LiteSharedMaker,
            )

            return LiteSharedMaker()
        from buildtool.products.shared.shared_maker import SharedMaker  # noqa: PLC0415 - heavy

        return SharedMaker(packer=self.packer)


SHARED = SharedProduct(name="shared")
