"""Macros and flags that backends have in common; each states only what is its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from buildtool.plan.selecting_macros import FULL_TYPES, MODEL_TYPES, SLIM_TYPES
from buildtool.tools.linkers import FOLD, FOLDING_LINKERS, LINKING

# The macros of each type policy, where ``slim`` is what a mobile build of the tree itself gets: no
# file of a 2.x tree defines more.
TYPE_DEFINES: Mapping[str, tuple[str, ...]] = {
    "model": (MODEL_TYPES,),
    "full": (FULL_TYPES,),
    "slim": (),
}
# The same where element-wise ops are cut down, too, as the makefile of 1.x does by default.
CUT_TYPE_DEFINES: Mapping[str, tuple[str, ...]] = {**TYPE_DEFINES, "slim": (SLIM_TYPES,)}
# Not with -fembed-bitcode: clang refuses both, and Mach-O's linkers drop functions without them.
SECTIONS = ("-ffunction-sections", "-fdata-sections")
COMPILE_FLAGS = (
    "-ftemplate-depth=900",
    "-pthread",
    # The tree's and its dependencies' warnings are not ours to mend.
    "-w",
)


def compile_flags(
    *,
    level: str,
    lto: str = "none",
    bitcode: bool = False,
    own: Sequence[str] = (),
    extra: Sequence[str] = (),
) -> tuple[str, ...]:
    """Flags of every object, in the order in which the compiler gets them. ``own`` are those of a
    backend, ``extra`` those that may overrule all others."""
    sections = () if bitcode else SECTIONS
    return (f"-{level}", *sections, *own, *COMPILE_FLAGS, *_link_time(lto), *extra)


def link_flags(
    *,
    fold_sections: bool,
    lto: str = "none",
    linker: Sequence[str] = (),
    object_format: str = "elf",
) -> tuple[str, ...]:
    """Flags that an app adds at its final link so that unused sections are dropped.

    ``linker`` are flags that choose the linker; an app gets them only where just that linker will
    do: GNU ld does not fold sections.
    """
    linking = LINKING[object_format]
    folds = linking.folds and fold_sections and not FOLDING_LINKERS.isdisjoint(linker)
    folding = (FOLD,) if folds else ()
    link_time = _link_time(lto)
    needed = linker if linking.folds and (folding or link_time) else ()
    return (*linking.drop, *needed, *folding, *link_time)


def optional_flags(link_flags: Sequence[str]) -> tuple[str, ...]:
    """Those of an app's link flags that only make it smaller, and that GNU ld does not know."""
    if FOLD not in link_flags:
        return ()
    bitcode = any(flag.startswith("-flto") for flag in link_flags)
    chosen = () if bitcode else tuple(flag for flag in link_flags if flag in FOLDING_LINKERS)
    return (*chosen, FOLD)


def _link_time(lto: str) -> tuple[str, ...]:
    return () if lto == "none" else (f"-flto={lto}",)
