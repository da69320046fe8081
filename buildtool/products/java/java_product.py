"""Static archives with headers and flags, and beside them the library and the classes by which Java
uses them; for Android those of all ABIs in an AAR."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from buildtool.config import Target
from buildtool.products.java.java_places import CLASSES_PLACE, FACTS_PLACE, LIBRARY_PLACE
from buildtool.products.product import ArchiveProduct, Maker, Packer, ProductFiles, is_release_1
from buildtool.products.static.static_product import archive_files
from buildtool.tools.jdk import jdk_state

OWN = tuple(map(str, (LIBRARY_PLACE, CLASSES_PLACE, FACTS_PLACE)))


class JavaProduct(ArchiveProduct):
    """See :class:`~buildtool.products.product.Product`."""

    @property
    def app_build(self) -> str:
        return "gradle"

    def takes(self, tree: Path | None) -> bool:
        return not is_release_1(tree)

    def files(self, target: Target) -> ProductFiles:
        files = archive_files(target)
        return dataclasses.replace(files, products=(*files.products, *OWN))

    def state(self, target: Target) -> str:
        del target
        return jdk_state()

    def maker(self, target: Target) -> Maker:
        del target
        from buildtool.products.java.java_maker import JavaMaker  # noqa: PLC0415 - heavy

        return JavaMaker(packer=self.packer)


def _load_packer() -> Packer:
    from buildtool.products.java.java_packing import pack_java  # noqa: PLC0415 - heavy

    return pack_java


JAVA = JavaProduct(name="java-library")
JAVA_AAR = JavaProduct(name="java-aar", load_packer=_load_packer)
