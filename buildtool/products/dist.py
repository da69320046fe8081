"""What an app gets: the library, the headers it may include, the flags, the licences."""

from __future__ import annotations

import filecmp
import os
import shlex
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from buildtool.core.errors import BuildError
from buildtool.core.fingerprint import SYMBOL as FINGERPRINT
from buildtool.core.paths import (
    ARCHIVE_NAMES,
    DEPENDENCY_ARCHIVE,
    FLEX_ARCHIVE,
    LITE_ARCHIVE,
    WHOLE_ARCHIVE,
    Layout,
)
from buildtool.core.render import Renderer, to_json, write_if_changed
from buildtool.core.run import Command, run
from buildtool.core.values import LinkWay, ModelInfo, Toolchain
from buildtool.plan.selecting_macros import PRIVATE_DEFINES
from buildtool.products.dist_files import (
    COMPILE_FLAGS_TEXT,
    FLAGS_JSON,
    LINK_FLAGS_TEXT,
    NDK_BUILD,
    cmake_config,
    cmake_version,
    pkg_config,
)
from buildtool.runtimes.runtime import TENSORFLOW_NAMES, LibraryNames
from buildtool.tools.linkers import LINKING
from buildtool.tools.make_rules import prerequisites

WHOLE = f"lib/{WHOLE_ARCHIVE}"
REST = f"lib/{DEPENDENCY_ARCHIVE}"
ARCHIVES = frozenset(f"lib/{name}" for name in (*ARCHIVE_NAMES, LITE_ARCHIVE, FLEX_ARCHIVE))


def app_compile_flags(defines: Sequence[str], *, standard: str) -> tuple[str, ...]:
    """Flags of an app's own files, each its own token; folders are relative to ``dist``.
    ``standard`` is the C++ standard that the library's headers need."""
    public = [define for define in defines if define not in PRIVATE_DEFINES]
    return (f"-std={standard}", "-pthread", *(f"-D{define}" for define in public), "-Iinclude")


def app_link_flags(
    dropping: Sequence[str],
    platform: Sequence[str],
    extra: Sequence[str] = (),
    *,
    object_format: str = "elf",
    library: LibraryNames = TENSORFLOW_NAMES,
) -> tuple[str, ...]:
    """Flags of an app's final link, each its own token, in the order that is needed.

    Only TensorFlow's own archive is linked whole: its objects register themselves, and no symbol
    asks for them (see :mod:`buildtool.tools.linkers`). Of another, the fingerprint is asked for.
    """
    linking = LINKING[object_format]
    return (
        *(linking.whole(f"lib/{library.whole}") if library.whole else ()),
        f"lib/{library.plain}",
        *(() if library.whole else (linking.asking_for(FINGERPRINT),)),
        *dropping,
        *extra,
        *platform,
    )


def absolute_flags(flags: Iterable[str], dist: Path) -> tuple[str, ...]:
    """The flags with the folder of the library put in."""
    return tuple(
        f"-I{dist / flag[2:]}"
        if flag == "-Iinclude"
        else str(dist / flag)
        if flag in ARCHIVES
        else flag
        for flag in flags
    )


def shown_dist(layout: Layout) -> str:
    """The folder ``dist`` as people see it from the folder of ``build/``."""
    return layout.dist.relative_to(layout.folder.parent.parent).as_posix()


def cmake_way(dist: str, package: str, component: str) -> LinkWay:
    """How CMake takes in the package that is in ``dist``."""
    return LinkWay(
        tool="CMake",
        lines=(
            f"cmake -DCMAKE_PREFIX_PATH=$PWD/{dist} ...",
            "# CMakeLists.txt",
            f"find_package({package} REQUIRED)",
            f"target_link_libraries(app PRIVATE {package}::{component})",
        ),
    )


def archive_ways(dist: str, library: LibraryNames) -> tuple[LinkWay, ...]:
    """How the archives in ``dist`` are linked."""
    module = f"$(pkg-config --cflags --libs {library.module})"
    flags = "@compile_flags.txt app.cc @link_flags.txt"
    return (
        cmake_way(dist, library.package, library.component),
        LinkWay(
            tool="pkg-config",
            lines=(f"export PKG_CONFIG_LIBDIR={dist}/lib/pkgconfig", f"$CXX app.cc {module}"),
        ),
        LinkWay(tool="flags alone", lines=(f"cd {dist}", f"$CXX {flags}")),
    )


