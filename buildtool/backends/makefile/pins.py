"""What a TensorFlow 1.x tree pins: the dependencies in its ``tensorflow/workspace.bzl``.

A URL that is put together from variables (protobuf's in 1.12) counts like one that is written out;
one in a comment does not count. What a tree pins in other files (``third_party/*/workspace.bzl``,
1.12 and newer: highwayhash, jpeg and others that its makefile does not use) is not read.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from buildtool.core.errors import ConfigError, Problem
from buildtool.starlark.workspace_bzl import WORKSPACE, workspace_calls

Kind = Literal["github", "mercurial", "url"]

_ARCHIVE = r"([\w.-]+/[\w.-]+)/{}/([^/]+?)\.(?:tar\.gz|tgz|zip)$"
_PATTERNS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("github", re.compile(r"github\.com/" + _ARCHIVE.format("archive"))),
    ("mercurial", re.compile(r"bitbucket\.org/" + _ARCHIVE.format("get"))),
)
_GITHUB_GIT = re.compile(r"github\.com[/:]([\w.-]+/[\w.-]+?)(?:\.git)?$")
_SHAPES = "understood are 'urls' (a list) or 'url', and 'remote' with 'commit' or 'tag'"


@dataclass(frozen=True, kw_only=True)
class KnownDependency:
    """A dependency that a makefile may need. ``aliases``: its names in the workspace files of 1.0
    to 1.15, the first that is there counts. ``headers``: what the names of its headers start with,
    as TensorFlow includes them. ``folder``: its place below the makefile's ``downloads``.
    """

    name: str
    aliases: tuple[str, ...]
    headers: tuple[str, ...]
    folder: str


# Folders: download_dependencies.sh of 1.0 to 1.12.
KNOWN = (
    KnownDependency(name="abseil", aliases=("com_google_absl",), headers=("absl/",), folder="absl"),
    KnownDependency(
        name="cub",
        aliases=("cub_archive",),
        headers=("third_party/cub/", "external/cub_archive/"),
        folder="cub/external/cub_archive",
    ),
    KnownDependency(
        name="double-conversion",
        aliases=("double_conversion",),
        headers=("double-conversion/",),
        folder="double_conversion",
    ),
    KnownDependency(
        name="eigen",
        aliases=("eigen_archive",),
        headers=("Eigen/", "unsupported/Eigen/"),
        folder="eigen",
    ),
    KnownDependency(
        name="farmhash", aliases=("farmhash_archive",), headers=("farmhash",), folder="farmhash"
    ),
    KnownDependency(name="fft2d", aliases=("fft2d",), headers=("fft2d/",), folder="fft2d"),
    KnownDependency(
        name="gemmlowp",
        aliases=("gemmlowp",),
        headers=("public/", "meta/", "fixedpoint/", "internal/", "profiling/"),
        folder="gemmlowp",
    ),
    KnownDependency(name="giflib", aliases=("gif_archive",), headers=("gif_lib.h",), folder="gif"),
    KnownDependency(
        name="googletest",
        aliases=("com_google_googletest",),
        headers=("gtest/", "gmock/"),
        folder="googletest",
    ),
    KnownDependency(
        name="highwayhash",
        aliases=("highwayhash",),
        headers=("highwayhash/",),
        folder="highwayhash",
    ),
    KnownDependency(
        name="libjpeg-turbo",
        aliases=("jpeg",),
        headers=("jpeglib.h", "jerror.h", "jconfig.h", "jmorecfg.h"),
        folder="jpeg",
    ),
    KnownDependency(name="libpng", aliases=("png_archive",), headers=("png.h",), folder="png"),
    KnownDependency(name="nsync", aliases=("nsync",), headers=("nsync",), folder="nsync"),
    # 1.4 has two versions of protobuf: "protobuf_archive" is the one that TensorFlow is compiled
    # with, "com_google_protobuf" brings rules for Bazel.
    KnownDependency(
        name="protobuf",
        aliases=("protobuf_archive", "com_google_protobuf", "protobuf"),
        headers=("google/protobuf/",),
        folder="protobuf",
    ),
    KnownDependency(
        name="re2", aliases=("com_googlesource_code_re2",), headers=("re2/",), folder="re2"
    ),
    KnownDependency(name="snappy", aliases=("snappy",), headers=("snappy",), folder="snappy"),
    KnownDependency(name="zlib", aliases=("zlib_archive",), headers=("zlib.h",), folder="zlib"),
)


@dataclass(frozen=True, kw_only=True)
class Pin:
    """One dependency that a tree pins. ``version`` is a git commit or tag of ``repository`` on
    GitHub, a Mercurial id of ``repository`` on Bitbucket, or the name of a file below the URL
    ``repository``. ``sha256`` is of the archive that the tree names, "" where it says none;
    ``where`` is ``file:line``.
    """

    name: str
    kind: Kind
    version: str
    where: str
    repository: str = ""
    sha256: str = ""

    def __str__(self) -> str:
        """In words for people."""
        system = {"github": "git", "mercurial": "Mercurial", "url": "file"}[self.kind]
        return f"{self.name} {self.version} ({system}, {self.repository})"


def read_pins(tree: Path) -> tuple[Pin, ...]:
    """What ``tree`` pins, sorted by name. Names are those of :data:`KNOWN`; what is not there
    keeps the name that the tree gives it.

    Raises:
        ConfigError: the tree has no workspace file, or one that cannot be understood.
    """
    path = tree / WORKSPACE
    try:
        text = path.read_text("utf-8", "replace")
    except OSError as failure:
        what = f"cannot be read: {failure.strerror}"
        todo = "name the root of a whole TensorFlow tree"
        raise ConfigError(Problem(where=str(path), what=what, todo=todo)) from None
    problems: list[Problem] = []
    found = dict(_pins(workspace_calls(text, path), text, path, problems))
    if problems:
        raise ConfigError(problems)
    return tuple(sorted(_renamed(found), key=lambda pin: pin.name))


def _renamed(found: Mapping[str, Pin]) -> Iterator[Pin]:
    hidden = {alias for known in KNOWN for alias in known.aliases}
    for known in KNOWN:
        if chosen := next((found[alias] for alias in known.aliases if alias in found), None):
            yield dataclasses.replace(chosen, name=known.name)
    yield from (pin for name, pin in found.items() if name not in hidden)


def _pins(
    calls: Sequence[Mapping[str, object]], text: str, path: Path, problems: list[Problem]
) -> Iterator[tuple[str, Pin]]:
    seen: set[str] = set()
    for call in calls:
        name = call.get("name")
        if not isinstance(name, str) or name in seen:
            continue
        where = f"{path}:{_line(text, name)}"
        try:
            pin = _pin(name, call, where)
        except ValueError as failure:
            problems.append(Problem(where=where, what=f"{name}: {failure}", todo=_SHAPES))
            continue
        # A 'bind' of the same name fetches nothing.
        if pin:
            seen.add(name)
            yield name, pin


def _line(text: str, name: str) -> int:
    """The line where a rule is given its name: the evaluation does not tell who called."""
    match = re.search(rf"\bname\s*=\s*[\"']{re.escape(name)}[\"']", text)
    return text.count("\n", 0, match.start()) + 1 if match else 1


def _pin(name: str, call: Mapping[str, object], where: str) -> Pin | None:
    """The pin that a call makes, None if it names nothing that could be fetched.

    Raises:
        ValueError: it names something, in a shape that is not known.
    """
    if call.get("remote") is not None:
        return _git_pin(name, call, where)
    urls = _urls(call)
    if not urls:
        return None
    sha256 = call.get("sha256") or ""
    if not isinstance(sha256, str):
        raise ValueError("its 'sha256' is not text")
    made = Pin(name=name, kind="url", version="", where=where, sha256=sha256)
    for kind, pattern in _PATTERNS:
        if match := next(filter(None, map(pattern.search, urls)), None):
            repository, version = match.groups()
            return dataclasses.replace(made, kind=kind, repository=repository, version=version)
    # The last one is the maker's own; mirrors stand before it.
    repository, _, version = urls[-1].rpartition("/")
    return dataclasses.replace(made, repository=repository, version=version)


def _urls(call: Mapping[str, object]) -> tuple[str, ...]:
    urls = call.get("urls") or call.get("url")
    items = urls if isinstance(urls, list) else [urls] if urls is not None else []
    texts = tuple(item for item in items if isinstance(item, str) and item)
    if len(texts) != len(items):
        raise ValueError("its URLs are not text")
    return texts


def _git_pin(name: str, call: Mapping[str, object], where: str) -> Pin:
    remote, version = call["remote"], call.get("commit") or call.get("tag")
    if not isinstance(remote, str) or not isinstance(version, str):
        raise ValueError("has a 'remote', but no 'commit' or 'tag' in text")
    match = _GITHUB_GIT.search(remote)
    if match is None:
        raise ValueError(f"is in git at {remote!r}, which is not GitHub")
    return Pin(name=name, kind="github", version=version, where=where, repository=match[1])
