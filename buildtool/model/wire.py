"""Protocol-buffer wire format, read in place.

A buffer is any bytes-like object (a memory map of the model file, usually); sub-messages are
given as ``(start, end)`` spans of it, so that the contents of large tensors are stepped over and
never copied. The format: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from typing import TypeAlias

Buffer: TypeAlias = bytes | mmap.mmap
Span: TypeAlias = tuple[int, int]

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
_SIGN, _WRAP = 1 << 63, 1 << 64


class WireError(ValueError):
    """The bytes are not a whole message. ``position`` is the offset of what could not be read."""

    def __init__(self, position: int, what: str) -> None:
        self.position = position
        super().__init__(f"{what} at byte {position}")


def varint(buffer: Buffer, position: int, end: int) -> tuple[int, int]:
    """Read one varint; return it, unsigned, and the position behind it.

    Raises:
        WireError: the varint is cut off or longer than 64 bits.
    """
    result = shift = 0
    for here in range(position, min(end, position + 10)):
        byte = buffer[here]
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, here + 1
        shift += 7
    raise WireError(position, "a number is cut off")


def signed(value: int) -> int:
    """The int32 or int64 that an unsigned varint stands for."""
    return value - _WRAP if value & _SIGN else value


def fields(buffer: Buffer, span: Span) -> Iterator[tuple[int, int, int, int]]:
    """Give ``(field number, wire type, value or start, end)`` for each field of a message.

    For a varint the third item is the value and the fourth 0; for the others they are the span
    of the content.

    Raises:
        WireError: the message is cut off or is no message.
    """
    position, end = span
    while position < end:
        start = position
        tag = buffer[position]
        position += 1
        if tag >= 0x80:
            tag, position = varint(buffer, start, end)
        if tag < 8:
            raise WireError(start, "there is no field 0")
        kind = tag & 7
        if kind == LENGTH:
            length = buffer[position] if position < end else 0x80
            position += 1
            if length >= 0x80:
                length, position = varint(buffer, position - 1, end)
            begin, position = position, position + length
            if position > end:
                raise WireError(start, f"a field of {length} bytes is cut off")
            yield tag >> 3, kind, begin, position
        elif kind == VARINT:
            value, position = varint(buffer, position, end)
            yield tag >> 3, kind, value, 0
        elif kind in (FIXED32, FIXED64):
            begin, position = position, position + (4 if kind == FIXED32 else 8)
            if position > end:
                raise WireError(start, "a number is cut off")
            yield tag >> 3, kind, begin, position
        else:
            raise WireError(start, f"wire type {kind} does not exist here")


def packed(buffer: Buffer, kind: int, value: int, end: int) -> Iterator[int]:
    """The varints of one occurrence of a repeated field, packed or not."""
    if kind == VARINT:
        yield value
        return
    while value < end:
        item, value = varint(buffer, value, end)
        yield item


def again(buffer: Buffer, number: int, kind: int, value: int, end: int) -> bytes:
    """One field that :func:`fields` gave, encoded as it was."""
    tag = write_varint(number << 3 | kind)
    if kind == VARINT:
        return tag + write_varint(value)
    content = buffer[value:end]
    return tag + (write_varint(len(content)) if kind == LENGTH else b"") + content


def text(buffer: Buffer, span: Span) -> str:
    """A string field; bytes that are not UTF-8 are shown as backslash escapes."""
    return buffer[span[0] : span[1]].decode("utf-8", "backslashreplace")


def write_varint(value: int) -> bytes:
    """Encode an int; negative ones take ten bytes, as int32 and int64 fields want them."""
    value &= _WRAP - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def write_field(number: int, content: bytes | int | float, *, double: bool = False) -> bytes:
    """Encode one field: bytes as a length-delimited one, an int as a varint, a float as fixed."""
    if isinstance(content, bytes):
        return write_varint(number << 3 | LENGTH) + write_varint(len(content)) + content
    if isinstance(content, float):
        tag = write_varint(number << 3 | (FIXED64 if double else FIXED32))
        return tag + struct.pack("<d" if double else "<f", content)
    return write_varint(number << 3 | VARINT) + write_varint(content)
