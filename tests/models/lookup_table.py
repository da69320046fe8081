"""A lookup table that is to be filled before the first run."""

from __future__ import annotations

_TEXT = """
node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_INT64 } } %shape }
node { name: "none" op: "Const" attr { key: "dtype" value { type: DT_INT64 } }
       attr { key: "value" value { tensor { dtype: DT_INT64 int64_val: -1 tensor_shape {} } } } }
node { name: "keys" op: "Const" attr { key: "dtype" value { type: DT_INT64 } }
       attr { key: "value" value { tensor { dtype: DT_INT64 int64_val: 0 int64_val: 2
              tensor_shape { dim { size: 2 } } } } } }
node { name: "values" op: "Const" attr { key: "dtype" value { type: DT_INT64 } }
       attr { key: "value" value { tensor { dtype: DT_INT64 int64_val: 10 int64_val: 20
              tensor_shape { dim { size: 2 } } } } } }
node { name: "table" op: "HashTableV2" attr { key: "key_dtype" value { type: DT_INT64 } }
       attr { key: "value_dtype" value { type: DT_INT64 } } }
node { name: "fill" op: "InitializeTableV2" input: "table" input: "keys" input: "values"
       attr { key: "Tkey" value { type: DT_INT64 } } attr { key: "Tval" value { type: DT_INT64 } } }
node { name: "init" op: "NoOp" input: "^fill" }
node { name: "out" op: "LookupTableFindV2" input: "table" input: "x" input: "none"
       attr { key: "Tin" value { type: DT_INT64 } } attr { key: "Tout" value { type: DT_INT64 } } }
versions { producer: 1575 }
"""


def lookup_table(shape: str = "") -> str:
    """The graph as text: ``out`` is 10 for 0, 20 for 2 and -1 for all else in ``x``, whose
    attribute ``shape`` has this value; without one it has none. ``init`` fills the table."""
    said = f'attr {{ key: "shape" value {{ {shape} }} }}' if shape else ""
    return _TEXT.replace("%shape", said)
