"""Can this be packed? All mistakes are reported together."""

from __future__ import annotations

import re
from collections.abc import Iterator

from buildtool.core.errors import ConfigError, Problem
from buildtool.products.xcframework.package_values import SDKS, Package, SlicePackage

# A name of a module, an executable and a build setting; it needs no quotes anywhere.
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
LINKED = re.compile(r"[A-Za-z0-9_+.-]+")
VERSION = re.compile(r"\d+(\.\d+){1,2}")
URL = re.compile(r"https?://[^\s\"\\]+\.zip")
# What build settings and templates would take for something else.
ODD = re.compile(r"[\s\"'\\$;]")


def check_request(package: Package) -> None:
    """Raises ConfigError if something in the package cannot be."""
    problems = [*_slices(package), *_words(package)]
    if problems:
        raise ConfigError(problems)


def _slices(package: Package) -> Iterator[Problem]:
    if not package.slices:
        yield Problem(where=package.name, what="has no slice", todo="name at least one")
    names = [part.name for part in package.slices]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Problem(where=f"slice {name}", what="is there twice", todo="leave one of them out")
    seen: dict[tuple[str, str], SlicePackage] = {}
    for part in package.slices:
        where = f"slice {part.name}"
        if part.platform not in SDKS:
            known = " or ".join(SDKS)
            yield Problem(where=where, what=f"is for {part.platform!r}", todo=f"say {known}")
        if not VERSION.fullmatch(part.minimum_os):
            what = f"{part.minimum_os!r} is not a version of a system"
            yield Problem(where=where, what=what, todo="write it like 12.0")
        other = seen.setdefault((part.platform, part.cpu), part)
        if other is not part:
            what = f"is for {part.cpu}, as slice {other.name} is; a library has each CPU once"
            yield Problem(where=where, what=what, todo="leave one of them out")


def _words(package: Package) -> Iterator[Problem]:
    where = package.name
    if not NAME.fullmatch(package.name):
        todo = "begin with a letter, then letters, digits and _"
        yield Problem(where=where, what="cannot be the name of a framework", todo=todo)
    for name in (*package.frameworks, *package.libraries):
        if not LINKED.fullmatch(name):
            what = f"{name!r} cannot be the name of a framework or library"
            yield Problem(where=where, what=what, todo="write it like Accelerate or c++")
    for word in (*package.options, *package.defines, package.standard):
        if ODD.search(word):
            what = f"{word!r} has a character that build settings take for something else"
            todo = "leave out spaces, quotes, backslashes, $ and ;"
            yield Problem(where=where, what=what, todo=todo)
    if package.url and not URL.fullmatch(package.url):
        what = f"{package.url!r} is not the address of a zip"
        yield Problem(where=where, what=what, todo="write it like https://example.org/a.zip")
