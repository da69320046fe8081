"""The names of what an app's build reads of a static library, below ``dist``: its flags as words,
for pkg-config and as a CMake package."""

from __future__ import annotations

from buildtool.runtimes.runtime import TENSORFLOW_NAMES, LibraryNames

COMPILE_FLAGS_TEXT = "compile_flags.txt"
LINK_FLAGS_TEXT = "link_flags.txt"
FLAGS_JSON = "flags.json"
FLAGS_FILES = (COMPILE_FLAGS_TEXT, LINK_FLAGS_TEXT, FLAGS_JSON)
NDK_BUILD = "Android.mk"


def pkg_config(library: LibraryNames) -> str:
    """The file that tells pkg-config of a library."""
    return f"lib/pkgconfig/{library.module}.pc"


def cmake_config(library: LibraryNames) -> str:
    """The file of its CMake package."""
    return f"lib/cmake/{library.package}/{library.package}Config.cmake"


def cmake_version(library: LibraryNames) -> str:
    """The file that tells CMake of its version."""
    return f"lib/cmake/{library.package}/{library.package}ConfigVersion.cmake"


CMAKE_CONFIG = cmake_config(TENSORFLOW_NAMES)
CMAKE_VERSION = cmake_version(TENSORFLOW_NAMES)
