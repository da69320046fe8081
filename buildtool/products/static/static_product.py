"""Static archives of TensorFlow and of what it depends on, with headers, flags and licences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from buildtool.config import Target
from buildtool.products.product import Maker, Packer, ProductFiles

FILES = ProductFiles(
    flags=(
        "dist/compile_flags.txt",
        "dist/flags.json",
        "dist/link_flags.txt",
        "dist/lib/cmake/TensorFlowSelective/TensorFlowSelectiveConfig.cmake",
        "dist/lib/pkgconfig/tensorflow-selective.pc",
    ),
    products=("dist/lib/libtensorflow.a", "dist/lib/libtensorflow_deps.a"),
    programs=("runner/runner",),
    packed=("plan.json", "dist/flags.json"),
)


@dataclass(frozen=True, kw_only=True)
class StaticProduct:
    """See :class:`~buildtool.products.product.Product`. ``load_packer`` gives what packs the slices
    of a target together; None: each stays by itself."""

    name: str
    load_packer: Callable[[], Packer] | None = None

    @property
    def packs(self) -> bool:
        return self.load_packer is not None

    def files(self, target: Target) -> ProductFiles:
        del target
        return FILES

    def state(self, target: Target) -> str:
        del target
        return ""

    def maker(self) -> Maker:
        from buildtool.products.static.static_maker import StaticMaker  # noqa: PLC0415 - heavy

        return StaticMaker(packer=self.load_packer() if self.load_packer else None)


STATIC = StaticProduct(name="static")
