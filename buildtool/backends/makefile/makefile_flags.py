"""Defines and flags of the makefile backend: a small library of TensorFlow 1.x.

The tree's makefile brings flags of its own for each ``TARGET``; they are asked of it (``make.py``).
Here is what is added to them, and what is taken away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from buildtool.tools.linkers import LINKING

# framework/selective_registration.h: the macros ask ops_to_register.h what to register.
SELECTIVE = ("SELECTIVE_REGISTRATION",)
# platform/platform.h: no Grappler (common_runtime/graph_execution_state.cc), no verbose logging, no
# counters. Each release defines it for other targets; empty, as there, so that it is no
# redefinition. framework/op_def_builder.cc and others: no documentation of ops in the program.
LEAN = ("IS_MOBILE_PLATFORM=", "TF_LEAN_BINARY")
# platform/env.cc, framework/op_def_util.cc: nothing asks for the reflection of messages.
LITE = "TENSORFLOW_LITE_PROTOS"
# framework/register_types.h, kernels/cwise_ops_common.h (1.0 to 1.15).
SLIM = "__ANDROID_TYPES_SLIM__"
TYPE_DEFINES = {
    "model": ("SUPPORT_SELECTIVE_REGISTRATION",),
    "full": ("__ANDROID_TYPES_FULL__",),
    "slim": (SLIM,),
}
STOCK = "stock"
# Not with -fembed-bitcode: clang refuses both, and Mach-O's linkers drop functions without them.
SECTIONS = ("-ffunction-sections", "-fdata-sections")
COMPILE_FLAGS = (
    "-ftemplate-depth=900",
    "-pthread",
    # The tree's and its dependencies' warnings are not ours to mend.
    "-w",
)
LLD = "-fuse-ld=lld"
# GNU ld does not fold sections; GCC's objects are folded by gold (binutils manual, --icf).
GOLD = "-fuse-ld=gold"
FOLD = "-Wl,--icf=safe"


def defines(
    makefile: Iterable[str],
    *,
    types: str,
    file_list: str,
    protos: str = "full",
    extra: Sequence[str] = (),
) -> tuple[str, ...]:
    """All defines, sorted. ``makefile`` are those that the tree's makefile sets by itself; of its
    types, the target's policy decides. The stock list is compiled as the tree has it."""
    own = [define for define in makefile if define != SLIM]
    lean = () if file_list == STOCK else LEAN
    messages = (LITE,) if protos == "lite" else ()
    return tuple(sorted({*own, *SELECTIVE, *lean, *messages, *TYPE_DEFINES[types], *extra}))


def compile_flags(
    *, level: str, lto: str = "none", bitcode: bool = False, extra: Sequence[str] = ()
) -> tuple[str, ...]:
    """Flags of every object, in the order in which the compiler gets them."""
    sections = () if bitcode else SECTIONS
    link_time = () if lto == "none" else (f"-flto={lto}",)
    return (f"-{level}", *sections, *COMPILE_FLAGS, *link_time, *extra)


def link_flags(
    *,
    fold_sections: bool,
    lto: str = "none",
    linker: Sequence[str] = (),
    object_format: str = "elf",
) -> tuple[str, ...]:
    """Flags that an app adds at its final link so that unused sections are dropped. ``linker`` are
    flags that choose the linker, told to an app only where it must be that one."""
    linking = LINKING[object_format]
    folding = (
        (FOLD,) if linking.folds and fold_sections and {LLD, GOLD}.intersection(linker) else ()
    )
    link_time = () if lto == "none" else (f"-flto={lto}",)
    needed = linker if linking.folds and (folding or link_time) else ()
    return (*linking.drop, *needed, *folding, *link_time)


def optional_flags(link_flags: Sequence[str]) -> tuple[str, ...]:
    """Those of an app's link flags that only make it smaller, and that GNU ld does not know."""
    if FOLD not in link_flags:
        return ()
    bitcode = any(flag.startswith("-flto") for flag in link_flags)
    chosen = () if bitcode else tuple(flag for flag in (LLD, GOLD) if flag in link_flags)
    return (*chosen, FOLD)
