"""An app in Swift that Xcode builds with the XCFramework of a target; XcodeGen makes its project.

Keys of its ``project.yml``: XcodeGen, ``Docs/ProjectSpec.md``. Which release of iOS has what:
Apple's documentation of each class.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from buildtool.apps.app_facts import AppFacts, place_of, seen_from
from buildtool.apps.app_inputs import IMAGE
from buildtool.apps.cpp_sources import render_sources
from buildtool.config import Target, slice_targets
from buildtool.core.render import Renderer
from buildtool.core.values import Abi
from buildtool.core.version_numbers import version_numbers
from buildtool.platforms import target_abi
from buildtool.products.xcframework.app_settings import variable

TEMPLATES = "app/xcode"
HOW = "(cd {app} && xcodegen), on a Mac, and open the project that it makes in Xcode"
SOURCES = "Sources"
_ALWAYS = (
    *("project.yml", "App.xcconfig", "Info.plist"),
    *(f"{SOURCES}/{name}" for name in ("AppDelegate.swift", "ViewController.swift")),
    *(f"{SOURCES}/{name}" for name in ("Inference.swift", "App-Bridging-Header.h")),
    *(f"{SOURCES}/{name}" for name in ("ModelSession.h", "ModelSession.mm")),
)
_IMAGE = tuple(f"{SOURCES}/{name}" for name in ("Picture.swift", "image.h", "image.cc"))
# Older ones have no stack views, by which the screen is laid out.
_OLDEST = "9.0"


def render_app(
    renderer: Renderer, target: Target, facts: AppFacts, *, dist: Path, version: str
) -> dict[str, bytes]:
    """The files of the app, by their names. The renderer's folder is where they will stand,
    ``dist`` that of the XCFramework; ``version`` is TensorFlow's."""
    values = {
        "target": target.id,
        "dist": seen_from(renderer.folder, dist),
        "framework": target.ios.framework,
        "variable": variable(target.ios.framework),
        "bundle": f"org.tensorflow.selective.{re.sub('[^A-Za-z0-9.-]', '-', target.id)}",
        "model": facts.model,
        "model_path": place_of(target, renderer.folder, facts.file),
        "labels": facts.labels is not None,
        "image": facts.takes(IMAGE),
        "files": any(each.takes != IMAGE for each in facts.inputs),
        **_usable(facts, minimum_os(target)),
    }
    names = (*_ALWAYS, *(_IMAGE if facts.takes(IMAGE) else ()))
    files = {
        name: renderer.text(f"{TEMPLATES}/{Path(name).name}.j2", **values).encode()
        for name in names
    }
    sources = render_sources(renderer, target, facts, version=version, image_files=False)
    placed = {f"{SOURCES}/{name}": text for name, text in sources.items()}
    return files | placed | facts.labels_as("labels.txt")


def minimum_os(target: Target) -> str:
    """The oldest release that the app is for: no older than the devices' libraries are. Those of
    simulators may be newer, and Xcode knows that."""
    abis = [target_abi(each)[1] for each in slice_targets(target)]
    devices = [abi for abi in abis if not _is_simulator(abi)] or abis
    return max((_OLDEST, *(abi.minimum_os for abi in devices)), key=version_numbers)


def _is_simulator(abi: Abi) -> bool:
    return abi.apple is not None and abi.apple.sdk == "iphonesimulator"


def _usable(facts: AppFacts, oldest: str) -> dict[str, Any]:
    """What the oldest release has, and what it wants."""
    (release, *_) = version_numbers(oldest)
    return {
        "minimum_os": oldest,
        # Windows without scenes end with iOS 12.
        "without_scenes": release < 13,
        "types_by_name": release >= 14,
        "one_document": release < 11,
        # From iOS 11 on, the picker runs outside of the app.
        "asks_for_photos": release < 11 and facts.takes(IMAGE),
    }
