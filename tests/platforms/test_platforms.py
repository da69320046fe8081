"""Looking platforms and ABIs up, and the releases of a system that they are built for."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from buildtool.core.errors import ConfigError
from buildtool.core.render import Renderer
from buildtool.core.run import Command, run
from buildtool.core.values import Abi
from buildtool.core.version_numbers import version_numbers
from buildtool.platforms import PLATFORMS, find_abi, find_platform


def said(platform: str, abi: str, minimum_os: str | None) -> str:
    with pytest.raises(ConfigError) as caught:
        find_abi(platform, abi, minimum_os=minimum_os, where="a", where_os="o")
    return str(caught.value)


@pytest.mark.parametrize(
    ("abi", "minimum_os", "triple"),
    [
        ("arm64", None, "arm64-apple-ios12.0"),
        ("arm64", "13.4", "arm64-apple-ios13.4"),
        ("x86_64-simulator", "9.0", "x86_64-apple-ios9.0-simulator"),
        # No simulator of an older release runs on Apple's own processors.
        ("arm64-simulator", "12.0", "arm64-apple-ios14.0-simulator"),
        ("arm64-simulator", "15.0", "arm64-apple-ios15.0-simulator"),
        ("armv7", None, "armv7-apple-ios10.0"),
        ("i386-simulator", None, "i386-apple-ios10.0-simulator"),
    ],
)
def test_the_release_is_part_of_the_triple(abi: str, minimum_os: str | None, triple: str) -> None:
    found = find_abi("ios", abi, minimum_os=minimum_os)[1]
    assert found.triple == triple
    assert f"ios{found.minimum_os}" in triple


@pytest.mark.parametrize(
    ("abi", "minimum_os", "what"),
    [
        ("arm64", "7.1", "7.1 is too old for arm64: older ones have no thread-local variables"),
        ("i386-simulator", "9.3", "9.3 is too old for i386-simulator"),
        ("armv7", "11.0", "11.0 does not run on armv7; 10.3 was the last release that did"),
    ],
)
def test_a_release_that_does_not_go(abi: str, minimum_os: str, what: str) -> None:
    assert said("ios", abi, minimum_os).startswith(f"o: ios.minimum_os: {what}")


def test_a_platform_without_releases() -> None:
    text = said("linux", "x86_64", "12.0")
    assert text.startswith("o: ios.minimum_os: objects for x86_64 do not depend on a release")


def test_misspelt_names() -> None:
    assert "'arm64-simulator'" in said("ios", "arm64-simulater", None)
    with pytest.raises(ConfigError, match="there is no platform 'iso'"):
        find_platform("iso")


def test_releases_compare_by_number() -> None:
    assert version_numbers("9.0") < version_numbers("10")
    assert version_numbers("12") == version_numbers("12.0.0")


def test_every_abi_settles() -> None:
    for platform in PLATFORMS.values():
        for name in platform.abis:
            abi = find_abi(platform.name, name)[1]
            assert "{" not in abi.triple


@pytest.mark.skipif(shutil.which("clang") is None, reason="needs clang")
@pytest.mark.parametrize("abi", PLATFORMS["ios"].abis.values(), ids=lambda abi: abi.name)
def test_macros_of_a_system_are_what_its_header_says(abi: Abi, tmp_path: Path) -> None:
    """Sources are read with these macros and compiled with that header."""
    assert abi.apple is not None
    assert abi.system_macros
    simulator = abi.apple.sdk == "iphonesimulator"
    name = "TargetConditionals.h"
    Renderer(tmp_path).render(name, f"apple/{name}.j2", simulator=simulator)
    pairs = [macro.partition("=") for macro in abi.system_macros]
    asked = [f"#if {name} != {value}\n#error {name}\n#endif\n" for name, _, value in pairs]
    source = tmp_path / "a.c"
    source.write_text(f"#include <{name}>\n{''.join(asked)}", encoding="utf-8")
    argv = ("clang", "-E", f"-I{tmp_path}", str(source), "-o", str(tmp_path / "a.i"))
    run(Command(argv=argv), what="asking the header")
