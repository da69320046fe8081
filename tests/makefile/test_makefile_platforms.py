"""What the makefile is told of each platform."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtool.backends.makefile.makefile_backend import MakefileBackend
from buildtool.backends.makefile.makefile_platforms import makefile_variables
from buildtool.core.errors import ConfigError
from buildtool.platforms import PLATFORMS


@pytest.mark.parametrize(
    ("platform", "abi"),
    [
        (platform.name, abi)
        for platform in PLATFORMS.values()
        if set(platform.products) & set(MakefileBackend.products)
        if platform.name != "android"  # its archives are the native backend's
        for abi in platform.abis
    ],
)
def test_each_platform_that_gets_archives_is_known(platform: str, abi: str) -> None:
    assert makefile_variables(platform, abi, where="")["TARGET"]


def test_a_simulator_has_its_own_sdk() -> None:
    device = makefile_variables("ios", "arm64", where="")
    simulator = makefile_variables("ios", "arm64-simulator", where="")
    assert device["IOS_ARCH"] == simulator["IOS_ARCH"] == "ARM64"
    changed = {name for name in device if device[name] != simulator[name]}
    assert changed == {"IPHONEOS_SYSROOT", "IPHONESIMULATOR_SYSROOT"}
    assert simulator["IPHONESIMULATOR_SYSROOT"] == "{sysroot}"


@pytest.mark.parametrize(
    ("platform", "abi", "what"),
    [
        ("beos", "x86", "for beos\n    makefile.yaml says what it can compile for: ios, pi;"),
        ("ios", "mips", "for mips of ios\n    makefile.yaml says what it can compile for: arm64;"),
    ],
)
def test_what_the_makefile_does_not_compile_for(
    platform: str, abi: str, what: str, tmp_path: Path
) -> None:
    table = tmp_path / "makefile.yaml"
    table.write_text("pi: {target: PI}\nios: {target: IOS, abis: {arm64: {IOS_ARCH: ARM64}}}\n")
    assert makefile_variables("pi", "any", where="", data=table) == {"TARGET": "PI"}
    with pytest.raises(ConfigError) as caught:
        makefile_variables(platform, abi, where="t.yaml:3", data=table)
    assert str(caught.value).startswith(
        f"t.yaml:3: backend: TensorFlow's makefile does not compile {what}"
    )
