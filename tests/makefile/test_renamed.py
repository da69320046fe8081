"""A library whose protobuf has other names, and an app that has a protobuf of its own."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from buildtool.core.errors import BuildError
from buildtool.core.run import Command, run
from tests.makefile.conftest import UNOPTIMISED

if TYPE_CHECKING:
    from tests.conftest import AppCompiler, Project
    from tests.makefile.conftest import Workshop

HERE = Path(__file__).resolve().parent
SOURCES = (HERE / "app" / "session.cc", HERE / "app" / "own_protobuf.cc")
PLAIN = f"extends: linux\n{UNOPTIMISED}"
RENAMED = f"{PLAIN}protobuf_prefix: ours\n"
BOARD = "arm-linux-gnueabihf-g++"
EMULATOR = ("qemu-arm-static", "-L", "/usr/arm-linux-gnueabihf")
EXPECTED = """\
own protobuf 3005000: 1 number_value: 42
graph of 2 nodes: 1
0 0 0.5 1.5
"""

pytestmark = [
    pytest.mark.build,
    pytest.mark.skipif(
        shutil.which("x86_64-linux-gnu-g++") is None, reason="the target linux is for a 64-bit PC"
    ),
]


@pytest.fixture(scope="module")
def here(
    tmp_path_factory: pytest.TempPathFactory,
    make_project: Callable[..., Project],
    libraries_cache: Path,
) -> Workshop:
    """The model ``classes`` for this machine: as the targets ``ours`` and ``plain``."""
    from tests.makefile.conftest import MINIATURE, ODD, Workshop  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("renamed")
    tree = Path(shutil.copytree(MINIATURE, folder / ODD))
    project = make_project(
        folder / 'it\'s an "odd" $HOME %d {{ 7*7 }} pläce', cache=libraries_cache
    )
    project.target("ours", RENAMED)
    project.target("plain", PLAIN)
    built = Workshop(project=project, tree=tree, target="ours")
    built.doit("build")
    return built


@pytest.fixture(scope="module")
def own(
    app_compiler: AppCompiler, old_protobuf: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """The app's own protobuf, of another version: its headers and its library."""
    folder = tmp_path_factory.mktemp("own")
    return old_protobuf / "src", app_compiler.protobuf(old_protobuf / "src", folder / "own.a")


def tool(*words: str | Path) -> str:
    argv = tuple(str(word) for word in words)
    return run(Command(argv=argv), what="a test of an app").stdout


def compiled(
    dist: Path, headers: Path, sources: Sequence[Path], folder: Path, compiler: str = "g++"
) -> list[str]:
    flags = [
        f"-I{dist / 'include'}" if flag == "-Iinclude" else flag
        for flag in (dist / "compile_flags.txt").read_text("utf-8").split()
    ]
    objects = []
    for source in sources:
        objects.append(str(folder / f"{source.stem}.o"))
        tool(compiler, *flags, "-w", f"-I{headers}", "-c", source, "-o", objects[-1])
    return objects


def linked(
    dist: Path,
    objects: Sequence[str],
    library: Path,
    *,
    last: bool,
    app: Path,
    compiler: str = "g++",
) -> Path:
    flags = (dist / "link_flags.txt").read_text("utf-8").split()
    words = [*flags, str(library)] if last else [str(library), *flags]
    argv = (compiler, "-o", str(app), *objects, *words)
    run(Command(argv=argv, cwd=dist), what="linking an app")
    return app


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("files", ["two files", "one file"])
def test_an_app_with_another_protobuf_links_and_runs(
    here: Workshop, own: tuple[Path, Path], tmp_path: Path, last: bool, files: str
) -> None:
    dist, (headers, archive) = here.folder / "dist", own
    sources: Sequence[Path] = SOURCES
    if files == "one file":
        both = tmp_path / "both.cc"
        both.write_text("".join(f'#include "{source}"\n' for source in reversed(SOURCES)))
        sources = (both,)
    objects = compiled(dist, headers, sources, tmp_path)
    app = linked(dist, objects, archive, last=last, app=tmp_path / "app")
    assert tool(app) == EXPECTED


def test_without_other_names_the_same_app_fails(
    here: Workshop, own: tuple[Path, Path], tmp_path: Path
) -> None:
    plain = type(here)(project=here.project, tree=here.tree, target="plain")
    plain.doit("build")
    dist, (headers, archive) = plain.folder / "dist", own
    session = compiled(dist, dist / "include", SOURCES[:1], tmp_path)
    # Its own headers come first in this file, which includes none of TensorFlow's.
    argv = ("g++", "-std=c++11", "-w", f"-I{headers}", "-c", SOURCES[1], "-o", tmp_path / "own.o")
    tool(*argv)
    objects = [*session, str(tmp_path / "own.o")]
    for last in (False, True):
        with pytest.raises(BuildError, match=r"google::protobuf::.* in archive"):
            linked(dist, objects, archive, last=last, app=tmp_path / "app")


