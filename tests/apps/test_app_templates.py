"""The files of apps, byte for byte."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.apps import has_app
from buildtool.config import load_targets
from buildtool.core.errors import ConfigError
from tests.apps import made_apps
from tests.apps.made_apps import BOOLS, COUNTS, HALF, PICTURE, ROW, TEXT, TONE, WORDS

GOLDEN = Path(__file__).parent / "golden"
PI = "platform: raspberrypi\nabi: armv7-neon\ncpu_flags: [-mtune=cortex-a7]"
PC = "platform: linux\nabi: x86_64"
CASES = {
    "pi": (PI, (PICTURE,), (ROW,), {"labels": True}),
    "pi-gcc": (f"{PI}\ncompiler: gcc\nsysroot: my 'own'/$x", (COUNTS,), (HALF,), {}),
    "mapped": (PC, (TONE, TEXT), (ROW, WORDS), {"mapped": True}),
    "lite": (f"{PC}\nruntime: lite", (PICTURE, COUNTS), (ROW,), {"file": "m.tflite"}),
    "lite-texts": (f"{PC}\nruntime: lite-flex", (TEXT,), (WORDS,), {"file": "build/app/dist/m"}),
}


@pytest.mark.parametrize("case", CASES)
def test_the_files(tmp_path: Path, case: str, golden: Callable[[Path, str], None]) -> None:
    text, inputs, outputs, more = CASES[case]
    facts = made_apps.made_facts(tmp_path, *inputs, outputs=outputs, **more)  # type: ignore[arg-type]
    files = made_apps.app_files(made_apps.made_target(tmp_path, text), facts)
    if facts.labels:
        assert files.pop("labels.txt") == facts.labels.read_bytes()
    # What does not depend on the model is looked at once.
    fixed = {name for name in files if name.startswith(("image.", "sound."))} | {"facts.h"}
    shown = {
        name: text for name, text in files.items() if case in {"pi", "mapped"} or name not in fixed
    }
    wanted = {f"{name}.golden" for name in shown}
    for name, content in shown.items():
        golden(GOLDEN / case / f"{name}.golden", content.decode())
    assert {path.name for path in (GOLDEN / case).iterdir()} == wanted


ANDROID = "platform: android\nslices: [arm64-v8a]\nproduct: java-aar"
KOTLIN = {
    "image": ((PICTURE,), (ROW, WORDS), {"labels": True}),
    "sound": ((TONE,), (HALF,), {}),
    "numbers": ((COUNTS,), (ROW,), {}),
    "bytes": ((TEXT,), (BOOLS,), {}),
}


@pytest.mark.parametrize("case", KOTLIN)
def test_the_files_for_android(
    tmp_path: Path, case: str, golden: Callable[[Path, str], None]
) -> None:
    inputs, outputs, more = KOTLIN[case]
    facts = made_apps.made_facts(tmp_path, *inputs, outputs=outputs, **more)  # type: ignore[arg-type]
    files = made_apps.app_files(made_apps.made_target(tmp_path, ANDROID), facts)
    if facts.labels:
        assert files.pop("app/src/main/assets/labels.txt") == facts.labels.read_bytes()
    for name, content in files.items():
        if case == "image" or name.endswith(".kt"):
            golden(GOLDEN / "android" / case / f"{name}.golden", content.decode())


def test_models_that_java_cannot_feed(tmp_path: Path) -> None:
    target = made_apps.made_target(tmp_path, ANDROID)
    half = dataclasses.replace(COUNTS, dtype="DT_HALF")
    with pytest.raises(ConfigError) as caught:
        made_apps.app_files(target, made_apps.made_facts(tmp_path, half, COUNTS))
    assert [str(problem).splitlines()[0] for problem in caught.value.problems] == [
        "targets/app.yaml:4: the app for Android takes a model of one input, and this one has 2",
        "targets/app.yaml:4: the input '\"n\"' is of type half, of which Java has no array",
    ]


def test_who_has_an_app(tmp_path: Path) -> None:
    folder = tmp_path / "targets"
    folder.mkdir()
    texts = {
        "pi": PI,
        "android": ANDROID,
        "one": ANDROID.replace("slices: [arm64-v8a]", "abi: arm64-v8a"),
        "prefab": ANDROID.replace("java-aar", "prefab"),
        "jar": f"{PC}\nproduct: java-library",
        "phone": "platform: ios\nslices: [arm64]",
        "phone-alone": "platform: ios\nabi: arm64",
        "phone-static": "platform: ios\nabi: arm64\nproduct: static",
    }
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(f"{text}\nmodels: [m.pb]\n", encoding="utf-8")
    found = load_targets(folder, checks=()).items()
    assert [name for name, target in found if has_app(target)] == ["android", "phone", "pi"]


def test_an_app_of_tensorflow_1(tmp_path: Path, golden: Callable[[Path, str], None]) -> None:
    facts = made_apps.made_facts(tmp_path, COUNTS)
    files = made_apps.app_files(made_apps.made_target(tmp_path, PC), facts, "1.8.0")
    golden(GOLDEN / "old" / "model.cc.golden", files["model.cc"].decode())


def test_a_model_elsewhere_and_a_compiler_by_its_path(tmp_path: Path) -> None:
    facts = made_apps.made_facts(Path("/models and $more"), COUNTS)
    target = made_apps.made_target(tmp_path, f"{PI}\ncompiler: /opt/bin/arm-g++")
    files = made_apps.app_files(target, facts)
    assert b'set(MODEL "/models and \\$more/models/a model.pb" ' in files["CMakeLists.txt"]
    assert b'set(CMAKE_CXX_COMPILER "/opt/bin/arm-g++")' in files["toolchain.cmake"]
    target = made_apps.made_target(tmp_path, f"{PI}\ncompiler: arm-linux-gnueabihf-")
    assert b'"arm-linux-gnueabihf-g++"' in made_apps.app_files(target, facts)["toolchain.cmake"]
