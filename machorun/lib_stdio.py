"""``<stdio.h>``: streams on the host's own files."""

from __future__ import annotations

import io
import os
import sys
from dataclasses import dataclass, field
from typing import BinaryIO

from machorun.format import format_text, scan_text
from machorun.function import function
from machorun.process import DATA, Process

# Of a FILE, of which the program's own inline functions look at counters alone (all zero).
FILE_SIZE = 256
EOF = -1
ENOENT, EBADF = 2, 9


@dataclass
class Stream:
    """An open stream; ``pushed`` are bytes given back by ``ungetc``, last first."""

    file: BinaryIO
    at_end: bool = False
    failed: bool = False
    pushed: bytearray = field(default_factory=bytearray)


def _streams(process: Process) -> dict[int, Stream]:
    found: dict[int, Stream] = process.state.setdefault("streams", {})
    return found


def _stream(process: Process, address: int) -> Stream:
    found = _streams(process).get(address)
    if found is None:
        raise ValueError(f"there is no stream at {address:#x}")
    return found


def _open(process: Process, file: BinaryIO) -> int:
    address = process.heap.allocate(FILE_SIZE)
    process.memory.write(address, bytes(FILE_SIZE))
    _streams(process)[address] = Stream(file)
    process.state.setdefault("flush", []).append(lambda: _close_quietly(file))
    return address


def _close_quietly(file: BinaryIO) -> None:
    if not file.closed:
        file.flush()


def _standard(name: str, descriptor: int, mode: str) -> None:
    def make(process: Process) -> int:
        file = os.fdopen(os.dup(descriptor), mode, buffering=0 if descriptor == 2 else -1)
        address = _open(process, file)  # type: ignore[arg-type]
        place = process.heap.allocate(16)
        process.memory.put("<Q", place, address)
        process.state[name] = address
        return place

    DATA[f"___{name}p"] = make


for _number, (_name, _mode) in enumerate((("stdin", "rb"), ("stdout", "wb"), ("stderr", "wb"))):
    _standard(_name, _number, _mode)


def _output(process: Process) -> int:
    if "stdout" not in process.state:
        DATA["___stdoutp"](process)
    return int(process.state["stdout"])


@function("fopen", "pp")
def fopen(process: Process, path: int, mode: int) -> int:
    how = process.memory.text(mode).decode("ascii", "replace").replace("b", "").replace("e", "")
    try:
        file = open(process.memory.text(path), how.replace("x", "") + "b")  # noqa: SIM115
    except OSError as failure:
        process.fail(failure.errno or ENOENT)
        return 0
    return _open(process, file)  # type: ignore[arg-type]


@function("fdopen", "ip")
def fdopen(process: Process, descriptor: int, mode: int) -> int:
    how = process.memory.text(mode).decode("ascii", "replace").replace("b", "")
    try:
        return _open(process, os.fdopen(descriptor, how + "b"))  # type: ignore[arg-type]
    except OSError as failure:
        process.fail(failure.errno or EBADF)
        return 0


@function("fclose", "p")
def fclose(process: Process, stream: int) -> int:
    _streams(process).pop(stream).file.close()
    process.heap.release(stream)
    return 0


@function("fileno", "p")
def fileno(process: Process, stream: int) -> int:
    return _stream(process, stream).file.fileno()


@function("fflush", "p")
def fflush(process: Process, stream: int) -> int:
    for item in [_stream(process, stream)] if stream else list(_streams(process).values()):
        if item.file.writable():
            item.file.flush()
    return 0


def _read(stream: Stream, size: int) -> bytes:
    start = bytes(reversed(stream.pushed[-size:])) if stream.pushed and size else b""
    if start:
        del stream.pushed[-len(start) :]
    data = start + stream.file.read(size - len(start))
    stream.at_end = stream.at_end or len(data) < size
    return data


@function("fread", "pppp")
def fread(process: Process, target: int, size: int, count: int, stream: int) -> int:
    data = _read(_stream(process, stream), size * count)
    process.memory.write(target, data)
    return len(data) // size if size else 0


