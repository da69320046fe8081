"""What make and CMake read besides the tree, byte for byte."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.backends.backend import Job
from buildtool.backends.common.linked_files import write_link_set
from buildtool.backends.makefile.asking import files as overlay_files
from buildtool.backends.makefile.dependency_archive import ArchiveJob, Archives
from buildtool.backends.makefile.makefile_flags import LITE
from buildtool.backends.makefile.makefile_project import render_project
from buildtool.backends.makefile.recipes import Program, Recipe
from buildtool.config import load_targets
from buildtool.core.errors import BuildToolError
from buildtool.core.paths import LOCK
from buildtool.core.render import Renderer
from buildtool.core.values import SourceTree
from buildtool.platforms import find_abi
from buildtool.sources import Cache, load_lock
from tests.conftest import PROJECT
from tests.makefile.test_settings import toolchain
from tests.native.test_project import PLAN

GOLDEN = Path(__file__).resolve().parent / "golden"


@pytest.mark.parametrize("case", ["selective", "renamed_lite"])
def test_the_project_of_a_small_plan(
    tmp_path: Path, case: str, golden: Callable[[Path, str], None]
) -> None:
    lite = case == "renamed_lite"
    plan = dataclasses.replace(PLAN, defines=(*PLAN.defines, LITE)) if lite else PLAN
    renderer = Renderer(tmp_path)
    render_project(renderer, plan, everything=lite, protobuf_prefix="ours" if lite else None)
    for name in sorted(json.loads(renderer.finish().read_text(encoding="utf-8"))):
        text = (tmp_path / name).read_text(encoding="utf-8")
        golden(GOLDEN / case / f"{name}.golden", text)


# What the header declares of the release, and what it declares besides since 1.1.
VERSIONS = {"1.0.0": "", "1.8.0-rc1": "extern const int tf_cxx11_abi_flag();\n"}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_version_of_a_tree(
    tmp_path: Path, version: str, golden: Callable[[Path, str], None]
) -> None:
    tree = tmp_path / "tree"
    header = tree / "tensorflow/core/public/version.h"
    header.parent.mkdir(parents=True)
    header.write_text(VERSIONS[version], encoding="utf-8")
    platform, abi = find_abi("raspberrypi", "armv7-neon")
    (made,) = overlay_files(
        Job(
            target=load_targets(PROJECT / "targets")["pi-makefile"],
            platform=platform,
            abi=abi,
            tree=SourceTree(name="tree", path=tree, version=version, digest="0" * 64),
            lock=load_lock(LOCK),
            sources={},
            toolchain=toolchain(Path("/bin/false")),
            folder=tmp_path / "build",
            cache=Cache(root=tmp_path / "cache"),
            log=tmp_path / "log",
            say=lambda _: None,
        )
    ).values()
    golden(GOLDEN / f"version_info-{version}.cc.golden", made)


def test_the_project_of_a_dependency(tmp_path: Path, golden: Callable[[Path, str], None]) -> None:
    """It is kept where it does not compile: here is neither CMake nor a compiler."""
    for name in ("src/a.cc", "src/b/c.cc", "src/a_test.cc", "src/a.h", "tool/t.cc", "own/main.cc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    recipe = Recipe(
        name="protobuf",
        include=("src",),
        private_include=("src/private",),
        sources=("src/**/*.cc",),
        exclude=("*_test.cc",),
        precompiled=("src/*.h",),
        defines=('GREETING="hello; $world"', "HAVE_PTHREAD"),
        programs=(Program(name="protoc", main="main.cc", sources=("tool/*.cc",), exclude=()),),
    )
    none = toolchain(Path("/bin/false"))
    job = ArchiveJob(
        recipe=recipe,
        root=tmp_path,
        digest="d",
        toolchain=dataclasses.replace(none, extra={"cmake": none.cxx, "ninja": none.cxx}),
        flags=("-Os", "-DODD=a b"),
        own=tmp_path / "own",
        programs=recipe.programs,
    )
    cache = Cache(root=tmp_path / "cache")
    archives = Archives(
        cache=cache, launcher="none", jobs=1, log=tmp_path / "log", say=lambda _: None
    )
    with pytest.raises(BuildToolError):
        archives.folder(job)
    (made,) = cache.folder("libraries").glob(".building-*/project")
    for name, kept in (("CMakeLists.txt", "library.cmake"), ("library_prefix.h",) * 2):
        golden(GOLDEN / f"{kept}.golden", (made / name).read_text(encoding="utf-8"))


def test_the_files_that_are_linked(tmp_path: Path, golden: Callable[[Path, str], None]) -> None:
    write_link_set(tmp_path, PLAN.files)
    for name in ("tf_op_files.txt", "files.json"):
        golden(GOLDEN / f"{name}.golden", (tmp_path / name).read_text(encoding="utf-8"))
