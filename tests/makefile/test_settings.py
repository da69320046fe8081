"""The command line that make gets, and what decides which objects are used again."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.backends.common.flags import CUT_TYPE_DEFINES, link_flags, optional_flags
from buildtool.backends.makefile import makefile_flags as flags
from buildtool.backends.makefile.file_lists import FOLDER
from buildtool.backends.makefile.libraries import Libraries
from buildtool.backends.makefile.makefile_dependencies import library_flags
from buildtool.backends.makefile.settings import Settings, keep_only
from buildtool.core.values import BuildPlan, Tool, Toolchain
from buildtool.tools.launcher import Launcher
from buildtool.tools.linkers import FOLD, GOLD

GOLDEN = Path(__file__).resolve().parent / "golden"


def toolchain(cxx: Path, kind: str = "gcc", identity: str = "one") -> Toolchain:
    tool = Tool(name="c++", path=cxx, version="12")
    return Toolchain(
        cc=tool,
        cxx=tool,
        ar=Tool(name="ar", path=Path("/bin/ar"), version="2"),
        strip=Tool(name="strip", path=Path("/bin/strip"), version="2"),
        kind=kind,
        triple="arm-linux-gnueabihf",
        compile_flags=("-march=armv7-a", "-mthumb"),
        link_flags=(),
        emulator=(),
        identity=identity,
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    cxx = tmp_path / "g++"
    cxx.touch()
    plan = BuildPlan(
        target="pi",
        tensorflow_version="1.8.0",
        tree_digest="0" * 64,
        models=(),
        defines=("IS_MOBILE_PLATFORM=", "NDEBUG"),
        compile_flags=("-Os", '-DTEXT="a b"'),
        link_flags=(),
        ops=(),
        kernels=(),
        types=(),
        files=(),
    )
    return Settings(
        platform={"TARGET": "PI"},
        types="model",
        plan=plan,
        toolchain=toolchain(cxx),
        host=toolchain(cxx, identity="host"),
        libraries=Libraries(
            protoc=Path("/lib/protoc"),
            includes=(Path("/lib/protobuf"),),
            host_includes=(Path("/lib/protobuf-host"),),
            archives=(Path("/lib/libprotobuf.a"), Path("/lib/libnsync.a")),
            host_archives=(Path("/lib/host/libprotobuf.a"),),
            licences={},
            downloads={"eigen": Path("/lib/eigen")},
        ),
        launcher=Launcher(program="ccache"),
        prefix="#define PREFIX\n",
        folder=tmp_path,
    )


def test_the_command_line(
    settings: Settings, tmp_path: Path, golden: Callable[[Path, str], None]
) -> None:
    lines = [f"{name}={value}\n" for name, value in sorted(settings.variables().items())]
    text = "".join(lines).replace(str(tmp_path), "TMP")
    golden(GOLDEN / "command_line.txt", text)


def test_nothing_of_this_machine_leaks(settings: Settings) -> None:
    text = "\n".join(settings.variables().values())
    assert "native" not in text
    assert "/usr/local" not in text


def plan_with(settings: Settings, **more: object) -> Settings:
    plan = dataclasses.replace(settings.plan, **more)  # type: ignore[arg-type]
    return dataclasses.replace(settings, plan=plan)


def test_what_changes_objects_changes_their_folder(settings: Settings, tmp_path: Path) -> None:
    other = tmp_path / "other-g++"
    other.touch()
    library = dataclasses.replace(settings.libraries, downloads={"eigen": Path("/lib/eigen-2")})
    changed = [
        plan_with(settings, defines=("NDEBUG",)),
        plan_with(settings, compile_flags=("-O2",)),
        plan_with(settings, tree_digest="1" * 64),
        dataclasses.replace(settings, toolchain=toolchain(settings.toolchain.cxx.path, "gcc", "2")),
        dataclasses.replace(settings, toolchain=toolchain(other)),
        dataclasses.replace(settings, libraries=library),
        dataclasses.replace(settings, prefix="#define OTHER\n"),
        dataclasses.replace(settings, launcher=Launcher(pch=False)),
    ]
    assert len({settings.key, *(each.key for each in changed)}) == len(changed) + 1


def test_a_compiler_that_was_replaced_is_another_one(settings: Settings) -> None:
    before = settings.key
    settings.toolchain.cxx.path.write_text("new")
    assert settings.key != before


def test_models_share_objects(settings: Settings) -> None:
    other = plan_with(settings, ops=(("Relu", "ops/nn_ops.cc"),), types=("DT_FLOAT",))
    assert other.key == settings.key


def test_clang_s_precompiled_header(settings: Settings) -> None:
    clang = dataclasses.replace(settings, toolchain=toolchain(settings.toolchain.cxx.path, "clang"))
    assert clang.variables()["BUILDTOOL_PCH"] == ".pch"
    remote = dataclasses.replace(settings, launcher=Launcher(program="distcc", pch=False))
    assert remote.variables()["BUILDTOOL_PCH"] == ""


def test_slim_types_are_left_in(settings: Settings) -> None:
    slim = dataclasses.replace(settings, types="slim")
    assert settings.variables()["BUILDTOOL_DROPPED"] == "-D__ANDROID_TYPES_SLIM__"
    assert slim.variables()["BUILDTOOL_DROPPED"] == ""


def test_what_was_made_under_other_settings_goes(tmp_path: Path) -> None:
    (tmp_path / "of an earlier release").mkdir()
    keep_only(tmp_path, {"host": "same", "target": "old"})
    (tmp_path / "host/tool").touch()
    (tmp_path / "target/object.o").touch()
    keep_only(tmp_path, {"host": "same", "target": "new"})
    kept = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*"))
    assert list(map(str, kept)) == ["host", "host/key.txt", "host/tool", "target", "target/key.txt"]


def test_compilers_are_told_no_path(settings: Settings, tmp_path: Path) -> None:
    cache = tmp_path / "cache/trees/protobuf"
    libraries = dataclasses.replace(
        settings.libraries,
        includes=(cache / "src",),
        host_includes=(cache / "src",),
        downloads={"protobuf": cache},
    )
    clang = toolchain(settings.toolchain.cxx.path, "clang")
    told = dataclasses.replace(settings, libraries=libraries, toolchain=clang).variables()
    for name in ("BUILDTOOL_HOST_INCLUDES", "BUILDTOOL_INCLUDES", "GENDIR", "OBJDIR", "OPTFLAGS"):
        assert str(tmp_path) not in told[name], name
    assert told["BUILDTOOL_INCLUDES"] == f"-I{FOLDER}/downloads/protobuf/src"


OWN = ("IS_SLIM_BUILD", "NDEBUG", "RASPBERRY_PI", "__ANDROID_TYPES_SLIM__")


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        ("model", "SUPPORT_SELECTIVE_REGISTRATION"),
        ("full", "__ANDROID_TYPES_FULL__"),
        ("slim", "__ANDROID_TYPES_SLIM__"),
    ],
)
def test_the_target_decides_the_types(types: str, expected: str) -> None:
    found = flags.defines(OWN, types=types, file_list="trimmed")
    every = {name for names in CUT_TYPE_DEFINES.values() for name in names}
    assert every.intersection(found) == {expected}
    assert {"IS_SLIM_BUILD", "RASPBERRY_PI", "SELECTIVE_REGISTRATION"} < set(found)
    assert list(found) == sorted(found)


def test_the_stock_list_is_compiled_as_the_tree_has_it() -> None:
    lean = flags.defines(OWN, types="slim", file_list="additions")
    stock = flags.defines(OWN, types="slim", file_list="stock")
    assert set(lean) - set(stock) == set(flags.LEAN)
    assert set(OWN) < set(stock)


def test_lite_messages(settings: Settings) -> None:
    lite = plan_with(settings, defines=("NDEBUG", flags.LITE))
    assert lite.variables()["PROTOCFLAGS"] == "-I. -I/lib/protobuf-host --cpp_opt=lite"
    assert flags.LITE in flags.defines(OWN, types="model", file_list="trimmed", protos="lite")
    assert flags.LITE not in flags.defines(OWN, types="model", file_list="trimmed")


def test_gcc_s_sections_are_folded_by_gold() -> None:
    folding = link_flags(fold_sections=True, linker=(GOLD,))
    assert folding == ("-Wl,--gc-sections", GOLD, FOLD)
    assert optional_flags(folding) == (GOLD, FOLD)
    assert link_flags(fold_sections=True) == ("-Wl,--gc-sections",)
    assert link_flags(fold_sections=False, linker=(GOLD,)) == ("-Wl,--gc-sections",)


def test_libraries_are_compiled_for_release_where_the_tree_is(settings: Settings) -> None:
    assert library_flags(settings.plan) == ("-Os", '-DTEXT="a b"', "-DNDEBUG")
    debug = plan_with(settings, defines=("IS_MOBILE_PLATFORM=", "NDEBUG_NOT"))
    assert library_flags(debug.plan) == ("-Os", '-DTEXT="a b"')
