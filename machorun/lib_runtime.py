"""What the C and C++ runtimes ask of the system: start and end, thread-local variables, unwinding,
and what a program may ask about itself."""

from __future__ import annotations

import os
import random
import struct

from machorun.function import Steps, function
from machorun.process import DATA, SIGABRT, ExitError, Process, abort

PAGE_SIZE = 16384
# <sys/unistd.h> of Darwin.
SYSCONF = {29: PAGE_SIZE, 57: 1, 58: 1, 200: 1 << 18, 5: 256, 3: 100}


@function("abort", "")
def abort_(process: Process) -> None:
    abort(process, "the program calls abort()")


@function("abort_report_np", "p.")
def abort_report(process: Process, text: int, _words: int) -> None:
    abort(process, process.memory.text(text).decode("utf-8", "replace"))


@function("__assert_rtn", "ppip")
def assert_rtn(process: Process, where: int, file: int, line: int, what: int) -> None:
    names = [process.memory.text(item).decode("utf-8", "replace") for item in (what, where, file)]
    abort(process, "assertion failed: {}, function {}, file {}".format(*names) + f", line {line}")


@function("__stack_chk_fail", "")
def stack_chk_fail(process: Process) -> None:
    abort(process, "the program has overwritten its stack")


@function("__chk_fail_overflow __chk_fail_overlap", "")
def chk_fail(process: Process) -> None:
    abort(process, "the program writes past the end of a buffer")


@function("exit", "i")
def exit_(process: Process, code: int) -> Steps:
    yield from process.call_at_exit()
    raise ExitError(code & 0xFF)


@function("_exit _Exit quick_exit", "i")
def exit_at_once(_: Process, code: int) -> None:
    raise ExitError(code & 0xFF)


@function("atexit", "p")
def atexit(process: Process, call: int) -> int:
    process.at_exit.append((call, 0))
    return 0


@function("__cxa_atexit", "ppp")
def cxa_atexit(process: Process, call: int, argument: int, _image: int) -> int:
    process.at_exit.append((call, argument))
    return 0


@function("__cxa_finalize", "p")
def cxa_finalize(_process: Process, _image: int) -> None:
    """No library is ever unloaded."""


@function("raise", "i")
def raise_(process: Process, number: int) -> None:
    raise ExitError(
        128 + number, f"the program ends itself by signal {number}\n{process.backtrace()}"
    )


@function("kill pthread_kill", "pi")
def kill(process: Process, _target: int, number: int) -> int:
    if number:
        raise_(process, number)
    return 0


@function("signal sigaction sigprocmask pthread_sigmask sigaltstack", "ppp")
def signal(_process: Process, _number: int, _new: int, _old: int) -> int:
    return 0


# ---- thread-local variables and exceptions -----------------------------------------------


@function("_tlv_bootstrap", "p")
def tlv_bootstrap(process: Process, descriptor: int) -> int:
    """A descriptor is three words: this function, a key that dyld sets, and the offset of the
    variable in the image's template, of which each thread has a copy (<mach-o/loader.h>)."""
    thread = process.thread
    offset = process.memory.pointer(descriptor + 16)
    image = process.loader.image_at(descriptor)
    if image is None:
        raise ExitError(128 + SIGABRT, f"there is no thread-local variable at {descriptor:#x}")
    key = (image.base, 0)
    if key not in thread.locals:
        data, data_size = image.section("__DATA", "__thread_data")
        rest, rest_size = image.section("__DATA", "__thread_bss")
        start = data or rest
        size = max(data + data_size, rest + rest_size) - start
        copy = process.heap.allocate(size, 4096)
        process.memory.write(copy, process.memory.read(data, data_size).ljust(size, b"\0"))
        thread.locals[key] = copy
    return thread.locals[key] + offset


@function("_tlv_atexit", "pp")
def tlv_atexit(process: Process, call: int, argument: int) -> None:
    process.thread.at_exit.append((call, argument))


@function("_dyld_find_unwind_sections", "pp")
def find_unwind_sections(process: Process, address: int, target: int) -> int:
    """``struct dyld_unwind_sections``: the image's header, and address and length of two
    sections."""
    image = process.loader.image_at(address)
    if image is None:
        return 0
    frames = image.section("__TEXT", "__eh_frame")
    compact = image.section("__TEXT", "__unwind_info")
    process.memory.put("<5Q", target, image.base, *frames, *compact)
    return 1


@function("_dyld_register_func_for_remove_image _dyld_register_func_for_add_image", "p")
def register_image_function(_process: Process, _call: int) -> None:
    """No library is ever unloaded, and all are loaded when the program starts."""


@function("dladdr", "pp")
def dladdr(process: Process, address: int, target: int) -> int:
    image = process.loader.image_at(address)
    if image is None:
        return 0
    process.memory.put("<4Q", target, process.text(image.name.encode()), image.base, 0, 0)
    return 1


