"""The keys of a target file that are for Android and for Bazel: sections of
:class:`~buildtool.config.target.Target`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from buildtool.config.kinds import (
    NO_RESULT,
    Bytes,
    Coordinate,
    Count,
    JavaPackage,
    Release,
    Url,
)


@dataclass(frozen=True, kw_only=True)
class Android:
    """For the platform `android`: the SDK and NDK, what is built, and what the package is called.
    See [android.md](android.md)."""

    build: tuple[Literal["inference", "java", "portable", "benchmark", "demo"], ...] = (
        "inference",
        "java",
    )
    """What is built. `inference`: the library that Java calls, `libtensorflow_inference.so`;
    `java`: the classes that call it; `portable`: a library with TensorFlow's C++ interface;
    `benchmark`: the program `benchmark_model`, with which models are run on a device; `demo`:
    the tree's example app."""

    sdk: Path | None = None
    """The Android SDK. Unset, what the environment variable `ANDROID_HOME` names, or
    `ANDROID_SDK_ROOT`."""

    ndk: Path | None = None
    """The Android NDK. Unset, what `ANDROID_NDK_HOME` names, or the SDK's own."""

    ndk_revision: Release | None = None
    """The revision that the NDK must be of, such as `"14.1"`. Unset, any that TensorFlow and Bazel
    can use."""

    api_level: Count | None = None
    """The API level of the oldest Android that the library must run on. Unset, 21."""

    sdk_level: Count | None = None
    """The SDK's platform that Java is compiled against. Unset, the newest that is installed."""

    build_tools_version: Release | None = None
    """Version of the SDK's build-tools, such as `"28.0.3"`. Unset, the newest installed ones."""

    page_size: Bytes | None = None
    """The largest memory page of the devices: `16 KiB` for Android 15 and newer. Unset, what the
    linker does by itself."""

    group: Coordinate = Coordinate("org.tensorflow")
    """Group of the package for Maven and Gradle."""

    artifact: Coordinate = Coordinate("tensorflow-selective")
    """Name of the package for Maven and Gradle."""

    version: Coordinate | None = None
    """Version of the package. Unset, TensorFlow's."""

    package: JavaPackage = JavaPackage("org.tensorflow.selective")
    """Java package of the AAR itself; no other library of an app may have the same."""


@dataclass(frozen=True, kw_only=True)
class Bazel:
    """For the backend `bazel`: which Bazel, and what it is told. Each setting is written as the
    Bazel at hand knows it."""

    version: Release | None = None
    """The release of Bazel, such as `"0.20.0"`. Unset, the newest at hand that the tree accepts."""

    program: Path | None = None
    """The program. Unset, `bazelisk`, `bazel-X`, `bazel`, or the one of npm."""

    disk_cache: Path | None = field(default=None, metadata=NO_RESULT)
    """A folder that Bazel keeps results in, for all its builds."""

    http_cache: Url | None = field(default=None, metadata=NO_RESULT)
    """A cache that Bazels of several machines share, such as `http://cache:8080`."""

    executor: Url | None = field(default=None, metadata=NO_RESULT)
    """A service that compiles, such as `grpc://builder:8980`."""

    instance: str | None = field(default=None, metadata=NO_RESULT)
    """The instance of that service."""

    distfiles: Path | None = field(default=None, metadata=NO_RESULT)
    """A folder with archives that Bazel would download otherwise, by their names."""

    memory: Bytes | None = field(default=None, metadata=NO_RESULT)
    """Memory that all compilers together may use, as Bazel estimates it."""

    output_base: Path | None = field(default=None, metadata=NO_RESULT)
    """The folder of all that Bazel makes. Unset, one below `build/` for each target."""

    startup: tuple[str, ...] = ()
    """Further words before `build`, each list item one argument."""

    flags: tuple[str, ...] = ()
    """Further words after `build`, each list item one argument."""
