from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.binary.link_map import INTERNAL, MapSymbol, bytes_by_input, symbols_named
from buildtool.core.errors import BuildError

LLD = """\
             VMA              LMA     Size Align Out     In      Symbol
             2a8              2a8       1c     1 .interp
             2a8              2a8       1c     1         <internal>:(.interp)
            1000             1000      130    16 .text
            1000             1000      100    16         /b/lib tf.a(relu_op.cc.o):(.text._ZN1a(x))
            1000             1000       40     1                 a::b(int):(odd)
            1100             1100       30    16         main.o:(.text)
            2000             2000       10     8 .data
            2000             2000       10     8         main.o:(.data)
            3000             3000     8000     8 .bss
            3000             3000     8000     8         main.o:(.bss)
               0                0      999     1 .debug_info
               0                0      999     1         main.o:(.debug_info)
"""
# What ld64.lld 19, 16 and 14 wrote of one program, shortened. Release 16 knows no sizes of what has
# a name, and release 14 no sizes at all; neither knows of archives.
MACHO_HEAD = """\
# Path: runner
# Arch: arm64
# Object files:
[  0] linker synthesized
[  1] main.o
[  2] {member}
[  3] {other}
{libraries}\
# Sections:
# Address\tSize    \tSegment\tSection
0x100004000\t0x00000130\t__TEXT\t__text
0x100004130\t0x0000000C\t__TEXT\t__stubs
0x10000413C\t0x00000030\t__TEXT\t__stub_helper
0x100004170\t0x00000008\t__TEXT\t__cstring
0x100008000\t0x00000010\t__DATA\t__data
0x100008010\t0x00008000\t__DATA\t__bss
# Symbols:
"""
MACHO_19 = """\
# Address\tSize    \tFile  Name
0x100004000\t0x00000030\t[  1] _main
0x100004030\t0x000000F0\t[  2] __ZN1a[b](x)
0x100004120\t0x00000010\t[  3] _helper
0x100004130\t0x0000000C\t[  4] _puts
0x10000413C\t0x00000030\t[  0] helper helper
0x100004170\t0x00000008\t[  2] literal string: 0123456
0x100008000\t0x00000000\t[  0] __dyld_private
0x100008000\t0x00000010\t[  1] _data
0x100008010\t0x00008000\t[  1] _zeros
# Dead Stripped Symbols:
#        \tSize    \tFile  Name
<<dead>>\t0x00000999\t[  2] _unused
"""
MACHO_16 = re.sub(r"(\t0x)\w+(\t\[ +[1-3]\] _)", r"\g<1>00000000\2", MACHO_19).replace(
    "0x100008000\t0x00000000\t[  0] __dyld_private\n", ""
)
MACHO_14 = """\
# Address\t    File  Name
0x100004000\t[  1] _main
0x100004030\t[  2] __ZN1a[b](x)
0x100004030\t[  2] ltmp0
0x100004120\t[  3] _helper
0x100004170\t[  2] l_.str
0x100008000\t[  1] _data
0x100008010\t[  1] _zeros
0xF000000000000000\t[  2] ltmp3
# Dead Stripped Symbols:
# Address\t    File  Name
<<dead>>\t[  2] _unused
"""
GNU = """\
Discarded input sections

 .text.unused   0x0000000000000000      0x500 main.o

Memory Configuration

Linker script and memory map

LOAD main.o
                0x0000000000400000                PROVIDE (__executable_start = 0x400000)

.rela.dyn       0x0000000000000200       0x48
 .rela.dyn      0x0000000000000200       0x48 crt1.o

.text           0x0000000000001000      0x150
 *(.text .stub)
 .text          0x0000000000001000       0x30 main.o
                0x0000000000001000                main
 *fill*         0x0000000000001030       0x10 9090
 .text._ZN10tensorflow_a_very_long_name
                0x0000000000001040      0x100 /b/lib tf.a(relu_op.cc.o)

protodesc_cold  0x0000000000001800       0x20
 protodesc_cold
                0x0000000000001800       0x20 main.o

.data           0x0000000000002000       0x10 load address 0x0000000000001900
 .data          0x0000000000002000       0x10 main.o

.bss            0x0000000000003000     0x8000
 .bss           0x0000000000003000     0x8000 main.o

.debug_info     0x0000000000000000      0x999
 .debug_info    0x0000000000000000      0x999 main.o
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (LLD, {"/b/lib tf.a(relu_op.cc.o)": 0x100, "main.o": 0x40, INTERNAL: 0x1C}),
        (GNU, {"/b/lib tf.a(relu_op.cc.o)": 0x100, "main.o": 0x60, INTERNAL: 0x48}),
    ],
    ids=["lld", "gnu"],
)
def test_all_formats(tmp_path: Path, text: str, expected: dict[str, int]) -> None:
    (tmp_path / "map").write_text(text, encoding="utf-8")
    assert bytes_by_input(tmp_path / "map") == expected


@pytest.mark.parametrize("release", ["19", "16", "14"])
def test_mach_o_maps_of_all_releases_say_the_same(
    tmp_path: Path, make_archive: Callable[..., Path], release: str
) -> None:
    """The member ``status.o`` of the second archive has a namesake in the first one, which is
    linked whole, so that its own is there."""
    for name in ("status.o", "relu_op.o"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    relu, status = tmp_path / "relu_op.o", tmp_path / "status.o"
    whole = make_archive("lib tf.a", relu, status)
    rest = make_archive("libdeps.a", status)
    library = "[  4] /sdk/usr/lib/libSystem.tbd\n"
    body, head = {
        "19": (MACHO_19, {"member": f"{whole}(relu_op.o)", "other": f"{whole}(status.o)"}),
        "16": (MACHO_16, {"member": "relu_op.o", "other": "status.o"}),
        "14": (MACHO_14, {"member": "relu_op.o", "other": "status.o"}),
    }[release]
    text = MACHO_HEAD.format(libraries=library if release != "14" else "", **head) + body
    (tmp_path / "map").write_text(text, encoding="utf-8")
    assert bytes_by_input(tmp_path / "map", (whole, rest)) == {
        "main.o": 0x40,
        f"{whole}(relu_op.o)": 0xF8,
        f"{whole}(status.o)": 0x10,
        INTERNAL: 0x3C,
    }
    again = text.replace("# Sections:", "[  5] status.o\n# Sections:").replace("[  3] _", "[  5] _")
    (tmp_path / "map").write_text(again, encoding="utf-8")
    found = bytes_by_input(tmp_path / "map", (whole, rest))
    assert found["status.o" if release == "19" else f"{rest}(status.o)"] == 0x10


def test_what_is_no_map(tmp_path: Path) -> None:
    (tmp_path / "map").write_text("hello\n", encoding="utf-8")
    with pytest.raises(BuildError, match="is not a linker map of GNU ld, lld or Apple's ld"):
        bytes_by_input(tmp_path / "map")
    with pytest.raises(BuildError, match="cannot be read: No such file"):
        bytes_by_input(tmp_path / "none")


GNU_SYMBOLS = """\
Archive member included to satisfy reference by file (symbol)

