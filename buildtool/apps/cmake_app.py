"""An app in C++ that CMake builds with the archives of a target, for Linux and its boards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from buildtool.apps.app_facts import AppFacts, seen_from
from buildtool.apps.app_inputs import BYTES, IMAGE, NUMBERS, SOUND, AppInput
from buildtool.apps.cpp_sources import render_sources, shape_shown
from buildtool.config import Target
from buildtool.core.render import Renderer, cmake_string
from buildtool.core.values import Abi
from buildtool.platforms import target_abi
from buildtool.runtimes import find_runtime

TEMPLATES = "app/cmake"
HOW = "cmake -S {app} -B {app}/build -G Ninja && cmake --build {app}/build"
_ALWAYS = ("CMakeLists.txt", "main.cc")
_IMAGE = ("image.h", "image.cc")
_WORDS = {IMAGE: "IMAGE", SOUND: "WAV", NUMBERS: "NUMBERS", BYTES: "FILE"}
_HERE = "${CMAKE_CURRENT_LIST_DIR}"
_GIVEN = {
    IMAGE: "an image: PPM or PGM, and JPEG and PNG where the system has a library for them",
    SOUND: "a sound: a WAV file",
    NUMBERS: "a text file of numbers",
    BYTES: "a file of which the bytes are fed",
}


def render_app(
    renderer: Renderer, target: Target, facts: AppFacts, *, dist: Path, version: str
) -> dict[str, bytes]:
    """The files of the app, by their names. The renderer's folder is where they will stand,
    ``dist`` that of the library; ``version`` is TensorFlow's."""
    folder = renderer.folder
    _, abi = target_abi(target)
    values = {
        **_library(target, folder, dist),
        **_model(target, folder, facts, dist),
        "toolchain": bool(abi.sysroot),
    }
    names = [*_ALWAYS, *(_IMAGE if facts.takes(IMAGE) else ())]
    files = {name: renderer.text(f"{TEMPLATES}/{name}.j2", **values) for name in names}
    if abi.sysroot:
        more = _toolchain(folder, target, abi)
        files["toolchain.cmake"] = renderer.text(f"{TEMPLATES}/toolchain.cmake.j2", **more)
    found = {name: text.encode() for name, text in files.items()}
    sources = render_sources(renderer, target, facts, version=version, image_files=True)
    return found | sources | facts.labels_as("labels.txt")


def _library(target: Target, folder: Path, dist: Path) -> dict[str, Any]:
    """Where the app's build finds the library, and what it calls it."""
    library = find_runtime(target).library
    return {
        "target": target.id,
        "package": library.package,
        "component": library.component,
        "dist": seen_from(folder, dist),
    }


def _model(target: Target, folder: Path, facts: AppFacts, dist: Path) -> dict[str, Any]:
    """What the app is told of the model."""
    ways = ("mapped",) if facts.mapped else find_runtime(target).loading_ways
    return {
        "model": facts.model,
        "model_file": facts.file.name,
        "model_path": _place(target, folder, facts.file),
        "made": facts.file.is_relative_to(dist),
        "ways": ways,
        "image": facts.takes(IMAGE),
        "sound": facts.takes(SOUND),
        "labels": facts.labels is not None,
        "inputs": [_input(each) for each in facts.inputs],
    }


def _input(fed: AppInput) -> dict[str, str]:
    """What the program says of an input."""
    return {
        "word": _WORDS[fed.takes],
        "given": _GIVEN[fed.takes],
        "shown": f"{fed.name}, {shape_shown(fed)}",
    }


def _toolchain(folder: Path, target: Target, abi: Abi) -> dict[str, Any]:
    """The compiler of the target, as CMake is told of another machine's."""
    named = str(target.compiler)
    compiler = {"gcc": f"{abi.triple}-g++"}.get(named, named)
    return {
        "abi": abi.name,
        "machine": abi.machine,
        "triple": abi.triple,
        "clang": named == "clang",
        "compiler": f"{compiler}g++" if compiler.endswith("-") else compiler,
        "flags": (*abi.cpu_flags, *target.cpu_flags),
        "sysroot": _place(target, folder, target.sysroot) if target.sysroot else "",
    }


def _place(target: Target, folder: Path, path: Path) -> str:
    """A path as an argument of CMake's: within the repository as it is seen from the app."""
    if not path.is_relative_to(target.root):
        return cmake_string(str(path))
    return f'"{_HERE}/{cmake_string(seen_from(folder, path))[1:]}'
