"""The same bytes of the same model: nodes of TensorFlow in a ``.tflite`` file, put in order.

Such a node is a message of protobuf with a map of attributes, which the converter writes in any
order: it differs from one run to the next. Nothing else in its files does (2.14.1).
"""

from __future__ import annotations

from typing import Any

import tflite

from buildtool.core.lite_names import FLEX
from buildtool.model.lite.flex_nodes import node_bytes
from buildtool.model.lite.tflite_file import DamagedError
from buildtool.model.wire import again, fields

_ATTR = 5  # NodeDef.attr


def steady(data: bytes) -> bytes:
    """A model whose nodes of TensorFlow have their attributes in the order of their bytes; it is
    the same otherwise.

    Raises:
        DamagedError: it does not hold together.
    """
    whole = bytearray(data)
    model = tflite.Model.GetRootAs(whole, 0)
    for number in range(model.SubgraphsLength()):
        graph = model.Subgraphs(number)
        for place in range(graph.OperatorsLength()):
            operator = graph.Operators(place)
            name = model.OperatorCodes(operator.OpcodeIndex()).CustomCode() or b""
            if name.startswith(FLEX.encode()) and not operator.CustomOptionsIsNone():
                options = operator.CustomOptionsAsNumpy()  # a part of ``whole``
                _order(options)
    return bytes(whole)


def _order(options: Any) -> None:
    """Put the attributes of the node in ``options`` in order, where it stands."""
    content = bytes(options)
    node = node_bytes(content)
    start = content.find(node)
    if start < 0:
        raise DamagedError("the options of a node of TensorFlow hold none")
    ordered = _ordered(node)
    for place, value in enumerate(ordered, start):
        options[place] = value


def _ordered(node: bytes) -> bytes:
    parts = [(field[0], again(node, *field)) for field in fields(node, (0, len(node)))]
    attributes = iter(sorted(part for number, part in parts if number == _ATTR))
    return b"".join(next(attributes) if number == _ATTR else part for number, part in parts)
