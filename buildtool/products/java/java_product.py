"""Static archives with headers and flags, and beside them the library and the classes by which Java
uses them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from buildtool.config import Target
from buildtool.products.java.java_places import CLASSES_PLACE, LIBRARY_PLACE
from buildtool.products.product import Maker, ProductFiles, is_release_1
from buildtool.products.static.static_product import FILES
from buildtool.tools.jdk import jdk_state


@dataclass(frozen=True, kw_only=True)
class JavaProduct:
    """See :class:`~buildtool.products.product.Product`."""

    name: str = "java-library"
    packs: bool = False

    def takes(self, tree: Path | None) -> bool:
        return not is_release_1(tree)

    def files(self, target: Target) -> ProductFiles:
        del target
        own = (str(LIBRARY_PLACE), str(CLASSES_PLACE))
        return dataclasses.replace(FILES, products=(*FILES.products, *own))

    def state(self, target: Target) -> str:
        del target
        return jdk_state()

    def maker(self) -> Maker:
        from buildtool.products.java.java_maker import JavaMaker  # noqa: PLC0415 - heavy

        return JavaMaker()


JAVA = JavaProduct()
