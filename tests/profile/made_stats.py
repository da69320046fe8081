"""``StepStats`` made by hand, and a profile of them."""

from __future__ import annotations

import struct

from buildtool.model.wire import write_field
from buildtool.profile.model_profile import Circumstance, Measured, ModelProfile
from buildtool.profile.node_times import node_times, op_times
from buildtool.profile.step_stats import read_runs

CPU = "/job:localhost/replica:0/task:0/device:CPU:0"
BEGAN = 1_700_000_000_000_000
Node = tuple[str, str, int, int, int]  # name, op, start and time in nanoseconds, bytes

# Two runs of a loop whose body is called twice in each, and of a node that asks for much memory.
FIRST: tuple[Node, ...] = (
    ("_SOURCE", "NoOp", 0, 200, 0),
    ("a/product", "MatMul", 1_000, 8_500, 262_144),
    ("loop/add", "AddV2", 10_000, 1_500, 64),
    ("loop/add", "AddV2", 12_000, 700, 64),
    ("b/product", "MatMul", 1_500, 4_000, 128),
)
SECOND: tuple[Node, ...] = (
    ("_SOURCE", "NoOp", 0, 100, 0),
    ("a/product", "MatMul", 500, 6_500, 300_000),
    ("loop/add", "AddV2", 9_000, 1_100, 64),
    ("loop/add", "AddV2", 11_000, 900, 32),
    ("b/product", "MatMul", 700, 5_000, 128),
)


def node_stats(node: Node, *, nanos: bool = True) -> bytes:
    """A ``NodeExecStats``; older releases tell no ``nanos``."""
    name, op, start, time, memory = node
    label = f"[cpu 0.3MB] {name} = {op}(x, y)" if memory > 104_857 else f"{name} = {op}(x, y)"
    fields = [
        write_field(1, name.encode()),
        write_field(2, BEGAN + start // 1000),
        write_field(5, time // 1000),
        write_field(8, label.encode()),
        *(write_field(6, write_field(1, b"cpu") + write_field(2, part)) for part in (memory, 0)),
    ]
    if nanos:
        fields += [write_field(13, BEGAN * 1000 + start), write_field(16, time)]
    return b"".join(fields)


def step_stats(nodes: tuple[Node, ...], *, device: str = CPU, nanos: bool = True) -> bytes:
    """A ``StepStats`` of one device."""
    stats = (write_field(2, node_stats(node, nanos=nanos)) for node in nodes)
    return write_field(1, write_field(1, device.encode()) + b"".join(stats))


def record(message: bytes) -> bytes:
    """A message as the runner writes it."""
    return struct.pack("<I", len(message)) + message


def made_profile(target: str = "pi", *, emulated: bool = True, slower: float = 1.0) -> Measured:
    """A profile with the nodes above, whose runs are fewer than were asked for."""
    runs = read_runs(record(step_stats(FIRST)) + record(step_stats(SECOND)))
    profile = ModelProfile(
        model="<b> & co",
        sha256="12" * 32,
        original_sha256="12" * 32,
        where=Circumstance(
            target=target,
            tensorflow_version="2.14.1",
            place="qemu-arm-static" if emulated else "this machine",
            emulated=emulated,
        ),
        inputs="seeded",
        wanted_runs=5,
        plain=(0.5 * slower, 0.03125 * slower, 0.0625 * slower),
        traced=(0.125 * slower, 0.25 * slower),
        timings={"read": 1.5, "session": 12.25},
        peak_kib=2048,
        nodes=node_times(runs),
        ops=op_times(runs),
        sums=tuple(sum(node.time for node in run) / 1000 for run in runs),
    )
    return Measured(profile=profile, timeline=runs[0])