def test_no_name_of_protobufs_is_left(here: Workshop) -> None:
    verification = here.result("verification")["verification"]
    assert verification["protobuf_prefix"] == "ours"
    assert verification["renamed_symbols"] > 3000
    for archive in ("libtensorflow.a", "libtensorflow_deps.a"):
        listed = tool("nm", "-C", "--defined-only", here.folder / "dist" / "lib" / archive)
        assert "ours_google::protobuf::" in listed
        assert re.search(r"(?<!ours_)google::protobuf", listed) is None
    include = here.folder / "dist" / "include"
    assert (include / "ours_google/protobuf/message_lite.h").is_file()
    assert not (include / "google").exists()
    headers = [path.read_text("utf-8") for path in include.rglob("*.h")]
    assert not [text for text in headers if re.search(r'#include [<"]google/protobuf', text)]


def test_it_is_told(here: Workshop) -> None:
    text = (here.folder / "report.txt").read_text("utf-8")
    assert re.search(r"protobuf +\d+ symbols of ours_google::protobuf$", text, re.MULTILINE)
    assert (
        "its namespace is ours_google::protobuf, its headers are in ours_google/protobuf/" in text
    )
    assert here.doit("build").out == "build:ours: up to date\n"


def test_what_was_left_out_is_found(here: Workshop, tmp_path: Path) -> None:
    """One object that was compiled for the protobuf of the old names."""
    source = tmp_path / "left.cc"
    source.write_text("namespace google { namespace protobuf { void Left() {} } }\n")
    tool("g++", "-c", source, "-o", tmp_path / "left.o")
    archive = here.folder / "dist" / "lib" / "libtensorflow_deps.a"
    kept = archive.read_bytes()
    tool("ar", "q", archive, tmp_path / "left.o")
    try:
        err = here.project.doit(*here.words("verify", "classes"), code=7).err
    finally:
        archive.write_bytes(kept)
    assert "left.o" in err
    assert "defines symbols of google::protobuf" in err
    assert "_ZN6google8protobuf4LeftEv" in err


@pytest.fixture
def real_dist(
    make_project: Callable[..., Project], libraries_cache: Path, tree_1x: Path, tmp_path: Path
) -> Path:
    """TensorFlow 1.8 itself for a Raspberry Pi, under other names."""
    project = make_project(tmp_path / "project", cache=libraries_cache)
    given = {name: os.environ[name] for name in ("BUILDTOOL_SOURCES",) if name in os.environ}
    project = dataclasses.replace(project, env={**project.env, **given})
    project.target("ours", "extends: pi-makefile\nprotobuf_prefix: ours\n")
    project.doit("build:ours", f"tf={tree_1x}", "rewrite=all")
    return project.folder("ours") / "dist"


@pytest.mark.tree_1x
def test_an_app_with_a_real_tree_on_a_board(
    app_compiler: AppCompiler, real_dist: Path, new_protobuf: Path, tmp_path: Path
) -> None:
    cross = dataclasses.replace(app_compiler, compiler=(BOARD,))
    archive = cross.protobuf(new_protobuf / "src", tmp_path / "own.a")
    objects = compiled(real_dist, new_protobuf / "src", SOURCES, tmp_path, BOARD)
    for last in (False, True):
        app = tmp_path / f"app-{last}"
        linked(real_dist, objects, archive, last=last, app=app, compiler=BOARD)
        assert tool(*EMULATOR, app) == EXPECTED.replace("3005000", "3021012")


def of_the_target(here: Workshop) -> set[tuple[str, int]]:
    """Its objects, and when they were made, without those of programs for this machine, which are
    kept."""
    return {each for each in here.objects.items() if "/gen/host/" not in each[0]}


def test_other_names_and_none_make_other_objects(here: Workshop) -> None:
    before = of_the_target(here)
    here.project.target("ours", PLAIN)
    here.doit("build")
    assert not (here.folder / "renamed").exists()
    assert not before & of_the_target(here)
    listed = tool("nm", "-C", "--defined-only", here.archive)
    assert "ours_google" not in listed
    assert here.result("verification")["verification"]["protobuf_prefix"] == ""
