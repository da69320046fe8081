"""``<pthread.h>``'s locks and conditions, and ``<dispatch/semaphore.h>``.

One thread runs at a time, so that nothing here needs locks of its own. What a mutex or a condition
is doing is kept beside the program's memory, by address: its bytes there stay as the program's
initialiser left them.
"""

from __future__ import annotations

import struct
import time
from dataclasses import dataclass, field

from machorun.function import Call, Steps, Wait, function
from machorun.process import Process
from machorun.threads import Thread

# <errno.h> of Darwin.
EBUSY, EINVAL, ETIMEDOUT, EDEADLK, EPERM = 16, 22, 60, 11, 1
RECURSIVE, ERRORCHECK = 2, 1
ONCE_DONE = 0x2B52DE1F


@dataclass
class Mutex:
    """``owner`` is None while it is free; ``depth`` counts a recursive one's locks."""

    kind: int = 0
    owner: Thread | None = None
    depth: int = 0


@dataclass
class Condition:
    """The threads that wait; those that were woken are taken out."""

    waiters: list[Thread] = field(default_factory=list)


@dataclass
class ReadWriteLock:
    """``readers`` counts them; ``writer`` is None while nobody writes."""

    readers: int = 0
    writer: Thread | None = None


def _mutex(process: Process, address: int) -> Mutex:
    table: dict[int, Mutex] = process.state.setdefault("mutexes", {})
    if address not in table:
        # _PTHREAD_RECURSIVE_MUTEX_SIG_init and _PTHREAD_ERRORCHECK_MUTEX_SIG_init
        kinds = {0x32AAABA2: RECURSIVE, 0x32AAABA1: ERRORCHECK}
        table[address] = Mutex(kind=kinds.get(process.memory.number("<Q", address), 0))
    return table[address]


def _condition(process: Process, address: int) -> Condition:
    table: dict[int, Condition] = process.state.setdefault("conditions", {})
    return table.setdefault(address, Condition())


@function("pthread_mutexattr_init", "p")
def mutexattr_init(process: Process, attributes: int) -> int:
    process.memory.put("<Q", attributes, 0)
    return 0


@function("pthread_mutexattr_settype", "pi")
def mutexattr_settype(process: Process, attributes: int, kind: int) -> int:
    process.memory.put("<Q", attributes, kind)
    return 0


@function("pthread_mutex_init", "pp")
def mutex_init(process: Process, address: int, attributes: int) -> int:
    kind = process.memory.pointer(attributes) if attributes else 0
    process.state.setdefault("mutexes", {})[address] = Mutex(kind=kind)
    return 0


@function("pthread_mutex_destroy", "p")
def mutex_destroy(process: Process, address: int) -> int:
    process.state.setdefault("mutexes", {}).pop(address, None)
    return 0


@function("pthread_mutex_lock", "p")
def mutex_lock(process: Process, address: int) -> int | Steps:
    mutex, thread = _mutex(process, address), process.thread
    if mutex.owner is None:
        mutex.owner, mutex.depth = thread, 1
        return 0
    if mutex.owner is thread and mutex.kind == RECURSIVE:
        mutex.depth += 1
        return 0
    if mutex.owner is thread and mutex.kind == ERRORCHECK:
        return EDEADLK
    return _wait_for(mutex, thread)


def _wait_for(mutex: Mutex, thread: Thread) -> Steps:
    while mutex.owner is not None:
        yield Wait(ready=lambda: mutex.owner is None)
    mutex.owner, mutex.depth = thread, 1
    return 0


@function("pthread_mutex_trylock", "p")
def mutex_trylock(process: Process, address: int) -> int:
    mutex, thread = _mutex(process, address), process.thread
    if mutex.owner is thread and mutex.kind == RECURSIVE:
        mutex.depth += 1
        return 0
    if mutex.owner is not None:
        return EBUSY
    mutex.owner, mutex.depth = thread, 1
    return 0


@function("pthread_mutex_unlock", "p")
def mutex_unlock(process: Process, address: int) -> int:
    mutex = _mutex(process, address)
    if mutex.owner is None:
        return EPERM
    mutex.depth -= 1
    if not mutex.depth:
        mutex.owner = None
    return 0


@function("pthread_cond_init", "pp")
def cond_init(process: Process, address: int, _attributes: int) -> int:
    process.state.setdefault("conditions", {})[address] = Condition()
    return 0


@function("pthread_cond_destroy", "p")
def cond_destroy(process: Process, address: int) -> int:
    process.state.setdefault("conditions", {}).pop(address, None)
    return 0


@function("pthread_cond_signal", "p")
def cond_signal(process: Process, address: int) -> int:
    waiters = _condition(process, address).waiters
    if waiters:
        waiters.pop(0)
    return 0


