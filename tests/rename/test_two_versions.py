"""Two releases of protobuf in one program: an app's own, and ours under other names."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from buildtool.core.errors import BuildError
from buildtool.core.run import Command, run
from buildtool.rename import read_renamed, rename_tree, write_protoc
from tests.conftest import DEFINE

if TYPE_CHECKING:
    from tests.conftest import AppCompiler

HERE = Path(__file__).resolve().parent
EXPECTED = """\
app 3021012, our 3005000
app google.protobuf.Struct reads number_value: 1.5
string_value: "from our"
our google.protobuf.Struct reads number_value: 2.5
string_value: "from app"
app unpacks type.googleapis.com/google.protobuf.Struct: 1
our unpacks type.googleapis.com/google.protobuf.Struct: 1
app pool: 1
our pool: 1
"""

pytestmark = [
    pytest.mark.build,
    pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++"),
]


def tool(*words: str | Path) -> str:
    argv = tuple(str(word) for word in words)
    return run(Command(argv=argv), what="a test of two protobufs").stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("two")


@pytest.fixture(scope="module")
def ours(old_protobuf: Path, folder: Path) -> Path:
    rename_tree(old_protobuf, folder / "renamed", prefix="our")
    return folder / "renamed" / "src"


@pytest.fixture(scope="module")
def archives(
    app_compiler: AppCompiler, new_protobuf: Path, ours: Path, folder: Path
) -> tuple[Path, Path]:
    """The app's protobuf, and ours."""
    app = app_compiler.protobuf(new_protobuf / "src", folder / "app.a")
    return app, app_compiler.protobuf(ours, folder / "our.a")


def test_each_reads_what_the_other_wrote(
    archives: Sequence[Path], new_protobuf: Path, ours: Path, folder: Path
) -> None:
    program = folder / "program"
    for order in (archives, archives[::-1]):
        includes = (f"-I{new_protobuf / 'src'}", f"-I{ours}")
        flags = ("-std=c++14", "-Werror", "-pthread")
        tool("g++", *flags, *includes, HERE / "two_versions.cc", *order, "-o", program)
        assert tool(program) == EXPECTED


def defined(archive: Path, *, but: str) -> set[str]:
    lines = tool("nm", "--defined-only", "--extern-only", "-C", archive).splitlines()
    symbols = {line.split(" ", 2)[2] for line in lines if re.match(r"[0-9a-f]+ [A-Za-z] ", line)}
    return symbols - {symbol for symbol in symbols if symbol.startswith(but)}


def test_they_share_no_symbol_of_protobufs(archives: Sequence[Path]) -> None:
    app, our = (defined(archive, but="DW.ref.") for archive in archives)
    assert len(app) > 5000
    assert len(our) > 5000
    assert {symbol for symbol in app & our if "google" in symbol} == set()
    assert {symbol for symbol in our if re.search(r"(?<!our_)google::", symbol)} == set()


def test_without_renaming_they_clash(
    app_compiler: AppCompiler, archives: Sequence[Path], old_protobuf: Path, folder: Path
) -> None:
    root = old_protobuf / "src"
    names = ("stubs/common.cc", "io/coded_stream.cc", "arena.cc")
    sources = [root / "google/protobuf" / name for name in names]
    objects = app_compiler.objects(sources, root, folder / "same", DEFINE)
    whole = ("-Wl,--whole-archive", archives[0], "-Wl,--no-whole-archive")
    with pytest.raises(BuildError, match=r"multiple definition of `google::protobuf::"):
        tool("g++", "-shared", *objects, *whole, "-o", folder / "clash.so")


@pytest.mark.skipif(shutil.which("protoc") is None, reason="needs protoc")
def test_what_protoc_generates_is_for_the_renamed_protobuf(
    app_compiler: AppCompiler, new_protobuf: Path, folder: Path
) -> None:
    protoc = Path(shutil.which("protoc") or "")
    if " 3.21." not in tool(protoc, "--version"):
        pytest.skip("needs protoc 3.21")
    tree = folder / "renamed-new"
    rename_tree(new_protobuf, tree, prefix="our")
    wrapper = write_protoc(folder / "bin" / "protoc", protoc=protoc, renamed=tree)
    (folder / "shop.proto").write_text(
        'syntax = "proto3";\nimport "google/protobuf/any.proto";\n'
        'import "google/protobuf/descriptor.proto";\npackage google.shop;\n'
        "extend google.protobuf.FieldOptions { string unit = 50000; }\n"
        "message Item { google.protobuf.Any what = 1; map<string, int32> tags = 2; "
        'int32 weight = 3 [(unit) = "kg"]; }\n'
    )
    generated = folder / "generated"
    generated.mkdir()
    tool(wrapper, f"-I{folder}", f"-I{tree / 'src'}", "shop.proto", f"--cpp_out={generated}")
    root = tree / "src"
    sources = [generated / "shop.pb.cc"]
    (item,) = app_compiler.objects(sources, generated, generated, f"-I{root}")
    symbols = tool("nm", "-C", item)
    assert "our_google::protobuf::Any::" in symbols
    assert "google::shop::Item::" in symbols
    assert re.search(r"(?<!our_)google::protobuf|table_google_2f", symbols) is None
    assert read_renamed(tree) is not None
