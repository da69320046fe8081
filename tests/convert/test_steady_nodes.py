"""Attributes of TensorFlow's nodes in a ``.tflite`` file, in whatever order they were written."""

from __future__ import annotations

import dataclasses

from tflite import BuiltinOperator

from buildtool.convert.steady_nodes import steady
from buildtool.model.encoding import bool_attr, make_node, type_attr
from buildtool.model.graphdef import Node
from buildtool.model.lite.tflite_file import read_model
from tests.lite.small_models import Op, flex, small_model

ATTRS = {"T": type_attr("DT_FLOAT"), "adjoint": bool_attr(False), "Tidx": type_attr("DT_INT32")}


def node(names: list[str]) -> Node:
    return make_node("inv", "MatrixInverse", ["x"], **{name: ATTRS[name] for name in names})


def test_the_order_of_attributes_does_not_matter() -> None:
    relu = Op(code=BuiltinOperator.RELU)
    one, two = (
        small_model(relu, flex(node(names))) for names in (sorted(ATTRS), sorted(ATTRS)[::-1])
    )
    assert one != two
    assert steady(one) == steady(two)
    before, after = read_model(two), read_model(steady(two))
    assert [dataclasses.replace(each, options=b"") for each in before.operators] == [
        dataclasses.replace(each, options=b"") for each in after.operators
    ]
    assert steady(steady(two)) == steady(two)


def test_a_model_without_such_nodes_is_as_it_was() -> None:
    model = small_model(Op(code=BuiltinOperator.RELU), Op(custom="Mine", options=b"\1\2\3"))
    assert steady(model) == model
