"""Apple's Core Foundation: what abseil asks it for, which is the name of the time zone. Zones and
strings are the zero-terminated bytes of the name, which stay for ever."""

from __future__ import annotations

from pathlib import Path

from machorun.function import function
from machorun.process import Process

LOCAL, ZONES, DEFAULT = Path("/etc/localtime"), "zoneinfo/", "GMT"
UTF8 = 0x08000100


@function("CFTimeZoneCopyDefault", "")
def copy_default(process: Process) -> int:
    _, found, name = str(LOCAL.resolve()).partition(ZONES)
    return process.text((name if found else DEFAULT).encode())


@function("CFTimeZoneGetName", "p")
def get_name(_: Process, zone: int) -> int:
    return zone


@function("CFRelease", "p")
def release(_process: Process, _object: int) -> None:
    return None


@function("CFStringGetLength", "p")
def get_length(process: Process, text: int) -> int:
    return len(process.memory.text(text))


@function("CFStringGetMaximumSizeForEncoding", "lu")
def get_maximum_size(_: Process, length: int, encoding: int) -> int:
    return 3 * length if encoding == UTF8 else length


@function("CFStringGetCString", "pplu")
def get_c_string(process: Process, text: int, target: int, size: int, _encoding: int) -> int:
    data = process.memory.text(text)
    if len(data) >= size:
        return 0
    process.memory.write(target, data + b"\0")
    return 1
