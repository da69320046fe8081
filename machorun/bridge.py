"""Machine code by which the program calls Python.

Every library function has a stub that loads its number and jumps to one common piece. That stores
the arguments where Python reads them as numbers, comes to an instruction that the emulator tells
us of, and goes on with the result that Python left: many times quicker than asking the emulator
for registers one by one. ``x15`` to ``x17`` may be changed by any call (Procedure Call Standard
for the Arm 64-bit Architecture; LLVM's convention for Apple's thread-local variables).
"""

from __future__ import annotations

import struct

from machorun.memory import Memory

STUB_SIZE = 8
NUMBER, DONE = 14, 15
BOX_SIZE = 16 * 8
# Instructions of A64 (Arm Architecture Reference Manual, chapter C6). x16 is the box's address.
CODE = (
    0x10000010 | (0x1000 << 3),  # adr x16, . + 4096 (the box)
    0xA9000600,  # stp x0, x1, [x16]
    0xA9010E02,  # stp x2, x3, [x16, #16]
    0xA9021604,  # stp x4, x5, [x16, #32]
    0xA9031E06,  # stp x6, x7, [x16, #48]
    0x6D040600,  # stp d0, d1, [x16, #64]
    0x6D050E02,  # stp d2, d3, [x16, #80]
    0x910003EF,  # mov x15, sp
    0xA9067A0F,  # stp x15, x30, [x16, #96]
    0xA9077E11,  # stp x17, xzr, [x16, #112]
    0xD503201F,  # nop: here Python is called
    0xF9400200,  # ldr x0, [x16]
    0xFD402200,  # ldr d0, [x16, #64]
    0xD65F03C0,  # ret
)
HOOK = CODE.index(0xD503201F) * 4
MOVZ_W17, B = 0x52800011, 0x14000000


class Bridge:
    """The code and the box. ``hook`` is the address of the instruction that calls Python."""

    def __init__(self, memory: Memory, capacity: int = 8192) -> None:
        self._memory = memory
        self._capacity = capacity
        self._count = 0
        self._common = memory.take(1 << 14)
        self._stubs = memory.take(capacity * STUB_SIZE)
        memory.write(self._common, struct.pack(f"<{len(CODE)}I", *CODE))
        self.hook = self._common + HOOK
        self.box = memory.slice(self._common + 0x1000, BOX_SIZE).cast("Q")

    def add(self) -> tuple[int, int]:
        """A new stub: its number and its address."""
        number = self._count
        if number >= self._capacity:
            raise MemoryError("the program imports too many functions")
        address = self._stubs + number * STUB_SIZE
        step = (self._common - (address + 4)) // 4 & 0x3FFFFFF
        self._memory.put("<II", address, MOVZ_W17 | number << 5, B | step)
        self._count += 1
        return number, address
