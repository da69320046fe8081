"""What is rendered for SDK and NDK, in a real Bazel of npm. The SDK has Debian's build-tools where
they are installed; the NDK is a stand-in that Bazel accepts and that cannot compile."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from buildtool.tools.android.bazel_rules import Generation, place, read_declared
from buildtool.tools.bazel.release_flags import flags
from tests.android.conftest import make_kit
from tests.bazel.conftest import Bazel

pytestmark = [pytest.mark.network, pytest.mark.build]

LIBRARY = """
cc_library(name = "lib", srcs = ["lib.cc"], copts = ["-DFROM_BUILD"])
cc_binary(name = "libdemo.so", srcs = ["lib.cc"], linkshared = 1)
"""
# What a tree's local_config_android does with the environment, in few words.
CONFIGURE = '''
def _impl(ctx):
    env = ctx.os.environ
    ctx.file("BUILD", "")
    ctx.file("android.bzl", """
def android_workspace():
    native.android_sdk_repository(name = "androidsdk", path = "%s", api_level = %s,
                                  build_tools_version = "%s")
    native.android_ndk_repository(name = "androidndk", path = "%s", api_level = %s)
""" % (env["ANDROID_SDK_HOME"], env["ANDROID_SDK_API_LEVEL"], env["ANDROID_BUILD_TOOLS_VERSION"],
       env["ANDROID_NDK_HOME"], env["ANDROID_NDK_API_LEVEL"]))

android_configure = repository_rule(implementation = _impl, environ = [
    "ANDROID_SDK_HOME", "ANDROID_SDK_API_LEVEL", "ANDROID_BUILD_TOOLS_VERSION",
    "ANDROID_NDK_HOME", "ANDROID_NDK_API_LEVEL",
])
'''
USES = """
load("//:configure.bzl", "android_configure")
android_configure(name = "local_config_android")
load("@local_config_android//:android.bzl", "android_workspace")
android_workspace()
"""
NASTY = 'it\'s "quoted" and spaced'


def workspace(folder: Path, text: str = "") -> Path:
    folder.mkdir()
    (folder / "WORKSPACE").write_text('workspace(name = "sample")\n' + text)
    (folder / "BUILD").write_text(LIBRARY)
    (folder / "lib.cc").write_text("int x;\n")
    (folder / "configure.bzl").write_text(CONFIGURE)
    return folder


def told(
    tmp_path: Path, how: Generation, *, name: str = NASTY, text: str = ""
) -> tuple[Path, Path]:
    """A workspace that knows SDK and NDK, and its bazelrc."""
    kit = make_kit(tmp_path / name)
    folder = workspace(tmp_path / "ws", text)
    before = (folder / "WORKSPACE").read_text()
    placed = place(before, kit, how, read_declared(before, path="W"), path="W")
    (folder / "WORKSPACE").write_text(placed.text)
    words = (f"--action_env={name}={value}" for name, value in placed.variables.items())
    lines = (f"build {json.dumps(word, ensure_ascii=False)}\n" for word in words)
    (tmp_path / "rc").write_text("".join(lines))
    return folder, tmp_path / "rc"


def variables(rc: Path) -> dict[str, str]:
    """What a bazelrc sets, for ``query``, which takes no ``--action_env``."""
    words = [shlex.split(line)[1] for line in rc.read_text().splitlines()]
    pairs = (word.removeprefix("--action_env=").partition("=") for word in words)
    return {name: value for name, _, value in pairs}


@pytest.mark.parametrize("how", [Generation.RULES, Generation.ENVIRONMENT])
def test_bazel_takes_what_is_rendered(bazel: Bazel, tmp_path: Path, how: Generation) -> None:
    folder, rc = told(tmp_path, how, text=USES if how is Generation.ENVIRONMENT else "")
    # The SDK's own target wants Bazel's Java tools, which newer releases fetch: it is only queried.
    done = bazel(folder, "build", "--nobuild", "@androidndk//:files", rc=rc)
    assert done.returncode == 0, done.stderr
    env = {} if how is Generation.RULES else variables(rc)
    done = bazel(folder, "query", "@androidsdk//... + @androidndk//...", env=env)
    assert done.returncode == 0, done.stderr
    labels = set(done.stdout.split())
    assert {
        "@androidsdk//:sdk",
        "@androidsdk//:sdk-28",
        "@androidndk//:default_crosstool",
    } <= labels
    tool = (
        f"@androidsdk//:build-tools/{next((tmp_path / NASTY).glob('sdk/build-tools/*')).name}/aapt"
    )
    made = bazel(folder, "query", "--output=build", "@androidsdk//:sdk-28", env=env).stdout
    assert "platforms/android-28/android.jar" in made
    assert tool.split(":")[1].split("/")[1] in made
    # The revision was read: Bazel would warn of one that it does not know.
    assert "Bazel will attempt to treat" not in done.stderr


@pytest.mark.parametrize("abi", ["arm64-v8a", "armeabi-v7a"])
def test_the_crosstool_of_the_ndk_compiles_for_the_abi(
    bazel: Bazel, tmp_path: Path, abi: str
) -> None:
    """Analysed, and its compile lines looked at; nothing is compiled."""
    folder, rc = told(tmp_path, Generation.RULES)
    words = (
        f"--cpu={abi}",
        f"--fat_apk_cpu={abi}",
        "--crosstool_top=//external:android/crosstool",
        "--host_crosstool_top=@bazel_tools//tools/cpp:toolchain",
        "--copt=-DSELECTIVE_REGISTRATION",
        "--copt=-DSUPPORT_SELECTIVE_REGISTRATION",
    )
    done = bazel(folder, "build", "--nobuild", *words, "//:libdemo.so", rc=rc)
    assert done.returncode == 0, done.stderr
    done = bazel(folder, "aquery", *words, "--output=text", "//:lib", rc=rc)
    assert done.returncode == 0, done.stderr
    compiles = [each for each in done.stdout.split("\n\n") if "Mnemonic: CppCompile" in each]
    assert len(compiles) == 1
    assert f"Configuration: {abi}-fastbuild" in compiles[0]
    if bazel.version == "0.17.2":
        return  # its aquery, and that of 0.20.0, does not show how C++ is compiled
    for flag in ("-DSELECTIVE_REGISTRATION", "-DSUPPORT_SELECTIVE_REGISTRATION", "-DFROM_BUILD"):
        assert flag in compiles[0]
    triple = {
        "arm64-v8a": "aarch64-none-linux-android",
        "armeabi-v7a": "armv7-none-linux-androideabi",
    }
    assert triple[abi] in compiles[0]
    assert "external/androidndk/ndk/toolchains/llvm/" in compiles[0]


def test_flags_of_the_table_are_known_to_it(bazel: Bazel, tmp_path: Path) -> None:
    folder = workspace(tmp_path / "ws")
    settings: dict[str, str | int] = {
        "disk_cache": str(tmp_path / "disk"),
        "events": str(tmp_path / "events.json"),
        "distfiles": str(tmp_path),
        "memory": 600,
        "jobs": 1,
        "instance": "",
    }
    words = flags(bazel.version, settings)
    done = bazel(folder, "build", "--nobuild", *words, "//:lib")
    assert done.returncode == 0, done.stderr
    assert '"finished"' in (tmp_path / "events.json").read_text()
    words = flags(bazel.version, {"http_cache": "http://127.0.0.1:9/x"})
    assert bazel(folder, "build", "--nobuild", *words, "//:lib").returncode == 0


def test_wrong_values_are_taken_without_an_error_which_is_why_they_are_checked(
    bazel: Bazel, tmp_path: Path
) -> None:
    """If a Bazel ever refuses these, the checks of ours have become unnecessary for it."""
    kit = make_kit(tmp_path / "kit")
    folder = workspace(
        tmp_path / "ws",
        f'android_ndk_repository(name = "androidndk", path = "{kit.ndk.root}", api_level = 99)\n',
    )
    (kit.ndk.root / "source.properties").write_text("Pkg.Revision = 99.0.1\n")
    done = bazel(folder, "query", "@androidndk//...")
    assert done.returncode == 0
    assert "is 99. The major revisions supported by Bazel are [10, 11, 12" in done.stderr


SCRIPT = """
cc_binary(
    name = "libdemo.so",
    srcs = ["lib.cc"],
    linkopts = ["-Wl,--version-script", {script}],
    linkshared = 1,
    deps = ["lib.lds"],
)
"""


def test_the_label_of_a_linker_script_is_not_expanded(bazel: Bazel, tmp_path: Path) -> None:
    """bazelbuild/bazel#6152: since 0.17.1. Trees of 1.0 to 1.8 have it so; they are analysed
    without a word and fail at their last step."""
    folder = workspace(tmp_path / "ws")
    (folder / "lib.lds").write_text("V { local: *; };\n")
    for script, code in (('"//:lib.lds"', 1), ('"$(location //:lib.lds)"', 0)):
        (folder / "BUILD").write_text(SCRIPT.format(script=script))
        done = bazel(folder, "build", "//:libdemo.so")
        assert done.returncode == code, done.stderr
