"""The interface in an app for Android, and in Kotlin: with what Maven Central has for that.

``BUILDTOOL_TEST_JARS`` names a folder that a client of Maven repositories has filled: ``kotlin/``
with ``org.jetbrains.kotlin:kotlin-compiler-embeddable:2.2.0``, ``robolectric/`` with
``org.robolectric:robolectric:4.11.1`` and ``junit:junit:4.13.2``, both with all that they need, and
``android/`` with versions ``6.0.1_r3-robolectric-r1-i4`` and ``14-robolectric-10818077-i4`` of
``org.robolectric:android-all-instrumented``, Android's own classes. These are 480 MB.
"""

from __future__ import annotations

import os
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from buildtool.apps.app_files import write_app
from buildtool.apps.app_inputs import AppInput
from buildtool.core.run import Command, Completed, run
from buildtool.core.values import TensorInfo
from buildtool.products.java.java_classes import DECLARATIONS
from tests.apps import made_apps
from tests.java.conftest import CASES, PROJECT, Java
from tests.limits import HANG

VARIABLE = "BUILDTOOL_TEST_JARS"
PAGE = PROJECT / "docs" / "java.md"


def jars(kind: str) -> list[Path]:
    """The JARs of one kind."""
    named = os.environ.get(VARIABLE)
    found = sorted(Path(named, kind).glob("*.jar")) if named else []
    if not found:
        pytest.skip(f"needs JARs of Maven Central: {kind} in the folder {VARIABLE}")
    return found


def example(language: str) -> str:
    """The program that the page about Java shows in this language."""
    found = re.search(rf"^```{language}\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S)
    assert found
    return found[1]


def test_the_java_of_the_page_compiles(java: Java, tmp_path: Path) -> None:
    source = tmp_path / "Digits.java"
    source.write_text(example("java"), encoding="utf-8")
    done = java.compile(source, folder=tmp_path / "out", declarations=(DECLARATIONS,))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.wheel
def test_the_kotlin_of_the_page_runs(
    java: Java, java_models: Path, java_library: Path, tmp_path: Path
) -> None:
    """It is compiled without Android's classes, and called by a main function."""
    compiler = os.pathsep.join(map(str, jars("kotlin")))
    source = tmp_path / "Digits.kt"
    main = (
        "fun main(words: Array<String>) = println(classify(File(words[0]), FloatArray(64)).sum())"
    )
    source.write_text(f"{example('kotlin')}\n{main}\n", encoding="utf-8")
    program = str(java.jdk.javac.with_name("java"))
    (library,) = (each for each in jars("kotlin") if each.name.startswith("kotlin-stdlib-"))
    path = os.pathsep.join((str(java.jar), str(library)))
    argv = (
        *(program, "-cp", compiler, "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler", "-Werror"),
        *("-no-stdlib", "-no-reflect", "-cp", path, "-d", str(tmp_path / "out"), str(source)),
    )
    done = run(Command(argv=argv), what="Kotlin's compiler", check=False, timeout=HANG)
    assert done.returncode == 0, done.stderr
    classes = (tmp_path / "out", library)
    done = java.run(java_library, "DigitsKt", java_models / "digits.pb", classes=classes)
    assert done.returncode == 0, done.stdout + done.stderr
    assert abs(float(done.stdout.split()[-1]) - 1) < 1e-5


def compile_kotlin(java: Java, sources: list[Path], out: Path, *more: Path) -> Completed:
    """Compile sources against the interface and other classes; a warning is an error."""
    compiler = os.pathsep.join(map(str, jars("kotlin")))
    path = os.pathsep.join(map(str, (java.jar, *jars("kotlin"), *more)))
    argv = (
        *(str(java.jdk.javac.with_name("java")), "-cp", compiler),
        *("org.jetbrains.kotlin.cli.jvm.K2JVMCompiler", "-Werror", "-no-stdlib", "-no-reflect"),
        *("-cp", path, "-d", str(out), *map(str, sources)),
    )
    return run(Command(argv=argv), what="Kotlin's compiler", check=False, timeout=HANG)


@pytest.mark.parametrize("taken", [made_apps.PICTURE, made_apps.TONE, made_apps.TEXT])
def test_the_app_that_is_written_compiles(java: Java, tmp_path: Path, taken: AppInput) -> None:
    """Against Android's own classes, and those of the interface."""
    android = next(each for each in jars("android") if "-14-" in each.name)
    target = made_apps.made_target(
        tmp_path, "platform: android\nslices: [arm64-v8a]\nproduct: java-aar"
    )
    ends = (made_apps.ROW, made_apps.WORDS, made_apps.BOOLS, made_apps.HALF)
    facts = made_apps.made_facts(tmp_path, taken, outputs=ends, labels=True)
    write_app(tmp_path / "app", made_apps.app_files(target, facts))
    sources = sorted((tmp_path / "app").rglob("*.kt"))
    done = compile_kotlin(java, sources, tmp_path / "out", android)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "out/org/tensorflow/selective/app/MainActivity.class").is_file()


