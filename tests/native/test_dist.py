"""The flags that an app gets, used by real build tools with small archives that stand in for the
library: what must be linked whole registers itself, and calls into what need not be."""

from __future__ import annotations

import functools
import json
import shlex
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from buildtool.backends.common import flags as common
from buildtool.core.render import Renderer
from buildtool.core.run import Command, run
from buildtool.plan.selecting_macros import PRIVATE_DEFINES
from buildtool.products import dist
from buildtool.tools.linkers import LLD

HERE = Path(__file__).resolve().parent
GOLDEN = HERE / "golden" / "flags"
APPS = (
    *("plain", "through_engine", "engine_first", "engine_last"),
    *("kit_first", "kit_last", "everything"),
)
REGISTRY = "static int count = 0;\nint registered() { return count; }\nvoid add() { ++count; }\n"
KERNEL = "void add();\nstatic bool done = (add(), true);\n"
DEFINES = ("EIGEN_MAX_ALIGN_BYTES=64", "SELECTIVE_REGISTRATION", "TF_LEAN_BINARY")

pytestmark = pytest.mark.skipif(
    not all(shutil.which(tool) for tool in ("c++", "ar", "cmake", "ninja", "make", "pkg-config")),
    reason="needs a C++ compiler, CMake, Ninja, make and pkg-config",
)

needs_lld = pytest.mark.skipif(shutil.which("ld.lld") is None, reason="needs lld")


