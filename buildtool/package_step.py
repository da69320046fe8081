"""The slices of one target, packed into what its platform asks for."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool import dist
from buildtool.apple.toolchain import find_packers
from buildtool.config import Target, slice_targets
from buildtool.packaging import Package, SlicePackage, Tools, pack, source_date
from buildtool.plan import plan_from_json
from buildtool.platforms import find_abi
from buildtool.platforms.abi import Abi, MachoPlatform, Platform
from buildtool.render import to_json, write_if_changed
from buildtool.values import BuildPlan

MANIFEST = "package.json"


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
    _, abi = find_abi(target.platform, target.abi, minimum_os=target.minimum_os)
    plan = plan_from_json(json.loads((folder / "plan.json").read_text(encoding="utf-8")))
    return Slice(abi=abi, folder=folder, plan=plan)


def _xcframework(
    target: Target, platform: Platform, slices: Sequence[Slice], folder: Path
) -> tuple[str, ...]:
    assert isinstance(platform, MachoPlatform)  # noqa: S101  (the platform has asked for it)
    first = slices[0]
    flags = json.loads((first.dist / "flags.json").read_text(encoding="utf-8"))
    libtool, lipo = find_packers(first.abi, str(target.compiler))
    defines = sorted(
        {define for each in slices for define in each.plan.defines} - dist.PRIVATE_DEFINES
    )
    log = folder / "logs" / "package.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("", encoding="utf-8")
    return pack(
        Package(
            name=target.framework,
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
            bitcode=target.bitcode,
            epoch=source_date(),
        )
    )


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
FORMATS: Mapping[str, Packer] = {"xcframework": _xcframework}
