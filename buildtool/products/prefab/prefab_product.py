"""Shared libraries, packed with those of the other slices into an AAR with Prefab metadata."""

from __future__ import annotations

from buildtool.products.product import Packer
from buildtool.products.shared.shared_product import SharedProduct


def _load_packer() -> Packer:
    from buildtool.products.prefab.prefab_packing import (  # noqa: PLC0415 - heavy
        pack_prefab,
    )

    return pack_prefab


PREFAB = SharedProduct(name="prefab", load_packer=_load_packer)
