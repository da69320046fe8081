"""Android, its ABIs, its NDK, and what its programs run on here.

Triples and ABIs: NDK documentation, "Android ABIs" and "Use the NDK with other build systems".
``armeabi-v7a`` passes floats in integer registers (softfp); a 64-bit ABI exists since API level 21
(Android 5.0).
"""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from buildtool.config import Target
from buildtool.core.errors import Attempts, ConfigError, Problem
from buildtool.core.values import Abi, AndroidExpectation, ElfExpectation, Toolchain
from buildtool.platforms.elf_platform import ElfPlatform
from buildtool.platforms.facts import ProgramRunner, SourceAccess
from buildtool.tools.android.android_sdk import KEY as SDK_KEY
from buildtool.tools.android.android_sdk import VARIABLES as SDK_VARIABLES
from buildtool.tools.android.android_sdk import find_root
from buildtool.tools.android.compatibility import DEFAULT_LEVEL, KitRequest
from buildtool.tools.android.ndk import VARIABLES as NDK_VARIABLES
from buildtool.tools.android.ndk_support import system_libraries
from buildtool.tools.android.state import installed_ndk

if TYPE_CHECKING:  # a list of tasks needs no programs
    from buildtool.tools.android.program_places import Place

LARGE_PAGE, SMALL_PAGE = 16384, 4096
PAGE_FLAG = "-Wl,-z,max-page-size={}"
# Tables of relocations take less room in forms that the loader knows since some API level (bionic,
# "Android changes for NDK developers", "Packed relocations" and "Relative relocations").
PACKED = (
    (30, ("-Wl,--pack-dyn-relocs=android+relr",)),
    (28, ("-Wl,--pack-dyn-relocs=android+relr", "-Wl,--use-android-relr-tags")),
    (23, ("-Wl,--pack-dyn-relocs=android",)),
)
# Flags for 32-bit ARM, some of which clang takes for another processor without an error.
ARM_FLAGS = re.compile(r"-(mfpu|mfloat-abi|mthumb|marm)\b")

ARM64_V8A = Abi(
    name="arm64-v8a",
    triple="aarch64-linux-android",
    cpu_flags=("-march=armv8-a",),
    machine="aarch64",
    bits=64,
    emulators=("qemu-aarch64-static", "qemu-aarch64"),
    sysroot="",
    packages=(),
)
ARMEABI_V7A = Abi(
    name="armeabi-v7a",
    triple="armv7a-linux-androideabi",
    cpu_flags=("-march=armv7-a", "-mfpu=neon", "-mfloat-abi=softfp", "-mthumb"),
    machine="arm",
    bits=32,
    emulators=("qemu-arm-static", "qemu-arm"),
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
    emulators=("qemu-i386-static", "qemu-i386"),
    sysroot="",
    packages=(),
)
X86_64 = Abi(
    name="x86_64",
    triple="x86_64-linux-android",
    cpu_flags=("-march=x86-64", "-msse4.2", "-mpopcnt"),
    machine="x86_64",
    bits=64,
    emulators=("qemu-x86_64-static", "qemu-x86_64"),
    sysroot="",
    packages=(),
)

KEYS = ("sdk", "ndk", "ndk_revision", "api_level")


def ndk_request(target: Target) -> KitRequest:
    """What a target asks for of an NDK, with the places where it says so."""
    android = target.android
    return KitRequest(
        sdk=android.sdk,
        ndk=android.ndk,
        ndk_revision=android.ndk_revision,
        api_level=android.api_level,
        where={
            key: target.where(f"android.{key}") for key in KEYS if getattr(android, key) is not None
        },
    )


def page_size(target: Target, abi: Abi) -> int:
    """The largest page, in bytes, with which a library must work. Only Androids with 64 bits have
    pages of 16 KiB (developer.android.com, "Support 16 KB page sizes")."""
    return target.android.page_size or (LARGE_PAGE if abi.bits == 64 else SMALL_PAGE)


