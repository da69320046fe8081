"""Libraries of self-written sources, compiled for this machine and for ARM, kept and used again."""

from __future__ import annotations

import dataclasses
import fnmatch
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from buildtool.backends.makefile.dependency_archive import ArchiveJob, Archives
from buildtool.backends.makefile.libraries import LibraryInputs, build_libraries
from buildtool.backends.makefile.pinned import PinnedSource
from buildtool.backends.makefile.recipes import Recipes, load_recipes
from buildtool.core.errors import BuildError, ConfigError
from buildtool.core.paths import LOCK
from buildtool.core.run import Command, run
from buildtool.core.values import SourceTree, Toolchain
from buildtool.platforms import find_abi
from buildtool.sources import Cache, load_lock
from buildtool.sources.treehash import tree_sha256
from buildtool.tools.compilers import find_toolchain

# Named as the dependencies that are linked; their content is these tests' own.
RECIPES = """\
libraries:
  - name: protobuf
    include: [src]
    private_include: [private]
    sources: ["src/*.cc"]
    exclude: ["*_test.cc"]
    defines: ["GREETING=\\"hello; world\\""]
    programs:
      - {name: protoc, main: main.cc, sources: ["tool/*.cc"]}
  - {name: nsync, only: ["nsync-0.*"], include: [old], sources: ["old.c"]}
  - name: nsync
    include: [public]
    sources: ["*.c"]
fixes:
  - sources: ["protobuf-*"]
    compiler: gcc
    since: 5
    flags: [-DFIXED]
    reason: a test
"""
SOURCES = {
    "protobuf": {
        "private/secret.h": "#define SECRET 7\n",
        "src/lib/lib.h": "#pragma once\nconst char* greeting();\nint secret();\n",
        "src/a.cc": (
            '#include "lib/lib.h"\n#include "secret.h"\n'
            "#ifndef FIXED\n#error needs the fix\n#endif\n"
            "int secret() { return SECRET; }\n"
        ),
        "src/b.cc": '#include "lib/lib.h"\nconst char* greeting() { return GREETING; }\n',
        "src/b_test.cc": "#error a test\n",
        "tool/words.cc": 'const char* words() { return "tool"; }\n',
        "LICENSE": "free\n",
    },
    "nsync": {
        "public/nsync.h": "#pragma once\nnamespace nsync { int lock(int); }\n",
        # A C file that is compiled as C++.
        "lock.c": '#include "nsync.h"\nnamespace nsync { int lock(int n) { return n + 1; } }\n',
    },
}
MAIN = """\
#include <cstdio>
#include "lib/lib.h"
const char* words();
int main() { std::printf("%s %s\\n", words(), greeting()); }
"""
USER = """\
#include <cstdio>
#include "lib/lib.h"
#include "nsync.h"
int main() { std::printf("%s %d %d\\n", greeting(), secret(), nsync::lock(1)); }
"""
pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("g++", "arm-linux-gnueabihf-g++", "cmake", "ninja"))),
    reason="needs g++ for this machine and for armhf, cmake and ninja",
)


@pytest.fixture(scope="module")
def host() -> Toolchain:
    return find_toolchain(find_abi("linux", "x86_64")[1], compiler="gcc")


@pytest.fixture(scope="module")
def arm() -> Toolchain:
    return find_toolchain(find_abi("raspberrypi", "armv7-neon")[1], compiler="gcc")


@pytest.fixture
def recipes(tmp_path: Path) -> Recipes:
    folder = tmp_path / "recipes"
    folder.mkdir()
    (folder / "main.cc").write_text(MAIN, "utf-8")
    (folder / "libraries.yaml").write_text(RECIPES, "utf-8")
    return load_recipes(folder / "libraries.yaml")


@pytest.fixture
def inputs(tmp_path: Path, host: Toolchain, arm: Toolchain) -> LibraryInputs:
    return LibraryInputs(
        sources={name: source(tmp_path / name, name) for name in SOURCES},
        toolchain=arm,
        host=host,
        compile_flags=("-Os", "-ffunction-sections", "-fdata-sections"),
        cache=Cache(root=tmp_path / "cache"),
        log=tmp_path / "log.txt",
        say=lambda _: None,
        launcher="none",
    )


