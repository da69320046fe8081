"""The app that ``doit app:pi`` writes, with the library that ``doit build:pi`` made."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

import pytest

from buildtool.apps.app_facts import find_facts
from buildtool.apps.app_files import write_app
from buildtool.config import load_targets
from buildtool.core.paths import Layout
from buildtool.core.run import Command, Completed, run
from buildtool.workflow.kept import load_models
from tests.apps.made_apps import app_files

PROJECT = Path(__file__).resolve().parent.parent.parent
EMULATOR = ("qemu-arm-static", "-L", "/usr/arm-linux-gnueabihf")
TOOLS = (EMULATOR[0], "clang++", "ld.lld", "cmake", "ninja")
# An 8x8 image of grey values; the model takes 0 for white and 1 for black.
GREY = [255 - i % 17 * 15 for i in range(64)]

pytestmark = [
    pytest.mark.build,
    pytest.mark.skipif(
        not all(shutil.which(tool) for tool in TOOLS), reason=f"needs {', '.join(TOOLS)}"
    ),
]


@pytest.fixture(scope="module")
def app(built_pi: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The app of a target that takes an image, in a repository with an odd name."""
    root = tmp_path_factory.mktemp("repository") / "an app's own"
    (root / "targets").mkdir(parents=True)
    shutil.copy(PROJECT / "models" / "digits.pb", root)
    (root / "names.txt").write_text("\n".join(f"digit {i}" for i in range(10)))
    keys = "{size: [8, 8], mean: [255], scale: [-0.00392156862745098], labels: names.txt}"
    text = f"extends: buildtool/pi\nmodels:\n  - path: digits.pb\n    app: {keys}\n"
    (root / "targets" / "pi.yaml").write_text(text)
    target = load_targets(root / "targets")["pi"]
    (model,) = load_models(Layout(folder=built_pi))
    facts = find_facts(target, [model], Layout(folder=root / "build" / "pi"))
    folder = root / "apps" / "pi"
    write_app(folder, app_files(target, facts))
    (root / "build").mkdir()
    (root / "build" / "pi").symlink_to(built_pi)
    made = folder / "build"
    model_file = f"-DMODEL={root / 'digits.pb'}"
    configured = ("cmake", "-S", str(folder), "-B", str(made), "-G", "Ninja", model_file)
    run(Command(argv=configured), what="an app")
    run(Command(argv=("cmake", "--build", str(made))), what="an app")
    return made / "app"


def start(app: Path, *words: str | Path, check: bool = True) -> Completed:
    argv = (*EMULATOR, str(app), *map(str, words))
    return run(Command(argv=argv), what="an app", check=check)


@pytest.mark.parametrize("way", ["file", "memory"])
def test_the_largest_is_what_the_proved_runner_says(
    built_pi: Path, app: Path, tmp_path: Path, way: str
) -> None:
    image = tmp_path / "digit.pgm"
    image.write_bytes(b"P5\n8 8\n255\n" + bytes(GREY))
    lines = start(app, f"--load={way}", "--runs=2", "--top=10", image).stdout.splitlines()
    assert lines[0].startswith(f"loaded ({way}) in ")
    assert lines[3] == "probabilities:0: float [1, 10]"
    (tmp_path / "input").write_bytes(struct.pack("<64f", *((255 - value) / 255 for value in GREY)))
    words = ("--run", PROJECT / "models" / "digits.pb", "--input", "x", "float", "1,64")
    more = (tmp_path / "input", "--output", "probabilities", "--out", tmp_path)
    start(built_pi / "runner" / "runner", *words, *more)
    expected = struct.unpack("<10f", (tmp_path / "0.bin").read_bytes())
    rows = [line.split(maxsplit=2) for line in lines[4:]]
    assert rows[0][1:] == ["4", "digit 4"]
    assert [float(row[0]) for row in rows] == sorted(map(float, (row[0] for row in rows)))[::-1]
    for value, place, label in rows:
        assert float(value) == pytest.approx(expected[int(place)], rel=1e-4, abs=1e-12)
        assert label == f"digit {place}"


def test_a_file_that_is_no_model(app: Path, tmp_path: Path) -> None:
    image = tmp_path / "digit.pgm"
    image.write_bytes(b"P5\n8 8\n255\n" + bytes(GREY))
    for way, said in (("file", "DATA_LOSS: "), ("memory", f"{image} is no model")):
        done = start(app, f"--load={way}", f"--model={image}", image, check=False)
        assert (done.returncode, done.stdout) == (1, "")
        assert said in done.stderr
