"""Shared libraries that Java calls, their classes, and the AAR that carries them."""

from __future__ import annotations

from pathlib import Path

from buildtool.config import Target
from buildtool.platforms.android_parts import part_places
from buildtool.products.product import Maker, ProductFiles
from buildtool.tools.android.state import state


class AarProduct:
    """See :class:`~buildtool.products.product.Product`."""

    name = "aar"
    runtimes = ("full",)
    packs = True
    exports_functions = False
    maps_models = False
    app_build = ""

    def takes(self, tree: Path | None) -> bool:
        del tree
        return True

    def files(self, target: Target) -> ProductFiles:
        return ProductFiles(products=part_places(target))

    def state(self, target: Target) -> str:
        return state(target)

    def maker(self, target: Target) -> Maker:
        del target
        from buildtool.products.aar.aar_maker import AarMaker  # noqa: PLC0415 - heavy

        return AarMaker()


AAR = AarProduct()
