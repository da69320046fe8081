"""What programs for Android run on: a folder of an Android's libraries, or a device; adb is a
script that answers as the real one does, and whose device is a folder."""

from __future__ import annotations

import dataclasses
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from buildtool.config import Target
from buildtool.core.errors import BuildToolError, ConfigError, ToolError
from buildtool.core.run import UNREACHED, Command, run
from buildtool.platforms import platform_problems
from buildtool.platforms.android import PLATFORM
from buildtool.tools.android.adb import Device
from buildtool.tools.android.device_run import command
from buildtool.tools.android.program_places import RunRequest, find_place
from tests.conftest import PROJECT

X86_64 = PLATFORM.abis["x86_64"]
NOWHERE = RunRequest(root=None, where_root="t:1", device="", where_device="t:2", level=21)
ADB = """
case "$*" in
  devices) printf 'List of devices attached\\nDEVICES\\n\\n' ;;
  *"getprop ro.product.cpu.abilist") echo "x86_64,x86" ;;
  *"getprop ro.product.model") echo "Pixel 3" ;;
  *"getprop ro.build.version.sdk") echo 30 ;;
  *"getprop ro.build.version.release") echo 11 ;;
  *push*) cp "$4" "$HOME$5" ;;
  *pull*) cp -r "$HOME$4" "$5" ;;
  *shell*) shift 3; echo "$*" | sed "s,/data/,$HOME/data/,g" | sh ;;
esac
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder that is as an Android of this machine's processor would be."""
    folder = tmp_path / "android11"
    for name in ("bin/linker64", "lib64/libc.so", "lib64/libdl.so", "lib64/libm.so"):
        (folder / "system" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "system" / name).touch()
    (folder / "system/lib64/liblog.so").touch()
    argv = ["gcc", "-x", "c", "-", "-shared", "-nostdlib", "-o", "system/bin/linker64"]
    subprocess.run(argv, input=b"int x;", check=True, cwd=folder)
    properties = "ro.build.version.release=11\nro.build.version.sdk=30\n"
    (folder / "system/build.prop").write_text(properties)
    return folder