def command(
    *argv: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> str:
    words = tuple(str(word) for word in argv)
    return run(Command(argv=words, cwd=cwd, env=env or {}), what="a consumer").stdout


def make_dist(folder: Path, extra: tuple[str, ...] = (), *, fold: bool = False) -> Path:
    """A folder like ``build/<id>/dist``, its flags written as the tool writes them."""
    (folder / "lib").mkdir(parents=True)
    (folder / "include").mkdir()
    (folder / "include" / "registry.h").write_text("int registered();\n")
    for name, text in ((dist.WHOLE, KERNEL), (dist.REST, REGISTRY)):
        source = folder / f"{Path(name).stem}.cc"
        source.write_text(text)
        command("c++", "-c", source, "-o", source.with_suffix(".o"))
        command("ar", "qc", folder / name, source.with_suffix(".o"))
    write_flags(folder, extra, fold=fold)
    return folder


def write_flags(
    folder: Path,
    extra: tuple[str, ...] = (),
    *,
    fold: bool = False,
    defines: tuple[str, ...] = DEFINES,
) -> list[str]:
    """Write the flags; the names of the files."""
    renderer = Renderer(folder)
    dropping = common.link_flags(fold_sections=fold, linker=(LLD,))
    link_flags = dist.app_link_flags(dropping, ("-pthread", "-ldl", "-lm"), extra)
    dist.write_flags(
        renderer,
        target="pi",
        version="2.14.1",
        compile_flags=dist.app_compile_flags(defines, standard="c++17"),
        link_flags=link_flags,
        optional=common.optional_flags(link_flags),
    )
    return sorted(json.loads(renderer.finish().read_text(encoding="utf-8")))


@pytest.mark.parametrize("case", ["plain", "folded"])
def test_the_flags_byte_for_byte(
    tmp_path: Path, case: str, golden: Callable[[Path, str], None]
) -> None:
    for name in write_flags(tmp_path, ("-Xlinker", "-rpath=$ORIGIN/x y"), fold=case == "folded"):
        golden(GOLDEN / case / f"{name}.golden", (tmp_path / name).read_text(encoding="utf-8"))


def test_flags_are_single_tokens_in_the_order_that_is_needed() -> None:
    assert dist.app_link_flags(("-Wl,--gc-sections",), ("-pthread", "-lm"), ("-lmine",)) == (
        "-Wl,--whole-archive",
        "lib/libtensorflow.a",
        "-Wl,--no-whole-archive",
        "lib/libtensorflow_deps.a",
        "-Wl,--gc-sections",
        "-lmine",
        "-pthread",
        "-lm",
    )


def test_an_app_does_not_get_the_macros_that_select() -> None:
    flags = dist.app_compile_flags(("A=1", *sorted(PRIVATE_DEFINES)), standard="c++17")
    assert flags == ("-std=c++17", "-pthread", "-DA=1", "-Iinclude")


def test_text_and_json_say_the_same(tmp_path: Path) -> None:
    folder = make_dist(tmp_path / "dist")
    flags = json.loads((folder / "flags.json").read_text())
    assert (folder / "link_flags.txt").read_text().splitlines() == flags["link"]
    assert (folder / "compile_flags.txt").read_text().splitlines() == flags["compile"]
    assert flags["link"][:4] == [
        *("-Wl,--whole-archive", dist.WHOLE, "-Wl,--no-whole-archive", dist.REST)
    ]


def test_absolute_flags_name_the_folder() -> None:
    flags = ("-Iinclude", "-I/include", dist.WHOLE, "-lm")
    assert dist.absolute_flags(flags, Path("/a b")) == (
        *("-I/a b/include", "-I/include", "/a b/lib/libtensorflow.a", "-lm"),
    )


def test_cmake_links_whole_whatever_else_is_linked(tmp_path: Path) -> None:
    folder = make_dist(tmp_path / "some $HOME 'q' (1)" / "dist", ("-Xlinker", "-rpath=$ORIGIN/x y"))
    binary = tmp_path / "binary"
    command(
        *("cmake", "-S", HERE / "several", "-B", binary, "-G", "Ninja"),
        f"-DCMAKE_PREFIX_PATH={folder}",
    )
    command("ninja", "-C", binary)
    for app in APPS:
        assert command(binary / app) == "1\n", app


SAID = """hello; "w" 1 \\ it's (x) a|b"""
GREETS = """#include <cstdio>
int main() { std::puts(GREETING); }
"""
LISTS = """cmake_minimum_required(VERSION 3.13)
project(greets CXX)
find_package(TensorFlowSelective REQUIRED)
add_executable(app main.cc)
set(of TensorFlowSelective::tensorflow,INTERFACE_COMPILE_DEFINITIONS)
target_compile_definitions(app PRIVATE $<TARGET_PROPERTY:${of}>)
"""


def test_an_app_gets_a_define_as_it_was_written(tmp_path: Path) -> None:
    literal = SAID.replace("\\", "\\\\").replace('"', '\\"')
    (tmp_path / "dist").mkdir()
    write_flags(tmp_path / "dist", defines=(f'GREETING="{literal}"', "LAST=1"))
    (tmp_path / "main.cc").write_text(GREETS)
    (tmp_path / "CMakeLists.txt").write_text(LISTS)
    found = f"-DCMAKE_PREFIX_PATH={tmp_path / 'dist'}"
    command("cmake", "-S", tmp_path, "-B", tmp_path / "binary", "-G", "Ninja", found)
    command("ninja", "-C", tmp_path / "binary")
    assert command(tmp_path / "binary" / "app") == f"{SAID}\n"
    pc = {"PKG_CONFIG_LIBDIR": str(tmp_path / "dist" / "lib" / "pkgconfig")}
    flags = shlex.split(command("pkg-config", "--cflags", "tensorflow-selective", env=pc))
    command("c++", *flags, tmp_path / "main.cc", "-o", tmp_path / "other")
    assert command(tmp_path / "other") == f"{SAID}\n"
    compilers = [name for name in ("g++", "clang++") if shutil.which(name)]
    for name in compilers:
        listed = f"@{tmp_path / 'dist' / 'compile_flags.txt'}"
        command(name, listed, tmp_path / "main.cc", "-o", tmp_path / "third")
        assert command(tmp_path / "third") == f"{SAID}\n"


def test_cmake_relinks_when_an_archive_changes(tmp_path: Path) -> None:
    folder = make_dist(tmp_path / "dist")
    binary = tmp_path / "binary"
    command(
        *("cmake", "-S", HERE / "several", "-B", binary, "-G", "Ninja"),
        f"-DCMAKE_PREFIX_PATH={folder}",
    )
    command("ninja", "-C", binary, "plain")
    assert "no work to do" in command("ninja", "-C", binary, "plain")
    for name in (dist.WHOLE, dist.REST):
        (folder / name).touch()
        assert "no work to do" not in command("ninja", "-C", binary, "plain")


@pytest.mark.parametrize(
    ("wanted", "found"), [("2.14", True), ("2.14.1 EXACT", True), ("2.15", False)]
)
def test_cmake_checks_the_version(tmp_path: Path, wanted: str, found: bool) -> None:
    folder = make_dist(tmp_path / "dist")
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.16)\nproject(x NONE)\n"
        f"find_package(TensorFlowSelective {wanted})\n"
        'message(STATUS "found: ${TensorFlowSelective_FOUND}")\n'
    )
    binary = tmp_path / "binary"
    said = command("cmake", "-S", tmp_path, "-B", binary, f"-DCMAKE_PREFIX_PATH={folder}")
    assert f"found: {1 if found else 0}" in said


