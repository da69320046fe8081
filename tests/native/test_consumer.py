"""An app of somebody else's uses the library that ``doit build:pi`` made, from ``dist`` alone."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from buildtool.core.run import Command, Completed, run

HERE = Path(__file__).resolve().parent
CONSUMER = HERE / "consumer"
MODEL = HERE.parent.parent / "models" / "digits.pb"
EMULATOR = ("qemu-arm-static", "-L", "/usr/arm-linux-gnueabihf")
GCC = "arm-linux-gnueabihf-g++"
TOOLS = (EMULATOR[0], GCC, "clang++", "ld.lld", "cmake", "ninja", "make", "pkg-config")

pytestmark = [
    pytest.mark.build,
    pytest.mark.skipif(
        not all(shutil.which(tool) for tool in TOOLS), reason=f"needs {', '.join(TOOLS)}"
    ),
]


def tool(argv: Sequence[str | Path], *, check: bool = True, **environment: str) -> Completed:
    words = tuple(str(word) for word in argv)
    return run(Command(argv=words, env=environment), what="a consumer", check=check)


@pytest.fixture(scope="module")
def dist(built_pi: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy elsewhere: nothing in it may need the place where it was made."""
    return shutil.copytree(built_pi / "dist", tmp_path_factory.mktemp("moved") / "tf")