@function("fwrite", "pppp")
def fwrite(process: Process, source: int, size: int, count: int, stream: int) -> int:
    return count if _write(process, stream, process.memory.read(source, size * count)) else 0


def _write(process: Process, stream: int, data: bytes) -> bool:
    item = _stream(process, stream)
    try:
        item.file.write(data)
    except (OSError, io.UnsupportedOperation) as failure:
        item.failed = True
        process.fail(getattr(failure, "errno", None) or EBADF)
        return False
    return True


@function("fgetc getc getc_unlocked __srget", "p")
def fgetc(process: Process, stream: int) -> int:
    data = _read(_stream(process, stream), 1)
    return data[0] if data else EOF


@function("getchar getchar_unlocked", "")
def getchar(process: Process) -> int:
    if "stdin" not in process.state:
        DATA["___stdinp"](process)
    return fgetc(process, int(process.state["stdin"]))


@function("ungetc", "ip")
def ungetc(process: Process, value: int, stream: int) -> int:
    item = _stream(process, stream)
    item.pushed.append(value & 0xFF)
    item.at_end = False
    return value


@function("fgets", "pip")
def fgets(process: Process, target: int, size: int, stream: int) -> int:
    item = _stream(process, stream)
    line = bytearray()
    while len(line) < size - 1 and not line.endswith(b"\n"):
        byte = _read(item, 1)
        if not byte:
            break
        line += byte
    if not line:
        return 0
    process.memory.write(target, bytes(line) + b"\0")
    return target


@function("fputc putc putc_unlocked __swbuf", "ip")
def fputc(process: Process, value: int, stream: int) -> int:
    return value & 0xFF if _write(process, stream, bytes((value & 0xFF,))) else EOF


@function("putchar putchar_unlocked", "i")
def putchar(process: Process, value: int) -> int:
    return fputc(process, value, _output(process))


@function("fputs", "pp")
def fputs(process: Process, text: int, stream: int) -> int:
    return 0 if _write(process, stream, process.memory.text(text)) else EOF


@function("puts", "p")
def puts(process: Process, text: int) -> int:
    return 0 if _write(process, _output(process), process.memory.text(text) + b"\n") else EOF


@function("perror", "p")
def perror(process: Process, text: int) -> None:
    number = process.memory.number("<i", process.error_place())
    line = process.memory.text(text) + b": " + os.strerror(number).encode() + b"\n"
    os.write(2, line)


@function("feof", "p")
def feof(process: Process, stream: int) -> int:
    return int(_stream(process, stream).at_end)


@function("ferror", "p")
def ferror(process: Process, stream: int) -> int:
    return int(_stream(process, stream).failed)


@function("clearerr", "p")
def clearerr(process: Process, stream: int) -> None:
    item = _stream(process, stream)
    item.at_end = item.failed = False


@function("fseek fseeko", "pli")
def fseek(process: Process, stream: int, offset: int, whence: int) -> int:
    item = _stream(process, stream)
    item.pushed.clear()
    item.at_end = False
    try:
        item.file.seek(offset, whence)
    except OSError as failure:
        return process.fail(failure.errno or EBADF)
    return 0


@function("ftell ftello", "p")
def ftell(process: Process, stream: int) -> int:
    item = _stream(process, stream)
    return item.file.tell() - len(item.pushed)


@function("rewind", "p")
def rewind(process: Process, stream: int) -> None:
    fseek(process, stream, 0, 0)


@function("setvbuf", "ppip")
def setvbuf(_process: Process, _stream: int, _buffer: int, _mode: int) -> int:
    return 0


@function("flockfile funlockfile", "p")
def flockfile(_process: Process, _stream: int) -> None:
    """One thread runs at a time, and no function here is left half-way."""


# ---- formatted ---------------------------------------------------------------------------


def _print(process: Process, stream: int, form: int, words: int) -> int:
    data = format_text(process.memory, process.memory.text(form), words)
    return len(data) if _write(process, stream, data) else EOF


def _print_to(process: Process, target: int, size: int, form: int, words: int) -> int:
    data = format_text(process.memory, process.memory.text(form), words)
    if size:
        process.memory.write(target, data[: size - 1] + b"\0")
    return len(data)


