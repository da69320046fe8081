"""The protobuf that an app has of its own, beside the library's."""

from __future__ import annotations

import re
from pathlib import Path

from buildtool.core.errors import ConfigError, Problem

# google/protobuf/stubs/common.h says it up to protobuf 29, runtime_version.h since 26.
HEADERS = ("google/protobuf/stubs/common.h", "google/protobuf/runtime_version.h")
FOLDERS = ("", "include", "src")
VERSION = re.compile(r"^\s*#\s*define\s+(?:GOOGLE_)?PROTOBUF_VERSION\s+(\d+)\s*$", re.MULTILINE)


def read_app_protobuf(path: Path, where: str) -> str:
    """The version of the protobuf whose headers are in ``path``, its ``include`` or its ``src``:
    ``3.21.12``.

    Raises:
        ConfigError: there are none. ``where`` is the place of the key that names it.
    """
    for folder in FOLDERS:
        for header in HEADERS:
            try:
                text = (path / folder / header).read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
            if found := VERSION.search(text):
                number = int(found.group(1))
                return f"{number // 1000000}.{number // 1000 % 1000}.{number % 1000}"
    raise ConfigError(
        Problem(
            where=where,
            what=f"app_protobuf: no protobuf in {path}: it has no {HEADERS[0]} that says which",
            todo="name the folder that has google/protobuf/ in it, or the one above that 'include' "
            "or 'src'",
        )
    )


def check_app_protobuf(path: Path, own: str, prefix: str | None, where: str) -> tuple[str, ...]:
    """Compare the app's protobuf with the library's, version ``own``, which is renamed with
    ``prefix`` (None: it is not). Returns what to note.

    Raises:
        ConfigError: the two cannot be in one program.
    """
    version = read_app_protobuf(path, where)
    if prefix is None:
        raise ConfigError(
            Problem(
                where=where,
                what=f"app_protobuf: the app has protobuf {version} and the library {own}; with "
                "both in one program, symbols are defined twice, or it crashes",
                todo="rename the library's with 'protobuf_prefix: NAME'",
            )
        )
    return (
        f"the app's own protobuf is {version}; the library's {own} is renamed, so both can be used",
    )
