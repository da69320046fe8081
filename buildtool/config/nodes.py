"""YAML text to values that remember their file and line.

PyYAML's node graph is read directly, because its constructors forget where a value stood and let
the later of two equal keys win.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Union

import yaml

from buildtool.core.errors import Problem

Data = Union[str, int, float, bool, None, tuple["Value", ...], Mapping[str, "Value"]]  # noqa: UP007

# Far above what a target needs. Aliases of aliases, and numbers, can be far larger in memory than
# in the file.
MOST_VALUES = 20_000
_LARGEST = 2**63 - 1
_MOST_DIGITS = 30

_TAG = "tag:yaml.org,2002:"
_FAST_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CONSTRUCTOR = yaml.constructor.SafeConstructor()
_CONVERTED = {
    f"{_TAG}int": _CONSTRUCTOR.construct_yaml_int,
    f"{_TAG}float": _CONSTRUCTOR.construct_yaml_float,
    f"{_TAG}bool": _CONSTRUCTOR.construct_yaml_bool,
    f"{_TAG}null": _CONSTRUCTOR.construct_yaml_null,
}
_NUMBERS = {f"{_TAG}int", f"{_TAG}float"}
# Plain scalars that YAML would make something else of, but that no key of ours can mean otherwise.
_TEXT = {f"{_TAG}{name}" for name in ("str", "timestamp", "value", "merge")}


@dataclass(frozen=True, kw_only=True)
class Value:
    """A value as written: ``where`` is ``file:line``; ``raw`` is a scalar's own text."""

    data: Data
    where: str
    raw: str = ""


class _TooManyError(Exception):
    """The file stands for too many values; the line at which that shows."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class Reader:
    """Reads one file. ``problems`` collects everything that is wrong with its YAML. One that may be
    empty is then a mapping without keys."""

    def __init__(self, name: str, *, may_be_empty: bool = False) -> None:
        self.name = name
        self.may_be_empty = may_be_empty
        self.problems: list[Problem] = []
        self._made = 0

    def read(self, content: bytes) -> Value | None:
        """The file's mapping; None, with a problem noted, where there is none to be had."""
        try:
            text = content.decode("utf-8-sig")
            node = _compose(text)
            if node is None and self.may_be_empty:
                return Value(data={}, where=f"{self.name}:1")
            if node is not None:
                root = self._value(node, key="", around=())
                if isinstance(root.data, Mapping):
                    return Value(data=root.data, where=f"{self.name}:1")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            self._wrong(line, "this is not UTF-8 text", "save the file in UTF-8")
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            character = f"U+{error.character:04X}"
            self._wrong(line, f"the character {character} is not allowed in YAML", "remove it")
        except yaml.MarkedYAMLError as error:
            self._broken(error, text)
        except _TooManyError as error:
            what = f"the file stands for more than {MOST_VALUES} values, each alias written out"
            self._wrong(error.line, what, "take out what the target does not need")
        except RecursionError:
            self._wrong(
                1, "the file is nested too deeply", "a target needs no more than four levels"
            )
        else:
            what = "the file is empty" if node is None else "the file is not a mapping of keys"
            self._wrong(1, what, "write lines such as 'platform: linux'")
        return None

    def _wrong(self, line: int, what: str, todo: str) -> None:
        self.problems.append(Problem(where=f"{self.name}:{line}", what=what, todo=todo))

    def _broken(self, error: yaml.MarkedYAMLError, text: str) -> None:
        # What a scanner could not finish is wrong where it begins, not where the file ends.
        scanned = isinstance(error, yaml.scanner.ScannerError) and error.context_mark
        mark = error.context_mark if scanned else error.problem_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        if "\t" in "".join(text.splitlines()[line : line + 1])[: column + 1]:
            self._wrong(line + 1, "there is a tab where YAML wants spaces", "indent with spaces")
            return
        context = error.context or ""
        if error.context_mark and not scanned:
            context += f" from line {error.context_mark.line + 1}"
        what = ", ".join(filter(None, [context, error.problem]))
        todo = "check the indentation, colons, quotes and brackets here"
        self._wrong(line + 1, f"this is not YAML: {what}", todo)

    def _value(self, node: yaml.Node, *, key: str, around: tuple[yaml.Node, ...]) -> Value:
        """``node`` with all below it; ``around`` are the nodes that it stands in."""
        where = f"{self.name}:{node.start_mark.line + 1}"
        self._made += 1
        if self._made > MOST_VALUES:
            raise _TooManyError(node.start_mark.line + 1)
        if any(node is outer for outer in around):
            line = node.start_mark.line + 1
            self._wrong(
                line, f"{key}: an alias is inside the very value that it names", "write it out"
            )
            return Value(data=None, where=where)
        if isinstance(node, yaml.MappingNode):
            return Value(data=self._mapping(node, key, (*around, node)), where=where)
        if isinstance(node, yaml.SequenceNode):
            inside = (*around, node)
            items = enumerate(node.value)
            data = tuple(self._value(x, key=f"{key}[{i}]", around=inside) for i, x in items)
            return Value(data=data, where=where)
        if isinstance(node, yaml.ScalarNode):
            return Value(data=self._scalar(node, key), where=where, raw=node.value)
        raise TypeError(node)

    def _mapping(
        self, node: yaml.MappingNode, key: str, around: tuple[yaml.Node, ...]
    ) -> Mapping[str, Value]:
        entries: dict[str, Value] = {}
        lines: dict[str, int] = {}
        for name_node, value_node in node.value:
            line = name_node.start_mark.line + 1
            if not isinstance(name_node, yaml.ScalarNode):
                self._wrong(line, "a key must be a word", "write 'key: value'")
                continue
            name = name_node.value
            inner = f"{key}.{name}" if key else name
            if name in entries:
                first = f"keep one; the first is in line {lines[name]}"
                self._wrong(line, f"{inner}: this key is given twice", first)
                continue
            value = self._value(value_node, key=inner, around=around)
            lines[name] = line
            # A collection begins at its key, also where its first item stands a line below.
            is_scalar = isinstance(value_node, yaml.ScalarNode)
            where = value.where if is_scalar else f"{self.name}:{line}"
            entries[name] = Value(data=value.data, where=where, raw=value.raw)
        return entries

    def _scalar(self, node: yaml.ScalarNode, key: str) -> Data:
        if node.tag in _TEXT:
            return str(node.value)
        is_number = node.tag in _NUMBERS
        try:
            if is_number and len(node.value) > _MOST_DIGITS:
                raise OverflowError
            data: Data = _CONVERTED[node.tag](node)
            if is_number and isinstance(data, int) and abs(data) > _LARGEST:
                raise OverflowError
        except (LookupError, ValueError):
            pass
        except OverflowError:
            what = f"{key}: a number of {len(node.value)} characters is too large"
            self._wrong(node.start_mark.line + 1, what, f"the largest is {_LARGEST}")
            return None
        else:
            return data
        tag = node.tag.replace(_TAG, "!!")
        what = f"{key}: {node.value!r} cannot be read as {tag}"
        self._wrong(node.start_mark.line + 1, what, "write the value without a tag")
        return None


def _compose(text: str) -> yaml.Node | None:
    """The root node. Errors come from PyYAML's own parser, whose texts do not depend on libyaml."""
    try:
        node: yaml.Node | None = yaml.compose(text, Loader=_FAST_LOADER)
    except yaml.YAMLError:
        yaml.compose(text, Loader=yaml.SafeLoader)
        raise
    return node
