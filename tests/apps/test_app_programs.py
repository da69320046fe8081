"""What apps make of images, sounds and numbers, compiled with a model that gives back what it is
fed: no TensorFlow is needed."""

from __future__ import annotations

import base64
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest

from buildtool.apps.app_inputs import AppInput
from buildtool.core.run import Command, Completed, run
from tests.apps import made_apps
from tests.apps.made_apps import COUNTS, PICTURE, TEXT, TONE

Pixels = numpy.ndarray[Any, Any]
ECHO = Path(__file__).parent / "echo_model.cc"
PC = "platform: linux\nabi: x86_64"
# Four rows of six pixels of three colours.
PIXELS = (numpy.arange(72).reshape(4, 6, 3) * 7 % 256).astype(numpy.uint8)

pytestmark = pytest.mark.skipif(shutil.which("c++") is None, reason="needs a C++ compiler")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Compiles the app of some inputs, once for each."""
    made: dict[tuple[AppInput, ...], Path] = {}

    def program(*inputs: AppInput, labels: bool = False) -> Path:
        if inputs not in made:
            root = tmp_path_factory.mktemp("app")
            facts = made_apps.made_facts(root, *inputs, labels=labels)
            for name, content in made_apps.app_files(
                made_apps.made_target(root, PC), facts
            ).items():
                (root / name).write_bytes(content)
            shutil.copy(ECHO, root / "model.cc")
            (root / "a model.pb").write_bytes(b"")
            sources = [str(path) for path in sorted(root.glob("*.cc"))]
            flags = ("-std=c++11", "-Wall", "-Wextra", "-Werror", *LIBRARIES)
            run(Command(argv=("c++", *sources, "-o", str(root / "app"), *flags)), what="an app")
            made[inputs] = root / "app"
        return made[inputs]

    return program


def _libraries() -> tuple[str, ...]:
    """For JPEG and PNG, where this machine has them."""
    flags: tuple[str, ...] = ()
    for define, header, library in (
        ("-DAPP_JPEG", "jpeglib.h", "-ljpeg"),
        ("-DAPP_PNG", "png.h", "-lpng"),
    ):
        if (Path("/usr/include") / header).is_file():
            flags += (define, library)
    return flags


LIBRARIES = _libraries()


def start(app: Path, *words: object, check: bool = True) -> Completed:
    return run(Command(argv=(str(app), *map(str, words))), what="an app", check=check)


def numbers(done: Completed, output: int = 0) -> list[float]:
    """What is printed of an output, in its own order."""
    lines = done.stdout.splitlines()
    starts = [place for place, line in enumerate(lines) if line.endswith("]")]
    end = [*starts, len(lines)][output + 1]
    rows = [line.split() for line in lines[starts[output] + 1 : end]]
    return [float(row[0]) for row in sorted(rows, key=lambda row: int(row[1]))]


def ppm(path: Path, pixels: Pixels, header: str = "") -> Path:
    """A file of an image with the values of ``pixels``: height, width and maybe colours."""
    kind = "P6" if pixels.ndim == 3 else "P5"
    height, width = pixels.shape[:2]
    start = header or f"{kind}\n# made\n{width} {height}\n255\n"
    path.write_bytes(start.encode() + pixels.tobytes())
    return path


def resized(pixels: Pixels, height: int, width: int) -> Pixels:
    """Bilinear, as tf.compat.v1.image.resize_bilinear does it by default."""

    def places(size: int, wanted: int) -> tuple[Pixels, Pixels, Pixels]:
        at = numpy.arange(wanted) * (size / wanted)
        low = at.astype(int)
        return low, numpy.minimum(low + 1, size - 1), at - low

    values = pixels.astype(float)
    top, bottom, below = places(values.shape[0], height)
    left, right, beside = places(values.shape[1], width)
    below, beside = below[:, None, None], beside[None, :, None]
    upper = values[top][:, left] * (1 - beside) + values[top][:, right] * beside
    lower = values[bottom][:, left] * (1 - beside) + values[bottom][:, right] * beside
    return numpy.asarray(upper * (1 - below) + lower * below)


def test_an_image_of_the_right_size(compiled: Callable[..., Path], tmp_path: Path) -> None:
    done = start(compiled(PICTURE), "--top=72", ppm(tmp_path / "a.ppm", PIXELS))
    expected = (PIXELS - numpy.array([1.0, 2.0, 3.0])) * 0.5
    assert numbers(done) == pytest.approx(expected.ravel().tolist(), abs=1e-5)
    assert done.stdout.startswith("loaded (file) in ")
    assert "x:0: echo [1, 4, 6, 3]\n" in done.stdout


def test_an_image_is_brought_to_size(compiled: Callable[..., Path], tmp_path: Path) -> None:
    rows = (numpy.arange(7 * 5 * 3).reshape(7, 5, 3) * 11 % 256).astype(numpy.uint8)
    done = start(compiled(PICTURE), "--top=72", ppm(tmp_path / "a.ppm", rows))
    expected = (resized(rows, 4, 6) - numpy.array([1.0, 2.0, 3.0])) * 0.5
    assert numbers(done) == pytest.approx(expected.ravel().tolist(), abs=1e-3)


def test_planes_and_grey(compiled: Callable[..., Path], tmp_path: Path) -> None:
    planar = AppInput(
        name="p",
        dtype="DT_FLOAT",
        takes="image",
        shape=(1, 3, 4, 6),
        height=4,
        width=6,
        channels=3,
        planar=True,
    )
    grey = AppInput(name="g", dtype="DT_FLOAT", takes="image", shape=(1, 24), height=4, width=6)
    app, coloured = compiled(planar, grey), ppm(tmp_path / "a.ppm", PIXELS)
    flat = ppm(tmp_path / "a.pgm", PIXELS[:, :, 0])
    done = start(app, "--top=72", coloured, coloured)
    assert numbers(done) == PIXELS.transpose(2, 0, 1).ravel().tolist()
    luma = numpy.floor(PIXELS @ numpy.array([0.299, 0.587, 0.114]) + 0.5)
    assert numbers(done, 1) == luma.ravel().tolist()
    done = start(app, "--top=72", flat, flat)
    assert numbers(done) == [*PIXELS[:, :, 0].ravel().tolist()] * 3
    assert numbers(done, 1) == PIXELS[:, :, 0].ravel().tolist()


def png(pixels: Pixels) -> bytes:
    """The file of an image of 8 bits and three colours (PNG specification, "Chunk layout")."""

    def chunk(name: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + check

    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


# A plain image of 8 x 8 pixels of the value 90, in colour and grey, as TensorFlow encodes them.
JPEGS = {
    "colour": "|JeWF01!$>Nk#wx0RaIl0W1Ij|JwjV00IF40RaI50RaI50s;a81OoyB0s;jD1Oo&H1qKEN1qKEN2MGuU"
    "2MGrT1_%oX2?`1d3JL}Y3k(Yi3<(Mf3jf;xLjeK;0s;a81p@;G3I_%U3JMAe3JMAe3JMAe3JMAe3JMAe3JMAe3JMAe"
    "3JMAe3JMAe3JMAe3JMAe3JMAe3JMAe3JMAe3JMAe3JU+g01*fP2mlBJ0U`hb5di}c0sq7R6#xMN00000000000000000008"
    "|HJ?k5CH%H0000000000000000095Q02BcM00000000000000000000|HJ?k5di=I0000000000000000095m01N{G00I#M"
    "5dc2`nZO7C*#",
    "grey": "|JeWF01!$>Nk#wx0RaIl0W1Ij|JwjV00IF40RaI50RaI50s;a81OoyB0s;jD1Oo&H1qKEN1qKEN2MGuU2MGrT"
    "1_%oX2?`1d3JL}Y3k(Yi3<(Mf3je?W3kU!R00;pA5di<h02BZL00000000000000000008|HJ?k5CH%H000000000000000"
    "0095m00;pA002J#Gr#}Y",
}


@pytest.mark.parametrize("kind", ["png", *JPEGS])
def test_images_that_a_library_of_the_system_reads(
    compiled: Callable[..., Path], tmp_path: Path, kind: str
) -> None:
    library = "-DAPP_PNG" if kind == "png" else "-DAPP_JPEG"
    if library not in LIBRARIES:
        pytest.skip(f"needs the library for {library}")
    made = tmp_path / "image"
    made.write_bytes(png(PIXELS) if kind == "png" else base64.b85decode(JPEGS[kind]))
    done = start(compiled(PICTURE), "--top=72", made)
    pixels = PIXELS if kind == "png" else numpy.full((4, 6, 3), 90)
    expected = (pixels - numpy.array([1.0, 2.0, 3.0])) * 0.5
    assert numbers(done) == pytest.approx(expected.ravel().tolist(), abs=0.5)
    made.write_bytes(made.read_bytes()[:40])
    failed = start(compiled(PICTURE), made, check=False)
    assert failed.returncode == 1
    assert f"app: {made}: " in failed.stderr


def wav(path: Path, samples: bytes, *, form: int = 1, bits: int = 16, channels: int = 1) -> Path:
    """A WAV file of 8000 samples a second, with a chunk before them that nobody knows."""
    width = bits // 8 * channels
    facts = struct.pack("<HHIIHH", form, channels, 8000, 8000 * width, width, bits)
    chunks = [(b"fmt ", facts), (b"odd ", b"abc"), (b"data", samples)]
    body = b"".join(
        name + struct.pack("<I", len(text)) + text + b"\0" * (len(text) % 2)
        for name, text in chunks
    )
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body) + 4) + b"WAVE" + body)
    return path


def test_sounds(compiled: Callable[..., Path], tmp_path: Path) -> None:
    app = compiled(TONE, TEXT)
    text = tmp_path / "text"
    text.write_bytes(b"some bytes")
    mono = wav(tmp_path / "mono.wav", struct.pack("<4h", 0, 16384, -32768, 8192))
    done = start(app, mono, text)
    assert numbers(done) == [0, 0.5, -1, 0.25]
    assert "tone: echo [1, 4]\n" in done.stdout
    assert "text: echo []\n  some bytes\n" in done.stdout
    both = wav(
        tmp_path / "both.wav", struct.pack("<4f", 1, 0, -0.5, 0.25), form=3, bits=32, channels=2
    )
    assert numbers(start(app, both, text)) == [0.5, -0.125]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is no WAV file"),
        (b"RIFF\0\0\0\0WAVEfmt ", "it has no samples"),
        (b"RIFF\0\0\0\0WAVEdata\x04\0\0\0abcd", "its samples are neither of 16 bits nor"),
    ],
)
def test_no_sounds(
    compiled: Callable[..., Path], tmp_path: Path, content: bytes, said: str
) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    done = start(compiled(TONE, TEXT), tmp_path / "a.wav", tmp_path / "a.wav", check=False)
    assert done.returncode == 1
    assert f"app: {tmp_path}/a.wav: {said}" in done.stderr


def test_a_sound_of_another_rate(compiled: Callable[..., Path], tmp_path: Path) -> None:
    path = wav(tmp_path / "a.wav", bytes(8))
    content = path.read_bytes()
    path.write_bytes(content.replace(struct.pack("<I", 8000), struct.pack("<I", 44100), 1))
    done = start(compiled(TONE, TEXT), path, path, check=False)
    assert "it has 44100 samples a second, and the model takes 8000" in done.stderr


def test_numbers_and_labels(compiled: Callable[..., Path], tmp_path: Path) -> None:
    row = AppInput(name="row", dtype="DT_FLOAT", takes="numbers", shape=(1, 5))
    app = compiled(row, labels=True)
    given = tmp_path / "numbers"
    given.write_text("0.1, 0.5\n-3e1;0.2\t0.4\n")
    done = start(app, "--runs=3", "--load=memory", "--top=4", given)
    assert done.stdout.splitlines()[-4:] == [
        "         0.5  1  one",
        "         0.4  4  four",
        "         0.2  3  ",
        "         0.1  0  zero",
    ]
    assert ", then 2 more in " in done.stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, 'it takes 1 inputs, not 0: "n"'),
        (("--lod=file", "x"), 2, "cannot understand --lod=file"),
        (("--load=mapped", "x"), 2, "cannot understand --load=mapped"),
        (("--runs=0", "x"), 2, "cannot understand --runs=0"),
        (("--model=gone.pb", "x"), 1, "cannot read gone.pb"),
        (("gone",), 1, "cannot read gone"),
        (("few",), 1, 'few: "n" takes 4 numbers, not 2'),
        (("words",), 1, "words: this is no number: two"),
    ],
)
def test_what_an_app_refuses(
    compiled: Callable[..., Path], tmp_path: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    app = compiled(COUNTS)
    (tmp_path / "few").write_text("1 2")
    (tmp_path / "words").write_text("1 two 3 4")
    done = run(Command(argv=(str(app), *words), cwd=tmp_path), what="an app", check=False)
    assert (done.returncode, done.stderr) == (code, f"app: {said}\n")


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("P7\n6 4\n255\n", "it is no PPM, PGM, JPEG or PNG file"),
        ("P6\n6 4\n65535\n", "its header is not one of 8 bits"),
        ("P6\n99999 99999\n255\n", "its header is not one of 8 bits"),
        ("P6\n60 40\n255\n", "it is cut off"),
    ],
)
def test_no_images(compiled: Callable[..., Path], tmp_path: Path, header: str, said: str) -> None:
    path = ppm(tmp_path / "a.ppm", PIXELS, header)
    done = start(compiled(PICTURE), path, check=False)
    assert (done.returncode, done.stderr) == (1, f"app: {path}: {said}\n")
