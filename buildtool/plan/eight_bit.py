"""Eight-bit kernels of 32-bit ARM: which of two ways they compute, and what is told of it.

Kernels for ``quint8`` whose files include ``kernels/meta_support.h`` have a second, hand-written
way for 32-bit NEON, gemmlowp's "meta" kernels. These do not round a range to its steps as all
other processors do; ``docs/results.md`` has figures. The one file that decides,
``kernels/meta_support.cc``, takes the common way with ``DISABLE`` and on Apple's systems. So it is
in TensorFlow 1.8 and in 2.14.1.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from buildtool.core.values import Abi, OpUse, SelectedKernel

HEADER = "tensorflow/core/kernels/meta_support.h"
DISABLE = "TENSORFLOW_DISABLE_META"
# What the file itself defines where it takes the hand-written way.
HAND_WRITTEN = "TENSORFLOW_USE_META"
_SHOWN = 3


def has_two_ways(abi: Abi) -> bool:
    """Whether there is hand-written code for an ABI."""
    return abi.neon and abi.bits == 32 and abi.object_format == "elf"


def eight_bit_defines(abi: Abi, given: Iterable[str]) -> tuple[str, ...]:
    """The macro that has eight-bit kernels compute as on other processors, where they would not;
    none if the target's own macros (``given``) ask for the hand-written way."""
    names = {define.partition("=")[0] for define in given}
    return (DISABLE,) if has_two_ways(abi) and HAND_WRITTEN not in names else ()


def eight_bit_notes(
    *,
    defines: Sequence[str],
    sources: Collection[str],
    kernels: Iterable[SelectedKernel],
    uses: Iterable[OpUse],
) -> Iterator[str]:
    """How the planned kernels among ``sources``, the files with two ways, are compiled, and which
    nodes run them."""
    ops = {kernel.registration.op for kernel in kernels if kernel.registration.source in sources}
    if not ops:
        return
    nodes = [str(node) for use in uses if use.op in ops for node in use.nodes]
    shown = "; ".join(nodes[:_SHOWN])
    more = f" and {len(nodes) - _SHOWN} more nodes" if len(nodes) > _SHOWN else ""
    which = f"the eight-bit kernels of {', '.join(sorted(ops))} ({shown}{more})"
    if DISABLE in {define.partition("=")[0] for define in defines}:
        yield (
            f"{which} are compiled with {DISABLE}: they compute as on other processors, and do not "
            f"take gemmlowp's hand-written code for 32-bit NEON, which rounds in another way; "
            f"'defines: [{HAND_WRITTEN}]' takes it"
        )
    else:
        yield (
            f"{which} take gemmlowp's hand-written code for 32-bit NEON, as {HAND_WRITTEN} asks: "
            f"it rounds in another way, so outputs may differ from other processors' by several "
            f"steps"
        )
