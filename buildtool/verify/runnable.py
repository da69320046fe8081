"""A program that runs models with a library, and where it is started."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from buildtool.verify.inputs import ModelRun


@dataclass(frozen=True, kw_only=True)
class Runnable:
    """The runner of a product: ``emulator`` is put before its path, ``words`` follow it.
    ``emulated`` says what stands for a device where that is not its own system, ``device`` which
    device it is, ``not_run`` why it cannot be started (then nothing else may be set)."""

    program: Path = Path()
    emulator: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    emulated: str = ""
    device: str = ""
    not_run: str = ""
    models: tuple[ModelRun, ...] = ()

    @property
    def argv(self) -> tuple[str, ...]:
        """The start of a command line."""
        return (*self.emulator, str(self.program), *self.words)

    @property
    def is_emulated(self) -> bool:
        """Whether something else than a processor of its own kind runs it."""
        return bool(self.emulator) and not self.device

    @property
    def place(self) -> str:
        """Where it runs, in words."""
        stands_in = Path(self.emulator[0]).name if self.emulator else ""
        return self.device or self.emulated or stands_in or "this machine"