Linker script and memory map

.text           0x0000000000001000      0x100
 .text._ZN1a1bEi
                0x0000000000001000       0x40 /b/lib.a(relu.o)
                0x0000000000001000                a::b(int)
 .text._ZN1a1bEl
                0x0000000000000000       0x40 /b/lib.a(relu.o)
                0x0000000000000000                a::b(long)

.bss            0x0000000000002000       0x10
 .bss.c         0x0000000000002000       0x10 /b/lib.a(relu.o)
                0x0000000000002000                a::b_count
"""


def test_symbols_that_are_in_the_file(tmp_path: Path) -> None:
    """What was dropped, and what takes no bytes of the file, is left out."""
    (tmp_path / "map").write_text(LLD, encoding="utf-8")
    found = symbols_named(tmp_path / "map", "a::b")
    assert found == [MapSymbol(name="a::b(int):(odd)", input="/b/lib tf.a(relu_op.cc.o)", size=64)]
    (tmp_path / "map").write_text(GNU_SYMBOLS, encoding="utf-8")
    found = symbols_named(tmp_path / "map", "a::b")
    assert found == [MapSymbol(name="a::b(int)", input="/b/lib.a(relu.o)", size=None)]
    (tmp_path / "map").write_text(MACHO_HEAD, encoding="utf-8")
    assert symbols_named(tmp_path / "map", "a::b") is None
    with pytest.raises(BuildError, match="cannot be read: No such file"):
        symbols_named(tmp_path / "none", "a::b")


@pytest.mark.parametrize("release", ["19", "16", "14"])
def test_symbols_of_mach_o_maps_are_demangled(tmp_path: Path, release: str) -> None:
    """Their bytes are those up to the next one, whether the map says sizes or not."""
    body = {"19": MACHO_19, "16": MACHO_16, "14": MACHO_14}[release]
    libraries = "[  4] /sdk/usr/lib/libSystem.tbd\n"
    head = MACHO_HEAD.format(member="lib.a(relu_op.o)", other="o.o", libraries=libraries)
    (tmp_path / "map").write_text(head + body, encoding="utf-8")
    found = symbols_named(
        tmp_path / "map", "a::b", demangle=lambda names: [_plain_name(name) for name in names]
    )
    assert found == [MapSymbol(name="a::b(int)", input="lib.a(relu_op.o)", size=0xF0)]


def _plain_name(name: str) -> str:
    return "a::b(int)" if name == "__ZN1a[b](x)" else name


@pytest.mark.parametrize("linker", ["bfd", "gold", "lld"])
def test_a_real_map_names_the_symbols_that_it_keeps(tmp_path: Path, linker: str) -> None:
    compiler = shutil.which("clang++")
    if not (compiler and shutil.which("ld" if linker == "bfd" else f"ld.{linker}")):
        pytest.skip(f"needs clang and the linker {linker}")
    source = tmp_path / "main.cc"
    source.write_text(
        "namespace a { __attribute__((noinline)) int kept(int c) { return c * 3; }\n"
        "int dropped(int c) { return c; } }\n"
        "int main(int c, char**) { return a::kept(c); }\n",
        encoding="utf-8",
    )
    flags = [f"-fuse-ld={linker}", "-ffunction-sections", "-Wl,--gc-sections"]
    argv = [compiler, *flags, f"-Wl,-Map={tmp_path / 'map'}", str(source)]
    subprocess.run([*argv, "-o", str(tmp_path / "program")], check=True)
    found = symbols_named(tmp_path / "map", "a::")
    assert [symbol.name for symbol in found or ()] == ["a::kept(int)"]


@pytest.mark.parametrize("linker", ["bfd", "gold", "lld"])
def test_a_real_map_accounts_for_the_file(tmp_path: Path, linker: str) -> None:
    """The sum of the map is what the stripped file loads, to a page for alignment."""
    compiler, strip, size = shutil.which("clang"), shutil.which("strip"), shutil.which("size")
    if not (
        compiler and strip and size and shutil.which("ld" if linker == "bfd" else f"ld.{linker}")
    ):
        pytest.skip(f"needs clang, binutils and the linker {linker}")
    source = tmp_path / "main.c"
    source.write_text(
        "#include <stdio.h>\nconst char table[50000] = {1};\nchar zero[90000];\n"
        'int main(int c, char **v) { printf("%s", table + c); return zero[c]; }\n',
        encoding="utf-8",
    )
    program = tmp_path / "program"
    flags = ["-g", f"-fuse-ld={linker}", f"-Wl,-Map={tmp_path / 'map'}"]
    subprocess.run([compiler, *flags, str(source), "-o", str(program)], check=True)
    shown = subprocess.run([size, "-A", str(program)], check=True, capture_output=True, text=True)
    rows = re.findall(r"^(\.\S+) +(\d+) +(\d+)$", shown.stdout, re.MULTILINE)
    loaded = sum(int(count) for name, count, place in rows if int(place) and name != ".bss")
    found = bytes_by_input(tmp_path / "map")
    assert abs(sum(found.values()) - loaded) < 200
    ours = next(count for name, count in found.items() if "main" in name and "crt" not in name)
    assert 50000 < ours < 51000
