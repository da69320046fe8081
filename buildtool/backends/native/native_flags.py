"""Defines and flags of the native backend: the mobile flavour of TensorFlow 2.x, and its Lite.

Defines as TensorFlow's own mobile builds have them: ``tf_copts`` and ``tf_features_nomodules`` in
``tensorflow/tensorflow.bzl`` (2.14.1), and ``framework/registration/registration.h``.
"""

from __future__ import annotations

from buildtool.plan.selecting_macros import SELECTIVE

DEFINES = (
    "EIGEN_AVOID_STL_ARRAY",
    "EIGEN_MAX_ALIGN_BYTES=64",
    "EIGEN_MPL2_ONLY",
    # On AArch64 Eigen's kernels take 8 columns; those that TensorFlow's convolutions pack are 4
    # (tsl/framework/convolution/eigen_spatial_convolutions-inl.h).
    "EIGEN_NEON_GEBP_NR=4",
    "IS_MOBILE_PLATFORM",
    "NDEBUG",
    SELECTIVE,
    "TENSORFLOW_MONOLITHIC_BUILD",
    "TF_LEAN_BINARY",
)
# ``tflite_copts`` in ``lite/build_def.bzl``; of ``lite/kernels/BUILD`` what it sets for phones: all
# matrices are multiplied by ruy.
LITE_DEFINES = (
    "EIGEN_MAX_ALIGN_BYTES=64",
    "EIGEN_MPL2_ONLY",
    "EIGEN_NEON_GEBP_NR=4",
    "FARMHASH_NO_CXX_STRING",
    "NDEBUG",
    "TFLITE_WITHOUT_XNNPACK",
    "TFLITE_WITH_RUY",
    # NEON's intrinsics on x86 need a translating header; the portable kernels serve there.
    "TF_LITE_DISABLE_X86_NEON",
)
COMPILE_FLAGS = ("-fno-exceptions",)
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

# The same for TensorFlow Lite, which prints by stdio: each file that reads <iostream> would start
# its streams.
LITE_HEADERS = tuple(name for name in DEPENDENCY_HEADERS if name not in ("iostream", "sstream"))


# Messages that know neither their descriptors nor their text (parameters of the same generator).
LITE_CODE = "lite"


def proto_code(*, level: str, protos: str) -> str:
    """What protoc optimises the messages' code for (``compiler/cpp/generator.cc`` of protobuf
    3.21): code that parses by reflection is small and compiles fast, but parses more slowly."""
    if protos == "lite":
        return LITE_CODE
    return "code_size" if level in ("Oz", "Os") else "speed"
