from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.binary.archive import read_archive, repeated_members
from buildtool.core.errors import VerificationError

Make = Callable[..., Path]
LONG = "a_member_name_that_is_longer_than_sixteen_characters.cc.o"


def test_names_long_and_short_and_contents(compile_c: Make, make_archive: Make) -> None:
    short = compile_c("a.o", "int a;", "-c")
    long = compile_c(LONG, "int b;", "-c")
    members = read_archive(make_archive("lib.a", short, long))
    assert [(item.name, item.number) for item in members] == [("a.o", 0), (LONG, 1)]
    assert bytes(members[0].data) == short.read_bytes()
    assert bytes(members[1].data) == long.read_bytes()


def test_odd_sizes_are_padded(tmp_path: Path, make_archive: Make) -> None:
    for name, text in (("x", "1"), ("y", "22"), ("z", "333")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    archive = make_archive("lib.a", *(tmp_path / name for name in "xyz"))
    assert [bytes(item.data) for item in read_archive(archive)] == [b"1", b"22", b"333"]


def test_one_basename_twice_is_no_fault(compile_c: Make, make_archive: Make) -> None:
    first, second = compile_c("p/a.o", "int p;", "-c"), compile_c("q/a.o", "int q;", "-c")
    members = read_archive(make_archive("lib.a", first, second))
    assert [item.name for item in members] == ["a.o", "a.o"]
    assert repeated_members(members) == ()


def test_one_object_twice_is_found(compile_c: Make, make_archive: Make) -> None:
    text = "void _ZN10tensorflow4InitEv(void); void start(void) { _ZN10tensorflow4InitEv(); }"
    item = compile_c("a.o", text, "-c")
    assert repeated_members(read_archive(make_archive("lib.a", item, item))) == (("a.o", 2),)


def test_files_that_are_left_with_nothing_may_be_the_same(
    compile_c: Make, make_archive: Make
) -> None:
    text = "__attribute__((constructor)) static void start(void) {}"
    first, second = compile_c("p/a.o", text, "-c"), compile_c("q/a.o", text, "-c")
    assert first.read_bytes() == second.read_bytes()
    assert repeated_members(read_archive(make_archive("lib.a", first, second))) == ()


def test_thin_archive_is_refused(compile_c: Make, make_archive: Make) -> None:
    archive = make_archive("thin.a", compile_c("a.o", "int a;", "-c"), modifiers="qcT")
    with pytest.raises(VerificationError, match="is a thin archive"):
        read_archive(archive)


def test_cut_archive_is_refused(compile_c: Make, make_archive: Make) -> None:
    archive = make_archive("lib.a", compile_c("a.o", "int a;", "-c"))
    archive.write_bytes(archive.read_bytes()[:-10])
    with pytest.raises(VerificationError, match="is damaged or cut off at byte"):
        read_archive(archive)


def test_missing_and_foreign_files(tmp_path: Path) -> None:
    with pytest.raises(VerificationError, match=r"none\.a: cannot be read: No such file"):
        read_archive(tmp_path / "none.a")
    (tmp_path / "text.a").write_text("text, no archive", encoding="utf-8")
    with pytest.raises(VerificationError, match="is not a static library"):
        read_archive(tmp_path / "text.a")
