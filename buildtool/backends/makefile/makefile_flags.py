"""Defines and flags of the makefile backend: a small library of TensorFlow 1.x.

The tree's makefile brings flags of its own for each ``TARGET``; ``make.py`` reads them from it.
Here is what is added to them, and what is taken away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from buildtool.backends.common.flags import CUT_TYPE_DEFINES
from buildtool.plan.selecting_macros import SELECTIVE, SLIM_TYPES

# platform/platform.h: no Grappler (common_runtime/graph_execution_state.cc), no verbose logging, no
# counters. Each release defines it for other targets; empty, as there, so that it is no
# redefinition. framework/op_def_builder.cc and others: no documentation of ops in the program.
LEAN = ("IS_MOBILE_PLATFORM=", "TF_LEAN_BINARY")
# platform/env.cc, framework/op_def_util.cc: nothing asks for the reflection of messages.
LITE = "TENSORFLOW_LITE_PROTOS"
STOCK = "stock"


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
    own = [define for define in makefile if define != SLIM_TYPES]
    lean = () if file_list == STOCK else LEAN
    messages = (LITE,) if protos == "lite" else ()
    kinds = CUT_TYPE_DEFINES[types]
    return tuple(sorted({*own, SELECTIVE, *lean, *messages, *kinds, *extra}))
