"""Static archives, packed with those of the other slices into an XCFramework."""

from __future__ import annotations

from buildtool.products.product import Packer
from buildtool.products.static.static_product import StaticProduct


def _load_packer() -> Packer:
    from buildtool.products.xcframework.slice_packing import (  # noqa: PLC0415 - heavy
        pack_xcframework,
    )

    return pack_xcframework


class XcframeworkProduct(StaticProduct):
    """See :class:`~buildtool.products.product.Product`."""

    @property
    def app_build(self) -> str:
        return "xcode"


XCFRAMEWORK = XcframeworkProduct(name="xcframework", load_packer=_load_packer)
