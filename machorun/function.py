"""Functions of the system's libraries in Python, and how the program's words become theirs.

A function is declared with the C types of its parameters, one letter each::

    @function("strlen", "p")
    def strlen(process: Process, text: int) -> int: ...

``i`` and ``l`` are signed numbers of 32 and 64 bits, ``u`` and ``p`` unsigned ones (``p`` also a
pointer), ``d`` and ``f`` floating-point numbers of 64 and 32 bits. ``.`` stands last for more
arguments and is the address where they are: Apple's convention for ARM64 puts them on the stack, 8
bytes each. A function returns a number for ``x0`` or, where ``returns`` says ``d`` or ``f``, for
the first floating-point register; None leaves what is there.

A function that has to wait, or to call the program, is a generator: it yields :class:`Wait` or
:class:`Call` and is sent what the call returned.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeVar


@dataclass(frozen=True, kw_only=True)
class Wait:
    """Let other threads run until ``ready()``, or until ``deadline`` (seconds of
    :func:`time.monotonic`; None: for ever)."""

    ready: Callable[[], bool]
    deadline: float | None = None


@dataclass(frozen=True, kw_only=True)
class Call:
    """Call a function of the program."""

    address: int
    arguments: tuple[int, ...] = ()


Steps = Generator[Wait | Call, int, Any]
Read = Callable[[memoryview], Any]
Body = TypeVar("Body", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True)
class Function:
    """A library function: ``readers`` take its arguments out of the registers that
    :mod:`.bridge` has stored."""

    name: str
    body: Callable[..., Any]
    readers: tuple[Read, ...]
    returns: str


# The order of what the bridge stores, 8 bytes each: x0-x7, d0-d3, sp, lr.
FLOATS, STACK, LINK = 8, 12, 13
TABLE: dict[str, Function] = {}
_DOUBLE, _FLOAT = struct.Struct("<d"), struct.Struct("<f")
_WORD, _SHORT = struct.Struct("<q"), struct.Struct("<i")


def function(names: str, arguments: str = "", returns: str = "i") -> Callable[[Body], Body]:
    """Make a Python function one of the library's, under one or more ``names`` of C."""

    def declare(body: Body) -> Body:
        readers = _readers(arguments)
        for name in names.split():
            symbol = f"_{name}"
            if symbol in TABLE:
                raise ValueError(f"{name} is there twice")
            TABLE[symbol] = Function(name=name, body=body, readers=readers, returns=returns)
        return body

    return declare


def _readers(arguments: str) -> tuple[Read, ...]:
    readers: list[Read] = []
    whole = floating = 0
    for letter in arguments:
        if letter == ".":
            readers.append(lambda box: box[STACK])
        elif letter in "df":
            readers.append(_float_reader(letter, floating))
            floating += 1
        else:
            readers.append(_reader(letter, whole))
            whole += 1
    return tuple(readers)


def _reader(letter: str, place: int) -> Read:
    if letter == "p":
        return lambda box: box[place]
    if letter == "u":
        return lambda box: box[place] & 0xFFFFFFFF
    if letter == "i":
        return lambda box: (box[place] & 0xFFFFFFFF ^ 0x80000000) - 0x80000000
    return lambda box: (box[place] ^ 1 << 63) - (1 << 63)


def _float_reader(letter: str, place: int) -> Read:
    form = _DOUBLE if letter == "d" else _FLOAT
    at = (FLOATS + place) * 8
    return lambda box: form.unpack_from(box.cast("B"), at)[0]


def float_bits(letter: str, value: float) -> int:
    """What stands in a floating-point register for a value."""
    if letter == "d":
        return int.from_bytes(_DOUBLE.pack(value), "little")
    try:
        return int.from_bytes(_FLOAT.pack(value), "little")
    except OverflowError:
        return 0x7F800000 if value > 0 else 0xFF800000
