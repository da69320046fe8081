"""What an app gets: one product each, found by name here. To add one, write an object that is a
:class:`~buildtool.products.product.Product`, list it in :data:`PRODUCTS`, and name it in the
platforms whose apps can get it and in the backends that can feed it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from buildtool.config import Target
from buildtool.core.errors import Problem
from buildtool.core.suggest import did_you_mean
from buildtool.platforms import PLATFORMS
from buildtool.products.aar.aar_product import AAR
from buildtool.products.java.java_product import JAVA, JAVA_AAR
from buildtool.products.prefab.prefab_product import PREFAB
from buildtool.products.product import Product
from buildtool.products.shared.shared_product import SHARED
from buildtool.products.static.static_product import STATIC
from buildtool.products.xcframework.xcframework_product import XCFRAMEWORK

PRODUCTS: dict[str, Product] = {
    product.name: product for product in (STATIC, SHARED, JAVA, XCFRAMEWORK, PREFAB, JAVA_AAR, AAR)
}
AUTO = "auto"


def find_product(target: Target) -> Product:
    """The product that a target asks for; with ``auto`` the usual one of its platform that can be
    made of the tree."""
    if target.product != AUTO:
        return PRODUCTS[target.product]
    tree = target.tensorflow if isinstance(target.tensorflow, Path) else None
    usual = (PRODUCTS[name] for name in PLATFORMS[target.platform].products)
    return next(each for each in usual if each.takes(tree))


def product_problems(target: Target) -> Iterator[Problem]:
    """A product that apps of the platform cannot get."""
    platform = PLATFORMS.get(target.platform)
    if platform is None or target.product in (AUTO, *platform.products):
        return
    yield Problem(
        where=target.where("product"),
        what=f"product: apps for {platform.name} cannot get {target.product!r}"
        + did_you_mean(target.product, (AUTO, *platform.products)),
        todo=f"products for {platform.name}: {', '.join((AUTO, *platform.products))}",
    )
