"""Single values: from what YAML or the command line gives to what a key means."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from buildtool.config.kinds import (
    Bytes,
    Coordinate,
    Count,
    DataType,
    Define,
    Dimension,
    Flag,
    Host,
    Identifier,
    JavaPackage,
    NameOrPath,
    Prefix,
    Release,
    Share,
    Tolerance,
    Url,
)
from buildtool.config.nodes import Value
from buildtool.core.datatypes import SPELLINGS
from buildtool.core.suggest import suggest

UNITS = {
    "B": 1,
    "kB": 10**3,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
}
SIZE_PATTERN = rf"^[0-9]+(\.[0-9]+)? ?({'|'.join(UNITS)})$"
DEFINE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*(=[^\x00-\x1f\x7f]*)?$"
FLAG_PATTERN = r"^[^\x00-\x1f\x7f]+$"
IDENTIFIER_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*$"
RELEASE_PATTERN = r"^[0-9]{1,3}(\.[0-9]{1,3}){0,2}$"
LARGEST = 2**31 - 1
# Linux's NAME_MAX and PATH_MAX, without the zero at its end.
MOST_NAME_BYTES, MOST_PATH_BYTES = 255, 4095
_DECIMAL = r"[-+]?(0|[1-9][0-9_]*)"
_MOST_DIGITS = 18
# Maven's own rule for names of groups and artifacts, and what its versions commonly are.
COORDINATE_PATTERN = r"^[A-Za-z0-9_]([A-Za-z0-9_-]|\.(?!\.))*$"
# A library's own package needs a dot (developer.android.com, "Configure the app module").
JAVA_PACKAGE_PATTERN = r"^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+$"
URL_PATTERN = r"^[a-z][a-z0-9+.-]*://[^\s]+$"
# ssh would take a dash for an option.
HOST_PATTERN = r"^(?!-)(?!.*@-)[^\s\x00-\x1f\x7f-\x9f]+$"
# Underscores at either end or two in a row would make names that C++ reserves (C++17, [lex.name]),
# as a prefix stands before "_google".
PREFIX_PATTERN = r"^[A-Za-z](_?[A-Za-z0-9])*$"


class WrongValueError(Exception):
    """A value that its key cannot take: what is wrong with it, and what would be right."""

    def __init__(self, what: str, todo: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.todo = todo


def shown(value: Value) -> str:
    """The value as a message names it."""
    match value.data:
        case None:
            return "nothing"
        case str():
            return f"the text '{value.data}'"
        case bool():
            return f"the truth value {value.raw}"
        case int() | float():
            return f"the number {value.raw}"
        case tuple():
            return "a list"
        case _:
            return "a mapping"


def text(value: Value) -> str:
    """Text that is not empty and that a process can be given as an argument."""
    if isinstance(value.data, (bool, int, float)):
        raise WrongValueError(
            f"must be text, not {shown(value)}", f'put it in quotes: "{value.raw}"'
        )
    if not isinstance(value.data, str):
        raise WrongValueError(f"must be text, not {shown(value)}")
    if not value.data:
        raise WrongValueError("is an empty text", "write a value, or leave the key out")
    if "\0" in value.data:
        raise WrongValueError("holds a zero character", "remove it")
    return value.data


def truth(value: Value) -> bool:
    """True or false."""
    if not isinstance(value.data, bool):
        raise WrongValueError(f"must be true or false, not {shown(value)}", "write true or false")
    return value.data


def whole_number(value: Value) -> int:
    """A whole number."""
    if isinstance(value.data, bool) or not isinstance(value.data, int):
        raise WrongValueError(f"must be a whole number, not {shown(value)}")
    if re.fullmatch(_DECIMAL, value.raw) is None:  # YAML reads 010 as 8, and 1:30 as 90
        raise WrongValueError(f"must be a number in decimal digits, not '{value.raw}'")
    if abs(value.data) > LARGEST:
        raise WrongValueError(f"must be at most {LARGEST}, not {value.data}")
    return value.data


def count(value: Value) -> Count:
    """A whole number, 1 or more."""
    number = whole_number(value)
    if number < 1:
        raise WrongValueError(f"must be 1 or more, not {number}")
    return Count(number)


def dimension(value: Value) -> Dimension:
    """One dimension of a shape: -1 where it is not known."""
    number = whole_number(value)
    if number < -1:
        raise WrongValueError(f"must be 0 or more, or -1 for unknown, not {number}")
    return Dimension(number)


def number(value: Value) -> float:
    """A number, finite."""
    found = _as_number(value)
    if not math.isfinite(found):
        raise WrongValueError(f"must be a finite number, not {shown(value)}", "such as -0.5")
    return found


def share(value: Value) -> Share:
    """A number from 0 to 1."""
    found = _as_number(value)
    if not 0 <= found <= 1:
        raise WrongValueError(f"must be a number from 0 to 1, not {shown(value)}", "such as 0.99")
    return Share(found)


def _as_number(value: Value) -> float:
    """Not a number where it is none. ``1e-4``, which YAML 1.1 reads as text, is a number too."""
    try:
        return float(value.raw) if not isinstance(value.data, bool) else math.nan
    except ValueError:
        return math.nan


def tolerance(value: Value) -> Tolerance:
    """A number, 0 or more."""
    found = _as_number(value)
    if not 0 <= found < math.inf:
        raise WrongValueError(f"must be a number, 0 or more, not {shown(value)}", "such as 1.0e-4")
    return Tolerance(found)


def size(value: Value) -> Bytes:
    """A size in bytes: a whole number of bytes, or text such as ``4 MB`` or ``1.5 MiB``."""
    amount = value.raw
    if isinstance(value.data, int) and not isinstance(value.data, bool):
        amount = f"{value.data} B"
    match = re.fullmatch(SIZE_PATTERN, amount)
    if match is not None and len(amount) > _MOST_DIGITS + len(match[2]):
        raise WrongValueError(f"is a size of {len(amount)} characters", "write fewer digits")
    if match is None:
        raise WrongValueError(
            f"must be a size, not {shown(value)}",
            "write a number and a unit, such as '4 MB': B, kB, MB, GB (powers of 1000) "
            "or KiB, MiB, GiB (powers of 1024)",
        )
    unit = match[2]
    whole, _, fraction = amount[: -len(unit)].strip().partition(".")
    size_in_bytes = int(whole + fraction) * UNITS[unit] // 10 ** len(fraction)
    if size_in_bytes < 1:
        raise WrongValueError("must be more than 0 bytes", "leave it out for no budget")
    return Bytes(size_in_bytes)


def define(value: Value) -> Define:
    """A preprocessor macro, ``NAME`` or ``NAME=VALUE``."""
    macro = text(value)
    if re.fullmatch(DEFINE_PATTERN, macro) is None:
        bare = macro.removeprefix("-D").strip()
        todo = f"write '{bare}'" if re.fullmatch(DEFINE_PATTERN, bare) else ""
        raise WrongValueError(
            f"must be NAME or NAME=VALUE, not '{macro}'", todo or "such as NDEBUG or LIMIT=4"
        )
    return Define(macro)


def flag(value: Value) -> Flag:
    """One argument of a compiler, as each build system and each file of flags can say it."""
    return Flag(
        _matching(
            value,
            FLAG_PATTERN,
            "has a control character, which no file of flags can hold: {!r}",
            "write one argument for each item of the list",
        )
    )


def prefix(value: Value) -> Prefix:
    """The start of C++ names."""
    return Prefix(
        _matching(
            value,
            PREFIX_PATTERN,
            "cannot be the start of C++ names: '{}'",
            "write letters, digits and single underscores, a letter first and no underscore last",
        )
    )


def identifier(value: Value) -> Identifier:
    """A name in C and its relatives."""
    return Identifier(
        _matching(
            value,
            IDENTIFIER_PATTERN,
            "cannot be the name of a module: '{}'",
            "write letters, digits and underscores, no digit first",
        )
    )


def release(value: Value) -> Release:
    """The number of a system's release; in quotes, because YAML makes 12.10 the number 12.1."""
    return Release(
        _matching(value, RELEASE_PATTERN, "must be a release, not '{}'", 'such as "12.0"')
    )


