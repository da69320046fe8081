"""The memory of the emulated program: one range of addresses that Python and the emulator share.

Python reads and writes it as a buffer, without a call into the emulator; what is never touched
takes no memory of the host. Addresses are the program's; below :data:`BASE` nothing is mapped, so
that null pointers and truncated addresses are found.
"""

from __future__ import annotations

import mmap
import struct
from collections import defaultdict

BASE = 0x1_0000_0000
SIZE = 12 << 30
MAP_NORESERVE = 0x4000
# Blocks are 16-byte aligned, as Apple's are; large ones are whole pages, so that few sizes are
# kept for use again.
SMALL, PAGE = 1 << 15, 1 << 14


class Memory:
    """Bytes at addresses. Reading or writing outside raises IndexError or ValueError."""

    def __init__(self) -> None:
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_NORESERVE
        self.map = mmap.mmap(-1, SIZE, flags=flags)
        self.view = memoryview(self.map)
        self._next = BASE

    def take(self, size: int, alignment: int = PAGE) -> int:
        """The address of a fresh range, zeroed, which is never given back."""
        start = -(-self._next // alignment) * alignment
        self._next = start + size
        if self._next > BASE + SIZE:
            raise MemoryError(f"the program uses more than {SIZE >> 30} GiB")
        return start

    def read(self, address: int, size: int) -> bytes:
        """A copy of ``size`` bytes."""
        if not size:
            return b""
        start = self._place(address, size)
        return self.map[start : start + size]

    def write(self, address: int, data: bytes | memoryview) -> None:
        """Overwrite bytes."""
        if not data:
            return
        start = self._place(address, len(data))
        self.map[start : start + len(data)] = bytes(data)

    def slice(self, address: int, size: int) -> memoryview:
        """The bytes themselves."""
        start = self._place(address, size)
        return self.view[start : start + size]

    def move(self, target: int, source: int, size: int) -> None:
        """Copy within the memory; the ranges may overlap."""
        if not size:
            return
        self.map.move(self._place(target, size), self._place(source, size), size)

    def find(self, byte: bytes, start: int, end: int | None = None) -> int:
        """The address of the first such byte, -1 if there is none before ``end``."""
        place = self._place(start, 0)
        found = self.map.find(byte, place, SIZE if end is None else end - BASE)
        return found + BASE if found >= 0 else -1

    def text(self, address: int) -> bytes:
        """The zero-terminated bytes at an address."""
        return self.read(address, self.find(b"\0", address) - address)

    def pointer(self, address: int) -> int:
        """The unsigned number of 64 bits at an address."""
        return self.number("<Q", address)

    def number(self, form: str, address: int) -> int:
        """A number in the form of :mod:`struct`."""
        start = self._place(address, 1)
        return int(struct.unpack_from(form, self.map, start)[0])

    def put(self, form: str, address: int, *values: float) -> None:
        """Write numbers in the form of :mod:`struct`."""
        struct.pack_into(form, self.map, self._place(address, 1), *values)

    def _place(self, address: int, size: int) -> int:
        place = address - BASE
        if place < 0 or size < 0 or place + size > SIZE:
            raise BadAddressError(address)
        return place


class BadAddressError(Exception):
    """A library function was given an address at which the program has no memory."""

    def __init__(self, address: int) -> None:
        self.address = address
        super().__init__(f"there is no memory at {address:#x}")


class Heap:
    """``malloc``: blocks of rounded sizes, each size with a list of those that are free."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._sizes: dict[int, int] = {}
        self._free: dict[int, list[int]] = defaultdict(list)
        self._next = self._end = 0

    def allocate(self, size: int, alignment: int = 16) -> int:
        """A block of at least ``size`` bytes; what is in it is left over from before."""
        unit = 16 if size <= SMALL else PAGE
        rounded = max(-(-size // unit) * unit, 16)
        free = self._free[rounded]
        again = free and alignment <= 16
        address = free.pop() if again else self._fresh(rounded, alignment)
        self._sizes[address] = rounded
        return address

    def release(self, address: int) -> bool:
        """Give a block back; false if there is none at this address."""
        size = self._sizes.pop(address, None)
        if size is None:
            return False
        self._free[size].append(address)
        return True

    def size(self, address: int) -> int:
        """The usable size of a block, 0 if there is none."""
        return self._sizes.get(address, 0)

    def _fresh(self, size: int, alignment: int) -> int:
        start = -(-self._next // alignment) * alignment
        if start + size > self._end:
            length = max(size + alignment, 1 << 24)
            self._next = self._memory.take(length)
            self._end = self._next + length
            start = -(-self._next // alignment) * alignment
        self._next = start + size
        return start
