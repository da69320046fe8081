"""The names of what an app's build reads of a static library, below ``dist``: its flags as words,
for pkg-config and as a CMake package."""

from __future__ import annotations

COMPILE_FLAGS_TEXT = "compile_flags.txt"
LINK_FLAGS_TEXT = "link_flags.txt"
FLAGS_JSON = "flags.json"
FLAGS_FILES = (COMPILE_FLAGS_TEXT, LINK_FLAGS_TEXT, FLAGS_JSON)
NDK_BUILD = "Android.mk"
PKG_CONFIG = "lib/pkgconfig/tensorflow-selective.pc"
CMAKE_CONFIG = "lib/cmake/TensorFlowSelective/TensorFlowSelectiveConfig.cmake"
CMAKE_VERSION = "lib/cmake/TensorFlowSelective/TensorFlowSelectiveConfigVersion.cmake"
