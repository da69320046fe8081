"""A device that adb knows: the program ``benchmark_model`` is pushed to it and runs the models.

Flags and output of the program: ``tensorflow/tools/benchmark/benchmark_model.cc`` (1.0 to 2.14) and
``tensorflow/core/util/stat_summarizer.cc``; adb: developer.android.com, "Android Debug Bridge".
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.core.errors import Problem, ToolError, VerificationError
from buildtool.core.run import Command, Completed, run
from buildtool.core.values import ModelInfo

FOLDER = "/data/local/tmp/buildtool"  # where the user of adb may write and start programs
SECONDS = 600
ANY = "any"  # the only device that there is
PROPERTIES = (
    "ro.build.version.release",
    "ro.build.version.sdk",
    "ro.product.cpu.abilist",
    "ro.product.model",
)
# Before what is timed without the profiler, which has the times after it. TensorFlow 1.0 always
# profiles, and says so in one line of times; the line after that one is of bytes.
PLAIN, PROFILED = "without detailed stat logging", "Timings (microseconds):"
_STATISTICS = re.compile(r"\b(count|first|curr|min|max|avg|std)=(\d+(?:\.\d+)?(?:e[+-]?\d+)?)")


@dataclass(frozen=True, kw_only=True)
class Device:
    """A device. ``release`` is that of its Android, ``level`` the API level and ``abis`` what it
    runs, where it was asked for them."""

    adb: Path
    serial: str
    name: str
    release: str = ""
    level: str = ""
    abis: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DeviceSearch:
    """The device that was found, or why there is none."""

    device: Device | None = None
    reason: str = ""


def find_device(abi: str, *, sdk: Path | None, log: Path) -> DeviceSearch:
    """The first device that runs programs of ``abi``; adb is the one on the path, or the SDK's.
    Where adb does not work, there is none."""
    adb = _adb(sdk)
    if adb is None:
        return DeviceSearch(reason="no device: there is no adb here")
    try:
        return _ask(adb, abi, log)
    except VerificationError as failure:
        said = failure.problems[0].what.splitlines()[0]
        return DeviceSearch(reason=f"no device: {failure.problems[0].where} {said}; see {log.name}")


def named_device(serial: str, *, by: str, sdk: Path | None) -> Device:
    """The device of this serial number, or with ``any`` the only one; ``by`` names it.

    Raises:
        ToolError: adb or the device is not there, or it does not answer.
    """
    adb = _adb(sdk)
    if adb is None:
        todo = "install the SDK's platform-tools, or adb of Debian or Ubuntu: apt-get install adb"
        raise ToolError(
            Problem(
                where=by, what=f"names a device ({serial}), and there is no adb here", todo=todo
            )
        )
    done = _answer((str(adb), "devices"))
    states = dict(line.split("\t")[:2] for line in done.stdout.splitlines() if "\t" in line)
    names = sorted(states)
    if serial == ANY and len(names) == 1:
        serial = names[0]
    state = states.get(serial, "").strip()
    if state != "device":
        what, todo = _no_device(serial, state, names)
        raise ToolError(Problem(where=by, what=what, todo=todo))
    properties = {name: _property(adb, serial, name) for name in PROPERTIES}
    return Device(
        adb=adb,
        serial=serial,
        name=properties["ro.product.model"] or serial,
        release=properties["ro.build.version.release"],
        level=properties["ro.build.version.sdk"],
        abis=tuple(properties["ro.product.cpu.abilist"].split(",")),
    )


def _no_device(serial: str, state: str, names: Sequence[str]) -> tuple[str, str]:
    listed = ", ".join(names) or "none"
    if state == "unauthorized":
        return (
            f"{serial} is unauthorized",
            "unlock it and allow debugging for this computer, or adb kill-server",
        )
    if state:
        return f"{serial} is {state}", "plug it in again, or adb reconnect; adb devices lists it"
    if serial == ANY and names:
        return f"asks for the only device, and there are several: {listed}", "name one of them"
    asked = "a device" if serial == ANY else serial
    return f"{asked} is not there; adb lists {listed}", "plug it in, or start the emulator"


def _property(adb: Path, serial: str, name: str) -> str:
    return _answer((str(adb), "-s", serial, "shell", "getprop", name)).stdout.strip()


def _answer(argv: tuple[str, ...]) -> Completed:
    return run(Command(argv=argv), what="adb", timeout=SECONDS, error=ToolError)


def _ask(adb: Path, abi: str, log: Path) -> DeviceSearch:
    """Ask each device that adb lists what it runs."""
    listed = _run((str(adb), "devices"), what="adb devices", log=log)
    lines = [line.split("\t") for line in listed.stdout.splitlines() if "\t" in line]
    others = []
    for serial, state in (line[:2] for line in lines):
        if state.strip() != "device":
            others.append(f"{serial} is {state.strip()}")
            continue
        shell = (str(adb), "-s", serial, "shell", "getprop")
        abis = _run((*shell, "ro.product.cpu.abilist"), what="adb shell", log=log).stdout.strip()
        name = _run((*shell, "ro.product.model"), what="adb shell", log=log).stdout.strip()
        if abi in abis.split(","):
            return DeviceSearch(device=Device(adb=adb, serial=serial, name=name or serial))
        others.append(f"{name or serial} is for {abis or 'nothing'}")
    more = f" ({'; '.join(others)})" if others else ""
    return DeviceSearch(reason=f"no device: adb knows none for {abi}{more}")


def benchmark(
    device: Device, program: Path, model: ModelInfo, graph: Path, *, log: Path
) -> Mapping[str, float]:
    """Push the program and the model, and run it: milliseconds of a run (``min``, ``avg``, ...).

    Raises:
        VerificationError: it does not run there, with its last lines.
    """
    place, frozen = f"{FOLDER}/{program.name}", f"{FOLDER}/{model.name}.pb"
    adb = (str(device.adb), "-s", device.serial)
    _run((*adb, "shell", f"mkdir -p {FOLDER}"), what=f"a folder on {device.name}", log=log)
    _run((*adb, "push", str(program), place), what=f"pushing to {device.name}", log=log)
    _run((*adb, "push", str(graph), frozen), what=f"pushing to {device.name}", log=log)
    words = (place, f"--graph={frozen}", *_flags(model))
    # Old releases of Android do not hand on exit codes.
    line = f"chmod 755 {place} && {shlex.join(words)}; echo buildtool-exit=$?"
    done = _run((*adb, "shell", line), what=f"{model.name} on {device.name}", log=log)
    text = done.stdout + done.stderr
    found = statistics(text)
    if "buildtool-exit=0" not in text or not found:
        tail = "\n    ".join([each for each in text.splitlines() if each.strip()][-20:])
        raise VerificationError(
            Problem(
                where=f"{model.name} on {device.name}",
                what=f"benchmark_model does not run it\n    {tail}",
                todo=f"full log: {log}",
            )
        )
    return found


def statistics(text: str) -> Mapping[str, float]:
    """What the program says of the time of a run: ``count``, and milliseconds without the profiler
    where the release times that; empty if it says nothing. One run has an ``avg``, too."""
    _, plain, after = text.rpartition(PLAIN)
    _, profiled, times = text.rpartition(PROFILED)
    lines = (after if plain else times if profiled else "").splitlines()
    found = next((each for each in map(_STATISTICS.findall, lines) if each), [])
    values = {name: float(value) / (1 if name == "count" else 1000) for name, value in found}
    last = values.pop("curr", None)
    return values if last is None else {"avg": last, **values}


def has_shapes(model: ModelInfo) -> bool:
    """Whether it is known what to feed."""
    return all(each.shape is not None for each in model.inputs)


def _flags(model: ModelInfo) -> list[str]:
    """What is fed and fetched; an unknown dimension is 1. Lists have commas, but for shapes."""
    shapes = [",".join(str(max(size, 1)) for size in each.shape or ()) for each in model.inputs]
    return [
        f"--input_layer={','.join(each.name for each in model.inputs)}",
        f"--input_layer_shape={':'.join(shapes)}",
        f"--input_layer_type={','.join(_type(each.dtype) for each in model.inputs)}",
        f"--output_layer={','.join(each.name for each in model.outputs)}",
        *([f"--init_ops={','.join(model.initialisers)}"] if model.initialisers else []),
    ]


def _type(dtype: str) -> str:
    return dtype.removeprefix("DT_").lower()


def _adb(sdk: Path | None) -> Path | None:
    if found := shutil.which("adb"):
        return Path(found)
    own = sdk / "platform-tools" / "adb" if sdk is not None else None
    return own if own is not None and own.is_file() else None


def _run(argv: Sequence[str], *, what: str, log: Path) -> Completed:
    return run(
        Command(argv=tuple(argv)), what=what, log=log, timeout=SECONDS, error=VerificationError
    )