def test_pkg_config_keeps_the_order(tmp_path: Path) -> None:
    folder = make_dist(tmp_path / "dist")
    variables = {"PKG_CONFIG_PATH": str(folder / "lib" / "pkgconfig")}
    asked = ("pkg-config", "--cflags", "--libs", "tensorflow-selective")
    flags = shlex.split(command(*asked, env=variables))
    source = HERE / "several" / "app.cc"
    command("c++", source, HERE / "several" / "engine.cc", "-o", tmp_path / "app", *flags)
    assert command(tmp_path / "app") == "1\n"
    version = command("pkg-config", "--modversion", "tensorflow-selective", env=variables)
    assert version == "2.14.1\n"


def test_a_makefile_reads_the_text_files(tmp_path: Path) -> None:
    folder = make_dist(tmp_path / "dist")
    shutil.copy(HERE / "consumer" / "Makefile", tmp_path)
    shutil.copy(HERE / "several" / "app.cc", tmp_path)
    command("make", f"DIST={folder}", f"OUT={tmp_path}", cwd=tmp_path)
    assert command(tmp_path / "app") == "1\n"


def test_the_archives_without_the_flags_register_nothing(tmp_path: Path) -> None:
    folder = make_dist(tmp_path / "dist")
    source = HERE / "several" / "app.cc"
    archives = (folder / dist.WHOLE, folder / dist.REST)
    command("c++", source, "-o", tmp_path / "app", *archives)
    done = run(Command(argv=(str(tmp_path / "app"),)), what="an app", check=False)
    assert (done.returncode, done.stdout) == (1, "0\n")


def test_a_linker_is_asked_for_only_where_only_it_will_do() -> None:
    flags = functools.partial(common.link_flags, linker=(LLD,))
    assert flags(fold_sections=False) == ("-Wl,--gc-sections",)
    assert flags(fold_sections=True) == (*("-Wl,--gc-sections", "-fuse-ld=lld", "-Wl,--icf=safe"),)
    assert flags(fold_sections=False, lto="thin") == (
        *("-Wl,--gc-sections", "-fuse-ld=lld", "-flto=thin"),
    )
    assert common.link_flags(fold_sections=True) == ("-Wl,--gc-sections",)


@pytest.mark.parametrize(
    ("fold", "lto", "optional"),
    [
        (True, "none", ("-fuse-ld=lld", "-Wl,--icf=safe")),
        (True, "full", ("-Wl,--icf=safe",)),
        (False, "full", ()),
        (False, "none", ()),
    ],
)
def test_flags_that_an_app_may_leave_out(fold: bool, lto: str, optional: tuple[str, ...]) -> None:
    flags = common.link_flags(fold_sections=fold, lto=lto, linker=(LLD,))
    assert common.optional_flags(flags) == optional


