"""What an app gets: one product each, found by name here. To add one, write an object that is a
:class:`~buildtool.products.product.Product`, list it in :data:`PRODUCTS`, and name it in the
platforms whose apps can get it and in the backends that can feed it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from buildtool.config import COMMAND_LINE, Target
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
    if platform is None:
        return
    if target.product in (AUTO, *platform.products):
        product = find_product(target)
        if target.runtime in product.runtimes:
            yield from _unread_keys(target, product)
        else:
            able = [name for name in platform.products if target.runtime in PRODUCTS[name].runtimes]
            yield Problem(
                where=target.where("product"),
                what=f"product: {product.name!r} cannot hold the runtime {target.runtime!r} yet",
                todo=f"products that can: {', '.join(able) or 'none for this platform'}",
            )
        return
    yield Problem(
        where=target.where("product"),
        what=f"product: apps for {platform.name} cannot get {target.product!r}"
        + did_you_mean(target.product, (AUTO, *platform.products)),
        todo=f"products for {platform.name}: {', '.join((AUTO, *platform.products))}",
    )


def _unread_keys(target: Target, product: Product) -> Iterator[Problem]:
    """Keys that say nothing of what the target's apps get."""
    if target.exports and not product.exports_functions:
        yield Problem(
            where=target.where("exports"),
            what=f"exports: the product {product.name!r} is no shared library of ours",
            todo="leave the key out, or set 'product: shared'",
        )
    # What the command line says is for the target that is built, which the step then refuses.
    for problem in mapping_problems(target):
        if problem.where != COMMAND_LINE:
            yield problem
    if target.size_budget.archive is not None and product.exports_functions:
        yield Problem(
            where=target.where("size_budget.archive"),
            what=f"size_budget.archive: apps get a shared library of {product.name!r}, no archives",
            todo="limit 'linked', 'stripped' or 'compressed' instead",
        )


def mapping_problems(target: Target) -> Iterator[Problem]:
    """Models that are to be mapped into memory by apps that cannot."""
    product = find_product(target)
    for index, model in enumerate(target.models):
        own = model.prepare
        keys = target.prepare if own is None else own
        if keys.format == "memory-mapped" and not product.maps_models:
            key = "prepare.format" if own is None else f"models[{index}].prepare.format"
            yield Problem(
                where=target.where(key),
                what=f"{key}: only apps in C++ can have TensorFlow map {model.name} into "
                f"memory, and apps get {product.name!r}",
                todo="leave the key out, or set 'product: static'",
            )