def source(root: Path, name: str) -> PinnedSource:
    for file, text in SOURCES[name].items():
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(text, "utf-8")
    tree = SourceTree(name=f"{name}-1", path=root, version="1", digest=tree_sha256(root))
    licences = tuple(root / file for file in SOURCES[name] if file == "LICENSE")
    return PinnedSource(tree=tree, licences=licences)


def link(toolchain: Toolchain, folder: Path, includes: Sequence[Path], libs: Sequence[Path]) -> str:
    """Link a program with the libraries, run it, return what it prints."""
    (folder / "user.cc").write_text(USER, "utf-8")
    program = folder / "user"
    argv = (
        *(str(toolchain.cxx.path), *toolchain.compile_flags),
        *(f"-I{include}" for include in includes),
        *(str(folder / "user.cc"), *map(str, libs), "-o", str(program)),
    )
    run(Command(argv=argv), what="linking")
    return run(Command(argv=(*toolchain.emulator, str(program))), what="running").stdout


def test_a_program_links_with_them_for_this_machine_and_for_arm(
    inputs: LibraryInputs, recipes: Recipes, tmp_path: Path
) -> None:
    made = build_libraries(inputs, recipes=recipes)
    assert [path.name for path in made.archives] == ["libprotobuf.a", "libnsync.a"]
    assert link(inputs.host, tmp_path, made.host_includes, made.host_archives) == (
        "hello; world 7 2\n"
    )
    if shutil.which(inputs.toolchain.emulator[0]):
        assert link(inputs.toolchain, tmp_path, made.includes, made.archives) == (
            "hello; world 7 2\n"
        )
    assert run(Command(argv=(str(made.protoc),)), what="tool").stdout == "tool hello; world\n"
    assert made.licences["protobuf-1"] == (tmp_path / "protobuf" / "LICENSE",)
    assert made.downloads == {"nsync": tmp_path / "nsync", "protobuf": tmp_path / "protobuf"}


def test_what_was_built_is_used_again_and_what_changed_is_not(
    inputs: LibraryInputs, recipes: Recipes, tmp_path: Path
) -> None:
    first = build_libraries(inputs, recipes=recipes)
    inputs.log.unlink()
    assert build_libraries(inputs, recipes=recipes) == first
    assert not inputs.log.exists()

    other_flags = dataclasses.replace(inputs, compile_flags=("-O2",))
    second = build_libraries(other_flags, recipes=recipes)
    assert second.host_archives == first.host_archives
    assert not set(second.archives) & set(first.archives)

    (tmp_path / "nsync" / "lock.c").write_text("namespace nsync { int lock(int) { return 9; } }\n")
    changed = {**inputs.sources, "nsync": source_now(tmp_path / "nsync", inputs)}
    third = build_libraries(dataclasses.replace(inputs, sources=changed), recipes=recipes)
    assert third.archives[0] == first.archives[0]
    assert third.archives[1] != first.archives[1]


def source_now(root: Path, inputs: LibraryInputs) -> PinnedSource:
    old = inputs.sources[root.name]
    tree = dataclasses.replace(old.tree, digest=tree_sha256(root))
    return dataclasses.replace(old, tree=tree)


def test_a_renamed_copy_is_what_the_libraries_are_built_from(
    inputs: LibraryInputs, recipes: Recipes, tmp_path: Path
) -> None:
    plain = build_libraries(inputs, recipes=recipes)
    copy = tmp_path / "renamed"
    shutil.copytree(tmp_path / "protobuf", copy)
    (copy / "private/secret.h").write_text("#define SECRET 70\n")
    renamed = dataclasses.replace(inputs, renamed={"protobuf": copy})
    made = build_libraries(renamed, recipes=recipes)
    assert made.protoc == plain.protoc
    assert made.includes[0] == copy / "src"
    assert made.downloads["protobuf"] == copy
    assert link(inputs.host, tmp_path, made.host_includes, made.host_archives) == (
        "hello; world 70 2\n"
    )


