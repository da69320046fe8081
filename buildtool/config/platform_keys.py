"""The keys of a target file that one platform alone reads: each platform's are a section of
:class:`~buildtool.config.target.Target`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from buildtool.config.kinds import (
    OF_MACHINE,
    Bytes,
    Coordinate,
    Count,
    Identifier,
    JavaPackage,
    Release,
)


@dataclass(frozen=True, kw_only=True)
class Android:
    """For the platform `android`: the SDK and NDK, what is built, and what the package is called.
    See [android.md](android.md)."""

    build: tuple[Literal["inference", "java", "portable", "benchmark", "demo"], ...] = (
        "inference",
        "java",
    )
    """What the backend `bazel` builds. `inference`: the library that Java calls,
    `libtensorflow_inference.so`; `java`: the classes that call it; `portable`: a library with
    TensorFlow's C++ interface; `benchmark`: the program `benchmark_model`, with which models are
    run on a device; `demo`: the tree's example app."""

    sdk: Path | None = field(default=None, metadata=OF_MACHINE)
    """The Android SDK. Unset, what the environment variable `ANDROID_HOME` names, or
    `ANDROID_SDK_ROOT`."""

    ndk: Path | None = field(default=None, metadata=OF_MACHINE)
    """The Android NDK. Unset, what `ANDROID_NDK_HOME` names, or the SDK's own."""

    ndk_revision: Release | None = None
    """The revision that the NDK must be of, such as `"14.1"`. Unset, any that the backend and the
    tree can use."""

    api_level: Count | None = None
    """The API level of the oldest Android that the library must run on. Unset, 21."""

    sdk_level: Count | None = None
    """The SDK's platform that Java is compiled against. Unset, the newest that is installed."""

    build_tools_version: Release | None = None
    """Version of the SDK's build-tools, such as `"28.0.3"`. Unset, the newest installed ones."""

    page_size: Bytes | None = None
    """The largest memory page of the devices: `16 KiB` for Android 15 and newer. Unset, that for 64
    bits and `4 KiB` for 32; with the backend `bazel` what the linker does by itself."""

    group: Coordinate = Coordinate("org.tensorflow")
    """Group of the package for Maven and Gradle."""

    artifact: Coordinate = Coordinate("tensorflow-selective")
    """Name of the package for Maven and Gradle."""

    version: Coordinate | None = None
    """Version of the package. Unset, TensorFlow's."""

    package: JavaPackage = JavaPackage("org.tensorflow.selective")
    """Java package of the AAR itself; no other library of an app may have the same."""


@dataclass(frozen=True, kw_only=True)
class Ios:
    """For the platform `ios`: the oldest system, what objects hold, and what the package is called.
    See [ios.md](ios.md)."""

    minimum_os: Release | None = None
    """The oldest release of iOS that the library must run on, such as `"12.0"`. Unset, the usual
    one of each ABI."""

    bitcode: bool = False
    """Also put LLVM bitcode into each object, for stores that took it. LLVM's linker leaves it out
    of programs."""

    framework: Identifier = Identifier("TensorFlow")
    """What the package of all slices is called, and what an app imports."""
