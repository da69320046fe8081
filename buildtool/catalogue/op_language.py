"""The words of an op's registration: ``T: {float, int32} = DT_FLOAT``, ``x: Ref(N * T)``.

Their grammar is that of ``core/framework/op_def_builder.cc`` (TensorFlow 1.8 and 2.14.1 alike;
``FinalizeAttr``, ``FinalizeInputOrOutput``) and of ``ParseAttrValue`` in ``attr_value_util.cc``.
What they say becomes the same record as a definition of ``ops.pbtxt`` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from buildtool.catalogue.cxxfiles import CxxFiles
from buildtool.catalogue.opdefs import Record
from buildtool.core.datatypes import NUMBERS, SPELLINGS

_TYPES_H = ("tensorflow/core/framework/types.h", "tensorflow/core/framework/types.cc")
_COMPOUND = {
    "numbertype": b"NumberTypes",
    "numerictype": b"NumberTypes",
    "realnumbertype": b"RealNumberTypes",
    "quantizedtype": b"QuantizedTypes",
}
_FIELDS = {
    "string": "s",
    "int": "i",
    "float": "f",
    "bool": "b",
    "type": "type",
    "shape": "shape",
    "tensor": "tensor",
    "func": "func",
}
_QUOTED = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
_ATTR = re.compile(
    rf"""([A-Za-z]\w*)\s*:\s*
    (list\s*\(\s*)?({"|".join((*_COMPOUND, *_FIELDS))}|\{{(?:[^}}'"]|{_QUOTED})*\}})\s*(\)\s*)?
    (?:>=\s*(-?\d+)\s*)?(?:=\s*(\S.*))?""",
    re.VERBOSE | re.DOTALL,
)
_STRING = re.compile(_QUOTED)
_ARG = re.compile(
    r"([a-z][a-z0-9_]*)\s*:\s*(?:(Ref)\s*\(\s*)?(?:([A-Za-z]\w*)\s*\*\s*)?([A-Za-z]\w*)\s*(\))?\s*"
)
_EMPTY_LIST = re.compile(r"\[\s*\]")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


class OpWords(NamedTuple):
    """What the methods of one OpDefBuilder were called with, each string unquoted."""

    attrs: Sequence[str]
    inputs: Sequence[str]
    outputs: Sequence[str]
    stateful: bool = False
    deprecation: str = ""


def compound_types(files: CxxFiles) -> Mapping[str, tuple[str, ...]]:
    """The DataTypes that ``numbertype`` and the like stand for in a tree, with all types built in:
    what ``ops.pbtxt`` is written with."""
    texts = [text for path in _TYPES_H if (text := files.text(path)) is not None]
    found = {}
    for word, name in _COMPOUND.items():
        values = re.compile(rb"\bk?%s\b(?:\(\))?\s*(?:=|\{\s*return)([^;]*);" % name)
        lists = (re.findall(rb"DT_\w+", text) for t in texts for text in values.findall(t))
        types = {item.decode() for item in next(filter(None, lists), ())}
        if types:
            found[word] = tuple(sorted(types, key=lambda item: NUMBERS.get(item, 0)))
    return found


def record(words: OpWords, compound: Mapping[str, tuple[str, ...]]) -> Record | None:
    """The definition that ``words`` make; None if they are not of the language."""
    attrs = [_attr(text, compound) for text in words.attrs]
    known = {attr[0]: attr for attr in attrs if attr is not None}
    inputs = [_arg(text, known) for text in words.inputs]
    outputs = [_arg(text, known) for text in words.outputs]
    if None in (*attrs, *inputs, *outputs):
        return None
    handles = any(arg[1] == "DT_RESOURCE" for arg in (*inputs, *outputs) if arg)
    return [attrs, inputs, outputs, words.stateful or handles, words.deprecation]


def _attr(text: str, compound: Mapping[str, tuple[str, ...]]) -> list[Any] | None:
    match = _ATTR.fullmatch(text.strip())
    if match is None or bool(match[2]) != bool(match[4]):
        return None
    name, _, kind, _, minimum, default = match.groups()
    allowed: Iterable[str] | None = ()
    if kind in compound or kind.startswith("{"):
        allowed = compound[kind] if kind in compound else _allowed(kind[1:-1], compound)
        kind = "string" if "'" in kind or '"' in kind else "type"
    if allowed is None or kind not in _FIELDS or (minimum and not (match[2] or kind == "int")):
        return None
    value = default and _default(kind, default.strip(), is_list=bool(match[2]))
    if default is not None and value is None:
        return None
    least = None if minimum is None else int(minimum)
    return [name, f"list({kind})" if match[2] else kind, value, list(allowed), least]


def _allowed(text: str, compound: Mapping[str, tuple[str, ...]]) -> list[str] | None:
    """The strings or DataTypes between braces."""
    if _STRING.search(text):
        values = [_ESCAPE.sub(r"\1", item[1:-1]) for item in _STRING.findall(text)]
        return None if _STRING.sub("", text).replace(",", "").strip() else values
    types: list[str] = []
    for word in (part.strip() for part in text.strip().removesuffix(",").split(",")):
        if word not in compound and word not in SPELLINGS:
            return None
        types += compound.get(word) or [SPELLINGS[word]]
    return types


def _default(kind: str, text: str, *, is_list: bool) -> str | None:
    """The default as an AttrValue in text format, which is what it is written in but for lists
    and lines within a string."""
    text = text.replace("\n", "\\n")
    if not is_list:
        return f"{_FIELDS[kind]}: {text}"
    if not text.startswith("["):
        return None
    return "list { }" if _EMPTY_LIST.fullmatch(text) else f"list {{ {_FIELDS[kind]}: {text} }}"


def _arg(text: str, attrs: Mapping[str, list[Any]]) -> list[Any] | None:
    """One input or output. An attribute that counts or types it is then 1 or more, or longer."""
    match = _ARG.fullmatch(text.strip())
    if match is None or bool(match[2]) != bool(match[5]):
        return None
    name, ref, number, kind, _ = match.groups()
    dtype = _dtype(kind)
    typed = attrs.get(kind)
    kinds = {"type": 0, "list(type)": 1}
    if not dtype and (typed is None or typed[1] not in kinds):
        return None
    is_list = not dtype and typed is not None and typed[1] == "list(type)"
    counting = attrs.get(number) if number else typed if is_list else None
    if counting is not None and counting[4] is None:
        counting[4] = 1
    by_type, by_list = ("" if dtype or is_list else kind), (kind if is_list else "")
    return [name, dtype, by_type, number or "", by_list, bool(ref)]


def _dtype(word: str) -> str:
    """The DataType of that name, empty if there is none (``DataTypeFromString``)."""
    if word.endswith("_ref") and word.removesuffix("_ref") in SPELLINGS:
        return f"{SPELLINGS[word.removesuffix('_ref')]}_REF"
    return SPELLINGS.get(word, "")