def coordinate(value: Value) -> Coordinate:
    """A part of what Maven calls a package."""
    return Coordinate(
        _matching(
            value,
            COORDINATE_PATTERN,
            "cannot be part of a package's name: '{}'",
            "write letters, digits, '.', '_' and '-'",
        )
    )


def java_package(value: Value) -> JavaPackage:
    """The name of a Java package with a dot in it."""
    return JavaPackage(
        _matching(
            value,
            JAVA_PACKAGE_PATTERN,
            "cannot be a Java package of an app's library: '{}'",
            "such as org.example.model",
        )
    )


def data_type(value: Value) -> DataType:
    """A type of tensors, by its own name."""
    written = text(value)
    if written not in SPELLINGS:
        raise WrongValueError(f"there is no type '{written}'", suggest(written, SPELLINGS))
    return DataType(SPELLINGS[written])


def url(value: Value) -> Url:
    """Where a service is."""
    return Url(
        _matching(value, URL_PATTERN, "must be a URL, not '{}'", "such as http://cache:8080")
    )


def host(value: Value) -> Host:
    """A machine as ssh is told of it."""
    return Host(
        _matching(
            value,
            HOST_PATTERN,
            "must be a name for ssh, with no space and no '-' at its start, not '{}'",
            "such as pi@board, or a Host of ~/.ssh/config",
        )
    )


