"""``<fcntl.h>``, ``<unistd.h>``, ``<sys/stat.h>`` and the like: the host's own files."""

from __future__ import annotations

import os
import stat as modes
import struct
from collections.abc import Callable
from typing import Any

from machorun.function import function
from machorun.memory import PAGE
from machorun.process import Process

# <sys/fcntl.h> of Darwin: the bits that differ from Linux's.
FLAGS = {
    0x4: os.O_NONBLOCK,
    0x8: os.O_APPEND,
    0x200: os.O_CREAT,
    0x400: os.O_TRUNC,
    0x800: os.O_EXCL,
    0x100000: os.O_DIRECTORY,
    0x1000000: os.O_CLOEXEC,
}
MAP_FAILED = -1
MAP_ANONYMOUS = 0x1000
NAME_MAX = 1023
# <sys/dirent.h>: inode, offset, length of the entry, length of the name, kind, name.
ENTRY = struct.Struct(f"<QQHHB{NAME_MAX + 1}s")


def _attempt(process: Process, action: Callable[[], Any]) -> Any:
    """What a system call gives: a number, or -1 and ``errno``. Darwin's numbers of errors are
    Linux's up to 34."""
    try:
        result = action()
    except OSError as failure:
        return process.fail(failure.errno or 5)
    return 0 if result is None else result


def _path(process: Process, address: int) -> bytes:
    return process.memory.text(address)


@function("open", "pi.")
def open_(process: Process, path: int, flags: int, words: int) -> int:
    mode = process.memory.pointer(words) & 0o7777 if flags & 0x200 else 0
    how = flags & 3
    for bit, own in FLAGS.items():
        how |= own if flags & bit else 0
    return int(_attempt(process, lambda: os.open(_path(process, path), how, mode)))


@function("close", "i")
def close(process: Process, descriptor: int) -> int:
    return int(_attempt(process, lambda: os.close(descriptor)))


@function("read", "ipp")
def read(process: Process, descriptor: int, target: int, size: int) -> int:
    return _read(process, target, lambda: os.read(descriptor, size))


@function("pread", "ippl")
def pread(process: Process, descriptor: int, target: int, size: int, offset: int) -> int:
    return _read(process, target, lambda: os.pread(descriptor, size, offset))


def _read(process: Process, target: int, action: Callable[[], bytes]) -> int:
    data = _attempt(process, action)
    if not isinstance(data, bytes):
        return -1 if data else 0
    process.memory.write(target, data)
    return len(data)


@function("write", "ipp")
def write(process: Process, descriptor: int, source: int, size: int) -> int:
    return int(_attempt(process, lambda: os.write(descriptor, process.memory.read(source, size))))


@function("pwrite", "ippl")
def pwrite(process: Process, descriptor: int, source: int, size: int, offset: int) -> int:
    data = process.memory.read(source, size)
    return int(_attempt(process, lambda: os.pwrite(descriptor, data, offset)))


@function("lseek", "ili")
def lseek(process: Process, descriptor: int, offset: int, whence: int) -> int:
    return int(_attempt(process, lambda: os.lseek(descriptor, offset, whence)))


@function("ftruncate", "il")
def ftruncate(process: Process, descriptor: int, size: int) -> int:
    return int(_attempt(process, lambda: os.ftruncate(descriptor, size)))


@function("fsync", "i")
def fsync(process: Process, descriptor: int) -> int:
    return int(_attempt(process, lambda: os.fsync(descriptor)))


@function("dup", "i")
def dup(process: Process, descriptor: int) -> int:
    return int(_attempt(process, lambda: os.dup(descriptor)))


@function("isatty", "i")
def isatty(_: Process, descriptor: int) -> int:
    return int(os.isatty(descriptor))


@function("fcntl ioctl", "il.")
def fcntl(_process: Process, _descriptor: int, _command: int, _words: int) -> int:
    return 0


@function("stat lstat", "pp")
def stat(process: Process, path: int, target: int) -> int:
    return _stat(process, lambda: os.stat(_path(process, path)), target)


@function("fstat", "ip")
def fstat(process: Process, descriptor: int, target: int) -> int:
    return _stat(process, lambda: os.fstat(descriptor), target)


