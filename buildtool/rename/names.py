"""Which names are protobuf's, and what each becomes under a prefix."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection
from pathlib import PurePosixPath

from buildtool.config.scalars import PREFIX_PATTERN
from buildtool.core.errors import ConfigError, Problem

# What protobuf's headers name their macros; those of other names are not protobuf's own.
_MACRO = re.compile(
    r"^[ \t]*#[ \t]*define[ \t]+((?:GOOGLE|(?:LIB)?PROTO(?:BUF|C)?)_\w+)", re.MULTILINE | re.ASCII
)
# How protoc writes "google/protobuf/" in global names that it makes of a file's name: letters and
# digits as they are, all else as "_" and two hexadecimal digits. A name that has something before
# it, such as my/google/protobuf/, is not protobuf's.
_MANGLED = re.compile(r"(?<![A-Za-z0-9])google_2fprotobuf_2f")
_PATH = re.compile(r"(?<![^/])google/protobuf/")


def check_prefix(prefix: str, where: str = "prefix") -> None:
    """Whether names can be made with this prefix.

    Raises:
        ConfigError: they cannot; ``where`` is the place that the message names.
    """
    if re.fullmatch(PREFIX_PATTERN, prefix) is None:
        raise ConfigError(
            Problem(
                where=where,
                what=f"'{prefix}' cannot start a C++ name of protobuf's",
                todo="write letters, digits and single underscores, a letter first and no "
                "underscore last, such as 'tf' for the namespace tf_google::protobuf",
            )
        )


def outer_namespace(prefix: str | None) -> str:
    """The namespace around ``protobuf``, and the folder of its headers; without a prefix, as it
    was."""
    return f"{prefix}_google" if prefix else "google"


def defined_macros(header: str) -> frozenset[str]:
    """Macros of protobuf's own that this text of one of its headers defines, guards included."""
    return frozenset(_MACRO.findall(header))


def rename_word(word: str, prefix: str, macros: Collection[str]) -> str:
    """A C++ identifier by itself; that of the namespace depends on what stands around it."""
    if word in macros:
        word = f"{prefix}_{word}"
    if "google_2f" in word:
        word = _MANGLED.sub(f"{prefix.replace('_', '_5f')}_5fgoogle_2fprotobuf_2f", word)
    return word


def rename_path(path: str, prefix: str) -> str:
    """The path of one of protobuf's headers or sources."""
    return _PATH.sub(f"{prefix}_google/protobuf/", path)


def is_protobuf_path(path: str) -> bool:
    """Whether it lies in a folder ``google/protobuf``."""
    parts = PurePosixPath(path).parts[:-1]
    return ("google", "protobuf") in itertools.pairwise(parts)