@function("dlsym", "lp")
def dlsym(process: Process, _handle: int, name: int) -> int:
    symbol = process.memory.text(name).decode("utf-8", "replace")
    for image in process.loader.images:
        if f"_{symbol}" in image.exports:
            return image.exports[f"_{symbol}"]
    return process.function_address(symbol)


@function("dlopen dlclose dlerror", "pi")
def dlopen(_process: Process, _path: int, _mode: int) -> int:
    return 0


@function("backtrace backtrace_symbols backtrace_symbols_fd", "pi")
def backtrace(_process: Process, _target: int, _size: int) -> int:
    return 0


# ---- the process and the machine ---------------------------------------------------------


@function("__error", "")
def error(process: Process) -> int:
    return process.error_place()


@function("strerror", "i")
def strerror(process: Process, number: int) -> int:
    return process.text(os.strerror(number).encode())


@function("strerror_r", "ipp")
def strerror_r(process: Process, number: int, target: int, size: int) -> int:
    process.memory.write(target, os.strerror(number).encode()[: size - 1] + b"\0")
    return 0


@function("getenv", "p")
def getenv(process: Process, name: int) -> int:
    value = os.environb.get(process.memory.text(name))
    return 0 if value is None else process.text(value)


@function("setenv", "ppi")
def setenv(process: Process, name: int, value: int, overwrite: int) -> int:
    key = process.memory.text(name)
    if overwrite or key not in os.environb:
        os.environb[key] = process.memory.text(value)
    return 0


@function("unsetenv", "p")
def unsetenv(process: Process, name: int) -> int:
    os.environb.pop(process.memory.text(name), None)
    return 0


@function("sysconf", "i")
def sysconf(process: Process, name: int) -> int:
    return SYSCONF[name] if name in SYSCONF else process.fail(22)


@function("getpagesize", "")
def getpagesize(_: Process) -> int:
    return PAGE_SIZE


@function("sysctlbyname", "ppppp")
def sysctlbyname(
    process: Process, name: int, target: int, size: int, _new: int, _length: int
) -> int:
    values = {b"hw.ncpu": 1, b"hw.logicalcpu": 1, b"hw.physicalcpu": 1, b"hw.memsize": 1 << 32}
    value = values.get(process.memory.text(name))
    if value is None:
        return process.fail(2)
    length = process.memory.pointer(size)
    process.memory.write(target, value.to_bytes(length, "little"))
    return 0


@function("sysctl", "pupppp")
def sysctl(
    process: Process, name: int, _count: int, target: int, size: int, _new: int, _length: int = 0
) -> int:
    """CTL_HW alone (6): the numbers of processors (3, 25) and bytes of memory (24)."""
    kind, what = struct.unpack("<2i", process.memory.read(name, 8))
    value = {3: 1, 25: 1, 24: 1 << 32}.get(what) if kind == 6 else None
    if value is None:
        return process.fail(2)
    process.memory.write(target, value.to_bytes(process.memory.pointer(size), "little"))
    return 0


@function("getpid getppid", "")
def getpid(_: Process) -> int:
    return os.getpid()


@function("getuid geteuid getgid getegid", "")
def getuid(_: Process) -> int:
    return os.getuid()


@function("gethostname", "pp")
def gethostname(process: Process, target: int, size: int) -> int:
    process.memory.write(target, b"localhost"[: size - 1] + b"\0")
    return 0


@function("issetugid", "")
def issetugid(_: Process) -> int:
    return 0


@function("arc4random", "")
def arc4random(_: Process) -> int:
    return random.getrandbits(32)


@function("arc4random_buf", "pp")
def arc4random_buf(process: Process, target: int, size: int) -> None:
    process.memory.write(target, os.urandom(size))


@function("rand random", "")
def rand(_: Process) -> int:
    return random.getrandbits(31)


@function("srand srandom", "u")
def srand(_: Process, seed: int) -> None:
    random.seed(seed)


def _variable(name: str, *words: int) -> None:
    def make(process: Process) -> int:
        place = process.heap.allocate(8 * len(words))
        process.memory.put(f"<{len(words)}Q", place, *words)
        return place

    DATA[name] = make


_variable("___stack_chk_guard", 0x595E9FBD94FDA766)
_variable("dyld_stub_binder", 0)
_variable("_environ", 0)
_variable("_mach_task_self_", 1)
_variable("_vm_page_size", PAGE_SIZE)


@function("_NSGetExecutablePath", "pp")
def executable_path(process: Process, target: int, size: int) -> int:
    path = os.fsencode(os.path.abspath(process.arguments[0])) + b"\0"
    if process.memory.number("<I", size) < len(path):
        process.memory.put("<I", size, len(path))
        return -1
    process.memory.write(target, path)
    return 0
