"""Packs the static archives of all slices into an XCFramework."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from buildtool.config import Target
from buildtool.core.own_files import read_own
from buildtool.core.paths import Layout
from buildtool.core.run import new_log
from buildtool.core.values import BuildPlan
from buildtool.plan.selecting_macros import PRIVATE_DEFINES
from buildtool.platforms.facts import Platform
from buildtool.products.dist_files import FLAGS_JSON
from buildtool.products.product import Slice
from buildtool.products.xcframework.managers import source_date
from buildtool.products.xcframework.package_values import Package, SlicePackage, Tools
from buildtool.products.xcframework.packing import pack
from buildtool.runtimes import find_runtime
from buildtool.tools.apple.apple_toolchain import find_packers


def pack_xcframework(
    target: Target, platform: Platform, slices: Sequence[Slice], layout: Layout
) -> tuple[str, ...]:
    """Pack the archives of all slices, with what an app's build wants to know. Returns lines.

    Raises:
        BuildToolError: they cannot be packed together, or a tool is missing.
    """
    first = slices[0]
    flags = read_own(first.layout.dist / FLAGS_JSON)
    libtool, lipo = find_packers(first.abi, str(target.compiler))
    defines = sorted({define for each in slices for define in each.plan.defines} - PRIVATE_DEFINES)
    log = layout.log("package")
    new_log(log)
    return pack(
        Package(
            name=target.ios.framework,
            version=_version(first.plan.tensorflow_version),
            slices=tuple(_packed(each) for each in slices),
            folder=layout.dist,
            log=log,
            tools=Tools(libtool=libtool, lipo=lipo),
            public=("tensorflow/core/public/session.h", *find_runtime(target).headers),
            frameworks=_frameworks(first.plan),
            libraries=tuple(flag[2:] for flag in platform.link_flags if flag[:2] == "-l"),
            options=("-dead_strip", *target.flags.link),
            defines=tuple(defines),
            standard=next(flag[5:] for flag in flags["compile"] if flag.startswith("-std=")),
            bitcode=target.ios.bitcode,
            epoch=source_date(),
        )
    )


def _packed(each: Slice) -> SlicePackage:
    assert each.abi.apple is not None  # noqa: S101  (the platform has only such)
    return SlicePackage(
        name=each.abi.name,
        cpu=each.abi.apple.cpu,
        platform=each.abi.apple.platform,
        minimum_os=each.abi.minimum_os,
        dist=each.layout.dist,
    )


def _frameworks(plan: BuildPlan) -> tuple[str, ...]:
    """Apple's frameworks that an app is linked with: the platform's and the backend's."""
    pairs = itertools.pairwise(plan.link_flags)
    return tuple(dict.fromkeys(name for word, name in pairs if word == "-framework"))


def _version(tensorflow: str) -> str:
    """``1.8.0`` of ``1.8.0-rc1``: package managers take numbers only."""
    return tensorflow.partition("-")[0]
