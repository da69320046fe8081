"""What the tests of the interface for Java share: a JDK, its classes, and Java programs."""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from buildtool.core.errors import ToolError
from buildtool.core.run import Command, Completed, run
from buildtool.model.textformat import encode
from buildtool.products.java.java_classes import compile_classes
from buildtool.products.java.java_places import LIBRARY
from buildtool.products.java.jni_library import EXPORTS, SOURCE
from buildtool.tools.jdk import Jdk, find_jdk
from tests.limits import HANG
from tests.models.lookup_table import lookup_table

PROJECT = Path(__file__).resolve().parents[2]
CASES = Path(__file__).parent / "cases"
TYPES = ("float", "double", "int32", "int64", "uint8", "int8", "bool", "string")


@dataclass(frozen=True, kw_only=True)
class Java:
    """A JDK with the classes of the interface and those of the test programs."""

    jdk: Jdk
    jar: Path
    headers: Path
    programs: Path

    def run(
        self,
        library: Path,
        *words: str | Path,
        classes: Sequence[Path] = (),
        properties: Mapping[str, str] | None = None,
    ) -> Completed:
        """Run a class with the native library that stands in the folder ``library``."""
        path = os.pathsep.join(map(str, (self.jar, self.programs, *classes)))
        # -Xcheck:jni: what a function does that JNI forbids is said, or ends the program.
        options = {"java.library.path": str(library), **(properties or {})}
        argv = (
            *(str(self.jdk.javac.with_name("java")), "-Xcheck:jni", "-cp", path),
            *(f"-D{name}={value}" for name, value in options.items()),
            *map(str, words),
        )
        return run(Command(argv=argv), what="a Java program", check=False, timeout=HANG)

    def compile(
        self,
        *sources: Path,
        folder: Path,
        classes: Sequence[Path] = (),
        declarations: Sequence[Path] = (),
    ) -> Completed:
        """Compile sources that use the interface."""
        path = os.pathsep.join(map(str, (self.jar, *classes)))
        # Annotations of JARs name classes that only other tools have, and JARs name other JARs.
        lint = "-Xlint:all,-classfile,-path,-options"
        found = ("-implicit:none", "-sourcepath", os.pathsep.join(map(str, declarations)))
        argv = (str(self.jdk.javac), lint, "-encoding", "UTF-8", "-cp", path, *found)
        words = ("-d", str(folder), *map(str, sources))
        return run(Command(argv=(*argv, *words)), what="javac", check=False, timeout=HANG)


@pytest.fixture(scope="session")
def jdk() -> Jdk:
    try:
        return find_jdk()
    except ToolError:
        pytest.skip("needs a JDK")


@pytest.fixture(scope="session")
def java(jdk: Jdk, tmp_path_factory: pytest.TempPathFactory) -> Java:
    folder = tmp_path_factory.mktemp("java")
    made = Java(
        jdk=jdk,
        jar=folder / "tensorflow-inference.jar",
        headers=folder / "include",
        programs=folder / "programs",
    )
    compile_classes(jdk, made.jar, made.headers, log=folder / "log")
    done = made.compile(
        CASES / "InferenceCases.java", CASES / "RunModel.java", folder=made.programs
    )
    assert (done.returncode, done.stderr) == (0, "")
    return made


@pytest.fixture(scope="session")
def java_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of models that the test programs load."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "digits.pb").symlink_to(PROJECT / "models" / "digits.pb")
    # What is fed to "to_float" is fetched from "float".
    nodes = (
        f'node {{ name: "to_{name}" op: "Placeholder" '
        f'attr {{ key: "dtype" value {{ type: DT_{name.upper()} }} }} '
        'attr { key: "shape" value { shape { unknown_rank: true } } } } '
        f'node {{ name: "{name}" op: "Identity" input: "to_{name}" '
        f'attr {{ key: "T" value {{ type: DT_{name.upper()} }} }} }}'
        for name in TYPES
    )
    texts = {
        "types": "\n".join((*nodes, 'node { name: "nothing" op: "NoOp" }')),
        "unknown": 'node { name: "x" op: "NoSuchOp" }',
        "table": lookup_table(),
    }
    for name, text in texts.items():
        (folder / f"{name}.pb").write_bytes(encode(text, "GraphDef"))
    return folder


@pytest.fixture(scope="session")
def java_library(java: Java, wheel_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a native library that is linked with the wheel's own ones."""
    compiler = shutil.which("g++")
    package = wheel_dir / "tensorflow"
    libraries = [package / f"libtensorflow_{name}.so.2" for name in ("cc", "framework")]
    if compiler is None or platform.machine() != "x86_64":
        pytest.skip("needs g++ on x86_64")
    if not all(path.is_file() for path in libraries):
        pytest.skip("needs the whole wheel, with its headers and libraries")
    folder = tmp_path_factory.mktemp("library")
    includes = (package / "include", java.headers, *java.jdk.includes)
    argv = (
        *(compiler, "-std=c++17", "-O0", "-w", "-fPIC", "-shared", str(SOURCE)),
        *(f"-I{each}" for each in includes),
        *("-Wl,-z,defs", f"-Wl,-soname,{LIBRARY}", "-Xlinker", f"--version-script={EXPORTS}"),
        *(*map(str, libraries), f"-Wl,-rpath,{package}", "-o", str(folder / LIBRARY)),
    )
    run(Command(argv=argv), what="the library for Java")
    return folder


@dataclass(frozen=True, kw_only=True)
class Cases:
    """What the cases of InferenceCases said, by their names: nothing, or why they failed; and what
    the Java machine said of the native functions."""

    failures: Mapping[str, str]
    warnings: str


@pytest.fixture(scope="session")
def do_cases(java: Java, java_models: Path) -> Callable[..., Cases]:
    """Does cases with a native library."""

    def do(library: Path, *names: str) -> Cases:
        done = java.run(library, "InferenceCases", java_models, *names)
        first, *parts = re.split(r"^(ok|failed) (\w+)\n", done.stdout, flags=re.MULTILINE)
        said = f"{done.stdout}\n{done.stderr}"
        told = {
            name: "" if word == "ok" else text
            for word, name, text in zip(parts[::3], parts[1::3], parts[2::3], strict=True)
        }
        assert sorted(told) == sorted(names), said
        warnings = [line for line in done.stdout.splitlines() if "native method" in line]
        return Cases(failures=told, warnings="\n".join((first, *warnings)).strip())

    return do
