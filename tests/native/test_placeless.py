"""A compiler's cache gives all objects back in another folder, with other folders of sources, and
what comes out is the same: by the CMake that the native backend and the libraries of the makefile
backend share. CMake, Ninja, ccache and the compilers are real."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from buildtool.backends.common.compile_counts import CompileMeter
from buildtool.backends.common.ninja import NativeBuild
from buildtool.backends.makefile.dependency_archive import ArchiveJob, Archives, write_project
from buildtool.backends.makefile.recipes import Program, Recipe
from buildtool.core.errors import BuildError, ToolError
from buildtool.core.values import CompileCounts, Toolchain
from buildtool.platforms import find_abi
from buildtool.sources.cache import Cache
from buildtool.tools.compilers import find_toolchain
from buildtool.tools.launcher import Launcher, launching
from buildtool.tools.sccache import find_sccache

pytestmark = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in ("ccache", "cmake", "ninja")),
    reason="needs ccache, CMake and Ninja",
)

FILES = {
    "src/own/common.h": "#pragma once\n#include <vector>\n"
    "inline const char* here() { return __FILE__; }\n",
    "src/own/one.cc": '#include "own/common.h"\n#include "private.h"\n'
    "const char* one() { return here() + PRIVATE + sizeof(ODD); }\n",
    "src/own/two.cc": '#include "own/common.h"\n'
    "const char* two() { return __FILE__; }\nint three() { return std::vector<int>(3)[0]; }\n",
    "inner/private.h": "#define PRIVATE 1\n",
    "main.cc": "int part();\nint main() { return part(); }\n",
    "tool/part.cc": "int part() { return 0; }\n",
}
RECIPE = Recipe(
    name="own",
    include=("src",),
    private_include=("inner",),
    sources=("src/own/*.cc",),
    precompiled=("src/own/common.h",),
    defines=('ODD="a; b"',),
    programs=(Program(name="tool", main="main.cc", sources=("tool/*.cc",), exclude=()),),
)
# With debug information, which names the folder that a compiler runs in, if nobody forbids it.
FLAGS = ("-g", "-O0")


def toolchain_of(compiler: str) -> Toolchain:
    if shutil.which({"clang": "clang++", "gcc": "g++"}[compiler]) is None:
        pytest.skip(f"needs {compiler}")
    return find_toolchain(find_abi("linux", "x86_64")[1], compiler=compiler, probe=False)


def place(root: Path, toolchain: Toolchain) -> ArchiveJob:
    """The sources, put below ``root``."""
    for name, text in FILES.items():
        (root / "sources" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "sources" / name).write_text(text, encoding="utf-8")
    return ArchiveJob(
        recipe=RECIPE,
        root=root / "sources",
        digest="the same",
        toolchain=toolchain,
        flags=FLAGS,
        own=root / "sources",
        programs=RECIPE.programs,
    )


def configured(root: Path, job: ArchiveJob, launcher: Launcher) -> NativeBuild:
    write_project(job, root / "project")
    native = NativeBuild(
        project=root / "project",
        folder=root / "build",
        variables={
            "SOURCE_DIR": str(job.root),
            "CMAKE_CXX_COMPILER_LAUNCHER": launcher.program,
            "BUILDTOOL_PCH": "ON" if launcher.pch else "OFF",
            "CMAKE_EXPORT_COMPILE_COMMANDS": "ON",
        },
        toolchain=job.toolchain,
        environment=launcher.environment,
        jobs=2,
        log=root / "log",
        say=lambda _: None,
    )
    native.configure()
    return native


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One cache for all users of a test."""
    monkeypatch.setenv("CCACHE_DIR", str(tmp_path / "shared"))
    monkeypatch.setenv("SCCACHE_DIR", str(tmp_path / "shared"))


def needs(launcher: str) -> None:
    if launcher == "sccache":
        try:
            find_sccache()
        except ToolError:
            pytest.skip("needs sccache 0.14.0 or newer")


def built(root: Path, job: ArchiveJob, launcher: str) -> tuple[CompileCounts, dict[str, bytes]]:
    """How many objects were compiled or found, and what was made."""
    with launching(launcher, folder=root / "build", cache=root / "cache") as found:
        meter = CompileMeter(root / "build", found.hits)
        native = configured(root, job, found)
        native.build((), title=root.name)
        objects = native.objects()
        counts = meter.count(objects.values())
    made = [root / "build/libown.a", *objects.values()]
    return counts, {str(path.relative_to(root)): path.read_bytes() for path in made}


LAUNCHERS = [("clang", "ccache"), ("gcc", "ccache"), ("clang", "sccache")]


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize(("compiler", "launcher"), LAUNCHERS)
def test_another_folder_gets_all_objects_from_the_cache(
    tmp_path: Path, compiler: str, launcher: str
) -> None:
    needs(launcher)
    toolchain = toolchain_of(compiler)
    one, two = tmp_path / "one", tmp_path / "another/user's place"
    first, here = built(one, place(one, toolchain), launcher)
    second, there = built(two, place(two, toolchain), launcher)
    assert (first, second) == (CompileCounts(compiled=4), CompileCounts(compiled=0, cached=4))
    assert here == there
    assert sorted(Path(name).name for name in here) == [
        *("libown.a", "main.cc.o", "one.cc.o", "part.cc.o", "two.cc.o")
    ]
    assert not [name for name, content in here.items() if os.fsencode(tmp_path) in content]
    assert b"own/src/own/two.cc" in here["build/libown.a"]


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize(("compiler", "launcher"), LAUNCHERS)
def test_what_was_changed_is_compiled(tmp_path: Path, compiler: str, launcher: str) -> None:
    """A header that only the precompiled one names, and one that a single file includes."""
    needs(launcher)
    found = []
    for name, changed in (("a", ""), ("b", "src/own/common.h"), ("c", "inner/private.h")):
        job = place(tmp_path / name, toolchain_of(compiler))
        if changed:
            text = (job.root / changed).read_text(encoding="utf-8")
            (job.root / changed).write_text(f"{text}inline int more() {{ return 1; }}\n")
        found.append(built(tmp_path / name, job, launcher)[0])
    assert [count.cached for count in found] == [0, 0, 3]


def test_a_folder_that_was_made_from_other_sources_is_refused(tmp_path: Path) -> None:
    """Ninja would take what was made from them for new."""
    toolchain = toolchain_of("gcc")
    configured(tmp_path, place(tmp_path / "one", toolchain), Launcher())
    with pytest.raises(BuildError) as caught:
        configured(tmp_path, place(tmp_path / "two", toolchain), Launcher())
    said = " ".join(caught.value.problems[0].what.split())
    assert f"was made from {tmp_path}/one/sources, not from" in said
    assert "use another binary folder" in said


@pytest.mark.usefixtures("shared")
def test_a_library_is_kept_under_the_same_name_in_another_cache(tmp_path: Path) -> None:
    toolchain = toolchain_of("gcc")
    found = []
    for name in ("here", "there"):
        root = tmp_path / name
        archives = Archives(
            cache=Cache(root=root / "cache"),
            launcher="ccache",
            jobs=2,
            log=root / "log",
            say=lambda _: None,
        )
        folder = archives.folder(place(root, toolchain))
        found.append((folder.name, (folder / "libown.a").read_bytes()))
    assert found[0] == found[1]
