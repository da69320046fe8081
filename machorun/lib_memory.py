"""``<stdlib.h>`` and ``<string.h>``: memory and plain strings."""

from __future__ import annotations

from machorun.function import Call, Steps, function
from machorun.process import Process, abort


@function("malloc valloc", "p")
def malloc(process: Process, size: int) -> int:
    return process.heap.allocate(size)


@function("calloc", "pp")
def calloc(process: Process, count: int, size: int) -> int:
    address = process.heap.allocate(count * size)
    process.memory.write(address, bytes(count * size))
    return address


@function("realloc reallocf", "pp")
def realloc(process: Process, old: int, size: int) -> int:
    room = process.heap.size(old)
    if old and size <= room:
        return old
    address = process.heap.allocate(size)
    if old:
        process.memory.move(address, old, min(room, size))
        process.heap.release(old)
    return address


@function("free", "p")
def free(process: Process, address: int) -> None:
    if address and not process.heap.release(address):
        abort(process, f"free({address:#x}): this is no allocated block")


@function("posix_memalign", "ppp")
def posix_memalign(process: Process, place: int, alignment: int, size: int) -> int:
    process.memory.put("<Q", place, process.heap.allocate(size, alignment))
    return 0


@function("aligned_alloc", "pp")
def aligned_alloc(process: Process, alignment: int, size: int) -> int:
    return process.heap.allocate(size, alignment)


@function("malloc_size", "p")
def malloc_size(process: Process, address: int) -> int:
    return process.heap.size(address)


@function("malloc_good_size", "p")
def malloc_good_size(_: Process, size: int) -> int:
    return size


@function("memcpy memmove", "ppp")
def memcpy(process: Process, target: int, source: int, size: int) -> None:
    process.memory.move(target, source, size)


@function("__memcpy_chk __memmove_chk", "ppp")
def memcpy_checked(process: Process, target: int, source: int, size: int) -> None:
    process.memory.move(target, source, size)


@function("memset __memset_chk", "pup")
def memset(process: Process, target: int, value: int, size: int) -> None:
    process.memory.write(target, bytes((value & 0xFF,)) * size)


@function("bzero", "pp")
def bzero(process: Process, target: int, size: int) -> None:
    process.memory.write(target, bytes(size))


@function("memset_pattern16", "ppp")
def memset_pattern16(process: Process, target: int, pattern: int, size: int) -> None:
    _pattern(process, target, pattern, size, 16)


@function("memset_pattern8", "ppp")
def memset_pattern8(process: Process, target: int, pattern: int, size: int) -> None:
    _pattern(process, target, pattern, size, 8)


@function("memset_pattern4", "ppp")
def memset_pattern4(process: Process, target: int, pattern: int, size: int) -> None:
    _pattern(process, target, pattern, size, 4)


