"""iPhones, iPads and their simulators.

Names and least releases of the system: Xcode's SDK settings and Apple's "Xcode release notes" (32
bits end with iOS 10; Xcode 12 brings the simulator on Apple's own processors, with iOS 14), and
LLVM 14, ``Triple::getMinimumSupportedOSVersion``. Thread-local variables, which TensorFlow has,
need iOS 8 with 64 bits, 9 with 32, and 10 in a simulator with 32 (LLVM 14, ``DarwinTargetInfo`` in
``clang/lib/Basic/Targets/OSTargets.h``; tensorflow/tensorflow#18356).
"""

from __future__ import annotations

from buildtool.core.values import Abi, AppleFacts, OsVersions
from buildtool.platforms.apple_platform import ApplePlatform

PACKAGES = ("clang", "llvm", "lld")
DEFAULT_OS = "12.0"
SIMULATOR_MACROS = ("TARGET_OS_SIMULATOR", "TARGET_IPHONE_SIMULATOR")
NO_THREAD_LOCAL = "older ones have no thread-local variables"


def _abi(name: str, cpu: str, versions: OsVersions, *, simulator: bool = False) -> Abi:
    return Abi(
        name=name,
        triple=f"{cpu}-apple-ios{{minimum_os}}{'-simulator' if simulator else ''}",
        cpu_flags=(),
        machine={"arm64": "aarch64"}.get(cpu, cpu),
        bits=64 if "64" in cpu else 32,
        emulators=(),
        sysroot="",
        packages=PACKAGES,
        os_versions=versions,
        # TargetConditionals.h of the SDK, by which platform/platform.h knows a phone.
        system_macros=(
            *("TARGET_OS_MAC=1", "TARGET_OS_IPHONE=1", "TARGET_OS_IOS=1"),
            *(f"{name}={int(simulator)}" for name in SIMULATOR_MACROS),
        ),
        apple=AppleFacts(
            cpu=cpu,
            platform="ios-simulator" if simulator else "ios",
            sdk="iphonesimulator" if simulator else "iphoneos",
            folder="iPhoneSimulator" if simulator else "iPhoneOS",
            tbd=f"{cpu}-ios{'-simulator' if simulator else ''}",
        ),
    )


_DEVICE_32 = OsVersions(default="10.0", oldest="9.0", newest="10.3", reason=NO_THREAD_LOCAL)
ABIS = (
    _abi("armv7", "armv7", _DEVICE_32),
    _abi("armv7s", "armv7s", _DEVICE_32),
    _abi(
        "arm64",
        "arm64",
        OsVersions(default=DEFAULT_OS, oldest="8.0", reason=NO_THREAD_LOCAL),
    ),
    _abi(
        "arm64-simulator",
        "arm64",
        OsVersions(default=DEFAULT_OS, oldest="8.0", least="14.0", reason=NO_THREAD_LOCAL),
        simulator=True,
    ),
    _abi(
        "x86_64-simulator",
        "x86_64",
        OsVersions(default=DEFAULT_OS, oldest="8.0", reason=NO_THREAD_LOCAL),
        simulator=True,
    ),
    _abi(
        "i386-simulator",
        "i386",
        OsVersions(default="10.0", oldest="10.0", newest="10.3", reason=NO_THREAD_LOCAL),
        simulator=True,
    ),
)

PLATFORM = ApplePlatform(
    name="ios",
    abis={abi.name: abi for abi in ABIS},
    frameworks=("Accelerate",),
    libraries=("c++",),
    products=("xcframework", "static"),
    app_builds=("xcode",),
)