def write_flags(
    renderer: Renderer,
    *,
    target: str,
    version: str,
    compile_flags: Sequence[str],
    link_flags: Sequence[str],
    optional: Sequence[str] = (),
    library: LibraryNames = TENSORFLOW_NAMES,
) -> None:
    """Write the flags as text, JSON, a pkg-config file and a CMake package; all of them find the
    library beside themselves, so that the folder can be moved. Which of the link flags are
    ``optional``, because not every linker knows them, can be told in all but the text."""
    needed = [flag for flag in link_flags if flag not in optional]
    plain = f"lib/{library.plain}"
    whole = f"lib/{library.whole}" if library.whole else ""
    place = link_flags.index(whole) if whole else 0
    values = {
        "package": library.package,
        "component": library.component,
        "module": library.module,
        "title": library.title,
        "target": target,
        "version": version,
        "compile_flags": compile_flags,
        "link_flags": needed,
        "optional": optional,
        "standard": next(
            f.replace("-std=c++", "cxx_std_") for f in compile_flags if f[:5] == "-std="
        ),
        "before": link_flags[:place],
        "after": link_flags[place + 1 : link_flags.index(plain)],
        "whole": whole,
        "rest": plain,
        "defines": [flag[2:] for flag in compile_flags if flag.startswith("-D")],
        "options": [f for f in compile_flags if not f.startswith(("-D", "-I", "-std="))],
        "others": shlex.join(needed[needed.index(plain) + 1 :]).replace("$", "$$"),
    }
    renderer.render(COMPILE_FLAGS_TEXT, "dist/flags.txt.j2", flags=compile_flags)
    renderer.render(LINK_FLAGS_TEXT, "dist/flags.txt.j2", flags=link_flags)
    flags = {"compile": compile_flags, "link": link_flags, "optional": optional}
    renderer.write(FLAGS_JSON, to_json(flags))
    renderer.render(pkg_config(library), "dist/tensorflow.pc.j2", **values)
    renderer.render(cmake_config(library), "dist/Config.cmake.j2", **values)
    renderer.render(cmake_version(library), "dist/ConfigVersion.cmake.j2", **values)


def write_ndk_build(
    renderer: Renderer, link_flags: Sequence[str], compile_flags: Sequence[str]
) -> None:
    """Write the same for the NDK's ndk-build, whose modules are linked whole or not by name."""
    renderer.render(
        NDK_BUILD,
        "dist/Android.mk.j2",
        whole=WHOLE,
        rest=REST,
        compile_flags=[flag for flag in compile_flags if flag != "-Iinclude"],
        link_flags=link_flags[link_flags.index(REST) + 1 :],
    )


def header_closure(
    toolchain: Toolchain,
    source: Path,
    *,
    includes: Sequence[Path],
    flags: Sequence[str],
    log: Path,
    more: Sequence[str],
) -> tuple[Path, ...]:
    """All headers that ``source`` and those of ``more`` that ``includes`` hold include, but for
    those of the C and C++ libraries.

    Raises:
        BuildError: the source does not preprocess.
    """
    present = [name for name in more if any((root / name).is_file() for root in includes)]
    argv = (
        *(str(toolchain.cxx.path), *toolchain.compile_flags, *flags),
        *(f"-I{folder}" for folder in includes),
        *(word for name in present for word in ("-include", name)),
        *("-M", str(source)),
    )
    output = run(Command(argv=argv), what="headers that an app needs", log=log, error=BuildError)
    # Eigen includes by ../, which an app's copy must not contain.
    return tuple(Path(os.path.normpath(name)) for name in prerequisites(output.stdout))


def install_headers(headers: Iterable[Path], roots: Sequence[Path], destination: Path) -> int:
    """Copy each header to where an app's ``#include`` finds it; what lies under none of the
    roots belongs to the system. Returns how many there are."""
    kept: set[Path] = set()
    for header in headers:
        root = next((r for r in roots if header.is_relative_to(r)), None)
        if root is None or header.suffix in (".cc", ".c"):
            continue
        place = destination / header.relative_to(root)
        kept.add(place)
        copy_if_changed(header, place)
    if destination.is_dir():
        for folder, _, files in os.walk(destination):
            for name in files:
                if Path(folder, name) not in kept:
                    Path(folder, name).unlink()
    return len(kept)


def install_licences(licences: Mapping[str, Sequence[Path]], destination: Path) -> None:
    """Copy the licence texts of everything that is in the library, one folder for each source."""
    for name, files in licences.items():
        for file in files:
            copy_if_changed(file, destination / name / file.name)


def model_file(model: ModelInfo, folder: Path) -> Path:
    """The file that the device gets: the user's own model, or what was made of it in
    ``folder``."""
    if model.package is not None:
        return folder / f"{model.name}{model.package.suffix}"
    return folder / f"{model.name}{model.path.suffix}" if _is_made(model) else model.path


def _is_made(model: ModelInfo) -> bool:
    return model.made or model.original is not None


def install_models(models: Sequence[ModelInfo], folder: Path) -> None:
    """Put the models into ``folder`` that were frozen or rewritten, and no other; and beside them,
    for each that needs something before its first run, what that is."""
    made = [model for model in models if _is_made(model)]
    for model in made:
        copy_if_changed(model.package or model.path, model_file(model, folder))
    kept = {model_file(model, folder) for model in made}
    for model in models:
        if model.initialisers:
            path = folder / f"{model.name}.json"
            kept.add(path)
            write_if_changed(path, to_json(_use(model)))
    for stale in {*folder.glob("*.*")} - kept:
        stale.unlink()


def _use(model: ModelInfo) -> dict[str, object]:
    """How an app runs a model: what it runs once, what it feeds and fetches."""
    return {
        "run_once": model.initialisers,
        "inputs": [tensor.name for tensor in model.inputs],
        "outputs": [tensor.name for tensor in model.outputs],
    }


def copy_if_changed(source: Path, destination: Path) -> None:
    """Copy a file's content, unless it is there already; never half of it."""
    if destination.is_file() and filecmp.cmp(source, destination, shallow=False):
        return
    destination.parent.mkdir(parents=True, exist_ok=True)
    temporary = destination.with_name(f".{destination.name}.{os.getpid()}.tmp")
    try:
        shutil.copyfile(source, temporary)
        temporary.replace(destination)
    finally:
        temporary.unlink(missing_ok=True)
