"""The classes in their JAR, and the JDK that compiles them."""

from __future__ import annotations

import re
import struct
import zipfile
from pathlib import Path

import pytest

from buildtool.core.errors import ToolError
from buildtool.products.java.java_classes import compile_classes, native_functions
from buildtool.products.java.jni_library import SOURCE
from buildtool.tools.jdk import Jdk, find_jdk
from tests.java.conftest import Java

INTERFACE = "org/tensorflow/contrib/android/TensorFlowInferenceInterface.class"


def test_the_jar_has_our_classes_for_old_java(java: Java) -> None:
    with zipfile.ZipFile(java.jar) as jar:
        names = jar.namelist()
        versions = {struct.unpack(">4sHH", jar.read(name)[:8])[2] for name in names[1:]}
    assert names[0] == "META-INF/MANIFEST.MF"
    assert INTERFACE in names
    # Android's own class is only declared for the compiler.
    assert all(name.startswith("org/tensorflow/") for name in names[1:])
    assert versions == {52}  # Java 8: JVM specification, table 4.1-A


def test_the_jar_is_the_same_again(java: Java, tmp_path: Path) -> None:
    jar = tmp_path / "again.jar"
    compile_classes(java.jdk, jar, tmp_path / "include", log=tmp_path / "log")
    assert jar.read_bytes() == java.jar.read_bytes()


def test_each_declared_function_is_defined(java: Java) -> None:
    defined = re.findall(r"^NATIVE\(\w+, (\w+)\)", SOURCE.read_text("utf-8"), re.MULTILINE)
    names = native_functions(java.headers)
    assert sorted(name.rpartition("_")[2] for name in names) == sorted(defined)


def fake_jdk(folder: Path, said: str, *, header: bool = True) -> Path:
    javac = folder / "bin" / "javac"
    javac.parent.mkdir(parents=True)
    javac.write_text(f"#!/bin/sh\necho '{said}' >&2\n", encoding="utf-8")
    javac.chmod(0o755)
    if header:
        (folder / "include").mkdir()
        (folder / "include" / "jni.h").write_text("", encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("said", "release"), [("javac 1.8.0_442", 8), ("javac 17.0.15", 17), ("javac 26-ea", 26)]
)
def test_the_jdk_that_java_home_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, release: int
) -> None:
    home = fake_jdk(tmp_path / "jdk", said)
    monkeypatch.setenv("JAVA_HOME", str(home))
    include = home / "include"
    assert find_jdk() == Jdk(
        javac=home / "bin/javac", release=release, includes=(include, include / "linux")
    )


@pytest.mark.parametrize(
    ("said", "header", "words"),
    [
        ("javac 1.7.0_80", True, "is not Java 8 or newer: 'javac 1.7.0_80'"),
        ("what?", True, "is not Java 8 or newer: 'what?'"),
        ("javac 21", False, "its JDK has no "),
        ("", False, "holds no javac"),
    ],
)
def test_a_jdk_that_will_not_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, header: bool, words: str
) -> None:
    home = tmp_path / "jdk"
    if said:
        fake_jdk(home, said, header=header)
    monkeypatch.setenv("JAVA_HOME", str(home))
    with pytest.raises(ToolError) as failure:
        find_jdk()
    (problem,) = failure.value.problems
    assert words in problem.what
    assert str(home) in problem.where
    assert "apt-get install" in problem.todo


def test_no_jdk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="there is no javac here, and JAVA_HOME is not set"):
        find_jdk()