def _matching(value: Value, pattern: str, what: str, todo: str) -> str:
    """Text that is wholly of ``pattern``. ``what`` is the message otherwise; ``{}`` is the text."""
    written = text(value)
    if re.fullmatch(pattern, written) is None:
        raise WrongValueError(what.format(written), todo)
    return written


def place(written: str, base: Path) -> Path:
    """A path as written, seen from the folder ``base``.

    A leading ``~`` is the home folder; nothing else in it has a meaning.

    Raises:
        WrongValueError: no file can be called that.
    """
    parts = os.fsencode(written).split(b"/")
    longest = max(map(len, parts))
    if longest > MOST_NAME_BYTES or len(parts) + sum(map(len, parts)) > MOST_PATH_BYTES:
        what = f"cannot be the path of a file: it has {len(written)} characters"
        todo = f"a name has at most {MOST_NAME_BYTES} bytes, a path {MOST_PATH_BYTES}"
        raise WrongValueError(what, todo)
    home = written == "~" or written.startswith("~/")
    return base / (os.path.expanduser(written) if home else written)  # noqa: PTH111  (raises there)


def name_or_place(written: str, base: Path) -> NameOrPath:
    """A path if it has a slash, else a name."""
    return place(written, base) if "/" in written else written


# How to read each type that a key can have; paths are read from the folder given.
READERS: Mapping[Any, Callable[[Value, Path], object]] = {
    str: lambda value, _: text(value),
    bool: lambda value, _: truth(value),
    int: lambda value, _: whole_number(value),
    float: lambda value, _: number(value),
    Coordinate: lambda value, _: coordinate(value),
    Count: lambda value, _: count(value),
    Dimension: lambda value, _: dimension(value),
    Host: lambda value, _: host(value),
    Share: lambda value, _: share(value),
    Tolerance: lambda value, _: tolerance(value),
    Bytes: lambda value, _: size(value),
    DataType: lambda value, _: data_type(value),
    Define: lambda value, _: define(value),
    Flag: lambda value, _: flag(value),
    Identifier: lambda value, _: identifier(value),
    JavaPackage: lambda value, _: java_package(value),
    Prefix: lambda value, _: prefix(value),
    Release: lambda value, _: release(value),
    Url: lambda value, _: url(value),
    Path: lambda value, base: place(text(value), base),
    NameOrPath: lambda value, base: name_or_place(text(value), base),
}
