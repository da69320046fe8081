"""The package as package managers take it: a zip with its checksum, a manifest for Swift Package
Manager, and a specification for CocoaPods."""

from __future__ import annotations

import datetime
import hashlib
import io
import os
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from buildtool.binary.macho import IOS
from buildtool.core.errors import ConfigError, Problem
from buildtool.core.render import Renderer, to_json, write_bytes_if_changed
from buildtool.products.xcframework.app_settings import Settings, xcconfig_word, xcconfig_words
from buildtool.products.xcframework.package_values import (
    HEADERS,
    LICENCES,
    SDKS,
    Form,
    Library,
    Package,
    newest,
)

MANIFEST = "Package.swift"
# What a zip's date can say (APPNOTE.TXT, 4.4.6).
OLDEST = datetime.datetime(1980, 1, 1, tzinfo=datetime.timezone.utc)
NEWEST = datetime.datetime(2107, 12, 31, tzinfo=datetime.timezone.utc)


def zip_name(package: Package) -> str:
    """The file that is published."""
    return f"{package.name}.xcframework.zip"


def source_date(environment: Mapping[str, str] = os.environ) -> int | None:
    """``SOURCE_DATE_EPOCH`` (reproducible-builds.org), or None if it is not set.

    Raises:
        ConfigError: it is no number.
    """
    value = environment.get("SOURCE_DATE_EPOCH", "")
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= 12):
        todo = "set it to seconds since 1970, or unset it"
        what = f"{value!r} is not a number of seconds"
        raise ConfigError(Problem(where="SOURCE_DATE_EPOCH", what=what, todo=todo))
    return int(value)


def write_zip(package: Package, names: Iterable[str]) -> str:
    """Write files of the package's folder into the zip; its SHA-256 in hexadecimal."""
    data = zip_bytes(package.folder, names, package.epoch)
    write_bytes_if_changed(package.folder / zip_name(package), data)
    return hashlib.sha256(data).hexdigest()


def zip_bytes(folder: Path, names: Iterable[str], epoch: int | None) -> bytes:
    """A zip of the named files, the same for the same content: sorted, all with one date and the
    permissions of plain files."""
    date = _date(epoch)
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in sorted(names):
            entry = zipfile.ZipInfo(name, date)
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, (folder / name).read_bytes(), compresslevel=6)
    return data.getvalue()


def write_manifests(
    renderer: Renderer,
    package: Package,
    libraries: Sequence[Library],
    settings: Sequence[Settings],
    *,
    checksum: str,
) -> None:
    """Write ``Package.swift`` and the CocoaPods specification."""
    minimum = minimum_os(libraries)
    renderer.render(
        MANIFEST,
        "packaging/Package.swift.j2",
        package=package.name,
        zip=zip_name(package),
        minimum_os=minimum,
        url=package.url,
        checksum=checksum,
    )
    specification = pod(package, settings, minimum=minimum, checksum=checksum)
    renderer.write(f"{package.name}.podspec.json", to_json(specification))


def minimum_os(libraries: Sequence[Library]) -> str:
    """The oldest system that apps with the package can be for. Simulators, whose minimum may be
    newer, do not limit devices."""
    devices = [library for library in libraries if library.platform == next(iter(SDKS))]
    return newest(library.minimum_os for library in devices or libraries)


def pod(
    package: Package, settings: Sequence[Settings], *, minimum: str, checksum: str
) -> dict[str, Any]:
    """The specification: the attributes of "Podspec Syntax Reference" of CocoaPods."""
    bundle = f"{package.name}.xcframework"
    source = {"http": package.url, "sha256": checksum} if package.url else {"path": "."}
    found: dict[str, Any] = {
        "name": package.name,
        "version": package.version,
        "summary": "TensorFlow with the kernels that some models need",
        "homepage": "https://www.tensorflow.org",
        "authors": "The TensorFlow Authors",
        "license": {"type": "Apache-2.0", "text": f"See {bundle}/{LICENCES}."},
        "source": source,
        "platforms": {IOS: minimum},
        "vendored_frameworks": bundle,
        "user_target_xcconfig": _user_settings(package, settings),
    }
    if package.frameworks:
        found["frameworks"] = list(package.frameworks)
    if package.libraries:
        found["libraries"] = list(package.libraries)
    return found


def _user_settings(package: Package, settings: Sequence[Settings]) -> dict[str, str]:
    """Settings of the app's own target: the final link is there. CocoaPods puts the library for
    the app's SDK into a folder of the pod's name.

    It also links it with ``-l``, and Apple's linker takes a file once, as it was first named: a
    later ``-force_load`` of it would do nothing, without a word (ld64, ``Options::addLibrary``).
    CocoaPods writes flags of a single word before ``-l``, and ``-force_load`` after it
    (Xcodeproj, ``Config#to_hash``); so it must be one word here. The quotes within quotes are
    those that are left when CocoaPods has taken the list apart.
    """
    place = f"${{PODS_XCFRAMEWORKS_BUILD_DIR}}/{package.name}"
    library, headers = f"{place}/lib{package.name}.a", f"{place}/{HEADERS}"
    if package.form is Form.FRAMEWORK:
        bundle = f"{place}/{package.name}.framework"
        library, headers = f"{bundle}/{package.name}", f"{bundle}/{HEADERS}"
    found = {
        "CLANG_CXX_LANGUAGE_STANDARD": package.standard,
        "HEADER_SEARCH_PATHS": f"$(inherited) {xcconfig_word(headers)}",
    }
    if not package.bitcode:
        found["ENABLE_BITCODE"] = "NO"
    if package.defines:
        words = xcconfig_words(package.defines)
        found["GCC_PREPROCESSOR_DEFINITIONS"] = f"$(inherited) {words}"
    whole = xcconfig_word(xcconfig_word(f"-Wl,-force_load,{library}"))
    found["OTHER_LDFLAGS"] = " ".join(("$(inherited)", whole, *package.options))
    for one in settings:
        if one.excluded:
            found[f"EXCLUDED_ARCHS[sdk={one.sdk}*]"] = xcconfig_words(one.excluded)
    return found


def _date(epoch: int | None) -> tuple[int, int, int, int, int, int]:
    if epoch is None:
        moment = OLDEST
    else:
        begin = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
        seconds = min(epoch, int((NEWEST - begin).total_seconds()))
        moment = max(begin + datetime.timedelta(seconds=seconds), OLDEST)
    return (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
