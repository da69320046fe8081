"""What Mach-O files say of themselves."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from buildtool.binary.archive import read_archive, read_universal
from buildtool.binary.link_map import INTERNAL, bytes_by_input
from buildtool.binary.macho import (
    NotMachoError,
    cpu_name,
    defined_symbols,
    kernel_factories,
    read_image,
    read_object,
    undefined_symbols,
    version_text,
)
from buildtool.core.errors import VerificationError
from buildtool.core.run import Command, environment
from buildtool.core.version_numbers import version_numbers
from machorun.tests.macho_files import tool
from tests.macho.conftest import linker_release

Make = Callable[..., Path]
LONG = "a_member_name_that_is_longer_than_sixteen_characters.cc.o"


@pytest.mark.parametrize(
    ("target", "cpu", "platform", "minimum"),
    [
        ("arm64-apple-ios12.0", "arm64", "ios", (12,)),
        ("arm64-apple-ios9.3", "arm64", "ios", (9, 3)),  # LC_VERSION_MIN_IPHONEOS
        ("arm64-apple-ios14.0-simulator", "arm64", "ios-simulator", (14,)),
        ("x86_64-apple-ios13.1-simulator", "x86_64", "ios-simulator", (13, 1)),
        ("x86_64-apple-ios10.0-simulator", "x86_64", "ios-simulator", (10,)),
        ("i386-apple-ios10.0-simulator", "i386", "ios-simulator", (10,)),
        ("armv7-apple-ios9.0", "armv7", "ios", (9,)),
        ("armv7s-apple-ios9.0", "armv7s", "ios", (9,)),
        ("arm64-apple-macos11.0", "arm64", "macos", (11,)),
    ],
)
def test_objects_of_every_slice(
    compile_macho: Make, target: str, cpu: str, platform: str, minimum: tuple[int, ...]
) -> None:
    found = read_object(compile_macho("a.o", "int a;", target=target))
    assert (found.cpu, found.platform, found.minimum_os) == (cpu, platform, minimum)
    assert (found.kind, found.bitcode, found.constructors) == ("object", None, 0)


def test_the_release_is_the_target_s(compile_macho: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment's variables, which other builds may need, stay and change nothing."""
    monkeypatch.setenv("MACOSX_DEPLOYMENT_TARGET", "10.12")
    monkeypatch.setenv("IPHONEOS_DEPLOYMENT_TARGET", "9.0")
    assert environment(Command(argv=("clang",)))["MACOSX_DEPLOYMENT_TARGET"] == "10.12"
    found = read_object(compile_macho("a.o", "int a;", target="arm64-apple-ios12.0"))
    assert (found.platform, found.minimum_os) == ("ios", (12,))


def test_bitcode_and_its_marker(compile_macho: Make) -> None:
    whole = read_object(compile_macho("a.o", "int a;", "-fembed-bitcode"))
    marker = read_object(compile_macho("b.o", "int b;", "-fembed-bitcode-marker"))
    assert whole.bitcode is not None
    assert whole.bitcode > 1
    assert marker.bitcode == 1


def test_constructors_are_counted_and_named(compile_macho: Make) -> None:
    text = "int f(); int a = f(); __attribute__((constructor)) void g() { f(); }"
    found = read_object(compile_macho("a.cc.o", text))
    assert found.constructors == 2
    assert dict(found.constructor_names) == {"__GLOBAL__sub_I_a.cc": 1}


def test_symbols(compile_macho: Make) -> None:
    item = compile_macho("a.o", "int there(void); static int own; int here(void) "
                         "{ own = there(); return own; } int common;", "-fcommon")  # fmt: skip
    assert undefined_symbols(item) == {"_there"}
    assert defined_symbols(item) == {"_here", "_common"}


def test_kernels_are_counted_by_what_makes_them(compile_macho: Make, kernels: str) -> None:
    assert kernel_factories(compile_macho("k.cc.o", kernels, "-O2")) == 2