@pytest.fixture
def adb(tools: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Puts adb on the path, with these devices; what is on a device is below ``$HOME``."""

    def make(devices: str) -> Path:
        folder = tools(without=("adb",), scripts={"adb": ADB.replace("DEVICES", devices)})
        monkeypatch.setenv("PATH", str(folder))
        monkeypatch.setenv("HOME", str(folder.parent))
        return folder / "adb"

    return make


def asked(**changes: Any) -> RunRequest:
    return dataclasses.replace(NOWHERE, **changes)


def said(error: type[BuildToolError], request: RunRequest, **env: str) -> list[str]:
    with pytest.raises(error) as caught:
        find_place(X86_64, request, env)
    assert all(problem.todo for problem in caught.value.problems)
    return [f"{problem.where}: {problem.what}" for problem in caught.value.problems]


def test_nowhere() -> None:
    place = find_place(X86_64, NOWHERE, {})
    assert place.argv == ()
    assert place.not_run.startswith("there is nothing to run it on: the target names no 'run.root'")


def test_an_androids_libraries(root: Path) -> None:
    place = find_place(X86_64, asked(root=root), {})
    program, option, folder, *rest = place.argv
    assert program.startswith("qemu-x86_64")
    assert (option, folder) == ("-L", str(root))
    assert "LD_LIBRARY_PATH=/system/lib64" in rest
    assert place.emulated == f"Android 11's libraries in android11, under {program}"
    assert place.not_run == ""


def test_a_folder_that_is_no_android(tmp_path: Path, root: Path) -> None:
    where = "t:1: run.root"
    gone = tmp_path / "gone"
    assert said(ConfigError, asked(root=gone)) == [f"{where}: there is no folder {gone}"]
    (told,) = said(ConfigError, asked(root=tmp_path))
    assert told.startswith(f"{where}: system/bin/linker64 is not there in {tmp_path}")
    (root / "system/lib64/libm.so").unlink()
    assert said(ConfigError, asked(root=root, level=33)) == [
        f"{where}: {root}/system/lib64 has no libm.so",
        f"{where}: {root} is an Android of API level 30; the library is for 33",
    ]


def test_a_folder_of_another_abi(root: Path) -> None:
    with pytest.raises(ConfigError, match=r"is an Android for x86_64 \(64 bits\), not for arm64"):
        find_place(PLATFORM.abis["arm64-v8a"], asked(root=root), {})


def test_of_several_abis_those_run_that_can(root: Path, adb: Callable[[str], Path]) -> None:
    one = dataclasses.replace(asked(root=root), one_of_several=True)
    place = find_place(PLATFORM.abis["arm64-v8a"], one, {})
    assert place.not_run == "run.root names android11, which runs programs for x86_64 (64 bits)"
    assert find_place(X86_64, one, {}).emulated
    (root / "system/bin/linker64").unlink()
    with pytest.raises(ConfigError, match="linker64 is not there"):
        find_place(X86_64, one, {})
    adb("A1\\tdevice")
    device = dataclasses.replace(asked(device="A1"), one_of_several=True)
    place = find_place(PLATFORM.abis["arm64-v8a"], device, {})
    assert place.not_run == "run.device names Pixel 3, which runs programs for x86_64, x86"


def test_a_linker_that_is_none(root: Path) -> None:
    linker = root / "system/bin/linker64"
    linker.write_text("text")
    assert "linker64 is not an ELF file" in said(ConfigError, asked(root=root))[0]
    linker.unlink()
    linker.symlink_to("/apex/com.android.runtime/bin/linker64")
    assert "is a link to what is not there" in said(ConfigError, asked(root=root))[0]


def test_both_are_named(root: Path) -> None:
    assert said(ConfigError, asked(root=root, device="A")) == [
        "t:2: run.device: t:1 names a folder to run on, too"
    ]


def test_a_device(adb: Callable[[str], Path]) -> None:
    program = adb("A\\tdevice")
    for request, env in ((asked(device="any"), {}), (NOWHERE, {"ANDROID_SERIAL": "A"})):
        place = find_place(X86_64, request, env)
        assert place.device == "Pixel 3, Android 11 (adb)"
        assert place.argv[-2:] == (str(program), "A")


@pytest.mark.parametrize(
    ("devices", "serial", "what"),
    [
        ("A\\tunauthorized", "A", "A is unauthorized"),
        ("A\\toffline", "A", "A is offline"),
        ("A\\tdevice", "B", "B is not there; adb lists A"),
        ("", "any", "a device is not there; adb lists none"),
        (
            "A\\tdevice\\nB\\tdevice",
            "any",
            "asks for the only device, and there are several: A, B",
        ),
    ],
)
def test_a_device_that_does_not_do(
    adb: Callable[[str], Path], devices: str, serial: str, what: str
) -> None:
    adb(devices)
    assert said(ToolError, asked(device=serial)) == [f"t:2: {what}"]
    assert said(ToolError, NOWHERE, ANDROID_SERIAL=serial) == [f"ANDROID_SERIAL: {what}"]


def test_a_device_of_another_abi_and_an_older_android(adb: Callable[[str], Path]) -> None:
    adb("A\\tdevice")
    with pytest.raises(ToolError) as caught:
        find_place(PLATFORM.abis["arm64-v8a"], asked(device="A", level=33), {})
    assert [problem.what for problem in caught.value.problems] == [
        "A does not run programs for arm64-v8a, but for x86_64, x86",
        "A has API level 30; the library is for 33",
    ]
    place = find_place(PLATFORM.abis["arm64-v8a"], NOWHERE, {"ANDROID_SERIAL": "A"})
    assert place.not_run == "ANDROID_SERIAL names Pixel 3, which runs programs for x86_64, x86"


def test_no_adb(tools: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tools(without=("adb",))))
    assert said(ToolError, asked(device="A")) == [
        "t:2: names a device (A), and there is no adb here"
    ]


def test_a_program_runs_on_a_device(adb: Callable[[str], Path], tmp_path: Path) -> None:
    """Files are pushed, what it writes is pulled; output and exit code are the program's."""
    device = Device(adb=adb("A\\tdevice"), serial="A", name="")
    program, model, out = tmp_path / "runner", tmp_path / "a model.pb", tmp_path / "out"
    program.write_text(
        '#!/bin/sh\necho "{\\"level\\": \\"$TF_CPP_MIN_LOG_LEVEL\\"}"\n'
        'cat "$2" > "$4/0.bin"\necho bad >&2\nexit 3\n'
    )
    model.write_text("weights")
    argv = (*command(device), str(program), "--run", str(model), "--out", str(out))
    env = {"TF_CPP_MIN_LOG_LEVEL": "2"}
    done = run(Command(argv=argv, cwd=PROJECT, env=env), what="runner", check=False)
    assert (done.returncode, done.stdout, done.stderr) == (3, '{"level": "2"}\n', "bad\n")
    assert (out / "0.bin").read_text() == "weights"
    assert not (tmp_path / "data/local/tmp/buildtool").exists()


def test_a_device_without_room(adb: Callable[[str], Path], tmp_path: Path) -> None:
    program = adb("A\\tdevice")
    text = program.read_text().replace('cp "$4" "$HOME$5"', "echo No space left >&2; exit 1")
    program.write_text(text)
    device = Device(adb=program, serial="A", name="")
    (tmp_path / "runner").touch()
    argv = (*command(device), str(tmp_path / "runner"), "--session")
    done = run(Command(argv=argv, cwd=PROJECT), what="runner", check=False)
    assert done.returncode == UNREACHED
    assert "pushing runner to A" in done.stderr
    assert "No space left" in done.stderr


def test_other_platforms_have_no_such_keys(load_one: Callable[[str], Target]) -> None:
    target = load_one("platform: linux\nabi: x86_64\nrun: {device: any}\n")
    assert [problem.what for problem in platform_problems(target)] == [
        "run.device: only targets of the platform android have it, and this one's is 'linux'"
    ]
    target = load_one("platform: android\nabi: x86_64\nrun: {device: any}\n")
    assert list(platform_problems(target)) == []