@pytest.fixture
def choosy_compiler(tmp_path: Path) -> Path:
    """A C++ compiler that has GNU ld alone."""
    script = tmp_path / "choosy-c++"
    script.write_text(
        '#!/bin/sh\ncase "$*" in *-fuse-ld=lld*|*--icf*) echo "no lld" >&2; exit 1;; esac\n'
        'exec c++ "$@"\n'
    )
    script.chmod(0o755)
    return script


def test_cmake_leaves_out_what_the_linker_does_not_know(
    tmp_path: Path, choosy_compiler: Path
) -> None:
    folder = make_dist(tmp_path / "dist", fold=True)
    binary = tmp_path / "binary"
    command(
        *("cmake", "-S", HERE / "several", "-B", binary, "-G", "Ninja"),
        *(f"-DCMAKE_PREFIX_PATH={folder}", f"-DCMAKE_CXX_COMPILER={choosy_compiler}"),
    )
    command("ninja", "-C", binary)
    for app in APPS:
        assert command(binary / app) == "1\n", app


@needs_lld
def test_cmake_uses_what_the_linker_knows(tmp_path: Path) -> None:
    folder = make_dist(tmp_path / "dist", fold=True)
    for wanted in ("", "OFF"):
        binary = tmp_path / f"binary{wanted}"
        command(
            *("cmake", "-S", HERE / "several", "-B", binary, "-G", "Ninja"),
            f"-DCMAKE_PREFIX_PATH={folder}",
            *((f"-DTensorFlowSelective_OPTIONAL={wanted}",) if wanted else ()),
        )
        command("ninja", "-C", binary, "plain")
        linked = command("ninja", "-C", binary, "-t", "commands", "plain").splitlines()[-1]
        assert ("-fuse-ld=lld -Wl,--icf=safe" in linked) is (not wanted)


def test_the_other_forms_tell_what_may_be_left_out(tmp_path: Path, choosy_compiler: Path) -> None:
    folder = make_dist(tmp_path / "dist", fold=True)
    flags = json.loads((folder / "flags.json").read_text())
    assert flags["optional"] == ["-fuse-ld=lld", "-Wl,--icf=safe"]
    assert [flag for flag in flags["link"] if flag in flags["optional"]] == flags["optional"]
    variables = {"PKG_CONFIG_PATH": str(folder / "lib" / "pkgconfig")}
    asked = ("pkg-config", "--libs", "tensorflow-selective")
    assert set(flags["optional"]) <= set(command(*asked, env=variables).split())
    fewer = command(*asked, "--define-variable=optional=", env=variables).split()
    assert not set(flags["optional"]) & set(fewer)
    command(choosy_compiler, HERE / "several" / "app.cc", "-o", tmp_path / "app", *fewer)
    assert command(tmp_path / "app") == "1\n"


class TestCopies:
    def test_headers_keep_their_place_and_old_ones_go(self, tmp_path: Path) -> None:
        root, system = tmp_path / "root", tmp_path / "usr"
        for path in (root / "a/b.h", root / "app.cc", system / "vector"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(path.name)
        place = tmp_path / "include"
        (place / "old").mkdir(parents=True)
        (place / "old/gone.h").write_text("")
        headers = (root / "a/b.h", root / "app.cc", system / "vector")
        assert dist.install_headers(headers, (root,), place) == 1
        assert [path for path in place.rglob("*") if path.is_file()] == [place / "a/b.h"]

    def test_equal_files_are_left_alone_and_same_sized_ones_are_not(self, tmp_path: Path) -> None:
        source, copy = tmp_path / "a", tmp_path / "to" / "a"
        source.write_text("one")
        dist.copy_if_changed(source, copy)
        before = copy.stat().st_mtime_ns, copy.stat().st_ino
        dist.copy_if_changed(source, copy)
        assert (copy.stat().st_mtime_ns, copy.stat().st_ino) == before
        source.write_text("two")
        dist.copy_if_changed(source, copy)
        assert copy.read_text() == "two"
        assert sorted(path.name for path in copy.parent.iterdir()) == ["a"]
