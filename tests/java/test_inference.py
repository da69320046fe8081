"""The interface, called by a real Java machine: with the native library linked with TensorFlow's
own wheel, which has every kernel; and with the library that ``doit build:linux-java`` made."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.binary.shared_libraries import read_shared
from buildtool.products.java.java_classes import native_functions
from buildtool.products.java.java_places import LIBRARY
from tests.java.conftest import CASES, PROJECT, Cases, Java
from tests.java.native_caller import call, compile_caller

TEXT = (CASES / "InferenceCases.java").read_text(encoding="utf-8")
BODIES = re.findall(r"^  static void (\w+)\(\)(.*?)^  }", TEXT, re.MULTILINE | re.DOTALL)
NAMES = [name for name, _ in BODIES]
# Those that load no model of kernels that the library of the digits does not have.
DIGITS = [name for name, body in BODIES if not re.search(r'"(types|table)\.pb"', body)]
DoCases = Callable[..., Cases]


@pytest.fixture(scope="module")
def wheel_cases(do_cases: DoCases, java_library: Path) -> Cases:
    return do_cases(java_library, *NAMES)


@pytest.mark.wheel
@pytest.mark.parametrize("name", NAMES)
def test_with_the_wheel(wheel_cases: Cases, name: str) -> None:
    assert not wheel_cases.failures[name]


@pytest.mark.wheel
def test_the_java_machine_has_nothing_to_say(wheel_cases: Cases) -> None:
    assert not wheel_cases.warnings


@pytest.fixture(scope="module")
def built_java() -> Path:
    """The folder ``build/linux-java``."""
    folder = PROJECT / "build" / "linux-java"
    if not (folder / "verification.json").is_file():
        pytest.skip("needs a built library: doit build:linux-java")
    return folder


@pytest.fixture(scope="module")
def built_cases(do_cases: DoCases, built_java: Path) -> Cases:
    return do_cases(built_java / "dist" / "java", *DIGITS)


@pytest.mark.build
@pytest.mark.parametrize("name", DIGITS)
def test_with_the_selective_library(built_cases: Cases, name: str) -> None:
    assert not built_cases.failures[name]


@pytest.mark.build
def test_a_model_gives_what_tensorflow_gives(java: Java, built_java: Path, tmp_path: Path) -> None:
    """On the input that was given to TensorFlow as well, it is what the runner computed, to the
    bit; and that was compared with TensorFlow's."""
    verification = json.loads((built_java / "verification.json").read_text("utf-8"))["verification"]
    (model,) = verification["models"]
    assert model["compared"] is True
    (output,) = model["outputs"]
    assert output["max_absolute"] <= 1e-5
    place = built_java / "verify" / "model-0"
    found = tmp_path / "found"
    words = (PROJECT / "models/digits.pb", "x", place / "input-0.bin", "probabilities", found)
    done = java.run(built_java / "dist" / "java", "RunModel", *words)
    assert done.returncode == 0, done.stderr
    assert found.read_bytes() == (place / "0.bin").read_bytes()


@pytest.mark.build
def test_the_functions_without_a_java_machine(java: Java, built_java: Path, tmp_path: Path) -> None:
    """As Android's libraries are tried, where there is no Java."""
    compiler = ("g++", *(f"-I{each}" for each in java.jdk.includes))
    caller = compile_caller(compiler, tmp_path / "caller")
    place, found = built_java / "verify" / "model-0", tmp_path / "found"
    library = built_java / "dist" / "java" / LIBRARY
    done = call((caller,), library, place / "input-0.bin", found)
    assert done.returncode == 0, done.stderr
    assert found.read_bytes() == (place / "0.bin").read_bytes()
    done = call((caller,), library, place / "input-0.bin", found, name="nobody")
    assert done.returncode == 1
    assert "java/lang/IllegalArgumentException: Tensor nobody:0" in done.stderr


@pytest.mark.build
def test_what_the_library_says_of_itself(java: Java, built_java: Path) -> None:
    facts = read_shared(built_java / "dist" / "java" / LIBRARY)
    assert facts.exports == set(native_functions(java.headers))
    assert facts.soname == LIBRARY
    assert str(PROJECT).encode() not in (built_java / "dist" / "java" / LIBRARY).read_bytes()
    assert not [name for name in facts.needed if "tensorflow" in name or "protobuf" in name]
    assert (built_java / "dist/java/tensorflow-inference.jar").read_bytes() == java.jar.read_bytes()
    report = (built_java / "report.txt").read_text("utf-8")
    count = len(facts.exports)
    assert f"{LIBRARY} exports the {count} functions that Java calls, and nothing else" in report
