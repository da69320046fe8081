"""Protocol-buffer text format to wire format, by the tables of :mod:`buildtool.model.proto_schema`.

A text model thus becomes the binary one that the device runs, and everything else reads only
that. The format: https://protobuf.dev/reference/protobuf/textformat-spec/

Protobuf's own ``text_format`` would need the same tables, as descriptors. It takes 2.4 times as
long for real graphs (1.4 MB: 0.40 s instead of 0.17 s; half as long where weights are most of the
text), ends with a RecursionError where messages are nested too deeply, and makes an infinity of a
float that is too large.
"""

from __future__ import annotations

import re

from buildtool.model.proto_schema import ENUMS, MESSAGES, Field
from buildtool.model.wire import write_field

_TOKEN = re.compile(
    r"""\s*(?:\#[^\n]*\s*)*(?:
    (?P<string>"[^"\\\n]*(?:\\.[^"\\\n]*)*"|'[^'\\\n]*(?:\\.[^'\\\n]*)*')
    |(?P<number>-?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fF]?))
    |(?P<word>-?[A-Za-z_][\w.]*)
    |(?P<mark>[{}<>\[\]:;,])
    |(?P<end>\Z))""",
    re.VERBOSE,
)
_ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)")
_LETTERS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_CLOSING = {"{": "}", "<": ">"}
_INTEGERS = range(-(1 << 63), 1 << 64)
# Protobuf reads no binary message that is nested more deeply, so that no device would.
_DEEPEST = 100
_BOOLS = {"true": 1, "True": 1, "t": 1, "1": 1, "false": 0, "False": 0, "f": 0, "0": 0}


class TextError(ValueError):
    """The text is no such message. ``line`` counts from 1."""

    def __init__(self, line: int, what: str) -> None:
        self.line = line
        super().__init__(what)


def encode(text: str, message: str) -> bytes:
    """Give the wire format of a text-format ``message`` (a name of the schema).

    Raises:
        TextError: with the line and what is wrong there.
    """
    return _Parser(text).message(message, "")


class _Parser:
    """Recursive descent over the tokens; ``ahead`` is the next one, ``""`` at the end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = self._start = self._depth = 0
        self.ahead = self._kind = ""
        self._advance()

    def error(self, what: str) -> TextError:
        return TextError(self._text.count("\n", 0, self._start) + 1, what)

    def _advance(self) -> str:
        """Step to the next token; give the one that was."""
        previous = self.ahead
        match = _TOKEN.match(self._text, self._position)
        if match is None:
            self._start = self._position
            rest = self._text[self._position :].lstrip()[:20]
            raise self.error(f"{rest!r} is no text-format token")
        self._kind = match.lastgroup or ""
        self.ahead = match[self._kind]
        self._start, self._position = match.start(self._kind), match.end()
        return previous

    def message(self, name: str, closing: str) -> bytes:
        """The fields of message ``name``, up to ``closing``, which is taken."""
        out: list[bytes] = []
        known = MESSAGES[name]
        while self.ahead != closing:
            if self._kind != "word":
                found = repr(self.ahead) if self.ahead else "the end of the text"
                raise self.error(f"{found} where a field of {name} should stand")
            field = known.get(self.ahead)
            if field is None:
                raise self.error(f"{name} has no field {self.ahead!r}")
            self._advance()
            self._field(field, out)
            if self.ahead in (",", ";"):
                self._advance()
        if closing:
            self._advance()
        return b"".join(out)

    def _field(self, field: Field, out: list[bytes]) -> None:
        if self.ahead == ":":
            self._advance()
        if field.kind == "skip":
            self._skip()
        elif self.ahead == "[":
            self._advance()
            while self.ahead != "]":
                out.append(self._value(field))
                if self.ahead == ",":
                    self._advance()
            self._advance()
        else:
            out.append(self._value(field))

    def _value(self, field: Field) -> bytes:
        if field.kind in MESSAGES:
            closing = _CLOSING.get(self.ahead)
            if closing is None:
                raise self.error(f"{self.ahead!r} where '{{' should stand")
            self._depth += 1
            if self._depth > _DEEPEST:
                raise self.error(f"messages are nested more than {_DEEPEST} deep")
            self._advance()
            content = self.message(field.kind, closing)
            self._depth -= 1
            return write_field(field.number, content)
        return self._scalar(field)

    def _scalar(self, field: Field) -> bytes:
        kind, token = field.kind, self.ahead
        if kind in ("string", "bytes"):
            return write_field(field.number, self._string())
        try:
            content = write_field(field.number, self._number(kind), double=kind == "double")
        except (KeyError, ValueError, OverflowError):
            raise self.error(f"{token!r} is no {kind}") from None
        self._advance()
        return content

    def _number(self, kind: str) -> int | float:
        """What the next token stands for; an error of Python's if it stands for nothing."""
        if kind in ENUMS and self._kind == "word":
            return ENUMS[kind][self.ahead]
        if kind == "bool":
            return _BOOLS[self.ahead]
        if kind in ENUMS or kind == "int":
            value = int(self.ahead, 0)
            if value not in _INTEGERS:
                raise ValueError
            return value
        return float(self.ahead.rstrip("fF") if self._kind == "number" else self.ahead)

    def _string(self) -> bytes:
        if self._kind != "string":
            raise self.error(f"{self.ahead!r} where a quoted string should stand")
        parts = []
        while self._kind == "string":
            try:
                parts.append(_ESCAPE.sub(_unescape, self.ahead[1:-1].encode()))
            except (ValueError, OverflowError):
                raise self.error("the string has an escape that stands for no character") from None
            self._advance()
        return b"".join(parts)

    def _skip(self) -> None:
        """Step over one value of whatever kind."""
        depth = 0
        while True:
            token = self._advance()
            depth += (token in ("{", "<", "[")) - (token in ("}", ">", "]"))
            if not depth:
                return
            if not self.ahead:
                raise self.error("the end of the text inside a message")


def _unescape(match: re.Match[bytes]) -> bytes:
    body = match[1].decode("latin-1")
    if body[0] in "xX":
        return bytes([int(body[1:], 16)])
    if body[0] in "uU" and len(body) > 1:
        return chr(int(body[1:], 16)).encode()
    if body[0] in "01234567":
        return bytes([int(body, 8) & 0xFF])
    return _LETTERS.get(body, body).encode("latin-1")
