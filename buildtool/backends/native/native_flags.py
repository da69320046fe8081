"""Defines and flags of the native backend: the mobile flavour of TensorFlow 2.x.

Defines as TensorFlow's own mobile builds have them: ``tf_copts`` and ``tf_features_nomodules`` in
``tensorflow/tensorflow.bzl`` (2.14.1), and ``framework/registration/registration.h``.
"""

from __future__ import annotations

from collections.abc import Sequence

from buildtool.tools.linkers import LINKING

DEFINES = (
    "EIGEN_AVOID_STL_ARRAY",
    "EIGEN_MAX_ALIGN_BYTES=64",
    "EIGEN_MPL2_ONLY",
    # On AArch64 Eigen's kernels take 8 columns; those that TensorFlow's convolutions pack are 4
    # (tsl/framework/convolution/eigen_spatial_convolutions-inl.h).
    "EIGEN_NEON_GEBP_NR=4",
    "IS_MOBILE_PLATFORM",
    "NDEBUG",
    "SELECTIVE_REGISTRATION",
    "TENSORFLOW_MONOLITHIC_BUILD",
    "TF_LEAN_BINARY",
)
# register_types.h: without one of these, kernels exist for float, int32 and bool only.
TYPE_DEFINES = {
    "model": ("SUPPORT_SELECTIVE_REGISTRATION",),
    "full": ("__ANDROID_TYPES_FULL__",),
    "slim": (),
}
# Not with -fembed-bitcode: clang refuses both, and Mach-O's linkers drop functions without them.
SECTIONS = ("-ffunction-sections", "-fdata-sections")
COMPILE_FLAGS = (
    "-fno-exceptions",
    "-ftemplate-depth=900",
    "-pthread",
    # The tree's and its dependencies' warnings are not ours to mend.
    "-w",
)
LLD = "-fuse-ld=lld"
FOLD = "-Wl,--icf=safe"
# Of the C++ library, what abseil and protobuf include most.
DEPENDENCY_HEADERS = (
    "algorithm",
    "array",
    "atomic",
    "chrono",
    "cmath",
    "condition_variable",
    "cstdint",
    "cstdio",
    "cstdlib",
    "cstring",
    "functional",
    "iostream",
    "iterator",
    "limits",
    "map",
    "memory",
    "mutex",
    "numeric",
    "optional",
    "set",
    "sstream",
    "string",
    "string_view",
    "thread",
    "tuple",
    "type_traits",
    "unordered_map",
    "unordered_set",
    "utility",
    "variant",
    "vector",
)


def defines(*, types: str, extra: Sequence[str] = ()) -> tuple[str, ...]:
    """All defines, sorted; ``types`` is the target's type policy."""
    return tuple(sorted({*DEFINES, *TYPE_DEFINES[types], *extra}))


def compile_flags(
    *, level: str, lto: str = "none", bitcode: bool = False, extra: Sequence[str] = ()
) -> tuple[str, ...]:
    """Flags of every object, in the order in which the compiler gets them."""
    sections = () if bitcode else SECTIONS
    link_time = () if lto == "none" else (f"-flto={lto}",)
    return (f"-{level}", *sections, *COMPILE_FLAGS, *link_time, *extra)


def proto_code(*, level: str) -> str:
    """What protoc optimises the messages' code for (``compiler/cpp/generator.cc`` of protobuf
    3.21): code that parses by reflection is small and compiles fast, but parses more slowly."""
    return "code_size" if level in ("Oz", "Os") else "speed"


def link_flags(
    *,
    fold_sections: bool,
    lto: str = "none",
    linker: Sequence[str] = (),
    object_format: str = "elf",
) -> tuple[str, ...]:
    """Flags that an app adds at its final link so that unused sections are dropped.

    ``linker`` are flags that choose the linker; an app gets them only where just that linker will
    do: LLVM's alone folds sections as its compiler allows (lld manual, ``--icf=safe``).
    """
    linking = LINKING[object_format]
    folding = (FOLD,) if linking.folds and fold_sections and LLD in linker else ()
    link_time = () if lto == "none" else (f"-flto={lto}",)
    needed = linker if linking.folds and (folding or link_time) else ()
    return (*linking.drop, *needed, *folding, *link_time)


def optional_flags(link_flags: Sequence[str]) -> tuple[str, ...]:
    """Those of an app's link flags that only make it smaller, and that GNU ld does not know."""
    if FOLD not in link_flags:
        return ()
    bitcode = any(flag.startswith("-flto") for flag in link_flags)
    return (FOLD,) if bitcode else (LLD, FOLD)
