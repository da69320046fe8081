"""Raspberry Pi, under Raspberry Pi OS or Debian.

CPUs and flags: Raspberry Pi documentation, "Processors" (BCM2835 is an ARM1176JZF-S: ARMv6 with
VFPv2; BCM2836 and later have Cortex-A7, A53, A72 or A76: NEON with VFPv4), and GCC manual 12,
"ARM Options". Values of Tag_CPU_arch: IHI 0045, "Addenda to the ABI for the Arm Architecture".
"""

from __future__ import annotations

from buildtool.core.values import Abi
from buildtool.platforms.elf_platform import ElfPlatform

ARMHF_PACKAGES = ("clang", "lld", "llvm", "g++-arm-linux-gnueabihf", "qemu-user-static")

ARMV6 = Abi(
    name="armv6",
    triple="arm-linux-gnueabihf",
    # GCC and clang have no hard-float ABI for Thumb-1, hence ARM code.
    cpu_flags=("-march=armv6k", "-mfpu=vfp", "-mfloat-abi=hard", "-marm"),
    machine="arm",
    bits=32,
    emulators=("qemu-arm-static", "qemu-arm"),
    sysroot="/usr/arm-linux-gnueabihf",
    packages=ARMHF_PACKAGES,
    arm_architecture=9,
    hard_float=True,
)
ARMV7_NEON = Abi(
    name="armv7-neon",
    triple="arm-linux-gnueabihf",
    # Thumb-2 is a third smaller than ARM code; GCC for armhf has it by default, clang does not.
    cpu_flags=("-march=armv7-a", "-mfpu=neon-vfpv4", "-mfloat-abi=hard", "-mthumb"),
    machine="arm",
    bits=32,
    emulators=("qemu-arm-static", "qemu-arm"),
    sysroot="/usr/arm-linux-gnueabihf",
    packages=ARMHF_PACKAGES,
    arm_architecture=10,
    neon=True,
    hard_float=True,
)
AARCH64 = Abi(
    name="aarch64",
    triple="aarch64-linux-gnu",
    cpu_flags=("-march=armv8-a",),
    machine="aarch64",
    bits=64,
    emulators=("qemu-aarch64-static", "qemu-aarch64"),
    sysroot="/usr/aarch64-linux-gnu",
    packages=("clang", "lld", "llvm", "g++-aarch64-linux-gnu", "qemu-user-static"),
)

PLATFORM = ElfPlatform(
    name="raspberrypi",
    abis={abi.name: abi for abi in (ARMV6, ARMV7_NEON, AARCH64)},
    products=("static", "shared", "java-library"),
    runtimes=("full", "lite", "lite-flex"),
)
