"""An app in Kotlin that Gradle builds with the AAR of a target and its interface for Java."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from buildtool.apps.app_facts import AppFacts, place_of, seen_from
from buildtool.apps.app_inputs import IMAGE, SOUND, STRING, AppInput
from buildtool.config import Target
from buildtool.core.datatypes import short
from buildtool.core.errors import ConfigError, Problem
from buildtool.core.render import Renderer, kotlin_string
from buildtool.tools.android.compatibility import DEFAULT_LEVEL

TEMPLATES = "app/gradle"
HOW = "gradle -p {app} assembleDebug, or open {app} in Android Studio"
MAIN = "app/src/main"
_FILES = {
    "settings.gradle.kts": "settings.gradle.kts",
    "build.gradle.kts": "build.gradle.kts",
    "app/build.gradle.kts": "app.gradle.kts",
    f"{MAIN}/AndroidManifest.xml": "AndroidManifest.xml",
}
_CLASSES = ("Facts.kt", "MainActivity.kt", "Model.kt", "Prepare.kt")
_CHOSEN = {IMAGE: "image/*", SOUND: "audio/*"}
# By type, Kotlin's array, a number as its element, and an element as a number.
ARRAYS = {
    "DT_FLOAT": ("FloatArray", "numbers[it].toFloat()", "{0}.toDouble()"),
    "DT_DOUBLE": ("DoubleArray", "numbers[it]", "{0}"),
    "DT_INT32": ("IntArray", "Math.round(numbers[it]).toInt()", "{0}.toDouble()"),
    "DT_INT64": ("LongArray", "Math.round(numbers[it])", "{0}.toDouble()"),
    "DT_INT8": (
        "ByteArray",
        "Math.round(numbers[it]).coerceIn(-128, 127).toByte()",
        "{0}.toDouble()",
    ),
    "DT_UINT8": (
        "ByteArray",
        "Math.round(numbers[it]).coerceIn(0, 255).toByte()",
        "({0}.toInt() and 255).toDouble()",
    ),
    "DT_BOOL": ("BooleanArray", "numbers[it] != 0.0", "(if ({0}) 1.0 else 0.0)"),
}


def render_app(
    renderer: Renderer, target: Target, facts: AppFacts, *, dist: Path, version: str
) -> dict[str, bytes]:
    """The files of the app, by their names. The renderer's folder is where they will stand,
    ``dist`` that of the AAR; ``version`` is TensorFlow's.

    Raises:
        ConfigError: the interface for Java cannot feed the model.
    """
    (fed,) = _only_input(target, facts)
    package = f"{target.android.package}.app"
    values = {
        "model": facts.model,
        "model_file": facts.file.name,
        "model_path": place_of(target, renderer.folder, facts.file),
        "labels": facts.labels is not None,
        "initialisers": facts.initialisers,
        "target": target.id,
        "package": package,
        "level": target.android.api_level or DEFAULT_LEVEL,
        "coordinates": ":".join(
            (target.android.group, target.android.artifact, target.android.version or version)
        ),
        "dist": seen_from(renderer.folder, dist),
        "chosen": _CHOSEN.get(fed.takes, "*/*"),
        "input": _input(fed),
        "outputs": [
            {"name": each.name, "made": _output(each.name, each.dtype)} for each in facts.outputs
        ],
        "texts": any(each.dtype == STRING for each in facts.outputs),
    }
    folder = f"{MAIN}/java/{package.replace('.', '/')}"
    names = {**_FILES, **{f"{folder}/{name}": name for name in _CLASSES}}
    files = {
        name: renderer.text(f"{TEMPLATES}/{template}.j2", **values).encode()
        for name, template in names.items()
    }
    return files | facts.labels_as(f"{MAIN}/assets/labels.txt")


def _only_input(target: Target, facts: AppFacts) -> tuple[AppInput, ...]:
    """The input, in a tuple of one."""
    problems = [
        f"the app for Android takes a model of one input, and this one has {len(facts.inputs)}"
    ] * (len(facts.inputs) != 1)
    problems += [
        f"the input {each.name!r} is of type {short(each.dtype)}, of which Java has no array"
        for each in facts.inputs
        if each.dtype not in (*ARRAYS, STRING)
    ]
    if problems:
        todo = "write an app of your own, with the interface of docs/java.md"
        where = target.where("models")
        raise ConfigError([Problem(where=where, what=what, todo=todo) for what in problems])
    return facts.inputs


def _input(fed: AppInput) -> dict[str, Any]:
    array, element, _ = ARRAYS.get(fed.dtype, ("", "", ""))
    return {**vars(fed), "array": array, "element": element, "type": short(fed.dtype)}


def _output(name: str, dtype: str) -> str:
    """What gives an output in Kotlin."""
    called = kotlin_string(name)
    if dtype == STRING:
        return f"texts({called})"
    if dtype not in ARRAYS:
        return f"numbers({called}) {{ DoubleArray(0) }}"
    array, _, number = ARRAYS[dtype]
    fetched = f"{array}(size).also {{ inference.fetch({called}, it) }}"
    if dtype == "DT_DOUBLE":
        return f"numbers({called}) {{ size -> {fetched} }}"
    return (
        f"numbers({called}) {{ size -> {fetched}.map {{ {number.format('it')} }}.toDoubleArray() }}"
    )