def _pattern(process: Process, target: int, pattern: int, size: int, length: int) -> None:
    unit = process.memory.read(pattern, length)
    process.memory.write(target, (unit * (size // length + 1))[:size])


@function("memcmp bcmp", "ppp")
def memcmp(process: Process, left: int, right: int, size: int) -> int:
    return _compare(process.memory.read(left, size), process.memory.read(right, size))


@function("memchr", "pup")
def memchr(process: Process, start: int, value: int, size: int) -> int:
    found = process.memory.find(bytes((value & 0xFF,)), start, start + size)
    return max(found, 0)


@function("memmem", "pppp")
def memmem(process: Process, start: int, size: int, wanted: int, length: int) -> int:
    found = process.memory.read(start, size).find(process.memory.read(wanted, length))
    return start + found if found >= 0 else 0


@function("strlen", "p")
def strlen(process: Process, text: int) -> int:
    return process.memory.find(b"\0", text) - text


@function("strnlen", "pp")
def strnlen(process: Process, text: int, limit: int) -> int:
    found = process.memory.find(b"\0", text, text + limit)
    return limit if found < 0 else found - text


@function("strcmp strcoll", "pp")
def strcmp(process: Process, left: int, right: int) -> int:
    return _compare(process.memory.text(left), process.memory.text(right))


@function("strcoll_l", "ppp")
def strcoll_l(process: Process, left: int, right: int, _: int) -> int:
    return strcmp(process, left, right)


@function("strncmp", "ppp")
def strncmp(process: Process, left: int, right: int, limit: int) -> int:
    memory = process.memory
    return (
        _compare(_limited(process, left, limit), _limited(process, right, limit)) if memory else 0
    )


@function("strcasecmp", "pp")
def strcasecmp(process: Process, left: int, right: int) -> int:
    return _compare(process.memory.text(left).lower(), process.memory.text(right).lower())


@function("strncasecmp", "ppp")
def strncasecmp(process: Process, left: int, right: int, limit: int) -> int:
    return _compare(_limited(process, left, limit).lower(), _limited(process, right, limit).lower())


@function("strcpy __strcpy_chk", "pp")
def strcpy(process: Process, target: int, source: int) -> None:
    process.memory.write(target, process.memory.text(source) + b"\0")


@function("stpcpy", "pp")
def stpcpy(process: Process, target: int, source: int) -> int:
    text = process.memory.text(source)
    process.memory.write(target, text + b"\0")
    return target + len(text)


@function("strncpy __strncpy_chk", "ppp")
def strncpy(process: Process, target: int, source: int, size: int) -> None:
    process.memory.write(target, _limited(process, source, size).ljust(size, b"\0"))


@function("strlcpy __strlcpy_chk", "ppp")
def strlcpy(process: Process, target: int, source: int, size: int) -> int:
    text = process.memory.text(source)
    if size:
        process.memory.write(target, text[: size - 1] + b"\0")
    return len(text)


@function("strcat __strcat_chk", "pp")
def strcat(process: Process, target: int, source: int) -> None:
    strcpy(process, process.memory.find(b"\0", target), source)


@function("strncat __strncat_chk", "ppp")
def strncat(process: Process, target: int, source: int, limit: int) -> None:
    end = process.memory.find(b"\0", target)
    process.memory.write(end, _limited(process, source, limit) + b"\0")


@function("strchr index", "pu")
def strchr(process: Process, text: int, value: int) -> int:
    end = process.memory.find(b"\0", text)
    return max(process.memory.find(bytes((value & 0xFF,)), text, end + 1), 0)


@function("strrchr rindex", "pu")
def strrchr(process: Process, text: int, value: int) -> int:
    found = (process.memory.text(text) + b"\0").rfind(bytes((value & 0xFF,)))
    return text + found if found >= 0 else 0


@function("strstr", "pp")
def strstr(process: Process, text: int, wanted: int) -> int:
    found = process.memory.text(text).find(process.memory.text(wanted))
    return text + found if found >= 0 else 0


@function("strspn", "pp")
def strspn(process: Process, text: int, accepted: int) -> int:
    data, accept = process.memory.text(text), process.memory.text(accepted)
    return len(data) - len(data.lstrip(accept))


@function("strcspn", "pp")
def strcspn(process: Process, text: int, refused: int) -> int:
    data, refuse = process.memory.text(text), set(process.memory.text(refused))
    return next((place for place, byte in enumerate(data) if byte in refuse), len(data))


@function("strpbrk", "pp")
def strpbrk(process: Process, text: int, wanted: int) -> int:
    place = strcspn(process, text, wanted)
    return text + place if process.memory.read(text + place, 1) != b"\0" else 0


@function("strdup", "p")
def strdup(process: Process, text: int) -> int:
    return process.text(process.memory.text(text))


@function("strndup", "pp")
def strndup(process: Process, text: int, limit: int) -> int:
    return process.text(_limited(process, text, limit))


@function("strxfrm strxfrm_l", "ppp")
def strxfrm(process: Process, target: int, source: int, size: int) -> int:
    return strlcpy(process, target, source, size)


@function("qsort", "pppp")
def qsort(process: Process, start: int, count: int, size: int, compare: int) -> Steps:
    """By merging, with the program's own function to compare."""
    memory = process.memory
    rows = [memory.read(start + place * size, size) for place in range(count)]
    left, right = process.heap.allocate(size), process.heap.allocate(size)
    width = 1
    while width < count:
        merged: list[bytes] = []
        for begin in range(0, count, 2 * width):
            first = rows[begin : begin + width]
            second = rows[begin + width : begin + 2 * width]
            while first and second:
                memory.write(left, first[0])
                memory.write(right, second[0])
                result = yield Call(address=compare, arguments=(left, right))
                merged.append((second if 0 < result & 0xFFFFFFFF < 1 << 31 else first).pop(0))
            merged += first + second
        rows, width = merged, 2 * width
    memory.write(start, b"".join(rows))
    process.heap.release(left)
    process.heap.release(right)
    return None


@function("bsearch", "ppppp")
def bsearch(process: Process, key: int, start: int, count: int, size: int, compare: int) -> Steps:
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        place = start + middle * size
        result = yield Call(address=compare, arguments=(key, place))
        if not result & 0xFFFFFFFF:
            return place
        low, high = (low, middle) if result & 0x80000000 else (middle + 1, high)
    return 0


def _limited(process: Process, text: int, limit: int) -> bytes:
    end = process.memory.find(b"\0", text, text + limit)
    return process.memory.read(text, limit if end < 0 else end - text)


def _compare(left: bytes, right: bytes) -> int:
    return (left > right) - (left < right)
