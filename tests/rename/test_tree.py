"""Renaming protobuf in trees and in generated code: what is made, what is kept, what is refused."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.core.errors import ConfigError
from buildtool.core.run import Command, run
from buildtool.rename import (
    RenameReport,
    Unchanged,
    read_renamed,
    rename_generated,
    rename_tree,
    write_protoc,
)
from buildtool.rename.protoc_wrapper import main
from buildtool.sources.treehash import tree_sha256
from tests.conftest import PROJECT

GOLDEN = Path(__file__).resolve().parent / "golden"
HEADER = """\
#ifndef GOOGLE_PROTOBUF_MESSAGE_H__
#define GOOGLE_PROTOBUF_MESSAGE_H__
#include <google/protobuf/port.h>
namespace google { namespace protobuf { class Message {}; } }
#endif
"""
FILES = {
    "src/google/protobuf/message.h": HEADER,
    "src/google/protobuf/port.h": "int nothing_of_note;\n",
    "src/google/protobuf/any.proto": 'import "google/protobuf/other.proto";\n',
    "src/Makefile.am": "SOURCES = google/protobuf/message.h google/protobuf/any.proto\n",
    "app/main.cc": "using namespace google;\nGOOGLE_PROTOBUF_MESSAGE_H__ GOOGLE_CUDA\n",
    "app/caf\udce9.mm": "// \udce9\r\ngoogle::protobuf::Message m;",
    "README": "google::protobuf\n",
    ".git/config": "google::protobuf\n",
}
MADE = {
    "src/tf_google/protobuf/message.h": HEADER.replace("GOOGLE", "tf_GOOGLE")
    .replace("<google", "<tf_google")
    .replace("namespace google", "namespace tf_google"),
    "src/tf_google/protobuf/port.h": FILES["src/google/protobuf/port.h"],
    "src/google/protobuf/any.proto": FILES["src/google/protobuf/any.proto"],
    "src/Makefile.am": "SOURCES = tf_google/protobuf/message.h google/protobuf/any.proto\n",
    "app/main.cc": "using namespace google;\ntf_GOOGLE_PROTOBUF_MESSAGE_H__ GOOGLE_CUDA\n",
    "app/caf\udce9.mm": "// \udce9\r\ntf_google::protobuf::Message m;",
    "README": "google::protobuf\n",
}


def texts(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes().decode("utf-8", "surrogateescape")
        for path in root.rglob("*")
        if path.is_file() and path.name != "protobuf-renamed.json"
    }


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return tmp_path / "source"


@pytest.fixture
def report(source: Path, tmp_path: Path) -> RenameReport:
    return rename_tree(source, tmp_path / "out", prefix="tf")


def test_the_tree(report: RenameReport, source: Path) -> None:
    assert texts(report.destination) == MADE
    assert texts(source) == FILES
    assert report.renamed.macros == ("GOOGLE_PROTOBUF_MESSAGE_H__",)
    assert report.kept == ("README", "src/google/protobuf/any.proto")
    assert report.doubts == ("app/main.cc:1",)
    assert read_renamed(report.destination) == report.renamed


def test_again_changes_nothing(report: RenameReport, source: Path) -> None:
    record = (report.destination / "protobuf-renamed.json").read_bytes()
    for path in report.destination.rglob("*.*"):
        os.utime(path, (1, 1), follow_symlinks=False)
    assert rename_tree(source, report.destination, prefix="tf") == report
    assert (report.destination / "protobuf-renamed.json").read_bytes() == record
    for name in report.changed:
        assert (report.destination / name).lstat().st_mtime == 1, name


def test_a_renamed_tree_comes_out_as_it_is(report: RenameReport, tmp_path: Path) -> None:
    again = rename_tree(report.destination, tmp_path / "again", prefix="tf")
    assert again.changed == ()
    assert texts(again.destination) == MADE
    assert again.renamed == report.renamed


def test_a_renamed_tree_takes_no_other_prefix(report: RenameReport, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="renamed before, with the prefix 'tf'"):
        rename_tree(report.destination, tmp_path / "again", prefix="other")


def test_another_prefix_leaves_nothing_of_the_earlier_one(
    report: RenameReport, source: Path
) -> None:
    (source / "README").unlink()
    rename_tree(source, report.destination, prefix="my")
    names = {name.replace("tf_", "my_") for name in MADE} - {"README"}
    assert set(texts(report.destination)) == names


def test_an_overlay_holds_only_what_is_not_as_it_was(source: Path, tmp_path: Path) -> None:
    macros = ("GOOGLE_CUDA",)
    report = rename_tree(
        source, tmp_path / "o", prefix="tf", macros=macros, files=["app/main.cc", "README"],
        unchanged=Unchanged.OMIT,
    )  # fmt: skip
    new = FILES["app/main.cc"].replace("GOOGLE_CUDA", "tf_GOOGLE_CUDA")
    assert texts(tmp_path / "o") == {"app/main.cc": new}
    assert report.changed == ("app/main.cc",)


def test_copies_have_the_same_hash_wherever_they_stand(
    report: RenameReport, source: Path, tmp_path: Path
) -> None:
    # What were links before become copies.
    first = rename_tree(source, report.destination, prefix="tf", unchanged=Unchanged.COPY)
    moved = source.rename(tmp_path / "moved")
    second = rename_tree(moved, tmp_path / "second", prefix="tf", unchanged=Unchanged.COPY)
    assert texts(second.destination) == MADE
    assert tree_sha256(first.destination) == tree_sha256(second.destination)
    assert not any(path.is_symlink() for path in first.destination.rglob("*"))


def test_folders_that_are_links_are_part_of_the_tree(source: Path, tmp_path: Path) -> None:
    overlay = tmp_path / "overlay"
    overlay.mkdir()
    (overlay / "src").symlink_to(source / "src")
    (source / "src" / "loop").symlink_to(source / "src")
    report = rename_tree(overlay, tmp_path / "out", prefix="tf")
    assert set(texts(report.destination)) == {name for name in MADE if name.startswith("src/")}


def test_folders_of_others_are_not_written(source: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine").touch()
    with pytest.raises(ConfigError, match="is not empty"):
        rename_tree(source, other, prefix="tf")
    for place in (source, source / "inside", tmp_path):
        with pytest.raises(ConfigError, match="cannot stand inside the original"):
            rename_tree(source, place, prefix="tf")
    assert texts(source) == FILES


def test_generated_code_in_place(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.pb.h").write_text("#if PROTOBUF_VERSION\n::google::protobuf::Arena a;\n")
    names = rename_generated(tmp_path, prefix="tf", macros={"PROTOBUF_VERSION"})
    assert names == ("a/b.pb.h",)
    new = "#if tf_PROTOBUF_VERSION\n::tf_google::protobuf::Arena a;\n"
    assert (tmp_path / "a" / "b.pb.h").read_text() == new


FAKE = """#!/bin/sh
for word; do case $word in --cpp_out=*) out=${word##*[=:]};; esac; done
echo "$@" > "$LOG"
test -n "$out" || exit 0
echo '::google::protobuf::Arena a;' > "$out/a.pb.cc"
test -e "$FAIL" && { echo "a.proto: bad" >&2; exit 7; }
exit 0
"""


@pytest.mark.parametrize("words", [["--cpp_out=lite:OUT"], ["--cpp_out", "OUT"], ["--cpp_out=OUT"]])
def test_the_program_that_stands_for_protoc(
    report: RenameReport,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    words: list[str],
) -> None:
    fake = tmp_path / "protoc"
    fake.write_text(FAKE)
    fake.chmod(0o755)
    monkeypatch.setenv("LOG", str(tmp_path / "log"))
    monkeypatch.setenv("FAIL", str(tmp_path / "fail"))
    out = tmp_path / "made"
    out.mkdir()
    command = [str(report.destination), str(fake), "a.proto", "-I.", *words]
    command = [word.replace("OUT", str(out)) for word in command]
    assert main(command) == 0
    assert (out / "a.pb.cc").read_text() == "::tf_google::protobuf::Arena a;\n"
    asked = (tmp_path / "log").read_text()
    assert asked.startswith("a.proto -I. --cpp_out=")
    assert ("lite:" in asked) == ("lite" in words[0])
    (tmp_path / "fail").touch()
    (out / "a.pb.cc").unlink()
    assert main(command) == 7
    assert capfd.readouterr().err == "a.proto: bad\n"
    assert list(out.iterdir()) == []


def test_the_program_runs_in_any_folder(
    report: RenameReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "it's protoc"
    fake.write_text(FAKE)
    fake.chmod(0o755)
    (tmp_path / "enum.py").write_text("raise ImportError('not a module of Python')")
    monkeypatch.setenv("LOG", str(tmp_path / "log"))
    program = write_protoc(tmp_path / "bin" / "protoc", protoc=fake, renamed=report.destination)
    command = Command(argv=(str(program), "--cpp_out=.", "a b.proto"), cwd=tmp_path)
    run(command, what="protoc")
    assert (tmp_path / "a.pb.cc").read_text() == "::tf_google::protobuf::Arena a;\n"
    assert (tmp_path / "log").read_text().endswith(" a b.proto\n")


def test_the_program_byte_for_byte(tmp_path: Path, golden: Callable[[Path, str], None]) -> None:
    protoc, tree = tmp_path / "it's protoc", tmp_path / "tree"
    text = write_protoc(tmp_path / "protoc", protoc=protoc, renamed=tree).read_text("utf-8")
    for path, name in ((sys.executable, "PYTHON"), (PROJECT, "PROJECT")):
        text = text.replace(shlex.quote(str(path)), name)
    golden(GOLDEN / "protoc.sh.golden", text.replace(str(tmp_path), "FOLDER"))


def test_the_program_needs_its_tree(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path), "protoc", "a.proto"]) == 3
    assert "is not a tree with a renamed protobuf" in capfd.readouterr().err