def test_what_does_not_compile_leaves_nothing_that_would_be_used(
    inputs: LibraryInputs, recipes: Recipes, tmp_path: Path
) -> None:
    bad = tmp_path / "protobuf" / "src" / "a.cc"
    good = bad.read_text()
    bad.write_text("this is no C++\n")
    with pytest.raises(BuildError) as caught:
        build_libraries(inputs, recipes=recipes)
    text = str(caught.value)
    assert "protobuf for arm-linux-gnueabihf" in text
    assert "a.cc" in text
    assert "to repeat: " in text
    assert str(inputs.log) in text
    bad.write_text(good)
    made = build_libraries(inputs, recipes=recipes)
    assert all(path.is_file() for path in made.archives)


def test_what_a_killed_build_left_is_not_used(inputs: LibraryInputs, recipes: Recipes) -> None:
    job = ArchiveJob(
        recipe=recipes.libraries[-1],
        root=inputs.sources["nsync"].tree.path,
        digest="d",
        toolchain=inputs.host,
        flags=(),
        own=recipes.folder,
    )
    archives = Archives(
        cache=inputs.cache, launcher="none", jobs=1, log=inputs.log, say=lambda _: None
    )
    name = f"nsync-{job.key}"
    left = inputs.cache.folder("libraries", f".building-{name}")
    (left / "build").mkdir()
    (left / "build" / "libnsync.a").write_text("half of it")
    partial = inputs.cache.folder("libraries", name)
    (partial / "libnsync.a").write_text("without the file that says that it is whole")
    folder = archives.folder(job)
    assert (folder / "libnsync.a").read_bytes().startswith(b"!<arch>\n")
    assert not left.exists()


def test_no_recipe_is_said_for_each(inputs: LibraryInputs, tmp_path: Path) -> None:
    empty = tmp_path / "empty.yaml"
    empty.write_text("libraries: []\nfixes: []\n")
    with pytest.raises(ConfigError) as caught:
        build_libraries(inputs, recipes=load_recipes(empty))
    assert [problem.what for problem in caught.value.problems] == [
        "the build needs protobuf-1, and there is no recipe for it",
        "the build needs nsync-1, and there is no recipe for it",
    ]


def test_a_recipe_for_another_version(inputs: LibraryInputs, recipes: Recipes) -> None:
    shutil.rmtree(inputs.sources["nsync"].tree.path)
    with pytest.raises(BuildError, match=r"nsync: has none of \*\.c"):
        build_libraries(inputs, recipes=recipes)


def test_a_recipe_can_be_for_some_versions_only(recipes: Recipes) -> None:
    includes = {
        source: recipe.include
        for source in ("nsync-0.9", "nsync-1.0")
        if (recipe := recipes.find("nsync", source))
    }
    assert includes == {"nsync-0.9": ("old",), "nsync-1.0": ("public",)}


@pytest.mark.parametrize("text", ["", "libraries: []", "libraries: [{a: 1}]\nfixes: []", "a: ["])
def test_a_table_that_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "libraries.yaml"
    path.write_text(text)
    with pytest.raises(
        ConfigError, match=r"libraries\.yaml: is not a table of libraries and fixes"
    ):
        load_recipes(path)


COMPILERS = {
    "arm-linux-gnueabihf-g++ (Debian 12.2.0-14) 12.2.0": ("gcc", ("-DFIXED",)),
    "g++ (GCC) 4.9.3": ("gcc", ()),
    "Debian clang version 14.0.6": ("clang", ()),
}


@pytest.mark.parametrize("version", COMPILERS)
def test_a_fix_is_for_its_sources_and_compilers(
    recipes: Recipes, host: Toolchain, version: str
) -> None:
    kind, flags = COMPILERS[version]
    cxx = dataclasses.replace(host.cxx, version=version)
    toolchain = dataclasses.replace(host, kind=kind, cxx=cxx)
    assert recipes.fixing_flags("protobuf-1", toolchain) == flags
    assert recipes.fixing_flags("nsync-1", toolchain) == ()


def test_fixes_are_for_sources_that_there_are() -> None:
    names = load_lock(LOCK).sources
    for fix in load_recipes().fixes:
        for pattern in fix.sources:
            assert pattern.startswith("tensorflow-") or fnmatch.filter(names, pattern), pattern
        assert fix.flags
        assert fix.reason
