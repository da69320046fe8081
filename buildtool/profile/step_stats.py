"""What TensorFlow tells of a traced run: the message ``StepStats``, read from the wire.

Fields: ``tensorflow/core/framework/step_stats.proto`` (1.0 to 2.14). Which devices do not count and
what the op of a node is: ``tensorflow/core/util/stat_summarizer.cc``.
"""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from buildtool.core.errors import Problem, VerificationError
from buildtool.model.wire import LENGTH, Span, WireError, fields, signed, text

# What a graphics card tells of the same nodes a second time, and a processor of its threads.
OTHER_DEVICES = ("/stream", "/memcpy", "/host:CPU")
UNKNOWN_OP = "<>"
# Numbers of fields: StepStats, DeviceStepStats, NodeExecStats, AllocatorMemoryUsed.
DEVICES, DEVICE, NODES = 1, 1, 2
NODE_NAME, START_MICROS, TIME_MICROS, MEMORY, LABEL = 1, 2, 5, 6, 8
START_NANOS, TIME_NANOS = 13, 16
TOTAL_BYTES = 2


@dataclass(frozen=True, kw_only=True)
class NodeRun:
    """A node that was run once. ``start`` is counted from the start of the whole run; both are
    microseconds. ``memory`` is what the allocators gave for it, in bytes."""

    name: str
    op: str
    start: float
    time: float
    memory: int


def read_runs(data: bytes) -> tuple[tuple[NodeRun, ...], ...]:
    """The nodes of each run, in the order in which they ended. ``data`` has the messages of all
    runs, each after its length (unsigned, 32 bits).

    Raises:
        VerificationError: it is something else.
    """
    runs, place = [], 0
    try:
        while place < len(data):
            (length,) = struct.unpack_from("<I", data, place)
            place += 4 + length
            if place > len(data):
                raise WireError(place - length, "a message is cut off")
            runs.append(read_run(data, (place - length, place)))
    except (WireError, struct.error) as failure:
        raise VerificationError(
            Problem(
                where="profile",
                what=f"what the runner has traced cannot be read: {failure}",
                todo="look whether the disk of the device is full, and run the same again",
            )
        ) from None
    return tuple(runs)


def read_run(data: bytes, span: Span) -> tuple[NodeRun, ...]:
    """The nodes of one ``StepStats``.

    Raises:
        WireError: it is no message.
    """
    found = [
        (began, node)
        for number, kind, start, end in fields(data, span)
        if (number, kind) == (DEVICES, LENGTH)
        for began, node in _nodes(data, (start, end))
    ]
    first = min((began for began, _ in found), default=0)
    return tuple(dataclasses.replace(node, start=(began - first) / 1000) for began, node in found)


def _nodes(data: bytes, span: Span) -> Iterator[tuple[int, NodeRun]]:
    """The nodes of one device, each with the nanoseconds from 1970 to its start."""
    device, nodes = "", []
    for number, kind, start, end in fields(data, span):
        if (number, kind) == (DEVICE, LENGTH):
            device = text(data, (start, end))
        elif (number, kind) == (NODES, LENGTH):
            nodes.append((start, end))
    if not any(name in device for name in OTHER_DEVICES):
        yield from (_node(data, node) for node in nodes)


def _node(data: bytes, span: Span) -> tuple[int, NodeRun]:
    name, label, memory = "", "", 0
    numbers = {}
    for number, kind, start, end in fields(data, span):
        if number == NODE_NAME:
            name = text(data, (start, end))
        elif number == LABEL:
            label = text(data, (start, end))
        elif number == MEMORY:
            memory += _memory(data, (start, end))
        elif kind != LENGTH:
            numbers[number] = signed(start)
    began = _nanos(numbers, START_NANOS, START_MICROS)
    time = _nanos(numbers, TIME_NANOS, TIME_MICROS) / 1000
    return began, NodeRun(name=name, op=_op(label), start=0.0, time=time, memory=memory)


def _nanos(numbers: dict[int, int], nanos: int, micros: int) -> int:
    """Releases before 1.13 tell whole microseconds alone."""
    return numbers[nanos] if nanos in numbers else 1000 * numbers.get(micros, 0)


def _memory(data: bytes, span: Span) -> int:
    found = [signed(start) for number, _, start, _ in fields(data, span) if number == TOTAL_BYTES]
    return sum(found)


def _op(label: str) -> str:
    """``MatMul`` of ``[cpu 1.2MB] layer/product = MatMul(x, weights)``."""
    _, equals, called = label.partition(" = ")
    op, bracket, _ = called.partition("(")
    return op if equals and bracket else UNKNOWN_OP
