"""What Bazel is told of SDK and NDK, and the texts of an AAR and its repository, byte for byte."""

from __future__ import annotations

import dataclasses
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.products.aar.aar_file import AarContent, write_aar
from buildtool.products.aar.maven import Coordinates, write_repository
from buildtool.tools.android.bazel_rules import Generation, place, read_declared
from tests.android.conftest import make_kit

GOLDEN = Path(__file__).resolve().parent / "golden"


@pytest.mark.parametrize("how", Generation, ids=lambda how: how.value)
def test_what_bazel_is_told(
    tmp_path: Path, how: Generation, golden: Callable[[Path, str], None]
) -> None:
    kit = dataclasses.replace(make_kit(tmp_path / "an SDK"), build_tools_version="29.0.3")
    placed = place("", kit, how, read_declared("", path="W"), path="W")
    told = "".join(f"{name}={value}\n" for name, value in placed.variables.items())
    text = told if how is Generation.ENVIRONMENT else placed.text
    golden(GOLDEN / f"{how.value}.golden", text.replace(str(tmp_path), "HOME"))


def test_what_users_declared_is_left_out(
    tmp_path: Path, golden: Callable[[Path, str], None]
) -> None:
    """Theirs are the SDK and the rules for the NDK."""
    own = 'android_sdk_repository(name = "s")\nlocal_repository(name = "rules_android_ndk")\n'
    kit = make_kit(tmp_path)
    placed = place(own, kit, Generation.STARLARK, read_declared(own, path="W"), path="W")
    golden(GOLDEN / "starlark_declared.golden", placed.text.replace(str(tmp_path), "HOME"))


def test_the_texts_of_an_aar_and_its_repository(
    tmp_path: Path, golden: Callable[[Path, str], None]
) -> None:
    library = tmp_path / "libmodel.so"
    library.touch()
    content = AarContent(
        package="org.example.model",
        level=21,
        libraries={"arm64-v8a": (library,)},
        kept=("org.tensorflow", "org.example"),
    )
    aar = tmp_path / "model.aar"
    write_aar(aar, content)
    with zipfile.ZipFile(aar) as archive:
        for name in ("AndroidManifest.xml", "proguard.txt"):
            golden(GOLDEN / f"{name}.golden", archive.read(name).decode())
    for version in ("1.0", "1.1"):
        coordinates = Coordinates(group="org.example", artifact="model", version=version)
        pom = write_repository(tmp_path, coordinates, aar, description="TensorFlow <1.8> & models")
    golden(GOLDEN / "pom.xml.golden", pom.read_text(encoding="utf-8"))
    listing = tmp_path / "org/example/model/maven-metadata.xml"
    golden(GOLDEN / "maven-metadata.xml.golden", listing.read_text(encoding="utf-8"))
