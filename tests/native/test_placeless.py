"""A compiler's cache gives all objects back in another folder, with other folders of sources, and
what comes out is the same: by the CMake that the native backend and the libraries of the makefile
backend share. CMake, Ninja, ccache and the compilers are real."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from buildtool.backends.common.compile_counts import CompileMeter
from buildtool.backends.common.launcher import find_launcher, stats_log
from buildtool.backends.common.ninja import NativeBuild
from buildtool.backends.makefile.dependency_archive import ArchiveJob, Archives, write_project
from buildtool.backends.makefile.recipes import Program, Recipe
from buildtool.core.errors import BuildError
from buildtool.core.values import Toolchain
from buildtool.platforms import find_abi
from buildtool.sources.cache import Cache
from buildtool.tools.compilers import find_toolchain

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
    defines=('ODD="a b"',),
    programs=(Program(name="tool", main="main.cc", sources=("tool/*.cc",), exclude=()),),
)
# With debug information, which names the folder that a compiler runs in, if nobody forbids it.
FLAGS = ("-g", "-O0")


@pytest.fixture(params=["clang", "gcc"])
def toolchain(request: pytest.FixtureRequest) -> Toolchain:
    return _toolchain(request.param)


def _toolchain(compiler: str) -> Toolchain:
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


def configured(root: Path, job: ArchiveJob) -> NativeBuild:
    write_project(job, root / "project")
    launcher = find_launcher("ccache", folder=root / "build", cache=root / "cache")
    native = NativeBuild(
        project=root / "project",
        folder=root / "build",
        variables={
            "SOURCE_DIR": str(job.root),
            "CMAKE_CXX_COMPILER_LAUNCHER": launcher.program,
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


def test_another_folder_gets_all_objects_from_the_cache(
    tmp_path: Path, toolchain: Toolchain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CCACHE_DIR", str(tmp_path / "shared"))
    made = []
    for name in ("one", "another/user's place"):
        root = tmp_path / name
        meter = CompileMeter(stats_log(root / "build"))
        native = configured(root, place(root, toolchain))
        native.build((), title=name)
        objects = native.objects()
        assert sorted(Path(source).name for source in objects) == [
            "main.cc",
            "one.cc",
            "part.cc",
            "two.cc",
        ]
        made.append(
            (
                meter.count(objects.values()),
                {
                    path.relative_to(root): path.read_bytes()
                    for path in (root / "build/libown.a", *objects.values())
                },
            )
        )
    (first, here), (second, there) = made
    assert (first.compiled, first.cached) == (4, 0)
    assert (second.compiled, second.cached) == (0, 4)
    assert here == there
    assert not [name for name, content in here.items() if os.fsencode(tmp_path) in content]
    assert b"own/src/own/two.cc" in here[Path("build/libown.a")]


def test_what_was_changed_is_compiled(
    tmp_path: Path, toolchain: Toolchain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A header that only the precompiled one names, and one that a single file includes."""
    monkeypatch.setenv("CCACHE_DIR", str(tmp_path / "shared"))
    counts: list[Sequence[int]] = []
    for name, changed in (("a", ""), ("b", "src/own/common.h"), ("c", "inner/private.h")):
        root = tmp_path / name
        job = place(root, toolchain)
        if changed:
            with (job.root / changed).open("a") as file:
                file.write("inline int more() { return 1; }\n")
        meter = CompileMeter(stats_log(root / "build"))
        native = configured(root, job)
        native.build(("libown.a",), title=name)
        count = meter.count(native.objects().values())
        counts.append((count.compiled, count.cached))
    assert counts == [(2, 0), (2, 0), (1, 1)]


def test_a_folder_that_was_made_from_other_sources_is_refused(tmp_path: Path) -> None:
    """Ninja would take what was made from them for new."""
    toolchain = _toolchain("gcc")
    configured(tmp_path, place(tmp_path / "one", toolchain))
    with pytest.raises(BuildError) as caught:
        configured(tmp_path, place(tmp_path / "two", toolchain))
    said = " ".join(caught.value.problems[0].what.split())
    assert f"was made from {tmp_path}/one/sources, not from" in said
    assert "use another binary folder" in said


def test_a_library_is_kept_under_the_same_name_in_another_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toolchain = _toolchain("gcc")
    monkeypatch.setenv("CCACHE_DIR", str(tmp_path / "shared"))
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
