"""The least time that one run can take on some devices: bounds by their peaks, not measurements."""

from __future__ import annotations

from dataclasses import dataclass

from buildtool.core.decode import from_json
from buildtool.core.own_tables import read_table
from buildtool.core.paths import DATA
from buildtool.inspect.inspection import Bound

DEVICES = DATA / "devices.yaml"


@dataclass(frozen=True, kw_only=True)
class Device:
    """The peaks of a device; ``devices.yaml`` says what each is. ``bandwidth`` is in bytes."""

    name: str
    cores: int
    hertz: float
    flops_per_cycle: int
    bandwidth: float
    source: str


def load_devices() -> tuple[Device, ...]:
    """The devices for which bounds are told."""
    values = read_table(DEVICES)
    floats = ("hertz", "bandwidth")
    return tuple(
        from_json(Device, value | {name: float(value[name]) for name in floats}) for value in values
    )


def find_bounds(flops: int, weight_bytes: int) -> tuple[Bound, ...]:
    """The bounds of a model that does this work and reads its weights once in each run."""
    result = []
    for device in load_devices():
        arithmetic = flops / (device.cores * device.hertz * device.flops_per_cycle)
        transfer = weight_bytes / device.bandwidth
        result.append(
            Bound(
                device=device.name,
                arithmetic=arithmetic,
                transfer=transfer,
                seconds=max(arithmetic, transfer),
                source=device.source,
            )
        )
    return tuple(result)
