"""The types that keys of a target file can have besides Python's own, and the marks of keys."""

from __future__ import annotations

from pathlib import Path
from typing import NewType, Union

Bytes = NewType("Bytes", int)
Coordinate = NewType("Coordinate", str)
Count = NewType("Count", int)
DataType = NewType("DataType", str)
Define = NewType("Define", str)
Flag = NewType("Flag", str)
Dimension = NewType("Dimension", int)
Host = NewType("Host", str)
Identifier = NewType("Identifier", str)
JavaPackage = NewType("JavaPackage", str)
Prefix = NewType("Prefix", str)
Release = NewType("Release", str)
Share = NewType("Share", float)
Tolerance = NewType("Tolerance", float)
Url = NewType("Url", str)
NameOrPath = Union[str, Path]  # noqa: UP007  (a name that is looked up elsewhere, or a place)

# Marks in a field's metadata: not a key of the file; the key that a plain text stands for.
NOT_A_KEY = {"key": False}
SHORTHAND = {"shorthand": True}
# And: where something is had from or done, which makes no difference to the result.
NO_RESULT = {"decides": False}
# And: a place on one machine, though what is there makes a difference. Only keys of these two kinds
# may stand in the file that is one machine's.
OF_MACHINE = {"machine": True}
