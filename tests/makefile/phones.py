"""A slice for iPhones that was built, and apps that are linked with it and run in the emulator."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from buildtool.core.errors import ToolError
from buildtool.core.run import Command, run
from buildtool.platforms import find_abi
from buildtool.tools.apple.developer_tools import find_programs
from buildtool.tools.apple.stand_in_sdk import SOURCE
from tests.makefile.test_renamed import SOURCES

if TYPE_CHECKING:
    from tests.conftest import AppCompiler


def words_of(log: Path, what: str) -> list[str]:
    """The first command of a log that has a word."""
    lines = log.read_text(encoding="utf-8").splitlines()
    line = next(line for line in lines if line.startswith("$ ") and what in line)
    return [word for word in shlex.split(line)[1:] if not word.startswith("TF_CPP")]


@dataclass(frozen=True, kw_only=True)
class Phone:
    """A slice that was built, and what it was linked and run with."""

    folder: Path

    @property
    def dist(self) -> Path:
        return self.folder / "dist"

    @property
    def compiler(self) -> tuple[str, ...]:
        """The compiler and what it is told of the system."""
        words = words_of(self.folder / "logs" / "compile.log", "-force_load")
        kept = [*words[:1], *(word for word in words if word.startswith(("--target", "-stdlib")))]
        return (*kept, "-isysroot", words[words.index("-isysroot") + 1])

    @property
    def link_flags(self) -> list[str]:
        """What ``link_flags.txt`` says."""
        return (self.dist / "link_flags.txt").read_text("utf-8").split()

    def link(self, objects: Sequence[Path], words: Sequence[str], app: Path) -> Path:
        """Link an app."""
        drivers = words_of(self.folder / "logs" / "compile.log", "-force_load")
        chosen = ("-fuse-ld", "--ld-path", "-mlinker")
        linker = [word for word in drivers if word.startswith(chosen)]
        argv = (*self.compiler, *linker, "-o", str(app), *map(str, objects), *words)
        run(Command(argv=argv, cwd=self.dist), what="linking an app")
        return app

    def start(self, app: Path, *words: str) -> str:
        """Run a program in the emulator, as the runner was run."""
        before = words_of(self.folder / "verify" / "runner.log", "--session")[:-2]
        return run(Command(argv=(*before, str(app), *words)), what="running an app").stdout

    def app(
        self,
        own: AppCompiler,
        headers: Path,
        folder: Path,
        sources: Sequence[Path] = SOURCES,
    ) -> list[Path]:
        """The objects of the app of ``app/``, whose own protobuf has these headers."""
        flags = [
            f"-I{self.dist / 'include'}" if flag == "-Iinclude" else flag
            for flag in (self.dist / "compile_flags.txt").read_text("utf-8").split()
        ]
        found = []
        for source in sources:
            found.append(folder / f"{source.stem}.o")
            more = (*flags, "-w", f"-I{headers}", "-c", str(source), "-o", str(found[-1]))
            run(Command(argv=(*own.compiler, *more)), what=f"compiling {source.name}")
        return found

    def own(self, template: AppCompiler) -> AppCompiler:
        """What compiles the app's own protobuf."""
        return dataclasses.replace(template, compiler=self.compiler, ar=str(llvm("ar")))


def llvm(name: str) -> Path:
    return find_programs(find_abi("ios", "arm64")[1], "llvm")[name]


def needs_llvm(cache: Path) -> None:
    if not any(cache.glob(f"trees/{SOURCE}-*.verified")):
        pytest.skip(f"needs {SOURCE} in the cache: run 'python -m buildtool.sources' once")
    try:
        llvm("ar")
    except ToolError as failure:
        pytest.skip(str(failure))
