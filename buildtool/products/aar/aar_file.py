"""An AAR: an Android library with its classes and the native libraries of several ABIs.

Layout: developer.android.com, "Anatomy of an AAR file". The same content gives the same bytes:
entries are sorted, and all of one date.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from buildtool.core.errors import BuildError, Problem
from buildtool.core.render import Renderer, write_bytes_if_changed
from buildtool.products.zipped import zipped

PACKAGE = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)+")
MANIFEST, CLASSES, SYMBOLS, PROGUARD = (
    "AndroidManifest.xml",
    "classes.jar",
    "R.txt",
    "proguard.txt",
)


@dataclass(frozen=True, kw_only=True)
class AarContent:
    """What goes into an AAR. ``package`` is the library's own Java package, ``level`` the oldest
    API level. ``libraries`` are the native libraries of each ABI; ``classes`` is a JAR, or None
    for an AAR of native code alone. ``kept`` are Java packages that ProGuard must not rename.
    ``licences`` are texts by file name, ``more`` other entries."""

    package: str
    level: int
    libraries: Mapping[str, Sequence[Path]]
    classes: Path | None = None
    kept: tuple[str, ...] = ()
    licences: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, bytes] = field(default_factory=dict)


def write_aar(path: Path, content: AarContent) -> bool:
    """Write the AAR, unless it is there with this content already; returns whether it was written.

    Raises:
        BuildError: the content makes no AAR; everything that is wrong with it.
    """
    problems = content_problems(content)
    if problems:
        raise BuildError(problems)
    renderer = Renderer(Path())
    entries: dict[str, bytes] = {
        MANIFEST: renderer.text(
            "android/AndroidManifest.xml.j2", package=content.package, level=content.level
        ).encode(),
        CLASSES: content.classes.read_bytes() if content.classes else zipped({}),
        SYMBOLS: b"",  # no resources, but Gradle's plugin wants the file
    }
    if content.kept:
        rules = renderer.text("android/proguard.txt.j2", packages=sorted(content.kept))
        entries[PROGUARD] = rules.encode()
    for abi, libraries in content.libraries.items():
        entries |= {f"jni/{abi}/{each.name}": each.read_bytes() for each in libraries}
    for name, text in content.licences.items():
        entries[f"META-INF/licences/{name}"] = text.encode()
    return write_bytes_if_changed(path, zipped({**entries, **content.more}, first=MANIFEST))


def content_problems(content: AarContent) -> list[Problem]:
    """Why an app could not use an AAR of this content."""
    problems = []
    where = "AAR"
    if not PACKAGE.fullmatch(content.package):
        what = f"{content.package!r} is not a Java package with a dot"
        problems.append(Problem(where=where, what=what, todo="such as org.example.model"))
    if not any(content.libraries.values()):
        problems.append(Problem(where=where, what="there is no native library for it"))
    names = {each.name for libraries in content.libraries.values() for each in libraries}
    for abi, libraries in sorted(content.libraries.items()):
        for path in libraries:
            if not path.is_file():
                problems.append(Problem(where=f"AAR, {abi}", what=f"{path} is not there"))
            if not re.fullmatch(r"lib[^/]+\.so", path.name):
                what = f"{path.name} has a name that Android does not unpack"
                todo = "call it lib<name>.so"
                problems.append(Problem(where=f"AAR, {abi}", what=what, todo=todo))
        missing = sorted(names - {each.name for each in libraries})
        if missing:
            what = f"lacks {', '.join(missing)}, which other ABIs have"
            todo = "an app would crash on such devices: build it for all, or leave the ABI out"
            problems.append(Problem(where=f"AAR, {abi}", what=what, todo=todo))
    if content.classes is not None and not zipfile.is_zipfile(content.classes):
        problems.append(Problem(where=str(content.classes), what="is not a JAR"))
    return problems
