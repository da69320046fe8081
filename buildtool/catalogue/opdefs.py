"""Op definitions of a tree, from its ``tensorflow/core/ops/ops.pbtxt``.

The file is an OpList in text format, a megabyte that Bazel's op generator wrote. It is read by a
parser of its own, since protobuf's takes seconds for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

from buildtool.core.errors import ConfigError, Problem
from buildtool.core.values import ArgDef, AttrDef, OpDefinition

OPS_PBTXT = "tensorflow/core/ops/ops.pbtxt"

Message: TypeAlias = "list[tuple[str, str | Message]]"
# An op as plain lists, the way it is stored: name to attributes, inputs, outputs, whether it is
# stateful, deprecation. The inner lists are the fields of AttrDef and ArgDef in their order.
Record: TypeAlias = "list[Any]"

_ARG_FIELDS = ("name", "type", "type_attr", "number_attr", "type_list_attr", "is_ref")
_TOKEN = re.compile(
    r"""\s*(?:\#[^\n]*\s*)*(?:
    (?P<key>\w+)\s*(?::\s*(?P<value>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[^\s{}<>"'\#]+)
                  |:?\s*(?P<open>[{<]))
    |(?P<close>[}>])
    |\Z)""",
    re.VERBOSE,
)


class OpDefinitions(Mapping[str, OpDefinition]):
    """The definitions by op name, each made when it is asked for."""

    def __init__(self, records: Mapping[str, Record]) -> None:
        self.records = records

    def __getitem__(self, op: str) -> OpDefinition:
        attrs, inputs, outputs, stateful, deprecation = self.records[op]
        return OpDefinition(
            name=op,
            attrs=tuple(_attr_def(*fields) for fields in attrs),
            inputs=tuple(_arg_def(fields) for fields in inputs),
            outputs=tuple(_arg_def(fields) for fields in outputs),
            stateful=stateful,
            deprecation=deprecation,
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)


def read_definitions(tree: Path) -> dict[str, Record]:
    """Read the definitions of all ops of ``tree``, as :class:`OpDefinitions` takes them.

    Raises:
        ConfigError: the file is not there, or is not what it should be.
    """
    path = tree / OPS_PBTXT
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as failure:
        reason = failure.strerror if isinstance(failure, OSError) else "it is not text"
        what = f"cannot read the op definitions: {reason}"
        todo = "is this a whole TensorFlow source tree?"
        raise ConfigError(Problem(where=str(path), what=what, todo=todo)) from None
    ops = [value for key, value in parse(text, str(path)) if key == "op"]
    return {str(_only(op, "name")): _record(op) for op in ops if not isinstance(op, str)}


def parse(text: str, where: str) -> Message:
    """Parse a message in text format; scalars stay as they are written.

    Raises:
        ConfigError: with the line where the text cannot be understood.
    """
    stack: list[Message] = [[]]
    position = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None or (token["close"] and len(stack) == 1):
            _refuse(text, position, where)
        if token["open"]:
            inner: Message = []
            stack[-1].append((token["key"], inner))
            stack.append(inner)
        elif token["close"]:
            stack.pop()
        elif token["key"]:
            stack[-1].append((token["key"], token["value"]))
        position = token.end()
    if len(stack) > 1:
        _refuse(text, len(text), where)
    return stack[0]


def _refuse(text: str, position: int, where: str) -> NoReturn:
    rest = text[position:].lstrip()
    line = text.count("\n", 0, len(text) - len(rest)) + 1
    found = repr(rest.split("\n")[0][:40]) if rest else "the end of the file"
    what = f"not an op list in text format, at {found}"
    raise ConfigError(
        Problem(where=f"{where}:{line}", what=what, todo="unpack the TensorFlow sources again")
    )


def _only(message: Message, field: str) -> str | Message:
    """The value of a field, the empty string where it is not set; strings without quotes."""
    values = [value for key, value in message if key == field]
    return _plain(values[-1]) if values else ""


def _plain(value: str | Message) -> str | Message:
    if isinstance(value, str) and value[0] in "\"'":
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value


def _record(op: Message) -> Record:
    groups: dict[str, list[Message]] = {"attr": [], "input_arg": [], "output_arg": []}
    for key, value in op:
        if key in groups and not isinstance(value, str):
            groups[key].append(value)
    return [
        [_attr(attr) for attr in groups["attr"]],
        [_arg(arg) for arg in groups["input_arg"]],
        [_arg(arg) for arg in groups["output_arg"]],
        _only(op, "is_stateful") == "true",
        _deprecation(op),
    ]


def _attr(attr: Message) -> list[Any]:
    default = _only(attr, "default_value")
    allowed = _only(_message(_only(attr, "allowed_values")), "list")
    values = [str(_plain(value)) for key, value in _message(allowed) if key in ("type", "s")]
    minimum = _only(attr, "minimum")
    least = int(str(minimum) or 0) if _only(attr, "has_minimum") == "true" else None
    is_set = any(key == "default_value" for key, _ in attr)
    text = _text(_message(default)) if is_set else None
    return [_only(attr, "name"), _only(attr, "type"), text, values, least]


def _arg(arg: Message) -> list[Any]:
    return [*(_only(arg, field) for field in _ARG_FIELDS[:-1]), _only(arg, "is_ref") == "true"]


def _deprecation(op: Message) -> str:
    message = _message(_only(op, "deprecation"))
    version, explanation = _only(message, "version"), _only(message, "explanation")
    return f"since GraphDef version {version}: {explanation}" if message else ""


def _message(value: str | Message) -> Message:
    return value if isinstance(value, list) else []


def _text(message: Message) -> str:
    """The message in text format again, in one line."""
    parts = []
    for key, value in message:
        parts += [f"{key}: {value}"] if isinstance(value, str) else [key, "{", _text(value), "}"]
    return " ".join(part for part in parts if part)


def _attr_def(
    name: str, kind: str, default: str | None, allowed: list[str], minimum: int | None
) -> AttrDef:
    return AttrDef(name=name, type=kind, default=default, allowed=tuple(allowed), minimum=minimum)


def _arg_def(fields: list[Any]) -> ArgDef:
    return ArgDef(**dict(zip(_ARG_FIELDS, fields, strict=True)))