@function("pthread_cond_broadcast", "p")
def cond_broadcast(process: Process, address: int) -> int:
    _condition(process, address).waiters.clear()
    return 0


@function("pthread_cond_wait", "pp")
def cond_wait(process: Process, address: int, lock: int) -> Steps:
    return _cond_wait(process, address, lock, None)


@function("pthread_cond_timedwait", "ppp")
def cond_timedwait(process: Process, address: int, lock: int, until: int) -> Steps:
    seconds = _seconds(process, until)
    return _cond_wait(process, address, lock, time.monotonic() + seconds - time.time())


@function("pthread_cond_timedwait_relative_np", "ppp")
def cond_timedwait_relative(process: Process, address: int, lock: int, span: int) -> Steps:
    return _cond_wait(process, address, lock, time.monotonic() + _seconds(process, span))


def _cond_wait(process: Process, address: int, lock: int, deadline: float | None) -> Steps:
    thread, mutex = process.thread, _mutex(process, lock)
    waiters = _condition(process, address).waiters
    depth, mutex.owner = mutex.depth, None
    waiters.append(thread)
    yield Wait(ready=lambda: thread not in waiters, deadline=deadline)
    late = thread in waiters
    if late:
        waiters.remove(thread)
    yield from _wait_for(mutex, thread)
    mutex.depth = depth
    return ETIMEDOUT if late else 0


def _seconds(process: Process, address: int) -> float:
    whole, nano = struct.unpack("<2q", process.memory.read(address, 16))
    return float(whole + nano / 1e9)


# ---- read-write locks, once, semaphores --------------------------------------------------


def _lock(process: Process, address: int) -> ReadWriteLock:
    table: dict[int, ReadWriteLock] = process.state.setdefault("locks", {})
    return table.setdefault(address, ReadWriteLock())


@function("pthread_rwlock_init", "pp")
def rwlock_init(process: Process, address: int, _attributes: int) -> int:
    process.state.setdefault("locks", {})[address] = ReadWriteLock()
    return 0


@function("pthread_rwlock_rdlock", "p")
def rwlock_rdlock(process: Process, address: int) -> Steps:
    lock = _lock(process, address)
    yield Wait(ready=lambda: lock.writer is None)
    lock.readers += 1
    return 0


@function("pthread_rwlock_wrlock", "p")
def rwlock_wrlock(process: Process, address: int) -> Steps:
    lock, thread = _lock(process, address), process.thread
    yield Wait(ready=lambda: lock.writer is None and not lock.readers)
    lock.writer = thread
    return 0


@function("pthread_rwlock_unlock", "p")
def rwlock_unlock(process: Process, address: int) -> int:
    lock = _lock(process, address)
    if lock.writer is not None:
        lock.writer = None
    else:
        lock.readers -= 1
    return 0


@function("pthread_rwlock_destroy", "p")
def rwlock_destroy(process: Process, address: int) -> int:
    process.state.setdefault("locks", {}).pop(address, None)
    return 0


@function("pthread_once", "pp")
def once(process: Process, address: int, call: int) -> Steps:
    running: set[int] = process.state.setdefault("once", set())
    yield Wait(ready=lambda: address not in running)
    if process.memory.pointer(address) != ONCE_DONE:
        running.add(address)
        yield Call(address=call)
        process.memory.put("<Q", address, ONCE_DONE)
        running.discard(address)
    return 0


@function("dispatch_semaphore_create", "l")
def semaphore_create(process: Process, value: int) -> int:
    address = process.heap.allocate(16)
    process.memory.put("<q", address, value)
    return address


@function("dispatch_semaphore_wait", "pp")
def semaphore_wait(process: Process, address: int, until: int) -> Steps:
    memory = process.memory
    forever = until == (1 << 64) - 1
    deadline = None if forever else time.monotonic() + max(until - time.monotonic_ns(), 0) / 1e9
    yield Wait(ready=lambda: memory.number("<q", address) > 0, deadline=deadline)
    value = memory.number("<q", address)
    if value <= 0:
        return 49
    memory.put("<q", address, value - 1)
    return 0


@function("dispatch_semaphore_signal", "p")
def semaphore_signal(process: Process, address: int) -> int:
    process.memory.put("<q", address, process.memory.number("<q", address) + 1)
    return 0


@function("dispatch_time", "pl")
def dispatch_time(_: Process, when: int, delta: int) -> int:
    return (when or time.monotonic_ns()) + delta


@function("dispatch_release dispatch_retain", "p")
def dispatch_release(_process: Process, _object: int) -> None:
    """Semaphores stay for ever."""
