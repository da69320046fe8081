"""What is packed: slices, the package, and the libraries that slices are grouped into.

An XCFramework holds one library for each platform and variant; the CPUs of one variant are in one
universal file. A device and a simulator are never in one file, not even for different CPUs.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from buildtool.binary.macho import IOS, IOS_SIMULATOR

# The key is what objects say of themselves; Xcode's build settings call it by the SDK's name.
SDKS = {IOS: "iphoneos", IOS_SIMULATOR: "iphonesimulator"}
# CFBundleSupportedPlatforms of a bundle that an SDK makes.
BUNDLE_PLATFORMS = {IOS: "iPhoneOS", IOS_SIMULATOR: "iPhoneSimulator"}
# SupportedPlatform and SupportedPlatformVariant of an XCFramework's Info.plist.
VARIANTS = {IOS: (IOS, ""), IOS_SIMULATOR: (IOS, "simulator")}
HEADERS = "Headers"
LICENCES = "Licences"


class Form(str, enum.Enum):
    """What an XCFramework holds: ``library`` is found by ``#include`` without further settings,
    ``framework`` can also be used alone and carries the licence texts itself."""

    LIBRARY = "library"
    FRAMEWORK = "framework"


@dataclass(frozen=True, kw_only=True)
class SlicePackage:
    """One built slice. ``cpu`` and ``platform`` are as in ``MachoExpectation``; ``minimum_os`` is
    like ``12.0``; ``dist`` is the slice's folder with ``lib``, ``include`` and ``licences``."""

    name: str
    cpu: str
    platform: str
    minimum_os: str
    dist: Path


@dataclass(frozen=True, kw_only=True)
class Tools:
    """Programs that work on static libraries for Apple's systems: ``libtool`` merges them
    (``libtool`` of Xcode, ``llvm-libtool-darwin``), ``lipo`` makes universal ones (``lipo``,
    ``llvm-lipo``) and is needed only where a variant has several CPUs."""

    libtool: Path
    lipo: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Package:
    """What is to be packed into ``folder``, which nothing else writes to.

    ``frameworks``, ``libraries`` (without ``lib``) and ``options`` are what an app's link needs
    besides the library; ``defines`` and ``standard`` what its own files are compiled with.
    ``bitcode`` says whether the slices hold it, so that an app may have it, too.
    ``public`` are headers, relative to ``include``, that the module map names where they are there.
    ``url`` is where the zip is going to be published, or empty. ``epoch`` is the date of the zip's
    files in seconds since 1970, None for the oldest that a zip can say.
    """

    name: str
    version: str
    slices: tuple[SlicePackage, ...]
    folder: Path
    log: Path
    tools: Tools
    public: tuple[str, ...]
    frameworks: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    defines: tuple[str, ...] = ()
    standard: str
    bitcode: bool = False
    form: Form = Form.LIBRARY
    url: str = ""
    epoch: int | None = None


@dataclass(frozen=True, kw_only=True)
class Library:
    """The slices of one variant: what one entry of an XCFramework describes."""

    platform: str
    slices: tuple[SlicePackage, ...]
    name: str
    form: Form = Form.LIBRARY

    @property
    def cpus(self) -> tuple[str, ...]:
        """The CPUs, sorted as Xcode sorts them."""
        return tuple(part.cpu for part in self.slices)

    @property
    def identifier(self) -> str:
        """The name of its folder, as ``xcodebuild -create-xcframework`` builds it."""
        platform, variant = VARIANTS[self.platform]
        return "-".join(word for word in (platform, "_".join(self.cpus), variant) if word)

    @property
    def sdk(self) -> str:
        """The SDK that apps for this variant are built with."""
        return SDKS[self.platform]

    @property
    def product(self) -> str:
        """The file or bundle that the entry is for, in its folder."""
        return f"{self.name}.framework" if self.form is Form.FRAMEWORK else f"lib{self.name}.a"

    @property
    def binary(self) -> str:
        """The static library, relative to the entry's folder."""
        inside = f"/{self.name}" if self.form is Form.FRAMEWORK else ""
        return self.product + inside

    @property
    def headers(self) -> str:
        """The folder that apps search for headers, relative to the entry's folder."""
        return f"{self.product}/{HEADERS}" if self.form is Form.FRAMEWORK else HEADERS

    @property
    def minimum_os(self) -> str:
        """The newest of the slices' minimum versions: what all of them run on."""
        return newest(part.minimum_os for part in self.slices)


def newest(versions: Iterable[str]) -> str:
    """The highest of some versions like ``12.0``."""
    return max(versions, key=lambda version: [int(part) for part in version.split(".")])


def group(package: Package) -> tuple[Library, ...]:
    """The libraries of a package: devices first, CPUs sorted."""
    platforms = [name for name in SDKS if any(part.platform == name for part in package.slices)]
    return tuple(
        Library(
            platform=platform,
            name=package.name,
            form=package.form,
            slices=tuple(
                sorted(
                    (part for part in package.slices if part.platform == platform),
                    key=lambda part: part.cpu,
                )
            ),
        )
        for platform in platforms
    )
