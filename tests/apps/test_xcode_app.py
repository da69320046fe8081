"""The app for iOS, as far as can be looked at without a Mac: its files byte for byte, its project
by XcodeGen's keys, its Objective-C++ and C++ by a compiler. Nothing here compiles Swift."""

from __future__ import annotations

import plistlib
import shutil
from pathlib import Path, PurePosixPath

import jsonschema
import pytest
import yaml

from buildtool.apps.xcode_app import minimum_os
from buildtool.config import Target
from buildtool.core.run import Command, run
from tests.apps import made_apps
from tests.apps.made_apps import BOOLS, COUNTS, HALF, PICTURE, ROW, TEXT, TONE, WORDS
from tests.apps.xcodegen_keys import SCHEMA

HERE = Path(__file__).parent
IOS = "platform: ios\nslices: [arm64, arm64-simulator]"
OLD = 'platform: ios\nslices: [armv7, arm64]\nios: {minimum_os: "10.0"}'
CASES = {
    "image": (IOS, (PICTURE, COUNTS), (ROW, WORDS), {"labels": True}),
    "photo": (f'{IOS}\nios: {{minimum_os: "15.0", framework: Ours}}', (PICTURE,), (ROW,), {}),
    "sound": (f'{IOS}\nios: {{minimum_os: "14.0"}}', (TONE,), (HALF,), {"mapped": True}),
    "old": (OLD, (PICTURE, TEXT), (BOOLS,), {}),
}
WARNINGS = ("-Wall", "-Wextra", "-Wshorten-64-to-32", "-Wdocumentation", "-Werror")
CLANG = shutil.which("clang")
needs_clang = pytest.mark.skipif(CLANG is None, reason="needs clang")


def target_of(root: Path, case: str) -> Target:
    return made_apps.made_target(root, CASES[case][0])


def files_of(root: Path, case: str) -> dict[str, bytes]:
    """The files of the app, by their names."""
    text, inputs, outputs, more = CASES[case]
    root.mkdir(exist_ok=True)
    facts = made_apps.made_facts(root, *inputs, outputs=outputs, **more)  # type: ignore[arg-type]
    return made_apps.app_files(made_apps.made_target(root, text), facts)


def written(root: Path, case: str) -> Path:
    """The folder of an app that was written."""
    files = files_of(root, case)
    for name, content in files.items():
        (root / "app" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "app" / name).write_bytes(content)
    return root / "app"


def shared_with_linux(root: Path, case: str) -> dict[str, bytes]:
    """What an app for Linux has of the same model."""
    _, inputs, outputs, more = CASES[case]
    facts = made_apps.made_facts(root, *inputs, outputs=outputs, **more)  # type: ignore[arg-type]
    return made_apps.app_files(made_apps.made_target(root, "platform: linux\nabi: x86_64"), facts)


@pytest.mark.parametrize("case", CASES)
def test_the_files(tmp_path: Path, case: str, golden: made_apps.Golden) -> None:
    files, first = files_of(tmp_path / "it", case), files_of(tmp_path / "first", "image")
    # What is as in the first case is looked at once.
    shown = {
        name: text
        for name, text in files.items()
        if name != "labels.txt" and (case == "image" or first.get(name) != text)
    }
    folder = HERE / "golden" / "ios" / case
    for name, text in shown.items():
        golden(folder / f"{name}.golden", text.decode())
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*.golden")}
    assert there == {f"{name}.golden" for name in shown}


@pytest.mark.parametrize("case", CASES)
def test_what_runs_the_model_is_what_runs_on_linux(tmp_path: Path, case: str) -> None:
    files, others = files_of(tmp_path, case), shared_with_linux(tmp_path, case)
    names = {"facts.h", "facts.cc", "model.h", "model.cc", "values.h"}
    names |= {"sound.h", "sound.cc"} if case == "sound" else set()
    assert names <= set(others)
    for name in names:
        assert files[f"Sources/{name}"] == others[name], name


@pytest.mark.parametrize("case", CASES)
def test_the_project_is_one_of_xcodegens(tmp_path: Path, case: str) -> None:
    files = files_of(tmp_path, case)
    project = yaml.safe_load(files["project.yml"])
    jsonschema.Draft7Validator(SCHEMA).validate(project)
    (app,) = project["targets"].values()
    paths = [source["path"] for source in app["sources"]]
    assert "../../models/a model.pb" in paths
    settings = app["settings"]["base"]
    named = (settings["INFOPLIST_FILE"], settings["SWIFT_OBJC_BRIDGING_HEADER"])
    for name in (*app["configFiles"].values(), *named):
        assert name in files
    within = {path for path in paths if not path.startswith("../")}
    assert {PurePosixPath(name).parts[0] for name in files} == {
        *within,
        *app["configFiles"].values(),
        *("Info.plist", "project.yml"),
    }


