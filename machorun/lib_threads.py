"""``<pthread.h>``'s threads, and what each of them has."""

from __future__ import annotations

import time

from machorun.function import Call, Steps, Wait, function
from machorun.process import Process
from machorun.threads import Thread

DESTRUCTOR_ROUNDS = 4
YIELD = 1e-4


@function("pthread_create", "pppp")
def create(process: Process, place: int, _attributes: int, call: int, argument: int) -> int:
    thread = process.start_thread(lambda thread: _life(process, thread, call, argument))
    process.memory.put("<Q", place, thread.handle)
    return 0


def _life(process: Process, thread: Thread, call: int, argument: int) -> Steps:
    result = yield Call(address=call, arguments=(argument,))
    while thread.at_exit:
        function_, value = thread.at_exit.pop()
        yield Call(address=function_, arguments=(value,))
    destructors = process.state.get("keys", {})
    for _ in range(DESTRUCTOR_ROUNDS):
        for key, value in list(thread.values.items()):
            thread.values[key] = 0
            if value and destructors.get(key):
                yield Call(address=destructors[key], arguments=(value,))
    return result


def _thread(process: Process, handle: int) -> Thread | None:
    return next((item for item in process.scheduler.threads if item.handle == handle), None)


@function("pthread_join", "pp")
def join(process: Process, handle: int, place: int) -> Steps:
    thread = _thread(process, handle)
    if thread is None:
        return 3
    yield Wait(ready=lambda: thread.result is not None)
    if place:
        process.memory.put("<Q", place, thread.result or 0)
    return 0


@function("pthread_detach", "p")
def detach(_process: Process, _handle: int) -> int:
    return 0


@function("pthread_self", "")
def self_(process: Process) -> int:
    return process.thread.handle


@function("pthread_equal", "pp")
def equal(_: Process, left: int, right: int) -> int:
    return int(left == right)


@function("pthread_main_np", "")
def main_np(process: Process) -> int:
    return int(process.thread.number == 0)


@function("pthread_mach_thread_np", "p")
def mach_thread(process: Process, handle: int) -> int:
    thread = _thread(process, handle)
    return thread.number + 1 if thread else 0


@function("mach_thread_self", "")
def mach_thread_self(process: Process) -> int:
    return process.thread.number + 1


@function("pthread_threadid_np", "pp")
def threadid(process: Process, handle: int, place: int) -> int:
    thread = _thread(process, handle) if handle else process.thread
    process.memory.put("<Q", place, thread.number + 1 if thread else 0)
    return 0


@function("pthread_get_stackaddr_np", "p")
def stack_address(process: Process, handle: int) -> int:
    thread = _thread(process, handle) or process.thread
    return thread.stack + thread.stack_size


@function("pthread_get_stacksize_np", "p")
def stack_size(process: Process, handle: int) -> int:
    return (_thread(process, handle) or process.thread).stack_size


@function("sched_yield pthread_yield_np", "")
def sched_yield(_: Process) -> Steps:
    """Others first, if any can run."""
    yield Wait(ready=lambda: False, deadline=time.monotonic() + YIELD)
    return 0


@function(
    "pthread_attr_init pthread_attr_destroy pthread_attr_setstacksize pthread_attr_setdetachstate "
    "pthread_attr_getstacksize pthread_mutexattr_destroy pthread_condattr_init "
    "pthread_condattr_destroy pthread_setname_np pthread_attr_setguardsize "
    "pthread_attr_set_qos_class_np pthread_set_qos_class_self_np pthread_setcancelstate",
    "pp",
)
def nothing_to_do(_process: Process, _what: int, _value: int) -> int:
    return 0


# ---- what each thread has ----------------------------------------------------------------


@function("pthread_key_create", "pp")
def key_create(process: Process, place: int, destructor: int) -> int:
    keys: dict[int, int] = process.state.setdefault("keys", {})
    key = len(keys) + 256
    keys[key] = destructor
    process.memory.put("<Q", place, key)
    return 0


@function("pthread_key_delete", "p")
def key_delete(process: Process, key: int) -> int:
    process.state.setdefault("keys", {})[key] = 0
    return 0


@function("pthread_getspecific", "p")
def getspecific(process: Process, key: int) -> int:
    return process.thread.values.get(key, 0)


@function("pthread_setspecific", "pp")
def setspecific(process: Process, key: int, value: int) -> int:
    process.thread.values[key] = value
    return 0
