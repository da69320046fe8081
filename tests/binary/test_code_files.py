"""The libraries and programs in files, archives, packages and folders; and what is none."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pytest

from buildtool.binary.code_files import read_code
from buildtool.binary.loaded_texts import Texts, loaded_texts
from buildtool.core.errors import ConfigError
from buildtool.core.run import Command, run

SOURCE = 'const char* text(void) { return "a text of ours"; }\n'
# A universal file's rows: the processor's type and subtype, offset, size and alignment.
ARM64, X86_64 = (0x0100000C, 0), (0x01000007, 3)


def start(folder: Path, *argv: str | Path) -> None:
    run(Command(argv=tuple(map(str, argv)), cwd=folder), what=str(argv[0]))


def compiled(folder: Path, *flags: str, name: str = "a.o") -> Path:
    (folder / "a.c").write_text(SOURCE, encoding="utf-8")
    made = folder / name
    start(folder, "clang", *flags, "-o", made, folder / "a.c")
    return made


def kinds(path: Path) -> list[tuple[str, str]]:
    return [(each.name, each.kind) for each in read_code(path)]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return compiled(tmp_path, "-shared", "-fPIC", "-g", name="liba.so")


def universal(folder: Path, parts: dict[tuple[int, int], bytes]) -> Path:
    """A universal file, written by hand: no tool of Debian's makes one of any content."""
    place = 8 + 20 * len(parts)
    rows, content = b"", b""
    for (kind, subtype), data in parts.items():
        rows += struct.pack(">IIIII", kind, subtype, place + len(content), len(data), 0)
        content += data
    path = folder / "universal"
    path.write_bytes(struct.pack(">II", 0xCAFEBABE, len(parts)) + rows + content)
    return path


def test_a_library_is_described_by_itself(library: Path) -> None:
    assert kinds(library) == [("", "ELF shared library or program for x86_64, 64 bits")]


def test_packages_and_folders_are_searched(tmp_path: Path, library: Path) -> None:
    package = tmp_path / "an.aar"
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as made:
        made.write(library, "jni/x86_64/liba.so")
        made.writestr("classes.jar", b"PK\3\4")
        made.writestr("A.class", bytes.fromhex("cafebabe00000034") + bytes(60))
    assert [name for name, _ in kinds(package)] == ["jni/x86_64/liba.so"]
    assert [name for name, _ in kinds(tmp_path)] == ["liba.so"]


def test_members_of_archives_are_one_library(tmp_path: Path) -> None:
    first = compiled(tmp_path, "-c")
    archive = tmp_path / "liba.a"
    start(tmp_path, "ar", "qcs", archive, first, tmp_path / "a.c")
    (found,) = read_code(archive)
    assert found.kind == (
        "static library of 1 objects: the first is ELF object for x86_64, 64 bits"
    )
    assert b"a text of ours" in loaded_texts(found.parts[0])


def test_universal_files_have_a_part_for_each_processor(tmp_path: Path) -> None:
    targets = {ARM64: "arm64-apple-ios12", X86_64: "x86_64-apple-ios12-simulator"}
    parts = {
        cpu: compiled(tmp_path, "-c", f"--target={target}").read_bytes()
        for cpu, target in targets.items()
    }
    assert kinds(universal(tmp_path, parts)) == [
        ("(arm64)", "Mach-O object for ios, arm64"),
        ("(x86_64)", "Mach-O object for ios-simulator, x86_64"),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is an empty file"),
        (b"#!/bin/sh\n", "is no library and no program: it starts with b'#!/bin/s'"),
        (b"MZ\x90\0" + bytes(60), "is a file for Windows, which is not read"),
        (b"\x7fELF" + bytes(8), "is an ELF file that ends too early"),
        (b"!<arch>\nhalf a header", "is damaged or cut off at byte 8"),
        (b"PK\3\4 and then nothing", "is a zip file that cannot be read: File is not a zip file"),
        (b"\xcf\xfa\xed\xfe" + bytes(4), "is a Mach-O file that ends too early"),
        (bytes.fromhex("cafebabe00000001"), "is damaged or cut off at byte 8"),
    ],
)
def test_what_is_no_library_is_said(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as failure:
        read_code(path)
    assert said in str(failure.value)
    assert str(path) in str(failure.value)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9])
def test_a_library_that_was_cut_off_is_said(tmp_path: Path, library: Path, share: float) -> None:
    content = library.read_bytes()
    path = tmp_path / "cut"
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ConfigError, match="ends too early"):
        read_code(path)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name, said in (("gone", "there is no such file"), ("empty", "holds no library")):
        with pytest.raises(ConfigError, match=said):
            read_code(tmp_path / name)


def test_texts_are_those_that_are_loaded(tmp_path: Path, library: Path) -> None:
    texts = loaded_texts(library.read_bytes())
    assert b"a text of ours" in texts
    assert not any(b"clang version" in text or b"a.c" in text for text in texts)
    stripped = tmp_path / "stripped.so"
    start(tmp_path, "llvm-strip", "--strip-sections", "-o", stripped, library)
    assert b"a text of ours" in loaded_texts(stripped.read_bytes())


def test_texts_at_the_end_of_others_are_found() -> None:
    texts = Texts([b"LeakyReluOp<CPUDevice, float>", b"ReluOp<CPUDevice,float >", b"x"])
    assert texts.ending_with(b"ReluOp<CPUDevice,float>") == {
        b"LeakyReluOp<CPUDevice,float>",
        b"ReluOp<CPUDevice,float>",
    }
    assert texts.ending_with(b"Selu") == set()