@pytest.mark.parametrize("case", CASES)
def test_info_plist(tmp_path: Path, case: str) -> None:
    files = files_of(tmp_path, case)
    info = plistlib.loads(files["Info.plist"])
    assert info["CFBundleDisplayName"] == "app"
    # Without it, iOS 10 ends an app that asks for a photo.
    assert ("NSPhotoLibraryUsageDescription" in info) == (case == "old")
    (scene,) = info["UIApplicationSceneManifest"]["UISceneConfigurations"][
        "UIWindowSceneSessionRoleApplication"
    ]
    (_, name) = scene["UISceneDelegateClassName"].split(".")
    assert f"final class {name}: " in files["Sources/AppDelegate.swift"].decode()


@needs_clang
@pytest.mark.parametrize("case", CASES)
def test_the_objective_c(tmp_path: Path, case: str) -> None:
    """With iOS's runtime of Objective-C and a header that stands in for Foundation. The header that
    Swift reads is Objective-C without C++."""
    sources = written(tmp_path, case) / "Sources"
    runtime = ("-fobjc-arc", "-fobjc-runtime=ios-12.0", "-fsyntax-only")
    foundation = ("-isystem", str(HERE / "stand_in"))
    for language, name in (
        ("objective-c++", "ModelSession.mm"),
        ("objective-c-header", "App-Bridging-Header.h"),
    ):
        standard = ("-std=c++17",) if language == "objective-c++" else ()
        argv = (str(CLANG), "-x", language, *runtime, *standard, *WARNINGS, *foundation)
        run(Command(argv=(*argv, str(sources / name))), what=name)


@needs_clang
@pytest.mark.parametrize("case", CASES)
def test_the_cpp(tmp_path: Path, case: str) -> None:
    """All but what includes TensorFlow."""
    sources = sorted((written(tmp_path, case) / "Sources").glob("*.cc"))
    names = [str(path) for path in sources if path.name != "model.cc"]
    argv = (f"{CLANG}++", "-std=c++14", "-fsyntax-only", *WARNINGS, *names)
    run(Command(argv=argv), what="an app")


PIXELS_PROGRAM = """
#include <cstdio>
#include <cstdlib>
#include <vector>
#include "image.h"
// app WIDTH HEIGHT FEWER: an image with bytes that count up, and what becomes of it.
int main(int, char** words) {
  const int width = std::atoi(words[1]), height = std::atoi(words[2]);
  std::vector<uint8_t> bytes(size_t{4} * width * height);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * 7);
  const Pixels pixels = {bytes.data(), bytes.size() - std::atoi(words[3]), width, height};
  Value value;
  std::string error;
  if (!PrepareImage(pixels, ModelInputs()[0], &value, &error)) {
    std::fprintf(stderr, "%s\\n", error.c_str());
    return 1;
  }
  for (double number : value.numbers) std::printf("%.9g\\n", number);
}
"""


@pytest.mark.skipif(shutil.which("c++") is None, reason="needs a C++ compiler")
def test_pixels_become_what_the_model_takes(tmp_path: Path) -> None:
    """An image of the input's size, one of twice that, of which every other pixel is taken, and one
    whose bytes are too few."""
    sources = written(tmp_path, "photo") / "Sources"
    (tmp_path / "main.cc").write_text(PIXELS_PROGRAM, encoding="utf-8")
    program = tmp_path / "app-of-pixels"
    named = (tmp_path / "main.cc", sources / "image.cc", sources / "facts.cc")
    argv = ("c++", "-std=c++11", f"-I{sources}", *map(str, named), "-o", str(program))
    run(Command(argv=argv), what="an app")
    for times in (1, 2):
        width, height = 6 * times, 4 * times
        words = (str(program), str(width), str(height), "0")
        told = run(Command(argv=words), what="an app").stdout
        expected = [
            ((times * (row * width + column) * 4 + channel) * 7 % 256 - (channel + 1)) * 0.5
            for row in range(4)
            for column in range(6)
            for channel in range(3)
        ]
        assert [float(line) for line in told.split()] == pytest.approx(expected, abs=1e-5)
    done = run(Command(argv=(str(program), "6", "4", "1")), what="an app", check=False)
    assert done.stderr == "x:0: these are no pixels of an image that it takes\n"


@pytest.mark.parametrize(
    ("text", "oldest"),
    [
        (IOS, "12.0"),
        (OLD, "10.0"),
        ("platform: ios\nslices: [armv7, arm64]", "12.0"),
        ("platform: ios\nslices: [arm64-simulator, x86_64-simulator]", "14.0"),
        (f'{IOS}\nios: {{minimum_os: "8.0"}}', "9.0"),
        (f'{IOS}\nios: {{minimum_os: "16.4"}}', "16.4"),
    ],
)
def test_the_oldest_release(tmp_path: Path, text: str, oldest: str) -> None:
    assert minimum_os(made_apps.made_target(tmp_path, text)) == oldest


def test_a_model_elsewhere_with_an_odd_name(tmp_path: Path) -> None:
    place = Path('/a "b"/\\x: #1 \N{GRINNING FACE}')
    files = made_apps.app_files(target_of(tmp_path, "photo"), made_apps.made_facts(place, PICTURE))
    sources = yaml.safe_load(files["project.yml"])["targets"]["App"]["sources"]
    assert sources[1] == {"path": f"{place}/models/a model.pb", "buildPhase": "resources"}
