"""What a library defines beside an app's own protobuf, read from real objects."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from buildtool.binary.archive import read_archive
from buildtool.verify.renamed import RenamedCheck, check_renamed

OURS = "namespace ours_google { namespace protobuf { struct M { M(); }; M::M() {} int table; } }\n"
OLD = "namespace google { namespace protobuf { struct M { M(); }; M::M() {} int table; } }\n"
USED = (
    "namespace google { namespace protobuf { struct M {}; } }\n"
    "template <class T> void take() {}\nvoid use() { take<google::protobuf::M>(); }\n"
)
TABLE = 'extern "C" { int descriptor_table_google_2fprotobuf_2fany_2eproto; }\n'
RENAMED_TABLE = 'extern "C" { int descriptor_table_ours_5fgoogle_2fprotobuf_2fany_2eproto; }\n'
# Another's namespace, another's file, a local name, a name that only sounds like it.
OTHERS = (
    "namespace my { namespace google { namespace protobuf_like { void f() {} } } }\n"
    'extern "C" { int table_my_2fgoogle_2fprotobuf_2fany; }\n'
    "namespace google { namespace shop { void f() {} } }\n"
    "namespace tf6_google { namespace protobuf { void f() {} } }\n"
)
ASKED = (
    "namespace google { namespace protobuf { void other(); } }\n"
    "void f() { google::protobuf::other(); }\n"
)


COMPILERS = {
    "g++": ("g++",),
    "bitcode": ("clang++", "-flto=thin"),
    "macho": ("clang++", "--target=arm64-apple-ios12.0"),
}


@pytest.fixture(params=COMPILERS)
def compiler(request: pytest.FixtureRequest) -> tuple[str, ...]:
    argv = COMPILERS[request.param]
    if shutil.which(argv[0]) is None:
        pytest.skip(f"needs {argv[0]}")
    return argv


def tool(name: str) -> str:
    return shutil.which(name) or pytest.skip(f"needs {name}")


def checked(folder: Path, compiler: tuple[str, ...], *texts: str) -> RenamedCheck:
    objects = []
    for number, text in enumerate(texts):
        source = folder / f"{number}.cc"
        source.write_text(text)
        objects.append(str(source.with_suffix(".o")))
        subprocess.run([*compiler, "-c", str(source), "-o", objects[-1]], check=True)
    archive = folder / "lib.a"
    subprocess.run([tool("ar"), "qcS", str(archive), *objects], check=True)
    return check_renamed(archive, read_archive(archive), "ours")


def test_renamed_names_are_counted(tmp_path: Path, compiler: tuple[str, ...]) -> None:
    check = checked(tmp_path, compiler, OURS, RENAMED_TABLE, OTHERS)
    assert check.problems == ()
    # A constructor has two names.
    assert check.renamed == 3


@pytest.mark.parametrize("text", [OLD, USED, TABLE])
def test_what_an_app_would_define_too_is_a_problem(
    tmp_path: Path, compiler: tuple[str, ...], text: str
) -> None:
    if text == TABLE and compiler == COMPILERS["bitcode"]:
        pytest.skip("bitcode's names of C are not told from other text")
    check = checked(tmp_path, compiler, OURS, text)
    (problem,) = check.problems
    assert problem.where == f"{tmp_path / 'lib.a'}: 1.o"
    assert "defines symbols of google::protobuf, which 'protobuf_prefix: ours'" in problem.what


def test_what_is_only_asked_for_is_the_linkers_to_tell(tmp_path: Path) -> None:
    if shutil.which("g++") is None:
        pytest.skip("needs g++")
    assert checked(tmp_path, ("g++",), ASKED).problems == ()
