"""What programs for Android run on here: an Android's own libraries under qemu, or a device."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from buildtool.binary.elf import ElfObject, read_object
from buildtool.binary.elf_file import NotElfError
from buildtool.core.errors import ConfigError, Problem, ToolError
from buildtool.core.values import Abi
from buildtool.tools.android.adb import Device, named_device
from buildtool.tools.android.android_sdk import read_properties
from buildtool.tools.android.device_run import command

SERIAL = "ANDROID_SERIAL"  # which adb itself heeds, too
NOWHERE = (
    "there is nothing to run it on: the target names no 'run.root' and no 'run.device', and "
    f"{SERIAL} is not set"
)
LIBRARIES = ("libc.so", "libdl.so", "liblog.so", "libm.so")


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """What a target says of where its programs are to run, and where it says so (empty: nowhere);
    ``level`` is the API level that they are made for. An ABI that is ``one_of_several`` of a target
    need not be one that the folder or the device runs."""

    root: Path | None
    where_root: str
    device: str
    where_device: str
    level: int
    sdk: Path | None = None
    one_of_several: bool = False


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where they run: ``argv`` is put before a program. ``emulated`` names the libraries,
    ``device`` the device; ``not_run`` says why it is neither."""

    argv: tuple[str, ...] = ()
    emulated: str = ""
    device: str = ""
    not_run: str = ""


def find_place(abi: Abi, wanted: RunRequest, env: Mapping[str, str] | None = None) -> Place:
    """Where programs for ``abi`` run.

    Raises:
        ConfigError: the folder is not what the target says, or is another ABI's.
        ToolError: the device is not there, or does not run such programs.
    """
    own = os.environ if env is None else env
    if wanted.root is not None and wanted.device:
        what = f"run.device: {wanted.where_root} names a folder to run on, too"
        todo = "write one of 'run.root' and 'run.device'"
        raise ConfigError(Problem(where=wanted.where_device, what=what, todo=todo))
    if wanted.root is not None:
        return _on_libraries(abi, wanted.root, wanted)
    serial, by = wanted.device, wanted.where_device
    if not serial:
        serial, by = own.get(SERIAL, "").strip(), SERIAL
    if not serial:
        return Place(not_run=NOWHERE)
    device = named_device(serial, by=by, sdk=wanted.sdk)
    if abi.name not in device.abis and (by == SERIAL or wanted.one_of_several):
        key = SERIAL if by == SERIAL else "run.device"
        runs = ", ".join(device.abis)
        return Place(not_run=f"{key} names {device.name}, which runs programs for {runs}")
    if faults := [*_device_faults(device, abi, wanted.level)]:
        raise ToolError(
            Problem(where=by, what=f"{serial} {what}", todo=todo) for what, todo in faults
        )
    return Place(argv=command(device), device=_device_text(device))


def _device_faults(device: Device, abi: Abi, level: int) -> Iterator[tuple[str, str]]:
    if abi.name not in device.abis:
        runs = ", ".join(device.abis)
        yield f"does not run programs for {abi.name}, but for {runs}", "name another device"
    if device.level.isdigit() and int(device.level) < level:
        yield (
            f"has API level {device.level}; the library is for {level}",
            f"set android.api_level: {device.level} or less, or name a newer device",
        )


def _device_text(device: Device) -> str:
    release = f", Android {device.release}" if device.release else ""
    return f"{device.name}{release} (adb)"


def _on_libraries(abi: Abi, root: Path, wanted: RunRequest) -> Place:
    others = [*_loadable(root)]
    if wanted.one_of_several and others and not any(_runs(abi, other) for other in others):
        runs = ", ".join(f"{other.machine} ({other.bits} bits)" for other in others)
        return Place(not_run=f"run.root names {root.name}, which runs programs for {runs}")
    problems = [
        Problem(where=wanted.where_root, what=f"run.root: {what}", todo=todo)
        for what, todo in _root_faults(abi, root, wanted.level)
    ]
    if problems:
        raise ConfigError(problems)
    program = next((each for each in abi.emulators if shutil.which(each)), abi.emulators[0])
    settings = {
        "ANDROID_DATA": "/data",
        "ANDROID_ROOT": "/system",
        "LD_LIBRARY_PATH": f"/system/{_folder(abi)}",
    }
    words = (word for item in settings.items() for word in ("-E", "=".join(item)))
    release = _properties(root).get("ro.build.version.release", "")
    of = f"Android {release}'s libraries" if release else "an Android's libraries"
    return Place(
        argv=(program, "-L", str(root), *words),
        emulated=f"{of} in {root.name}, under {program}",
    )


def _root_faults(abi: Abi, root: Path, level: int) -> Iterator[tuple[str, str]]:
    """What is wrong with the folder, and what to do."""
    if not root.is_dir():
        yield f"there is no folder {root}", "name one that holds system/bin and system/lib"
        return
    linker = root / "system/bin" / ("linker64" if abi.bits == 64 else "linker")
    if not linker.is_file():
        told = "is a link to what is not there" if linker.is_symlink() else "is not there"
        yield (
            f"{linker.relative_to(root)} {told} in {root}, which loads programs for {abi.name}",
            "copy an Android's system folder with the files that its links name; newer Androids "
            "have them in /apex/com.android.runtime",
        )
        return
    try:
        found = read_object(linker)
    except NotElfError as failure:
        yield f"{linker} is {failure}", "copy it from an Android again"
        return
    if not _runs(abi, found):
        yield (
            f"{root} is an Android for {found.machine} ({found.bits} bits), not for {abi.name}",
            "name one of that ABI, or build another ABI",
        )
        return
    folder = root / "system" / _folder(abi)
    if lacking := [name for name in LIBRARIES if not (folder / name).is_file()]:
        yield f"{folder} has no {', '.join(lacking)}", "copy an Android's system folder"
    said = _properties(root).get("ro.build.version.sdk", "")
    if said.isdigit() and int(said) < level:
        yield (
            f"{root} is an Android of API level {said}; the library is for {level}",
            f"set android.api_level: {said} or less, or name a newer Android",
        )


def _loadable(root: Path) -> Iterator[ElfObject]:
    """The loaders of programs that the folder has."""
    for name in ("linker64", "linker"):
        with contextlib.suppress(NotElfError, OSError):
            yield read_object(root / "system/bin" / name)


def _runs(abi: Abi, loader: ElfObject) -> bool:
    return (loader.machine, loader.bits) == (abi.machine, abi.bits)


def _folder(abi: Abi) -> str:
    return "lib64" if abi.bits == 64 else "lib"


def _properties(root: Path) -> Mapping[str, str]:
    return read_properties(root / "system/build.prop")
