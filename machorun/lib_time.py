"""``<time.h>``, ``<sys/time.h>`` and ``<mach/mach_time.h>``. Ticks of Mach are nanoseconds here."""

from __future__ import annotations

import calendar
import resource
import struct
import time

from machorun.function import Steps, Wait, function
from machorun.process import Process

REALTIME = 0


@function("clock_gettime", "ip")
def clock_gettime(process: Process, clock: int, target: int) -> int:
    now = time.time_ns() if clock == REALTIME else time.monotonic_ns()
    process.memory.put("<2q", target, *divmod(now, 1_000_000_000))
    return 0


@function("clock_gettime_nsec_np", "i")
def clock_gettime_nsec(_: Process, clock: int) -> int:
    return time.time_ns() if clock == REALTIME else time.monotonic_ns()


@function("gettimeofday", "pp")
def gettimeofday(process: Process, target: int, _zone: int) -> int:
    process.memory.put("<2q", target, *divmod(time.time_ns() // 1000, 1_000_000))
    return 0


@function("time", "p")
def time_(process: Process, target: int) -> int:
    now = int(time.time())
    if target:
        process.memory.put("<q", target, now)
    return now


@function("clock", "")
def clock_(_: Process) -> int:
    return int(time.process_time() * 1_000_000)


@function("mach_absolute_time mach_continuous_time", "")
def mach_absolute_time(_: Process) -> int:
    return time.monotonic_ns()


@function("mach_timebase_info", "p")
def mach_timebase_info(process: Process, target: int) -> int:
    process.memory.put("<2I", target, 1, 1)
    return 0


def _sleep(seconds: float) -> Steps:
    yield Wait(ready=lambda: False, deadline=time.monotonic() + seconds)
    return 0


@function("nanosleep", "pp")
def nanosleep(process: Process, span: int, _left: int) -> Steps:
    whole, nano = struct.unpack("<2q", process.memory.read(span, 16))
    return _sleep(whole + nano / 1e9)


@function("usleep", "u")
def usleep(_: Process, span: int) -> Steps:
    return _sleep(span / 1e6)


@function("sleep", "u")
def sleep(_: Process, span: int) -> Steps:
    return _sleep(span)


@function("gmtime_r", "pp")
def gmtime_r(process: Process, when: int, target: int) -> int:
    return _broken_down(process, time.gmtime(process.memory.number("<q", when)), target)


@function("localtime_r", "pp")
def localtime_r(process: Process, when: int, target: int) -> int:
    return _broken_down(process, time.localtime(process.memory.number("<q", when)), target)


@function("gmtime localtime", "p")
def gmtime(process: Process, when: int) -> int:
    return localtime_r(process, when, process.heap.allocate(64))


def _broken_down(process: Process, found: time.struct_time, target: int) -> int:
    process.memory.put(
        "<9iqQ",
        target,
        *(found.tm_sec, found.tm_min, found.tm_hour, found.tm_mday, found.tm_mon - 1),
        *(found.tm_year - 1900, (found.tm_wday + 1) % 7, found.tm_yday - 1, found.tm_isdst),
        *(found.tm_gmtoff, 0),
    )
    return target


def _fields(process: Process, source: int) -> tuple[int, ...]:
    second, minute, hour, day, month, year, weekday, yearday, summer = struct.unpack(
        "<9i", process.memory.read(source, 36)
    )
    return (
        year + 1900,
        month + 1,
        day,
        hour,
        minute,
        second,
        (weekday - 1) % 7,
        yearday + 1,
        summer,
    )


@function("mktime", "p")
def mktime(process: Process, source: int) -> int:
    return int(time.mktime(time.struct_time(_fields(process, source))))


@function("timegm", "p")
def timegm(process: Process, source: int) -> int:
    return calendar.timegm(_fields(process, source))


@function("strftime strftime_l", "pppp")
def strftime(process: Process, target: int, size: int, form: int, source: int) -> int:
    text = process.memory.text(form).decode("utf-8", "replace")
    data = time.strftime(text, time.struct_time(_fields(process, source))).encode()
    if len(data) >= size:
        return 0
    process.memory.write(target, data + b"\0")
    return len(data)


@function("getrusage", "ip")
def getrusage(process: Process, _who: int, target: int) -> int:
    """``struct rusage`` of Darwin: times, the largest size in bytes, 13 numbers more."""
    found = resource.getrusage(resource.RUSAGE_SELF)
    times = [
        part
        for value in (found.ru_utime, found.ru_stime)
        for part in (int(value), int(value % 1 * 1e6))
    ]
    process.memory.put("<18q", target, *times, found.ru_maxrss * 1024, *([0] * 13))
    return 0