def test_kernels_that_are_registered_in_a_generic_lambda(compile_macho: Make, kernels: str) -> None:
    """As the native backend's macro does it."""
    text = """
namespace tensorflow {
template <bool> struct Chosen {};
template <class> constexpr bool kChosen = false;
template <> constexpr bool kChosen<Chosen<true>> = true;
#define REGISTER_CHOSEN(n, on) static const int s##n = ([](auto chosen) { \\
  if constexpr (kChosen<decltype(chosen)>) { \\
    Registrar registrar(true, [](OpKernelConstruction* c) -> OpKernel* { return Make(c, n); }); \\
  } \\
  return n; })(Chosen<on>{});
REGISTER_CHOSEN(4, true) REGISTER_CHOSEN(5, false) REGISTER_CHOSEN(6, true) REGISTER_CHOSEN(7, true)
}
"""
    made = compile_macho("k.cc.o", kernels + text, "-std=c++17", "-O2")
    assert kernel_factories(made) == 2 + 3


def test_image(compile_macho: Make, link_macho: Make) -> None:
    item = compile_macho("a.o", 'int puts(const char*); int main(void) { return puts("x"); }')
    image = read_image(link_macho("a", item))
    assert image.libraries == ("/usr/lib/libSystem.B.dylib",)
    assert image.undefined["_puts"] == "/usr/lib/libSystem.B.dylib"
    program = read_object(link_macho("b", item, minimum="11.0"))
    assert (program.kind, program.platform, program.minimum_os) == ("program", "ios", (11,))


@pytest.mark.parametrize("form", ["darwin", "bsd", "gnu"])
def test_every_form_of_archive(compile_macho: Make, archive_macho: Make, form: str) -> None:
    short, long = compile_macho("a.o", "int a;"), compile_macho(LONG, "int b;")
    members = read_archive(archive_macho("lib.a", short, long, form=form))
    assert [item.name for item in members] == ["a.o", LONG]
    assert [sorted(defined_symbols(item.data)) for item in members] == [["_a"], ["_b"]]


def test_thin_archive_is_refused(compile_macho: Make, archive_macho: Make) -> None:
    archive = archive_macho("thin.a", compile_macho("a.o", "int a;"), thin=True)
    with pytest.raises(VerificationError, match="is a thin archive"):
        read_archive(archive)


@pytest.fixture
def universal(tmp_path: Path, compile_macho: Make, archive_macho: Make) -> Path:
    """Of a device: arm64 and armv7."""
    slices = []
    for cpu in ("arm64", "armv7"):
        item = compile_macho(f"{cpu}/a.o", f"int on_{cpu};", target=f"{cpu}-apple-ios9.0")
        slices.append(archive_macho(f"{cpu}.a", item))
    rows, body = b"", b""
    start = 8 + 20 * len(slices)
    for path, (kind, subtype) in zip(slices, [(0x0100000C, 0), (12, 9)], strict=True):
        data = path.read_bytes()
        numbers = (kind, subtype, start + len(body), len(data), 0)
        rows += b"".join(number.to_bytes(4, "big") for number in numbers)
        body += data
    output = tmp_path / "universal.a"
    output.write_bytes(b"\xca\xfe\xba\xbe\0\0\0\2" + rows + body)
    return output


def test_universal_archive(universal: Path) -> None:
    found = {
        cpu_name(*cpu): [sorted(defined_symbols(item.data)) for item in members]
        for cpu, members in read_universal(universal).items()
    }
    assert found == {"arm64": [["_on_arm64"]], "armv7": [["_on_armv7"]]}
    with pytest.raises(VerificationError, match="is a universal file of several processors"):
        read_archive(universal)


def test_universal_archive_with_one_processor_twice(universal: Path) -> None:
    data = bytearray(universal.read_bytes())
    data[28:36] = data[8:16]
    universal.write_bytes(data)
    with pytest.raises(VerificationError, match="has two archives for the processor 16777228/0"):
        read_universal(universal)