@pytest.fixture(scope="module")
def expected(built_pi: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """An input, and what the runner that is proved makes of it."""
    folder = tmp_path_factory.mktemp("expected")
    given = folder / "input"
    given.write_bytes(struct.pack("<64f", *(i % 17 / 16 for i in range(64))))
    tool(
        (
            *(*EMULATOR, built_pi / "runner" / "runner", "--run", MODEL),
            *("--input", "x", "float", "1,64", given),
            *("--output", "probabilities", "--out", folder),
        )
    )
    return given, (folder / "0.bin").read_bytes()


def run_app(app: Path, given: Path) -> tuple[Completed, bytes]:
    output = app.with_suffix(".out")
    done = tool((*EMULATOR, app, MODEL, given, output), check=False)
    return done, output.read_bytes() if output.is_file() else b""


def linked_by_lld(app: Path) -> bool:
    """What lld writes into ``.comment``, with the distribution's name before its own or not."""
    return re.search(rb"Linker: (\w+ )?LLD ", app.read_bytes()) is not None


def cmake(dist: Path, binary: Path, toolchain: str) -> Path:
    tool(
        (
            *("cmake", "-S", CONSUMER, "-B", binary, "-G", "Ninja"),
            f"-DCMAKE_TOOLCHAIN_FILE={HERE / toolchain}",
            f"-DCMAKE_FIND_ROOT_PATH={dist}",
        )
    )
    return binary


@pytest.mark.parametrize("toolchain", ["armhf-clang.cmake", "armhf-gcc.cmake"])
def test_a_cmake_project_finds_the_package(
    dist: Path, expected: tuple[Path, bytes], tmp_path: Path, toolchain: str
) -> None:
    """With clang and lld; and with GCC, which finds no lld for another machine on Debian 12, so
    that the package leaves out what only lld knows."""
    binary = cmake(dist, tmp_path, toolchain)
    tool(("ninja", "-C", binary, "app"))
    linked = tool(("ninja", "-C", binary, "-t", "commands", "app")).stdout.splitlines()[-1]
    words = shlex.split(linked)
    first = words.index("-Wl,--whole-archive")
    assert words[first : first + 4] == [
        *("-Wl,--whole-archive", str(dist / "lib/libtensorflow.a")),
        *("-Wl,--no-whole-archive", str(dist / "lib/libtensorflow_deps.a")),
    ]
    assert linked_by_lld(binary / "app") or "gcc" in toolchain
    done, output = run_app(binary / "app", expected[0])
    assert done.returncode == 0, done.stderr
    assert output == expected[1]


def test_without_the_flags_there_is_no_session_factory(
    dist: Path, expected: tuple[Path, bytes], tmp_path: Path
) -> None:
    binary = cmake(dist, tmp_path, "armhf-clang.cmake")
    tool(("ninja", "-C", binary, "careless"))
    done, output = run_app(binary / "careless", expected[0])
    assert done.returncode == 1
    assert "No session factory registered" in done.stderr
    assert output == b""


def test_pkg_config_with_gcc_and_gnu_ld(
    dist: Path, expected: tuple[Path, bytes], tmp_path: Path
) -> None:
    words = ("--define-variable=optional=", "--cflags", "--libs")
    asked = ("pkg-config", *words, "tensorflow-selective")
    flags = tool(asked, PKG_CONFIG_LIBDIR=str(dist / "lib" / "pkgconfig")).stdout
    source, app = CONSUMER / "app.cc", tmp_path / "app"
    tool((GCC, "-O1", source, "-o", app, *shlex.split(flags)))
    assert not linked_by_lld(app)
    done, output = run_app(app, expected[0])
    assert done.returncode == 0, done.stderr
    assert output == expected[1]


def test_a_makefile_with_gcc_and_gnu_ld(
    dist: Path, expected: tuple[Path, bytes], tmp_path: Path
) -> None:
    optional = json.loads((dist / "flags.json").read_text())["optional"]
    given = (f"CXX={GCC}", "CXXFLAGS=-O1", f"DIST={dist}", f"OUT={tmp_path}")
    tool(("make", "-C", CONSUMER, *given, f"WITHOUT={' '.join(optional)}"))
    assert not linked_by_lld(tmp_path / "app")
    done, output = run_app(tmp_path / "app", expected[0])
    assert done.returncode == 0, done.stderr
    assert output == expected[1]


def example(dist: Path, name: str, folder: Path, *words: str | Path) -> Path:
    """A program of ``dist/examples``, made as the comment in it says."""
    flags = [(dist / f"{each}_flags.txt").read_text().split() for each in ("compile", "link")]
    source, made = f"examples/{name}.cc", folder / name
    argv = ("clang++", "--target=arm-linux-gnueabihf", *flags[0], *words, source, *flags[1])
    run(Command(argv=(*map(str, argv), "-o", str(made)), cwd=dist), what="an example")
    return made


@pytest.fixture(scope="module")
def of_zeros(built_pi: Path, tmp_path_factory: pytest.TempPathFactory) -> list[float]:
    """The first outputs for zeros, by the runner that is proved."""
    folder = tmp_path_factory.mktemp("zeros")
    (folder / "input").write_bytes(bytes(4 * 64))
    words = ("--input", "x", "float", "1,64", folder / "input", "--output", "probabilities")
    runner = (*EMULATOR, built_pi / "runner" / "runner", "--run", MODEL)
    tool((*runner, *words, "--out", folder))
    return list(struct.unpack("<3f", (folder / "0.bin").read_bytes()[:12]))


def printed(done: Completed) -> list[float]:
    assert done.returncode == 0, done.stderr
    start = "probabilities:0: Tensor<type: float shape: [1,10] values: "
    assert done.stdout.startswith(start)
    return [float(word) for word in re.findall(r"\d\.\d+", done.stdout.removeprefix(start))]


def test_the_example_that_reads_a_file(dist: Path, of_zeros: list[float], tmp_path: Path) -> None:
    app = example(dist, "load_from_file", tmp_path)
    assert printed(tool((*EMULATOR, app, MODEL))) == pytest.approx(of_zeros, rel=1e-5)
    for path, said in ((tmp_path / "gone.pb", "NOT_FOUND: "), (Path(__file__), "DATA_LOSS: ")):
        done = tool((*EMULATOR, app, path), check=False)
        assert (done.returncode, done.stdout) == (1, "")
        assert said in done.stderr


def test_the_example_that_has_the_model_in_it(
    dist: Path, of_zeros: list[float], tmp_path: Path
) -> None:
    app = example(dist, "load_from_memory", tmp_path, f'-DMODEL_FILE="{MODEL}"')
    assert MODEL.read_bytes() in app.read_bytes()
    assert printed(tool((*EMULATOR, app))) == pytest.approx(of_zeros, rel=1e-5)


def test_the_example_that_decrypts(dist: Path, of_zeros: list[float], tmp_path: Path) -> None:
    app = example(dist, "load_decrypted", tmp_path, CONSUMER / "decrypt.cc")
    key, encrypted, content = bytes(range(32)), tmp_path / "encrypted", MODEL.read_bytes()
    encrypted.write_bytes(bytes(12) + AESGCM(key).encrypt(bytes(12), content, None))
    assert content[:16] not in encrypted.read_bytes()

    def decrypted(with_key: bytes) -> Completed:
        script = shlex.join((sys.executable, str(CONSUMER / "decrypt.py"), with_key.hex()))
        words = (*EMULATOR, app, encrypted)
        return tool(words, check=False, DECRYPT=script, SCRATCH=str(tmp_path))

    assert printed(decrypted(key)) == pytest.approx(of_zeros, rel=1e-5)
    done = decrypted(bytes(32))
    assert (done.returncode, done.stdout) == (1, "")
    assert "encrypted: cannot be decrypted" in done.stderr


def test_the_json_says_what_the_text_says(dist: Path) -> None:
    flags = json.loads((dist / "flags.json").read_text())
    assert (dist / "link_flags.txt").read_text().split() == flags["link"]
    assert (dist / "compile_flags.txt").read_text().split() == flags["compile"]


def test_every_source_has_its_licence(built_pi: Path, dist: Path) -> None:
    files = json.loads((built_pi / "generated" / "files.json").read_text())
    there = [folder.name for folder in (dist / "licences").iterdir() if any(folder.iterdir())]
    for root in sorted({file["root"] for file in files} | {"eigen", "ml_dtypes"}):
        assert any(name == root or name.startswith(f"{root}-") for name in there), root
