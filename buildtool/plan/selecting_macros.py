"""The macros by which TensorFlow compiles less than it could: what registers, and for which types.

Looked up in TensorFlow 1.8 and 2.14.1. Of the types, ``framework/register_types.h`` knows three
sets: all of them with ``SUPPORT_SELECTIVE_REGISTRATION``, those of a large phone app with
``__ANDROID_TYPES_FULL__``, and on mobile platforms without either just float, int32 and bool.
``__ANDROID_TYPES_SLIM__`` changes nothing there (1.8 asks for it for SYCL alone, 2.14.1 not at
all): it makes ``kernels/cwise_ops_common.h`` keep the first type of each element-wise op, and
``aggregate_ops.cc`` add no more than two tensors. The makefile of 1.x defines it by default
(its ``ANDROID_TYPES``); no BUILD file of either release does.
"""

from __future__ import annotations

# framework/selective_registration.h: ops_to_register.h says what registers.
SELECTIVE = "SELECTIVE_REGISTRATION"
MODEL_TYPES = "SUPPORT_SELECTIVE_REGISTRATION"
FULL_TYPES = "__ANDROID_TYPES_FULL__"
SLIM_TYPES = "__ANDROID_TYPES_SLIM__"
# What an app that only uses the library must not set: TensorFlow's headers would ask for
# ops_to_register.h.
PRIVATE_DEFINES = frozenset({SELECTIVE, MODEL_TYPES})
