"""The emulated process: runs the program's threads and calls library functions for them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from types import GeneratorType
from typing import Any

import unicorn
from unicorn import Uc, UcError  # type: ignore[attr-defined]  # handed on by a star
from unicorn import arm64_const as registers

from machorun.bridge import DONE, NUMBER, Bridge
from machorun.function import (
    FLOATS,
    LINK,
    STACK,
    TABLE,
    Call,
    Function,
    Steps,
    float_bits,
)
from machorun.images import Loader
from machorun.memory import BASE, SIZE, BadAddressError, Heap, Memory
from machorun.threads import DeadlockError, PendingCall, Scheduler, Thread, is_over

MAIN_STACK, OTHER_STACK = 8 << 20, 1 << 20
# Microseconds for which a thread runs while others could.
SLICE = 20_000
MASK = (1 << 64) - 1
X = tuple(getattr(registers, f"UC_ARM64_REG_X{number}") for number in range(18))
D = tuple(getattr(registers, f"UC_ARM64_REG_D{number}") for number in range(4))
FP, LR, SP, PC = (getattr(registers, f"UC_ARM64_REG_{name}") for name in ("X29", "X30", "SP", "PC"))
# Variables of the libraries, by name: what makes one gives its address.
DATA: dict[str, Callable[[Process], int]] = {}
SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGPIPE = 4, 5, 6, 11, 13
NO_FUNCTION = 127
FRAMES = 16


class ExitError(Exception):
    """The program ends with this code; 128 and more for a signal. ``message`` is ours."""

    def __init__(self, code: int, message: str = "") -> None:
        self.code = code
        self.message = message
        super().__init__(message)


class Process:
    """One program in the emulator. Library functions get it as their first argument.

    ``state`` is for the library's parts to keep what they know of the process.
    """

    def __init__(self, program: Path, arguments: Sequence[str], root: Path | None) -> None:
        self.arguments = tuple(arguments)
        self.memory = Memory()
        self.heap = Heap(self.memory)
        self.scheduler = Scheduler()
        self.state: dict[str, Any] = {}
        self.at_exit: list[tuple[int, int]] = []
        self._bridge = Bridge(self.memory)
        self._functions: list[Function] = []
        self._imports: dict[str, int] = {}
        self._failure: BaseException | None = None
        self._fault = ""
        self._continue = self._add(
            Function(name="continue", body=_continued, readers=(), returns="i")
        )
        self.loader = Loader(self.memory, root, self._import)
        self.image = self.loader.load(program)
        self._cpu = self._make_cpu()
        self._pristine = self._cpu.context_save()
        self.thread = self._main_thread()

    def run(self) -> int:
        """Run the program to its end. Returns its exit code."""
        try:
            while True:
                self._run(self.scheduler.next())
        except ExitError as end:
            if end.message:
                self.complain(end.message)
            return end.code
        except DeadlockError:
            self.complain("all threads wait for each other, or for what nobody will do")
            return 128 + SIGABRT
        finally:
            with contextlib.suppress(BrokenPipeError):
                for flush in self.state.get("flush", ()):
                    flush()

    def complain(self, message: str) -> None:
        """Say something on standard error, after what the program has said."""
        os.write(2, f"machorun: {message}\n".encode())

    def fail(self, error: int) -> int:
        """Set ``errno``; the -1 that most functions return then."""
        self.memory.put("<i", self.error_place(), error)
        return -1

    def error_place(self) -> int:
        """Where the thread that runs has its ``errno``."""
        if not self.thread.errno:
            self.thread.errno = self.heap.allocate(16)
        return self.thread.errno

    def text(self, data: bytes) -> int:
        """A new zero-terminated string that stays for ever."""
        address = self.heap.allocate(len(data) + 1)
        self.memory.write(address, data + b"\0")
        return address

    def start_thread(self, steps: Callable[[Thread], Steps], size: int = OTHER_STACK) -> Thread:
        """Make a thread that begins with these steps."""
        stack = self.memory.take(size)
        thread = Thread(number=len(self.scheduler.threads), stack=stack, stack_size=size, handle=0)
        thread.handle = self.heap.allocate(64)
        thread.pending.append(
            PendingCall(steps=steps(thread), link=0, stack=stack + size - 256, returns="i")
        )
        self.scheduler.threads.append(thread)
        return thread

    def call_at_exit(self) -> Steps:
        """Run what the program has registered for its end, last first."""
        while self.at_exit:
            function, argument = self.at_exit.pop()
            yield Call(address=function, arguments=(argument,))

    def function_address(self, name: str) -> int:
        """The address by which the program may call one of our functions, 0 if it is not ours."""
        symbol = f"_{name}"
        return self._import(symbol, True) if symbol in TABLE else 0

    def register(self, number: int) -> int:
        """A register of the thread that runs that no call changes: 19 to 28, or that of the
        floating-point settings."""
        return int(self._cpu.reg_read(number))

    def set_register(self, number: int, value: int) -> None:
        """Change such a register."""
        self._cpu.reg_write(number, value)

    # ---- the emulator --------------------------------------------------------------------

    def _make_cpu(self) -> Any:
        cpu: Any = Uc(unicorn.UC_ARCH_ARM64, unicorn.UC_MODE_ARM)  # type: ignore[no-untyped-call]
        cpu.ctl_set_cpu_model(registers.UC_CPU_ARM64_MAX)
        place = ctypes.addressof(ctypes.c_char.from_buffer(self.memory.map))
        cpu.mem_map_ptr(BASE, SIZE, unicorn.UC_PROT_ALL, place)
        hook = self._bridge.hook
        cpu.hook_add(unicorn.UC_HOOK_CODE, self._on_call, begin=hook, end=hook)
        cpu.hook_add(unicorn.UC_HOOK_MEM_INVALID, self._on_fault)
        return cpu

    def _run(self, thread: Thread) -> None:
        """Let a thread run until it waits, ends or has had its time."""
        cpu = self._cpu
        if thread is not self.thread or thread.context is None:
            cpu.context_restore(thread.context or self._pristine)
            self.thread = thread
        if thread.context is None or thread.waiting is not None:
            thread.waiting = None
            if not self._advance(None):
                return
            thread.pc = cpu.reg_read(PC)
        self._bridge.box[DONE] = 0
        alone = self.scheduler.is_alone()
        try:
            cpu.emu_start(thread.pc, 0, timeout=0 if alone else SLICE)
        except UcError as error:
            if self._failure is None:
                raise self._crash(error) from None
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure
        self._settle(thread)

    def _settle(self, thread: Thread) -> None:
        """Bring a thread that was stopped to a place where it can go on later. It may have been
        stopped in the bridge, whose box belongs to all threads."""
        cpu = self._cpu
        if cpu.reg_read(PC) == self._bridge.hook and thread.waiting is None:
            if not self._bridge.box[DONE] and thread.result is None:
                self._store_box()
                self._on_call(cpu, 0, 0, None)
            if thread.waiting is None and cpu.reg_read(PC) == self._bridge.hook:
                cpu.reg_write(X[0], self._bridge.box[0])
                cpu.reg_write(D[0], self._bridge.box[FLOATS])
                cpu.reg_write(PC, cpu.reg_read(LR))
        thread.pc = cpu.reg_read(PC)
        if thread.context is None:
            thread.context = cpu.context_save()
        else:
            cpu.context_update(thread.context)

    def _store_box(self) -> None:
        box, cpu = self._bridge.box, self._cpu
        for place in range(8):
            box[place] = cpu.reg_read(X[place])
        for place in range(4):
            box[FLOATS + place] = cpu.reg_read(D[place])
        box[STACK], box[LINK], box[NUMBER] = cpu.reg_read(SP), cpu.reg_read(LR), cpu.reg_read(X[17])

    # ---- calls ---------------------------------------------------------------------------

    def _on_call(self, cpu: Any, address: int, size: int, data: Any) -> None:  # noqa: ARG002
        """The program calls a library function. What goes wrong is raised where the emulator was
        started, because this is called by the emulator."""
        box = self._bridge.box
        function = self._functions[box[NUMBER]]
        try:
            result = function.body(self, *[read(box) for read in function.readers])
            if type(result) is GeneratorType:
                self.thread.pending.append(
                    PendingCall(
                        steps=result, link=box[LINK], stack=box[STACK], returns=function.returns
                    )
                )
                self._advance(None)
            elif result is not None:
                if function.returns in "df":
                    box[FLOATS] = float_bits(function.returns, result)
                else:
                    box[0] = result & MASK
        except BadAddressError as bad:
            self._failure = self._bad_argument(function, bad)
            cpu.emu_stop()
        except BrokenPipeError:
            self._failure = ExitError(128 + SIGPIPE)
            cpu.emu_stop()
        except (OSError, ValueError, LookupError, ArithmeticError) as failure:
            what = f"this emulator's {function.name} fails: {failure}\n{self.backtrace()}"
            self._failure = ExitError(NO_FUNCTION, what)
            cpu.emu_stop()
        except BaseException as failure:
            self._failure = failure
            cpu.emu_stop()
        box[DONE] = 1

    def resume(self) -> None:
        """A function of the program that the library called has returned."""
        self._advance(self._bridge.box[0])

    def _advance(self, value: int | None) -> bool:
        """Go on with the library function that the thread is in. Returns whether the thread can
        run: its registers are set then."""
        thread, cpu = self.thread, self._cpu
        while True:
            pending = thread.pending[-1]
            try:
                step = pending.steps.send(value)  # type: ignore[arg-type]
            except StopIteration as end:
                return self._finish(thread, end.value)
            if isinstance(step, Call):
                for place, argument in enumerate(step.arguments):
                    cpu.reg_write(X[place], argument & MASK)
                cpu.reg_write(LR, self._continue)
                cpu.reg_write(SP, pending.stack & ~15)
                cpu.reg_write(PC, step.address)
                return True
            if not is_over(step):
                thread.waiting = step
                cpu.emu_stop()
                return False
            value = None

    def _finish(self, thread: Thread, result: Any) -> bool:
        pending, cpu = thread.pending.pop(), self._cpu
        if not pending.link:
            thread.result = int(result or 0)
            cpu.emu_stop()
            return False
        if result is not None and pending.returns in "df":
            cpu.reg_write(D[0], float_bits(pending.returns, result))
        elif result is not None:
            cpu.reg_write(X[0], int(result) & MASK)
        cpu.reg_write(SP, pending.stack)
        cpu.reg_write(LR, pending.link)
        cpu.reg_write(PC, pending.link)
        return True

    def _add(self, function: Function) -> int:
        number, address = self._bridge.add()
        self._functions.append(function)
        if number != len(self._functions) - 1:
            raise AssertionError(number)
        return address

    def _import(self, symbol: str, weak: bool) -> int:
        """The address of a function or variable that is ours."""
        if symbol not in self._imports:
            if symbol in DATA:
                self._imports[symbol] = DATA[symbol](self)
            elif symbol in TABLE:
                self._imports[symbol] = self._add(TABLE[symbol])
            elif weak:
                return 0
            else:
                self._imports[symbol] = self._add(_absent(symbol))
        return self._imports[symbol]

    # ---- the end -------------------------------------------------------------------------

    def _on_fault(self, cpu: Any, kind: int, address: int, *_: Any) -> bool:  # noqa: ARG002
        verb = {
            unicorn.UC_MEM_WRITE_UNMAPPED: "writes to",
            unicorn.UC_MEM_FETCH_UNMAPPED: "jumps to",
        }.get(kind, "reads")
        self._fault = f"the program {verb} {address:#x}, where it has no memory"
        return False

    def _crash(self, error: UcError) -> ExitError:
        pc = self._cpu.reg_read(PC)
        if self._fault:
            return ExitError(128 + SIGSEGV, f"{self._fault} (SIGSEGV)\n{self.backtrace()}")
        try:
            word = struct.unpack("<I", self.memory.read(pc, 4))[0]
        except BadAddressError:
            word = 0
        if word & 0xFFE0001F == 0xD4200000:
            what = "the program stops itself (SIGTRAP)"
            return ExitError(128 + SIGTRAP, f"{what}\n{self.backtrace()}")
        what = f"the emulator cannot execute the instruction {word:#010x} (SIGILL): {error}"
        return ExitError(128 + SIGILL, f"{what}\n{self.backtrace()}")

    def _bad_argument(self, function: Function, bad: BadAddressError) -> ExitError:
        what = f"the program calls {function.name} with {bad.address:#x}, where it has no memory"
        return ExitError(128 + SIGSEGV, f"{what} (SIGSEGV)\n{self.backtrace()}")

    def backtrace(self) -> str:
        """The functions that the thread is in, innermost first."""
        cpu = self._cpu
        places = [cpu.reg_read(PC), cpu.reg_read(LR)]
        frame = cpu.reg_read(FP)
        try:
            while frame and len(places) < FRAMES:
                places.append(self.memory.pointer(frame + 8))
                frame = self.memory.pointer(frame)
        except BadAddressError:
            pass
        if places[0] == self._bridge.hook:
            del places[0]
        return "\n".join(f"    {self.loader.where(place)}" for place in places if place)

    def _main_thread(self) -> Thread:
        return self.start_thread(lambda _: _main(self), MAIN_STACK)


def abort(process: Process, why: str) -> None:
    """End as ``abort`` does."""
    raise ExitError(128 + SIGABRT, f"{why} (SIGABRT)\n{process.backtrace()}")


def _continued(process: Process) -> None:
    process.resume()


def _absent(symbol: str) -> Function:
    name = symbol.removeprefix("_")

    def body(process: Process) -> None:
        raise ExitError(
            NO_FUNCTION,
            f"the program calls {name}, which this emulator does not have\n{process.backtrace()}",
        )

    return Function(name=name, body=body, readers=(), returns="i")


def _main(process: Process) -> Steps:
    """What dyld does with a program that it has loaded."""
    memory = process.memory
    words = [process.text(os.fsencode(word)) for word in process.arguments]
    settings = [process.text(os.fsencode(f"{k}={v}")) for k, v in os.environ.items()]
    rows = [*words, 0, *settings, 0, words[0], 0]
    table = memory.take(len(rows) * 8)
    memory.put(f"<{len(rows)}Q", table, *rows)
    environment = table + (len(words) + 1) * 8
    apple = environment + (len(settings) + 1) * 8
    main = (len(words), table, environment, apple)
    for image in process.loader.initialisation_order():
        for constructor in image.constructors(memory):
            yield Call(address=constructor, arguments=main)
    command = process.image.binary.main_command
    if command is None:
        raise ExitError(NO_FUNCTION, "the program says no function to begin with (LC_MAIN)")
    code = yield Call(address=process.image.base + command.entrypoint, arguments=main)
    yield from process.call_at_exit()
    raise ExitError(code & 0xFF)
