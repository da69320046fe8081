"""A folder that Gradle and Maven take for a repository, with one AAR in it.

Layout: Maven, "Repository Layout - Final". In Gradle: ``maven { url 'file:///.../maven' }`` and
``implementation 'group:artifact:version@aar'``.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from buildtool.core.errors import ConfigError, Problem
from buildtool.core.render import Renderer, write_bytes_if_changed, write_if_changed

PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


@dataclass(frozen=True, kw_only=True)
class Coordinates:
    """What an app calls the library: ``org.example:model:1.0``."""

    group: str
    artifact: str
    version: str

    def __str__(self) -> str:
        return f"{self.group}:{self.artifact}:{self.version}"


def write_repository(
    folder: Path, coordinates: Coordinates, aar: Path, *, description: str
) -> Path:
    """Put ``aar`` with a POM and checksums into the repository at ``folder``; other versions that
    are there stay. Returns the POM.

    Raises:
        ConfigError: the coordinates cannot be names of folders and files.
    """
    _check(coordinates)
    renderer = Renderer(Path())
    home = folder.joinpath(*coordinates.group.split("."), coordinates.artifact)
    base = home / coordinates.version / f"{coordinates.artifact}-{coordinates.version}"
    pom = Path(f"{base}.pom")
    text = renderer.text("android/pom.xml.j2", coordinates=coordinates, description=description)
    _write(pom, text.encode())
    _write(Path(f"{base}.aar"), aar.read_bytes())
    versions = sorted(each.name for each in home.iterdir() if each.is_dir())
    listing = renderer.text(
        "android/maven-metadata.xml.j2", coordinates=coordinates, versions=versions
    )
    _write(home / "maven-metadata.xml", listing.encode())
    return pom


def _write(path: Path, data: bytes) -> None:
    write_bytes_if_changed(path, data)
    for kind in ("sha1", "sha256"):
        digest = hashlib.new(kind, data, usedforsecurity=False).hexdigest()
        write_if_changed(path.with_name(f"{path.name}.{kind}"), digest)


def _check(coordinates: Coordinates) -> None:
    problems = [
        Problem(
            where=f"Maven {name}",
            what=f"{value!r} is not allowed as the {name}",
            todo="use letters, digits, '.', '_' and '-'",
        )
        for name, value in vars(coordinates).items()
        if not PART.fullmatch(value) or ".." in value
    ]
    if problems:
        raise ConfigError(problems)
