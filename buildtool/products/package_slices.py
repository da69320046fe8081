"""The slices of one target, packed into what its platform asks for."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.config import Target, slice_targets
from buildtool.core.errors import VerificationError
from buildtool.core.render import to_json, write_if_changed
from buildtool.core.run import new_log
from buildtool.core.values import Abi, BuildPlan
from buildtool.plan.build_plan import plan_from_json
from buildtool.plan.selecting_macros import PRIVATE_DEFINES
from buildtool.platforms import find_abi
from buildtool.platforms.facts import MachoPlatform, Platform
from buildtool.products import dist
from buildtool.products.aar.aar_check import check_aar
from buildtool.products.aar.aar_file import AarContent, write_aar
from buildtool.products.aar.loadable import LibraryWanted
from buildtool.products.aar.maven import Coordinates, write_repository
from buildtool.products.aar.parts import FACTS, chosen
from buildtool.products.xcframework import Package, SlicePackage, Tools, pack, source_date
from buildtool.tools.apple.apple_toolchain import find_packers

MANIFEST = "package.json"
# What the native library looks up by name.
JAVA_PACKAGES = ("org.tensorflow",)


@dataclass(frozen=True, kw_only=True)
class Slice:
    """One slice that has been built in ``folder``, ``build/<id>``."""

    abi: Abi
    folder: Path
    plan: BuildPlan

    @property
    def dist(self) -> Path:
        return self.folder / "dist"


def pack_slices(target: Target, platform: Platform, folder: Path) -> str:
    """Pack what the slices of ``target`` have left beside ``folder``. Returns a line.

    Raises:
        BuildToolError: they cannot be packed together, or a tool is missing.
    """
    slices = [_slice(each, folder.parent / each.id) for each in slice_targets(target)]
    lines = FORMATS[platform.package](target, platform, slices, folder)
    write_if_changed(folder / MANIFEST, to_json({"package": lines}))
    return "; ".join(lines)


def _slice(target: Target, folder: Path) -> Slice:
    _, abi = find_abi(target.platform, target.abi, minimum_os=target.ios.minimum_os)
    plan = plan_from_json(json.loads((folder / "plan.json").read_text(encoding="utf-8")))
    return Slice(abi=abi, folder=folder, plan=plan)


def _xcframework(
    target: Target, platform: Platform, slices: Sequence[Slice], folder: Path
) -> tuple[str, ...]:
    assert isinstance(platform, MachoPlatform)  # noqa: S101  (the platform has asked for it)
    first = slices[0]
    flags = json.loads((first.dist / "flags.json").read_text(encoding="utf-8"))
    libtool, lipo = find_packers(first.abi, str(target.compiler))
    defines = sorted({define for each in slices for define in each.plan.defines} - PRIVATE_DEFINES)
    log = folder / "logs" / "package.log"
    new_log(log)
    return pack(
        Package(
            name=target.ios.framework,
            version=_version(first.plan.tensorflow_version),
            slices=tuple(_packed(each) for each in slices),
            folder=folder / "dist",
            log=log,
            tools=Tools(libtool=libtool, lipo=lipo),
            public=("tensorflow/core/public/session.h", *dist.APP_HEADERS),
            frameworks=_frameworks(first.plan),
            libraries=platform.libraries,
            options=("-dead_strip", *target.flags.link),
            defines=tuple(defines),
            standard=next(flag[5:] for flag in flags["compile"] if flag.startswith("-std=")),
            bitcode=target.ios.bitcode,
            epoch=source_date(),
        )
    )


def _aar(
    target: Target, platform: Platform, slices: Sequence[Slice], folder: Path
) -> tuple[str, ...]:
    """All ABIs in one AAR, and a Maven repository that has it."""
    del platform
    libraries = [each for each in chosen(target) if each.kind == "library"]
    classes = [each for each in chosen(target) if each.kind == "classes"]
    facts = [json.loads((each.dist / FACTS).read_text(encoding="utf-8")) for each in slices]
    level = max(int(each["api_level"]) for each in facts)
    android = target.android
    coordinates = Coordinates(
        group=android.group,
        artifact=android.artifact,
        version=android.version or slices[0].plan.tensorflow_version,
    )
    first = slices[0]
    content = AarContent(
        package=android.package,
        level=level,
        libraries={
            each.abi.name: [each.dist / library.place(each.abi.name) for library in libraries]
            for each in slices
        },
        classes=first.dist / classes[0].place("") if classes else None,
        kept=JAVA_PACKAGES if classes else (),
        licences=_licences(slices),
    )
    # Looked at before it is where an app's build takes it.
    path = folder / "package" / f"{coordinates.artifact}-{coordinates.version}.aar"
    write_aar(path, content)
    wanted = {
        each.file: LibraryWanted(
            soname=each.file,
            level=level,
            page_size=android.page_size or 0,
            stand_in=any(each["stand_in"] for each in facts),
        )
        for each in libraries
    }
    report = check_aar(path, {each.abi.name: each.abi for each in slices}, wanted)
    if report.problems:
        raise VerificationError(report.problems)
    ready = folder / "dist"
    dist.copy_if_changed(path, ready / path.name)
    for stale in set(ready.glob("*.aar")) - {ready / path.name}:
        stale.unlink()
    pom = write_repository(
        ready / "maven", coordinates, path, description=target.description or target.id
    )
    abis = ", ".join(each.abi.name for each in slices)
    return (
        f"{path.name}: {abis}; {report.classes} classes; {report.size / 1e6:.2f} MB",
        f"{coordinates} in {pom.relative_to(folder.parent.parent).parents[0]}",
    )


def _licences(slices: Sequence[Slice]) -> dict[str, str]:
    """The texts of all slices, by source and name."""
    found: dict[str, str] = {}
    for each in slices:
        folder = each.dist / "licences"
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                text = path.read_text(encoding="utf-8", errors="replace")
                found[path.relative_to(folder).as_posix()] = text
    return found


def _packed(each: Slice) -> SlicePackage:
    assert each.abi.apple is not None  # noqa: S101  (the platform has only such)
    return SlicePackage(
        name=each.abi.name,
        cpu=each.abi.apple.cpu,
        platform=each.abi.apple.platform,
        minimum_os=each.abi.minimum_os,
        dist=each.dist,
    )


def _frameworks(plan: BuildPlan) -> tuple[str, ...]:
    """Apple's frameworks that an app is linked with: the platform's and the backend's."""
    pairs = itertools.pairwise(plan.link_flags)
    return tuple(dict.fromkeys(name for word, name in pairs if word == "-framework"))


def _version(tensorflow: str) -> str:
    """``1.8.0`` of ``1.8.0-rc1``: package managers take numbers only."""
    return tensorflow.partition("-")[0]


Packer = Callable[[Target, Platform, Sequence[Slice], Path], tuple[str, ...]]
FORMATS: Mapping[str, Packer] = {"aar": _aar, "xcframework": _xcframework}