def test_universal_archive_that_is_cut_off(universal: Path) -> None:
    data = universal.read_bytes()
    for length in (6, 20, 100, len(data) - 10):
        universal.write_bytes(data[:length])
        with pytest.raises(
            VerificationError, match=r"is damaged or cut off|is not a static library"
        ):
            read_universal(universal)
    universal.write_bytes(b"text")
    with pytest.raises(VerificationError, match="is not a universal archive"):
        read_universal(universal)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "an empty file"),
        (b"\x7fELF....", "an ELF file"),
        (b"!<arch>\n", "an archive"),
        (b"\xca\xfe\xba\xbe\0\0\0\2", "a universal file"),
        (b"text", "not a Mach-O file"),
        (b"\xcf\xfa\xed\xfe", "a Mach-O file that ends too early"),
    ],
)
def test_other_files(data: bytes, what: str) -> None:
    with pytest.raises(NotMachoError, match=what):
        read_object(data)


def test_files_that_end_too_early(compile_macho: Make) -> None:
    data = compile_macho("a.o", "int a = 1; int f(void) { return a; }").read_bytes()
    for length in range(4, len(data), 16):
        with pytest.raises(NotMachoError):
            undefined_symbols(data[:length])


def test_versions() -> None:
    assert [version_text(item) for item in ((), (12,), (12, 1), (12, 0, 3))] == [
        "0.0", "12.0", "12.1", "12.0.3",
    ]  # fmt: skip
    assert version_numbers("12.0") == version_numbers("12") < version_numbers("12.0.1")


CONSTRUCTOR = """
int puts(const char*);
__attribute__((constructor)) static void g(void) { puts("g"); }
int main(void) { return 0; }
"""


def test_llvm_says_the_same_of_constructors(compile_macho: Make, link_macho: Make) -> None:
    """Newer linkers (19 does, 16 does not) make the table of pointers one of offsets for systems
    that read those."""
    item = compile_macho("a.o", CONSTRUCTOR)
    pointers, offsets = b"__mod_init_func", b"__init_offsets"
    old, new = link_macho("old", item), link_macho("new", item, minimum="16.0")
    assert read_object(old).constructors == read_object(new).constructors == 1
    assert pointers in old.read_bytes()
    assert offsets in new.read_bytes() or (linker_release() < 19 and pointers in new.read_bytes())


def test_a_table_of_offsets_has_half_the_size(compile_macho: Make, link_macho: Make) -> None:
    """As ``<mach-o/loader.h>`` has it, on machines whose linker writes none, too."""
    data = bytearray(link_macho("a", compile_macho("a.o", CONSTRUCTOR)).read_bytes())
    header = data.index(b"__mod_init_func\0")
    size, flags = header + 40, header + 64  # of struct section_64
    assert (data[size], data[flags]) == (8, 0x9)
    data[flags] = 0x16
    assert read_object(bytes(data)).constructors == 2
    data[size] = 4
    assert read_object(bytes(data)).constructors == 1


@pytest.mark.parametrize("strip", [(), ("-dead_strip",)], ids=["whole", "stripped"])
def test_the_map_of_a_linker_accounts_for_the_program(
    compile_macho: Make, archive_macho: Make, link_macho: Make, tmp_path: Path, strip: Sequence[str]
) -> None:
    """Whatever its release: what it writes of sizes and archives differs."""
    text = "int helper(int); const char table[20000] = {1}; char zero[90000];"
    main = compile_macho("a.o", f"{text} int main(int c) {{ return helper(table[c] + zero[c]); }}")
    kept = "int puts(const char*); const int numbers[3000] = {1}; int unused(void) { return 7; }"
    helper = f'{kept} int helper(int x) {{ puts("helper"); return numbers[x]; }}'
    archive = archive_macho("liba.a", compile_macho("b.o", helper))
    words = (*strip, "-map", tmp_path / "map", main, "-force_load", archive)
    program = link_macho("a", *words)
    found = bytes_by_input(tmp_path / "map", (archive,))
    argv = [tool("llvm-size", "llvm-size-14"), "-m", str(program)]
    shown = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    sections = re.findall(r"Section (\w+): (\d+)", shown)
    assert sum(found.values()) == sum(int(size) for name, size in sections if name != "__common")
    assert set(found) == {INTERNAL, str(main), f"{archive}(b.o)"}
    assert 20000 < found[str(main)] < 20200
    assert 12000 < found[f"{archive}(b.o)"] < 12200