@function("printf", "p.")
def printf(process: Process, form: int, words: int) -> int:
    return _print(process, _output(process), form, words)


@function("vprintf", "pp")
def vprintf(process: Process, form: int, words: int) -> int:
    return _print(process, _output(process), form, words)


@function("fprintf", "pp.")
def fprintf(process: Process, stream: int, form: int, words: int) -> int:
    return _print(process, stream, form, words)


@function("vfprintf", "ppp")
def vfprintf(process: Process, stream: int, form: int, words: int) -> int:
    return _print(process, stream, form, words)


@function("sprintf", "pp.")
def sprintf(process: Process, target: int, form: int, words: int) -> int:
    return _print_to(process, target, sys.maxsize, form, words)


@function("vsprintf", "ppp")
def vsprintf(process: Process, target: int, form: int, words: int) -> int:
    return _print_to(process, target, sys.maxsize, form, words)


@function("snprintf", "ppp.")
def snprintf(process: Process, target: int, size: int, form: int, words: int) -> int:
    return _print_to(process, target, size, form, words)


@function("vsnprintf", "pppp")
def vsnprintf(process: Process, target: int, size: int, form: int, words: int) -> int:
    return _print_to(process, target, size, form, words)


@function("snprintf_l", "pppp.")
def snprintf_l(process: Process, target: int, size: int, _: int, form: int, words: int) -> int:
    return _print_to(process, target, size, form, words)


@function("vsnprintf_l", "ppppp")
def vsnprintf_l(process: Process, target: int, size: int, _: int, form: int, words: int) -> int:
    return _print_to(process, target, size, form, words)


@function("__snprintf_chk", "ppipp.")
def snprintf_checked(
    process: Process, target: int, size: int, _flag: int, _room: int, form: int, words: int
) -> int:
    return _print_to(process, target, size, form, words)


@function("__vsnprintf_chk", "ppippp")
def vsnprintf_checked(
    process: Process, target: int, size: int, _flag: int, _room: int, form: int, words: int
) -> int:
    return _print_to(process, target, size, form, words)


@function("__sprintf_chk", "pipp.")
def sprintf_checked(
    process: Process, target: int, _flag: int, _room: int, form: int, words: int
) -> int:
    return _print_to(process, target, sys.maxsize, form, words)


@function("__vsprintf_chk", "pippp")
def vsprintf_checked(
    process: Process, target: int, _flag: int, _room: int, form: int, words: int
) -> int:
    return _print_to(process, target, sys.maxsize, form, words)


def _print_new(process: Process, place: int, form: int, words: int) -> int:
    data = format_text(process.memory, process.memory.text(form), words)
    process.memory.put("<Q", place, process.text(data))
    return len(data)


@function("asprintf", "pp.")
def asprintf(process: Process, place: int, form: int, words: int) -> int:
    return _print_new(process, place, form, words)


@function("vasprintf", "ppp")
def vasprintf(process: Process, place: int, form: int, words: int) -> int:
    return _print_new(process, place, form, words)


@function("asprintf_l", "ppp.")
def asprintf_l(process: Process, place: int, _: int, form: int, words: int) -> int:
    return _print_new(process, place, form, words)


@function("vasprintf_l", "pppp")
def vasprintf_l(process: Process, place: int, _: int, form: int, words: int) -> int:
    return _print_new(process, place, form, words)


@function("sscanf", "pp.")
def sscanf(process: Process, text: int, form: int, words: int) -> int:
    memory = process.memory
    return scan_text(memory, memory.text(text), memory.text(form), words)


@function("vsscanf", "ppp")
def vsscanf(process: Process, text: int, form: int, words: int) -> int:
    return sscanf(process, text, form, words)


@function("sscanf_l", "ppp.")
def sscanf_l(process: Process, text: int, _: int, form: int, words: int) -> int:
    return sscanf(process, text, form, words)


@function("vsscanf_l", "pppp")
def vsscanf_l(process: Process, text: int, _: int, form: int, words: int) -> int:
    return sscanf(process, text, form, words)
