"""Calls the native functions for Java without a Java machine, which no Android here has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from buildtool.core.run import Command, Completed, run

CALLER = Path(__file__).resolve().parent / "cases" / "caller.cc"
PROJECT = Path(__file__).resolve().parents[2]


def compile_caller(compiler: Sequence[str | Path], program: Path) -> Path:
    """The program, of this compiler with its flags."""
    words = ("-std=c++17", "-O1", "-Wall", "-Werror", str(CALLER), "-ldl", "-o", str(program))
    run(Command(argv=(*map(str, compiler), *words)), what="compiling the caller")
    return program


def call(
    caller: Sequence[str | Path], library: Path, given: Path, found: Path, *, name: str = "x"
) -> Completed:
    """Load the project's model, give it the row of floats in ``given`` as input ``name``, and write
    what it makes of that to ``found``."""
    model = PROJECT / "models" / "digits.pb"
    words = (library, model, name, given, "probabilities", found)
    argv = tuple(map(str, (*caller, *words)))
    return run(Command(argv=argv), what="the caller", check=False)
