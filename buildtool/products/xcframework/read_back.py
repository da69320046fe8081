"""Is a written XCFramework what Apple's tools expect? It is read back from its files alone."""

from __future__ import annotations

import plistlib
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any
from xml.parsers.expat import ExpatError

from buildtool.binary.macho import NotMachoError, read_object
from buildtool.core.errors import Problem, VerificationError
from buildtool.products.xcframework.bundles import INFO, MODULE_MAP
from buildtool.products.xcframework.merged_objects import read_library
from buildtool.products.xcframework.package_values import HEADERS, LICENCES, VARIANTS

TODO = "delete it and pack again"
KEYS = ("LibraryIdentifier", "LibraryPath", "SupportedArchitectures", "SupportedPlatform")
_HEADER = re.compile(r'^\s*(?:\w+ )*header\s+"([^"]*)"', re.MULTILINE)


def check_xcframework(bundle: Path) -> tuple[Problem, ...]:
    """All that is wrong with a bundle: what Info.plist names and is not there, what is there and is
    not named, libraries for other CPUs or systems than it says, module maps that name what is not
    there, and links that lead out of it."""
    problems: list[Problem] = list(_links(bundle))
    info = _plist(bundle / INFO, problems)
    if info is None:
        return tuple(problems)
    if (info.get("CFBundlePackageType"), info.get("XCFrameworkFormatVersion")) != ("XFWK", "1.0"):
        problems.append(_problem(bundle / INFO, "is not that of an XCFramework of format 1.0"))
    entries = info.get("AvailableLibraries")
    if not isinstance(entries, list) or not entries:
        return (*problems, _problem(bundle / INFO, "names no library"))
    for number, entry in enumerate(entries):
        problems.extend(_entry(bundle, entry, f"{bundle / INFO}: library {number + 1}"))
    problems.extend(_together(bundle, [entry for entry in entries if isinstance(entry, dict)]))
    return tuple(problems)


def _entry(bundle: Path, entry: Any, where: str) -> Iterator[Problem]:
    if not isinstance(entry, dict) or any(not entry.get(key) for key in KEYS):
        yield _problem(where, f"does not say all of {', '.join(KEYS)}")
        return
    paths = [str(entry[key]) for key in ("LibraryIdentifier", "LibraryPath")]
    paths += [str(entry["HeadersPath"])] if "HeadersPath" in entry else []
    outside = [path for path in paths if not _inside(path)]
    for path in outside:
        yield _problem(where, f"names {path}, which is not below the bundle")
    if outside:
        return
    folder = bundle / paths[0]
    product = folder / paths[1]
    framework = product.suffix == ".framework"
    binary = product / product.stem if framework else product
    yield from _library(binary, entry)
    if framework:
        yield from _framework(product)
    headers = product / HEADERS if framework else folder / str(entry.get("HeadersPath", HEADERS))
    maps = sorted((product if framework else headers).rglob(MODULE_MAP))
    if not headers.is_dir():
        yield _problem(headers, "is not there")
    elif not maps:
        yield _problem(headers, "has no module map")
    for found in maps:
        yield from _module_map(found, headers if framework else found.parent, headers)


def _library(binary: Path, entry: dict[str, Any]) -> Iterator[Problem]:
    try:
        parts = read_library(binary)
    except VerificationError as failure:
        yield from failure.problems
        return
    said = sorted(entry["SupportedArchitectures"])
    found = sorted(part.cpu for part in parts)
    if said != found:
        yield _problem(binary, f"is for {', '.join(found)}; {INFO} says {', '.join(said)}")
    wanted = (entry["SupportedPlatform"], entry.get("SupportedPlatformVariant", ""))
    faults = set()
    for part in parts:
        for member in part.members:
            try:
                one = read_object(member.data)
            except NotMachoError as failure:
                faults.add(f"{part.cpu}: {member.name} is {failure}")
                continue
            if one.cpu != part.cpu:
                faults.add(f"{part.cpu}: {member.name} is for {one.cpu}")
            if VARIANTS.get(one.platform) != wanted:
                faults.add(f"{part.cpu}: {member.name} is for {one.platform or 'no system'}")
    for fault in sorted(faults):
        yield _problem(binary, fault)


def _framework(product: Path) -> Iterator[Problem]:
    problems: list[Problem] = []
    info = _plist(product / INFO, problems)
    yield from problems
    if info is not None and info.get("CFBundleExecutable") != product.stem:
        yield _problem(product / INFO, f"does not say that {product.stem} is the library")


def _module_map(path: Path, base: Path, headers: Path) -> Iterator[Problem]:
    named = _HEADER.findall(path.read_text(encoding="utf-8"))
    if not named:
        yield _problem(path, "names no header")
    for name in named:
        place = (base / name).resolve()
        if not place.is_relative_to(headers.resolve()):
            yield _problem(path, f"names {name}, which is not below {headers}")
        elif not place.is_file():
            yield _problem(path, f"names {name}, which is not there")


def _together(bundle: Path, entries: list[dict[str, Any]]) -> Iterator[Problem]:
    """What is wrong between the entries, and with what no entry names."""
    seen: set[tuple[str, str]] = set()
    for entry in entries:
        key = (str(entry.get("SupportedPlatform")), str(entry.get("SupportedPlatformVariant", "")))
        if key in seen:
            yield _problem(bundle / INFO, f"has two libraries for {' '.join(key).strip()}")
        seen.add(key)
    known = {INFO, LICENCES, *(str(entry.get("LibraryIdentifier")) for entry in entries)}
    for path in sorted(bundle.iterdir()):
        if path.name not in known:
            yield _problem(path, f"is not named by {INFO}")


def _links(bundle: Path) -> Iterator[Problem]:
    for path in sorted(bundle.rglob("*")):
        if path.is_symlink() and not path.resolve().is_relative_to(bundle.resolve()):
            yield _problem(path, "is a link to something outside")


def _inside(path: str) -> bool:
    pure = PurePosixPath(path)
    return not pure.is_absolute() and ".." not in pure.parts and str(pure) not in {"", "."}


def _plist(path: Path, problems: list[Problem]) -> dict[str, Any] | None:
    try:
        found = plistlib.loads(path.read_bytes())
    except FileNotFoundError:
        problems.append(_problem(path, "is not there"))
    except (ValueError, ExpatError, plistlib.InvalidFileException) as failure:
        problems.append(_problem(path, f"is not a property list: {failure}"))
    else:
        if isinstance(found, dict):
            return found
        problems.append(_problem(path, "is not a property list of keys and values"))
    return None


def _problem(where: Path | str, what: str) -> Problem:
    return Problem(where=str(where), what=what, todo=TODO)