@pytest.mark.wheel
def test_the_model_of_the_app_runs(
    java: Java, java_models: Path, java_library: Path, tmp_path: Path
) -> None:
    """All of it but the screen, with the native functions for this machine."""
    target = made_apps.made_target(
        tmp_path, "platform: android\nslices: [arm64-v8a]\nproduct: java-aar"
    )
    image = AppInput(
        name="x:0",
        dtype="DT_FLOAT",
        takes="image",
        shape=(1, 64),
        height=8,
        width=8,
        mean=(255.0,),
        scale=(-1 / 255,),
    )
    ends = (TensorInfo(name="probabilities:0", dtype="DT_FLOAT", shape=(-1, 10)),)
    facts = made_apps.made_facts(tmp_path, image, outputs=ends)
    write_app(tmp_path / "app", made_apps.app_files(target, facts))
    written = {path.name: path for path in (tmp_path / "app").rglob("*.kt")}
    activity = written.pop("MainActivity.kt").read_text("utf-8")
    main = tmp_path / "Main.kt"
    # What shows an output is in the file of the screen, but needs nothing of it.
    main.write_text(
        "package org.tensorflow.selective.app\n"
        "fun main(words: Array<String>) {\n"
        "    val grey = IntArray(64) { (255 - it % 17 * 15) * 0x010101 }\n"
        "    val value = prepare(Picture(8, 8, grey))\n"
        "    val model = java.io.File(words[0]).inputStream().use { Model(it) }\n"
        '    println(describe(model.use { it.run(value) }.single(), List(10) { "digit $it" }))\n'
        "}\n" + activity[activity.index("/** A row of numbers") :],
        encoding="utf-8",
    )
    done = compile_kotlin(java, [main, *written.values()], tmp_path / "out")
    assert (done.returncode, done.stderr) == (0, "")
    classes = (tmp_path / "out", *jars("kotlin"))
    words = ("org.tensorflow.selective.app.MainKt", java_models / "digits.pb")
    done = java.run(java_library, *words, classes=classes)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[-6] == "probabilities:0 [1, 10]"
    assert lines[-5].split() == ["0.999954", "4", "digit", "4"]


@pytest.mark.wheel
@pytest.mark.parametrize("level", [23, 34])
def test_an_app_with_android_s_own_classes(
    java: Java, java_models: Path, java_library: Path, tmp_path: Path, level: int
) -> None:
    """Android's context and assets, as Robolectric runs them, in a process for each API level: no
    two class loaders of one can load the same native library."""
    android, classes = jars("android"), jars("robolectric")
    for archive in sorted(classes[0].parent.glob("*.aar")):
        with zipfile.ZipFile(archive) as aar:
            classes.append(tmp_path / f"{archive.stem}.jar")
            classes[-1].write_bytes(aar.read("classes.jar"))
    assets = tmp_path / "assets"
    assets.mkdir()
    shutil.copy(java_models / "digits.pb", assets)
    manifest = tmp_path / "AndroidManifest.xml"
    manifest.write_text('<manifest package="org.example.app"/>', encoding="utf-8")
    app = tmp_path / "app.apk"
    argv = ("aapt", "package", "-M", str(manifest), "-A", str(assets), "-F", str(app))
    run(Command(argv=argv), what="packing an app")
    settings = tmp_path / "settings" / "com" / "android" / "tools" / "test_config.properties"
    settings.parent.mkdir(parents=True)
    settings.write_text(
        f"android_merged_manifest={manifest}\nandroid_resource_apk={app}\n", encoding="utf-8"
    )
    # What the cases are compiled with; they run on that of their API level.
    classes.append(next(each for each in android if "-all-instrumented-14-" in each.name))
    out = tmp_path / "out"
    done = java.compile(CASES / "AndroidCases.java", folder=out, classes=classes)
    assert done.returncode == 0, done.stderr
    done = java.run(
        java_library,
        *("org.junit.runner.JUnitCore", "AndroidCases"),
        classes=(out, tmp_path / "settings", *classes),
        properties={
            "robolectric.enabledSdks": str(level),
            "robolectric.offline": "true",
            "robolectric.dependency.dir": str(android[0].parent),
            "model": str(PROJECT / "models" / "digits.pb"),
        },
    )
    assert "OK (3 tests)" in done.stdout, done.stdout + done.stderr
