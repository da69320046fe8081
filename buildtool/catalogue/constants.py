"""What C++ names in a registration stand for: DataTypes and constants of the tree."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from buildtool.catalogue.cxxfiles import CxxFiles

# framework/types.h (MATCH_TYPE_AND_ENUM) and framework/numeric_types.h, TensorFlow 1.0 to 2.14,
# without namespaces; `string` was renamed to `tstring` in 2.1.
_TYPES = {
    "float": "DT_FLOAT", "double": "DT_DOUBLE", "bool": "DT_BOOL",
    "int": "DT_INT32", "int32": "DT_INT32", "int32_t": "DT_INT32",
    "int64": "DT_INT64", "int64_t": "DT_INT64", "long long": "DT_INT64",
    "int16": "DT_INT16", "int16_t": "DT_INT16", "int8": "DT_INT8", "int8_t": "DT_INT8",
    "int4": "DT_INT4", "uint4": "DT_UINT4",
    "uint8": "DT_UINT8", "uint8_t": "DT_UINT8", "uint16": "DT_UINT16", "uint16_t": "DT_UINT16",
    "uint32": "DT_UINT32", "uint32_t": "DT_UINT32",
    "uint64": "DT_UINT64", "uint64_t": "DT_UINT64", "unsigned long long": "DT_UINT64",
    "half": "DT_HALF", "bfloat16": "DT_BFLOAT16",
    "float8_e5m2": "DT_FLOAT8_E5M2", "float8_e4m3fn": "DT_FLOAT8_E4M3FN",
    "complex64": "DT_COMPLEX64", "complex<float>": "DT_COMPLEX64",
    "complex128": "DT_COMPLEX128", "complex<double>": "DT_COMPLEX128",
    "qint8": "DT_QINT8", "qint16": "DT_QINT16", "qint32": "DT_QINT32",
    "quint8": "DT_QUINT8", "quint16": "DT_QUINT16",
    "string": "DT_STRING", "tstring": "DT_STRING",
    "ResourceHandle": "DT_RESOURCE", "Variant": "DT_VARIANT",
}  # fmt: skip

_NAMESPACE = re.compile(r"(?:\b(?:tensorflow|tsl|Eigen|std|ml_dtypes)\s*)?::\s*|\btypename\s+")
_ENUM_TO_TYPE = re.compile(r"EnumToDataType<\s*(\w+)\s*>::Type")
_TYPE_TO_ENUM = re.compile(r"DataTypeToEnum<\s*(.+?)\s*>::(?:value|v\s*\(\s*\))")
_LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')
_VALUE = r"%s\s*(?:\[[^\]]*\])?\s*(?:=\s*)?(%s)"
_STRINGS = r'(?:"(?:[^"\\]|\\.)*"\s*)+'
_LISTS = r"\{[^;]*\}"
_RETURNED = r"%s\s*\(\s*\)\s*\{\s*return\s*(%s);"
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_CALL = re.compile(r"(\w+)\s*\(\s*\)")
_CONSTANT = re.compile(r"k[A-Z]\w*|[a-z]\w*_types")
_ALIAS = r"%s\s*=\s*([\w:]+)\s*;"


@functools.cache
def data_type(cpp: str) -> str:
    """Give the DataType of a C++ type or of an expression for one; what is not known stays as
    it is written, and so never matches a node."""
    text = " ".join(_TYPE_TO_ENUM.sub(r"\1", cpp).split())
    text = _NAMESPACE.sub("", _ENUM_TO_TYPE.sub(r"\1", text)).strip()
    return _TYPES.get(text, text)


def literal(text: str) -> str | None:
    """Give the content of one or more adjacent string literals, None if ``text`` is no such."""
    if '"' not in text:
        return None
    parts = _LITERAL.findall(text)
    return "".join(parts) if parts and not _LITERAL.sub("", text).strip() else None


class Constants:
    """Looks constants up where the source that names them would find them.

    That is in the source, then in the headers that it includes, nearest first, and in the ``.cc``
    beside each header, which defines what the header declares.
    """

    def __init__(self, files: CxxFiles) -> None:
        self._files = files
        self._known: dict[tuple[str, str], str | None] = {}

    def string(self, text: str, source: str) -> str:
        """Give the string that a literal or a constant of ``source`` holds; any other expression
        stays as it is written."""
        value = self.text(text, source)
        return text.strip() if value is None else value

    def text(self, text: str, source: str) -> str | None:
        """The same; None for any other expression. A function that does nothing but return a
        literal (``GetPaddingAttrString()``) is as good as a constant."""
        value = literal(text)
        return literal(self._initialiser(text, source, _STRINGS) or "") if value is None else value

    def types(self, text: str, source: str) -> tuple[str, ...]:
        """Give the DataTypes of one type, a braced list, or a constant list of ``source``."""
        text = text.strip()
        if _CONSTANT.fullmatch(text):
            text = _COMMENT.sub("", self._initialiser(text, source, _LISTS) or text)
        parts = text.strip("{} \n").split(",") if text.startswith("{") else [text]
        return tuple(data_type(part) for part in parts if part.strip())

    def _initialiser(self, name: str, source: str, pattern: str) -> str | None:
        """Give the initialiser of ``name``, following other names that it is set to."""
        name = name.rpartition("::")[2].strip()
        call = _CALL.fullmatch(name)
        if not (call or name.isidentifier()):
            return None
        # Names in capitals (DEVICE_CPU) are the tree's, all others may be the source's own.
        key = ("" if name.isupper() else source, name)
        if key not in self._known:
            self._known[key] = None  # an end to names that are set to one another
            self._known[key] = self._search(name, source, pattern)
        return self._known[key]

    def _search(self, name: str, source: str, pattern: str) -> str | None:
        call = _CALL.fullmatch(name)
        name, value = (call[1], _RETURNED) if call else (name, _VALUE)
        word = rf"\b{re.escape(name)}\b"
        for path in self._places(source):
            text = self._files.text(path) or b""
            if name.encode() not in text:
                continue
            readable = text.decode("utf-8", "replace")
            if found := re.search(value % (word, pattern), readable):
                return found[1]
            alias = re.search(_ALIAS % word, readable)
            if alias and alias[1].rpartition("::")[2] != name:
                return self._initialiser(alias[1], source, pattern)
        return None

    def _places(self, source: str) -> Iterator[str]:
        for path in self._files.closure([source]):
            yield path
            stem, dot, suffix = path.rpartition(".")
            if suffix == "h":
                yield f"{stem}{dot}cc"