@dataclass(frozen=True, kw_only=True)
class AndroidPlatform(ElfPlatform):
    """See :class:`~buildtool.platforms.facts.Platform`."""

    def toolchain(self, target: Target, abi: Abi, sysroot: Path | None) -> Toolchain:
        from buildtool.tools.android.ndk_toolchain import (  # noqa: PLC0415 - heavy
            find_ndk_toolchain,
        )

        del sysroot
        attempt = Attempts()
        attempt(lambda: _check_flags(target, abi))
        attempt(lambda: _place(target, abi))  # what cannot be run is told before it is compiled
        found = attempt(
            lambda: find_ndk_toolchain(
                abi,
                ndk_request(target),
                compile_flags=target.cpu_flags,
                link_flags=(PAGE_FLAG.format(page_size(target, abi)),),
            )
        )
        if found is None or attempt.failures:
            raise attempt.failure()
        return found

    def compiler_stamp(self, target: Target, abi: Abi) -> str:
        # For the backend that reads sources with clang and compiles with the NDK.
        host = super().compiler_stamp(dataclasses.replace(target, compiler="clang"), abi)
        return f"{host}\n{installed_ndk(target)}"

    def expectation(self, target: Target, abi: Abi) -> ElfExpectation:
        from buildtool.tools.android.ndk_toolchain import (  # noqa: PLC0415 - heavy
            find_user_ndk,
            ndk_system,
        )

        ndk = find_user_ndk(ndk_request(target))
        level = target.android.api_level or DEFAULT_LEVEL
        return dataclasses.replace(
            ElfExpectation.of(abi),
            android=AndroidExpectation(
                level=level,
                page_size=page_size(target, abi),
                stubs=ndk_system(ndk, abi, level).stubs,
                libraries=system_libraries(),
                stand_in=ndk.stands_in,
            ),
        )

    def app_link_flags(self, target: Target, abi: Abi) -> tuple[str, ...]:
        level = target.android.api_level or DEFAULT_LEVEL
        packed = next((flags for least, flags in PACKED if level >= least), ())
        return (PAGE_FLAG.format(page_size(target, abi)), *packed, *self.link_flags)

    def runner(
        self, target: Target, abi: Abi, toolchain: Toolchain, access: SourceAccess
    ) -> ProgramRunner:
        del toolchain, access
        place = _place(target, abi)
        return ProgramRunner(
            argv=place.argv, emulated=place.emulated, device=place.device, not_run=place.not_run
        )

    def run_stamp(self, target: Target) -> str:
        from buildtool.tools.android.program_places import SERIAL  # noqa: PLC0415 - heavy

        run = target.run
        return f"{run.root} {run.device} {SERIAL}={os.environ.get(SERIAL, '')}"


def _place(target: Target, abi: Abi) -> Place:
    """Where the target's programs run."""
    from buildtool.tools.android.program_places import (  # noqa: PLC0415 - heavy
        RunRequest,
        find_place,
    )

    return find_place(
        abi,
        RunRequest(
            root=target.run.root,
            where_root=target.where("run.root"),
            device=target.run.device,
            where_device=target.where("run.device"),
            level=target.android.api_level or DEFAULT_LEVEL,
            sdk=_sdk_folder(target),
            one_of_several=target.is_slice,
        ),
    )


def _check_flags(target: Target, abi: Abi) -> None:
    if problems := [*_not_for_an_ndk(target, abi)]:
        raise ConfigError(problems)


def _sdk_folder(target: Target) -> Path | None:
    where = target.where("android.sdk")
    named = find_root(target.android.sdk, SDK_KEY, SDK_VARIABLES, where=where)
    return named.root if named is not None else None


def _not_for_an_ndk(target: Target, abi: Abi) -> Iterator[Problem]:
    """What a target asks for that an NDK's compiler cannot do, or must not."""
    if str(target.compiler) != "clang":
        yield Problem(
            where=target.where("compiler"),
            what=f"compiler: the NDK's own clang compiles for Android, not {target.compiler}",
            todo="leave the key out, and name another NDK with android.ndk",
        )
    if target.sysroot is not None:
        yield Problem(
            where=target.where("sysroot"),
            what="sysroot: the NDK brings the system's headers and libraries",
            todo="leave the key out, and set android.api_level",
        )
    if abi.machine == "arm":
        return
    for key, flags in (("cpu_flags", target.cpu_flags), ("flags.compile", target.flags.compile)):
        if named := [flag for flag in flags if ARM_FLAGS.match(flag)]:
            yield Problem(
                where=target.where(key),
                what=f"{key}: {' '.join(named)} is for 32-bit ARM, not for {abi.name}",
                todo="leave it out, or put it into a target of armeabi-v7a alone",
            )


PLATFORM = AndroidPlatform(
    name="android",
    abis={abi.name: abi for abi in (ARM64_V8A, ARMEABI_V7A, X86, X86_64)},
    # Threads are part of Android's C library; a program there can say nothing without liblog.
    link_flags=("-llog", "-ldl", "-lm"),
    products=("prefab", "java-aar", "aar", "shared", "static"),
    ndk_build=True,
    app_builds=("gradle",),
    fixed_addresses=False,
    run_keys=("root", "device"),
    path_variables=(*SDK_VARIABLES, *NDK_VARIABLES),
)