def _stat(process: Process, action: Callable[[], os.stat_result], target: int) -> int:
    """``struct stat`` of 64-bit Darwin (<sys/stat.h>)."""
    found = _attempt(process, action)
    if not isinstance(found, os.stat_result):
        return -1
    times = (found.st_atime_ns, found.st_mtime_ns, found.st_ctime_ns, found.st_ctime_ns)
    data = struct.pack(
        "<iHHQIIiI8qqqiII",
        found.st_dev & 0x7FFFFFFF,
        found.st_mode,
        found.st_nlink & 0xFFFF,
        found.st_ino,
        found.st_uid,
        found.st_gid,
        0,
        0,
        *(part for value in times for part in divmod(value, 1_000_000_000)),
        found.st_size,
        found.st_blocks,
        found.st_blksize,
        0,
        0,
    )
    process.memory.write(target, data.ljust(144, b"\0"))
    return 0


@function("access", "pi")
def access(process: Process, path: int, mode: int) -> int:
    found = os.access(_path(process, path), mode)
    return 0 if found else process.fail(13 if os.path.exists(_path(process, path)) else 2)


@function("mkdir", "pu")
def mkdir(process: Process, path: int, mode: int) -> int:
    return int(_attempt(process, lambda: os.mkdir(_path(process, path), mode & 0o7777)))


@function("rmdir", "p")
def rmdir(process: Process, path: int) -> int:
    return int(_attempt(process, lambda: os.rmdir(_path(process, path))))


@function("unlink remove", "p")
def unlink(process: Process, path: int) -> int:
    return int(_attempt(process, lambda: os.unlink(_path(process, path))))


@function("rename", "pp")
def rename(process: Process, old: int, new: int) -> int:
    return int(_attempt(process, lambda: os.rename(_path(process, old), _path(process, new))))


@function("getcwd", "pp")
def getcwd(process: Process, target: int, size: int) -> int:
    path = os.getcwdb() + b"\0"
    if target and len(path) > size:
        process.fail(34)
        return 0
    target = target or process.heap.allocate(len(path))
    process.memory.write(target, path)
    return target


@function("realpath realpath$DARWIN_EXTSN", "pp")
def realpath(process: Process, path: int, target: int) -> int:
    found = os.path.realpath(_path(process, path))
    if not os.path.exists(found):
        process.fail(2)
        return 0
    if not target:
        return process.text(found)
    process.memory.write(target, found + b"\0")
    return target


@function("mmap", "ppiiil")
def mmap(
    process: Process, _where: int, size: int, _access: int, flags: int, descriptor: int, offset: int
) -> int:
    """A copy of the file: nothing is ever written back."""
    length = -(-size // PAGE) * PAGE
    address = process.memory.take(length)
    if not flags & MAP_ANONYMOUS:
        data = _attempt(process, lambda: os.pread(descriptor, size, offset))
        if not isinstance(data, bytes):
            return MAP_FAILED
        process.memory.write(address, data)
    return address


@function("munmap msync madvise mprotect posix_madvise mlock munlock", "pp")
def munmap(_process: Process, _address: int, _size: int) -> int:
    return 0


@function("opendir", "p")
def opendir(process: Process, path: int) -> int:
    try:
        names = sorted(os.listdir(_path(process, path)))
    except OSError as failure:
        process.fail(failure.errno or 2)
        return 0
    folder = process.heap.allocate(ENTRY.size)
    process.state.setdefault("folders", {})[folder] = [b".", b"..", *names]
    return folder


@function("readdir", "p")
def readdir(process: Process, folder: int) -> int:
    names = process.state["folders"][folder]
    if not names:
        return 0
    name = names.pop(0)[:NAME_MAX]
    process.memory.write(folder, ENTRY.pack(1, 0, ENTRY.size, len(name), 0, name))
    return folder


@function("closedir", "p")
def closedir(process: Process, folder: int) -> int:
    del process.state["folders"][folder]
    process.heap.release(folder)
    return 0


@function("umask", "u")
def umask(_process: Process, _mask: int) -> int:
    return modes.S_IWGRP | modes.S_IWOTH
