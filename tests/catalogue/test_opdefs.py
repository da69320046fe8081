"""Op definitions read from an ops.pbtxt."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtool.catalogue.opdefs import OpDefinitions, read_definitions
from buildtool.core.errors import ConfigError
from buildtool.core.values import ArgDef, AttrDef, OpDefinition

ADD = """op \t {
  name: "AddN"
  input_arg {
    name: "inputs"
    type_attr: "T"
    number_attr: "N"
  }
  output_arg { name: "sum" type: DT_FLOAT is_ref: true }
  output_arg { name: "rest" type_list_attr: "Tout" description: "two\\n\\"words\\" {" }
  attr {
    name: "T"
    type: "type"
    default_value { type: DT_FLOAT }
    allowed_values {
      list {
        type: DT_FLOAT
        type: DT_HALF
      }
    }
  }
  attr {
    name: "padding"
    type: "string"
    default_value { s: "" }
    allowed_values { list { s: "SAME" s: "VALID" } }
  }
  attr { name: "N" type: "int" has_minimum: true minimum: 1 }
  attr { name: "shapes" type: "list(shape)" default_value { list { } } }
  attr {
    name: "value"
    type: "tensor"
    default_value { tensor { dtype: DT_INT32 tensor_shape { dim { size: -1 } } int_val: 3 } }
  }
  is_stateful: true
  deprecation { version: 8 explanation: "Use \\"Add\\" instead." }
}
# a comment
op {
  name: "NoOp"
}
"""


def definitions(tmp_path: Path, text: str) -> OpDefinitions:
    path = tmp_path / "tensorflow" / "core" / "ops" / "ops.pbtxt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return OpDefinitions(read_definitions(tmp_path))


def test_all_that_a_definition_says(tmp_path: Path) -> None:
    found = definitions(tmp_path, ADD)
    assert sorted(found) == ["AddN", "NoOp"]
    assert found["NoOp"] == OpDefinition(name="NoOp")
    assert found["AddN"] == OpDefinition(
        name="AddN",
        attrs=(
            AttrDef(
                name="T", type="type", default="type: DT_FLOAT", allowed=("DT_FLOAT", "DT_HALF")
            ),
            AttrDef(name="padding", type="string", default='s: ""', allowed=("SAME", "VALID")),
            AttrDef(name="N", type="int", minimum=1),
            AttrDef(name="shapes", type="list(shape)", default="list { }"),
            AttrDef(
                name="value",
                type="tensor",
                default="tensor { dtype: DT_INT32 tensor_shape { dim { size: -1 } } int_val: 3 }",
            ),
        ),
        inputs=(ArgDef(name="inputs", type_attr="T", number_attr="N"),),
        outputs=(
            ArgDef(name="sum", type="DT_FLOAT", is_ref=True),
            ArgDef(name="rest", type_list_attr="Tout"),
        ),
        stateful=True,
        deprecation='since GraphDef version 8: Use "Add" instead.',
    )


def test_an_op_that_is_not_there(tmp_path: Path) -> None:
    found = definitions(tmp_path, ADD)
    assert "Mul" not in found
    assert found.get("Mul") is None
    with pytest.raises(KeyError):
        found["Mul"]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('op {\n  name: "A"\n', 3, "the end of the file"),
        ('op {\n  name: "A"\n}\n}\n', 4, "'}'"),
        ('op {\n  name "A"\n}\n', 2, "'name \"A\"'"),
        ("\n<!DOCTYPE html>\n", 2, "'<!DOCTYPE html>'"),
    ],
)
def test_text_that_is_no_op_list(tmp_path: Path, text: str, line: int, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        definitions(tmp_path, text)
    assert f"ops.pbtxt:{line}: not an op list in text format, at {said}" in str(error.value)
    assert "unpack the TensorFlow sources again" in str(error.value)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    definitions(tmp_path, "")
    (tmp_path / "tensorflow/core/ops/ops.pbtxt").write_bytes(b"op { name: '\xff\xfe'")
    with pytest.raises(ConfigError, match="it is not text"):
        read_definitions(tmp_path)


@pytest.mark.real_tree
def test_the_real_definitions(real_tree: Path) -> None:
    found = OpDefinitions(read_definitions(real_tree))
    assert len(found) == 1501
    assert found["BroadcastTo"].attrs[1] == AttrDef(
        name="Tidx", type="type", default="type: DT_INT32", allowed=("DT_INT32", "DT_INT64")
    )
    assert found["VariableV2"].outputs == (ArgDef(name="ref", type_attr="dtype", is_ref=True),)
    assert found["Where"].attrs[0].default == "type: DT_BOOL"
    assert found["BatchMatrixInverse"].deprecation.startswith("since GraphDef version 13: Use Matr")
    assert found["IteratorGetNext"].stateful
