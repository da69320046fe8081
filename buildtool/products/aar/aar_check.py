"""Reads an AAR back, and says what is wrong with it: what an app gets is looked at, not what was
meant to be packed."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from buildtool.core.errors import Problem
from buildtool.core.values import Abi
from buildtool.products.aar.aar_file import CLASSES, MANIFEST, SYMBOLS
from buildtool.verify.loadable import LibraryReport, LibraryWanted, check_library

PREFAB = "prefab/"
ANDROID = "{http://schemas.android.com/apk/res/android}"


@dataclass(frozen=True, kw_only=True)
class AarReport:
    """What an AAR holds: ``package`` and ``level`` of its manifest (empty, 0: not said), the number
    of ``classes``, ``libraries`` by ABI and what is wrong. ``size`` is the file's, in bytes."""

    size: int
    package: str
    level: int
    classes: int
    libraries: tuple[LibraryReport, ...]
    problems: tuple[Problem, ...]


def check_aar(
    path: Path, abis: Mapping[str, Abi], wanted: Mapping[str, LibraryWanted]
) -> AarReport:
    """Look at an AAR, which must have the libraries of ``wanted`` (by file name) for each of
    ``abis``."""
    try:
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
            entries = {} if broken else {each: archive.read(each) for each in archive.namelist()}
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, NotImplementedError) as failure:
        broken, entries, names = str(failure), {}, []
    if broken:
        problem = Problem(where=str(path), what=f"is damaged: {broken}", todo="make it again")
        return AarReport(size=0, package="", level=0, classes=0, libraries=(), problems=(problem,))
    package, level, faults = _manifest(entries)
    classes, more = _classes(entries)
    faults += more + _layout_faults(names, abis)
    problems = [Problem(where=str(path), what=what) for what in faults]
    libraries = _libraries(entries, abis, wanted, problems, path)
    problems += [each for report in libraries for each in report.problems]
    return AarReport(
        size=path.stat().st_size,
        package=package,
        level=level,
        classes=classes,
        libraries=tuple(libraries),
        problems=tuple(problems),
    )


def _manifest(entries: Mapping[str, bytes]) -> tuple[str, int, list[str]]:
    if MANIFEST not in entries:
        return "", 0, [f"has no {MANIFEST}"]
    try:
        # The file is our own or a build's; entities are not expanded from other files.
        root = ElementTree.fromstring(entries[MANIFEST])  # noqa: S314
    except ElementTree.ParseError as failure:
        return "", 0, [f"its {MANIFEST} is not XML: {failure}"]
    sdk = root.find("uses-sdk")
    said = sdk.get(f"{ANDROID}minSdkVersion", "") if sdk is not None else ""
    package = root.get("package", "")
    faults = [] if root.tag == "manifest" and package else [f"its {MANIFEST} names no package"]
    return package, int(said) if said.isdigit() else 0, faults


def _classes(entries: Mapping[str, bytes]) -> tuple[int, list[str]]:
    if CLASSES not in entries:
        return 0, [f"has no {CLASSES}"]
    try:
        with zipfile.ZipFile(io.BytesIO(entries[CLASSES])) as jar:
            names = jar.namelist()
    except zipfile.BadZipFile as failure:
        return 0, [f"its {CLASSES} is not a JAR: {failure}"]
    native = [each for each in names if each.endswith(".so")]
    faults = [f"its {CLASSES} holds native libraries: {', '.join(native)}"] if native else []
    return sum(each.endswith(".class") for each in names), faults


def _layout_faults(names: list[str], abis: Mapping[str, Abi]) -> list[str]:
    faults = [] if SYMBOLS in names else [f"has no {SYMBOLS}"]
    twice = sorted({each for each in names if names.count(each) > 1})
    faults += [f"holds {each} more than once" for each in twice]
    for name in names:
        parts = name.split("/")
        if name.startswith("/") or ".." in parts:
            faults.append(f"holds {name}, which leaves the folder that it is unpacked to")
        elif name.startswith(PREFAB):
            continue  # the same libraries once more, for an app's linker
        elif name.endswith(".so") and not (len(parts) == 3 and parts[0] == "jni"):
            faults.append(f"holds {name}, which is not where Android looks: jni/<abi>/")
        elif name.endswith(".so") and parts[1] not in abis:
            faults.append(f"holds {name}, of an ABI that it is not for")
    return faults


def _libraries(
    entries: Mapping[str, bytes],
    abis: Mapping[str, Abi],
    wanted: Mapping[str, LibraryWanted],
    problems: list[Problem],
    path: Path,
) -> list[LibraryReport]:
    """Each library, unpacked and looked at; notes those that are missing."""
    reports = []
    with tempfile.TemporaryDirectory() as folder:
        for abi, facts in sorted(abis.items()):
            for name, want in sorted(wanted.items()):
                entry = f"jni/{abi}/{name}"
                if entry not in entries:
                    problems.append(Problem(where=str(path), what=f"has no {entry}"))
                    continue
                library = Path(folder, name)
                library.write_bytes(entries[entry])
                reports.append(check_library(library, facts, want, where=f"{path}, {entry}"))
    return reports
