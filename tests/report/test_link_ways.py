"""What a page says of linking names what the product really puts there."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from buildtool.config import Target, load_targets
from buildtool.core.paths import Layout
from buildtool.platforms.android_parts import part_places
from buildtool.products import find_product
from buildtool.products.aar.aar_maker import AarMaker
from buildtool.runtimes import find_runtime
from tests.conftest import PROJECT

TARGETS = load_targets(PROJECT / "targets")


def build(target: Target) -> Any:
    layout = Layout(folder=PROJECT / "build" / target.id)
    return SimpleNamespace(target=target, layout=layout, runtime=find_runtime(target))


@pytest.mark.parametrize("name", [name for name in TARGETS if not TARGETS[name].slices])
def test_what_it_names_is_there(name: str) -> None:
    product = find_product(TARGETS[name])
    ways = product.maker(TARGETS[name]).link_ways(build(TARGETS[name]))
    files = product.files(TARGETS[name])
    there = {*files.flags, *files.products}
    text = "\n".join(line for way in ways for line in way.lines)
    assert ways
    assert str(PROJECT) not in text
    assert f"build/{name}/dist" in text
    (package,) = re.findall(r"find_package\((\w+) REQUIRED\)", text)
    assert f"dist/lib/cmake/{package}/{package}Config.cmake" in there
    for module in re.findall(r"--libs ([\w-]+)\)", text):
        assert f"dist/lib/pkgconfig/{module}.pc" in there
    for flags in re.findall(r"cat (\w+\.txt)", text):
        assert f"dist/{flags}" in there
    for library in re.findall(r" -l(\w+)", text):
        assert f"dist/lib/lib{library}.so" in there
    for jar in re.findall(r"-cp build/[\w-]+/([^: ]+)", text):
        assert jar in there
    assert ("java.library.path" in text) == any("java/" in file for file in there)


def test_gradle_finds_what_bazel_made() -> None:
    target = next(each for each in TARGETS.values() if each.platform == "android")
    (way,) = AarMaker().link_ways(build(target))
    places = part_places(target)
    named = re.findall(r"'build/[\w-]+/([^']*)'", "\n".join(way.lines))
    assert way.tool == "Gradle"
    assert len(named) == 2
    for name in named:
        assert any(Path(place).is_relative_to(name) for place in places)
