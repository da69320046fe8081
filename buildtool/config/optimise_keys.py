"""The keys of a target file that say what compiler, linker and protoc optimise for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from buildtool.config.kinds import SHORTHAND


@dataclass(frozen=True, kw_only=True)
class Optimise:
    """What the compiler and linker optimise for."""

    goal: Literal["balanced", "smallest"] = field(default="balanced", metadata=SHORTHAND)
    """What the keys below are where they are unset: `smallest` takes all that make the library
    smaller, at the price that each of them names, as far as backend, platform and product can. It
    can be written by itself, as `optimise: smallest`."""

    level: Literal["Oz", "Os", "O2", "O3"] | None = None
    """Optimisation level of the compiler. At `Oz` and `Os` the code that reads models is small
    and slower, too. Unset, `Os`; for the smallest library, `Oz`."""

    lto: Literal["none", "thin", "full"] = "none"
    """Link-time optimisation."""

    fold_sections: bool = True
    """Fold functions of equal code into one, but for those whose addresses are compared. Needs
    LLVM's linker; without it nothing is folded."""

    protos: Literal["full", "lite"] | None = None
    """Code of TensorFlow's messages, for TensorFlow 1.8 and later. `lite` is smaller; there is then
    neither reflection nor text format for them, so that errors and logs show a message's name in
    place of its text, and an app cannot read a `.pbtxt`. Unset, `full`; for the smallest library,
    `lite`."""

    rtti: bool | None = None
    """C++'s run-time type information, for TensorFlow 2.x. Without it no app can derive from
    TensorFlow's classes unless it is compiled with `-fno-rtti`, too. Unset, true; for the smallest
    library, false."""

    unwind_tables: bool | None = None
    """Tables by which a stack is walked. Without them debuggers and crash reports show nothing
    above a function of the library, and no exception of an app's can pass through it. Unset, true;
    for the smallest library, false."""

    position_independent: bool | None = None
    """Whether programs are linked so that they can be loaded at any address, which makes attacks
    harder. Without it they are smaller; for the product `static` on Linux and the Raspberry Pi.
    Unset, true; for the smallest library, false."""
