"""Android and its ABIs.

Triples and ABIs: NDK documentation, "Android ABIs" and "Use the NDK with other build systems".
``armeabi-v7a`` passes floats in integer registers (softfp); a 64-bit ABI exists since API level 21
(Android 5.0).
"""

from __future__ import annotations

from buildtool.core.values import Abi
from buildtool.platforms.elf_platform import ElfPlatform
from buildtool.tools.android.android_sdk import VARIABLES as SDK_VARIABLES
from buildtool.tools.android.ndk import VARIABLES as NDK_VARIABLES

ARM64_V8A = Abi(
    name="arm64-v8a",
    triple="aarch64-linux-android",
    cpu_flags=("-march=armv8-a",),
    machine="aarch64",
    bits=64,
    emulators=(),
    sysroot="",
    packages=(),
)
ARMEABI_V7A = Abi(
    name="armeabi-v7a",
    triple="armv7a-linux-androideabi",
    cpu_flags=("-march=armv7-a", "-mfpu=neon", "-mfloat-abi=softfp", "-mthumb"),
    machine="arm",
    bits=32,
    emulators=(),
    sysroot="",
    packages=(),
    arm_architecture=10,
    neon=True,
)
X86 = Abi(
    name="x86",
    triple="i686-linux-android",
    cpu_flags=("-march=i686", "-mssse3", "-mfpmath=sse"),
    machine="x86",
    bits=32,
    emulators=(),
    sysroot="",
    packages=(),
)
X86_64 = Abi(
    name="x86_64",
    triple="x86_64-linux-android",
    cpu_flags=("-march=x86-64", "-msse4.2", "-mpopcnt"),
    machine="x86_64",
    bits=64,
    emulators=(),
    sysroot="",
    packages=(),
)

PLATFORM = ElfPlatform(
    name="android",
    abis={abi.name: abi for abi in (ARM64_V8A, ARMEABI_V7A, X86, X86_64)},
    # Threads are part of Android's C library; a program there can say nothing without liblog.
    link_flags=("-llog", "-ldl", "-lm"),
    products=("aar",),
    path_variables=(*SDK_VARIABLES, *NDK_VARIABLES),
)
