"""Static archives with headers and flags, and beside them the library and the classes by which Java
uses them; for Android those of all ABIs in an AAR."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from buildtool.config import Target
from buildtool.products.java.java_places import CLASSES_PLACE, FACTS_PLACE, LIBRARY_PLACE
from buildtool.products.product import Maker, Packer, ProductFiles, is_release_1
from buildtool.products.static.static_product import FILES
from buildtool.tools.jdk import jdk_state

OWN = tuple(map(str, (LIBRARY_PLACE, CLASSES_PLACE, FACTS_PLACE)))


@dataclass(frozen=True, kw_only=True)
class JavaProduct:
    """See :class:`~buildtool.products.product.Product`. ``load_packer`` gives what packs the slices
    of a target together; None: each stays by itself."""

    name: str
    load_packer: Callable[[], Packer] | None = None

    @property
    def exports_functions(self) -> bool:
        return False

    @property
    def packs(self) -> bool:
        return self.load_packer is not None

    def takes(self, tree: Path | None) -> bool:
        return not is_release_1(tree)

    def files(self, target: Target) -> ProductFiles:
        del target
        return dataclasses.replace(FILES, products=(*FILES.products, *OWN))

    def state(self, target: Target) -> str:
        del target
        return jdk_state()

    def maker(self) -> Maker:
        from buildtool.products.java.java_maker import JavaMaker  # noqa: PLC0415 - heavy

        return JavaMaker(packer=self.load_packer() if self.load_packer else None)


def _load_packer() -> Packer:
    from buildtool.products.java.java_packing import pack_java  # noqa: PLC0415 - heavy

    return pack_java


JAVA = JavaProduct(name="java-library")
JAVA_AAR = JavaProduct(name="java-aar", load_packer=_load_packer)
