"""What TensorFlow's converter says when it fails: the part that matters.

Its errors are those of MLIR: a line for each, with the place in the code that made the node
(``loc(callsite(... fused["MatrixInverse:", "model/inv/MatrixInverse@__inference_..."] at ...)):``),
and at last the ops that it has no kernels for, each kind in a line of its own (2.14.1:
``tensorflow/compiler/mlir/lite/flatbuffer_export.cc``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SELECT = re.compile(r"^TF Select ops: (.+)$", re.MULTILINE)
_CUSTOM = re.compile(r"^Custom ops: (.+)$", re.MULTILINE)
_LISTS = re.compile(r"_experimental_lower_tensor_list_ops")
_LIST_OP = re.compile(r"'tf\.(\w+)' op requires element_shape to be static")
_ERROR = re.compile(r"error: (?:loc\((?P<place>.*)\): )?(?P<said>.+)$")
_NODE = re.compile(r'fused\["[^"]*", "(?P<node>[^"@]+)')
_SHOWN = 3
_LONGEST = 400


@dataclass(frozen=True, kw_only=True)
class Complaint:
    """Why a model was not converted: ops of TensorFlow that TensorFlow Lite lacks (``select``),
    those that neither has (``custom``), ops of lists whose elements have no known shape
    (``lists``), and its own ``words``, with the nodes that are to blame."""

    select: tuple[str, ...]
    custom: tuple[str, ...]
    lists: tuple[str, ...]
    words: str

    @property
    def is_of_ops(self) -> bool:
        """Whether ops of TensorFlow itself would mend it."""
        return bool(self.select or self.lists)


def read_complaint(text: str) -> Complaint:
    """What an error of the converter's says."""
    lists = tuple(sorted({*_LIST_OP.findall(text)})) or ("TensorListReserve",)
    return Complaint(
        select=_names(_SELECT, text),
        custom=_names(_CUSTOM, text),
        lists=lists if _LISTS.search(text) else (),
        words=_cut("; ".join([*dict.fromkeys(_errors(text))][:_SHOWN]) or _first_line(text)),
    )


def _names(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    found = pattern.search(text)
    names = found[1].split(",") if found else ()
    return tuple(sorted(name.strip().removeprefix("tf.") for name in names))


def _errors(text: str) -> Iterator[str]:
    """Each error, with the node of the model that it is about."""
    for line in text.splitlines():
        found = _ERROR.search(line)
        if found:
            node, said = _NODE.search(found["place"] or ""), found["said"].strip()
            yield f"node {node['node']!r}: {said}" if node else said


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "nothing")


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."
