"""BUILD files whose ``linkopts`` are mended, and what users have told ``configure``."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtool.backends.bazel.linkopts import edited, expands_labels
from buildtool.core.errors import ConfigError, Problem
from buildtool.products.aar.jni_symbols import jni_symbols
from buildtool.tools.android.compatibility import KitRequest
from buildtool.tools.android.configured import read_configured, with_configured

BUILD = """\
LINKER_SCRIPT = "//a:x.lds"  # pläce

cc_binary(
    name = "libx.so",
    linkopts = if_android([
        "-lm",
        "-Wl,--version-script",  # This line must be directly followed by LINKER_SCRIPT.
        LINKER_SCRIPT,
    ]) + [":y.lds"],
    deps = [LINKER_SCRIPT],
)

cc_binary(
    name = "liby.so",
    linkopts = ["-Wl,-soname,libother.so"],
)
"""


def test_labels_get_a_location_and_libraries_a_name() -> None:
    text = edited(BUILD, path="a/BUILD", locations=True, sonames={"libx.so", "liby.so"})
    assert text == BUILD.replace(
        'if_android([\n        "-lm"', 'if_android(["-Wl,-soname,libx.so", \n        "-lm"'
    ).replace("        LINKER_SCRIPT,\n    ])", '        "$(location //a:x.lds)",\n    ])').replace(
        '[":y.lds"]', '["$(location :y.lds)"]'
    )


def test_a_bazel_that_expands_labels_is_left_to_it() -> None:
    assert edited(BUILD, path="a/BUILD", locations=False) == BUILD
    assert [expands_labels(each) for each in ("0.16.1", "0.17.0", "0.17.1", "0.20.0", "6.1.0")] == [
        True, True, False, False, False,
    ]  # fmt: skip


def test_it_is_done_once() -> None:
    once = edited(BUILD, path="a/BUILD", locations=True, sonames={"libx.so"})
    assert edited(once, path="a/BUILD", locations=True, sonames={"libx.so"}) == once


def test_a_file_that_cannot_be_read() -> None:
    with pytest.raises(ConfigError, match=r"a/BUILD:2: cannot be read"):
        edited("x = 1\ny = = 2\n", path="a/BUILD", locations=True)


def test_what_configure_has_written(tmp_path: Path) -> None:
    (tmp_path / ".tf_configure.bazelrc").write_text(
        "build --action_env ANDROID_NDK_HOME=/old\n"
        '# build --action_env ANDROID_SDK_API_LEVEL="1"\n'
        'build --action_env ANDROID_NDK_HOME="/an NDK"\n'
        'build --action_env ANDROID_NDK_API_LEVEL="21"\n'
        "build --action_env=ANDROID_SDK_API_LEVEL=28\n"
        "build --action_env PYTHON_BIN_PATH=/usr/bin/python\n"
        "build --action_env ANDROID_UNKNOWN=1\n",
        encoding="utf-8",
    )
    found = read_configured(tmp_path)
    assert {name: each.value for name, each in found.items()} == {
        "ANDROID_NDK_HOME": "/an NDK",
        "ANDROID_NDK_API_LEVEL": "21",
        "ANDROID_SDK_API_LEVEL": "28",
    }
    assert found["ANDROID_NDK_HOME"].where == f"{tmp_path}/.tf_configure.bazelrc:3"
    problems: list[Problem] = []
    asked = with_configured(KitRequest(build_tools_version="28.0.3"), found, problems)
    assert not problems
    assert (asked.ndk, asked.api_level, asked.sdk_level) == (Path("/an NDK"), 21, 28)
    assert asked.place("api_level") == f"{tmp_path}/.tf_configure.bazelrc:4: api_level"


def test_what_configure_has_written_contradicts_the_target(tmp_path: Path) -> None:
    (tmp_path / ".bazelrc").write_text(
        "build --action_env ANDROID_NDK_API_LEVEL=21\n"
        "build --action_env ANDROID_SDK_API_LEVEL=many\n",
        encoding="utf-8",
    )
    asked = KitRequest(api_level=24, where={"api_level": "targets/x.yaml:7"})
    problems: list[Problem] = []
    assert with_configured(asked, read_configured(tmp_path), problems) == asked
    said = [str(problem) for problem in problems]
    assert any("targets/x.yaml:7: api_level: is 24, but" in each for each in said)
    assert any("ANDROID_SDK_API_LEVEL is 'many', which is not a number" in each for each in said)


def test_jni_functions_of_the_tree(tmp_path: Path) -> None:
    folder = tmp_path / "tensorflow/contrib/android/jni"
    folder.mkdir(parents=True)
    (folder / "a.cc").write_text(
        "JNIEXPORT jlong JNICALL Java_org_x_A_b(JNIEnv*) {}\n"
        "#define M(name) JNICALL Java_org_x_##name\n"
        "JNIEXPORT void JNICALL\nJava_org_x_A_c (JNIEnv*, jclass) {}\n",
        encoding="utf-8",
    )
    assert jni_symbols(tmp_path) == ("Java_org_x_A_b", "Java_org_x_A_c")
