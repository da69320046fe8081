"""The messages of a text-format GraphDef, as data: fields, their numbers and kinds.

Taken from TensorFlow 2.14.1, ``core/framework/*.proto``. Each line is a message: its fields as
``name=number:kind``, where ``kind`` is a scalar kind or another message, with ``*`` behind it if
the field is repeated. A map is the repeated entry message that it is on the wire. What a device
has no use for is of kind ``skip``.
"""

from __future__ import annotations

from typing import NamedTuple

from buildtool.core import datatypes


class Field(NamedTuple):
    """One field of a message."""

    number: int
    kind: str
    repeated: bool


_MESSAGES = """
GraphDef: node=1:NodeDef* library=2:FunctionDefLibrary version=3:int versions=4:VersionDef \
 debug_info=5:skip
VersionDef: producer=1:int min_consumer=2:int bad_consumers=3:int*
NodeDef: name=1:string op=2:string input=3:string* device=4:string attr=5:AttrEntry* \
 experimental_debug_info=6:DebugNames experimental_type=7:FullTypeDef
DebugNames: original_node_names=1:string* original_func_names=2:string*
AttrEntry: key=1:string value=2:AttrValue
AttrValue: list=1:ListValue s=2:bytes i=3:int f=4:float b=5:bool type=6:DataType \
 shape=7:TensorShapeProto tensor=8:TensorProto placeholder=9:string func=10:NameAttrList
ListValue: s=2:bytes* i=3:int* f=4:float* b=5:bool* type=6:DataType* shape=7:TensorShapeProto* \
 tensor=8:TensorProto* func=9:NameAttrList*
NameAttrList: name=1:string attr=2:AttrEntry*
TensorShapeProto: dim=2:Dim* unknown_rank=3:bool
Dim: size=1:int name=2:string
TensorProto: dtype=1:DataType tensor_shape=2:TensorShapeProto version_number=3:int \
 tensor_content=4:bytes float_val=5:float* double_val=6:double* int_val=7:int* string_val=8:bytes* \
 scomplex_val=9:float* int64_val=10:int* bool_val=11:bool* dcomplex_val=12:double* \
 half_val=13:int* resource_handle_val=14:ResourceHandle* variant_val=15:VariantTensorData* \
 uint32_val=16:int* uint64_val=17:int* float8_val=18:bytes
VariantTensorData: type_name=1:string metadata=2:bytes tensors=3:TensorProto*
ResourceHandle: device=1:string container=2:string name=3:string hash_code=4:int \
 maybe_type_name=5:string dtypes_and_shapes=6:DtypeAndShape*
DtypeAndShape: dtype=1:DataType shape=2:TensorShapeProto
FunctionDefLibrary: function=1:FunctionDef* gradient=2:GradientDef* \
 registered_gradients=3:RegisteredGradient*
GradientDef: function_name=1:string gradient_func=2:string
RegisteredGradient: gradient_func=1:string registered_op_type=2:string
FunctionDef: signature=1:OpDef node_def=3:NodeDef* ret=4:NameEntry* attr=5:AttrEntry* \
 control_ret=6:NameEntry* arg_attr=7:ArgAttrEntry* resource_arg_unique_id=8:IdEntry*
NameEntry: key=1:string value=2:string
IdEntry: key=1:int value=2:int
ArgAttrEntry: key=1:int value=2:ArgAttrs
ArgAttrs: attr=1:AttrEntry*
OpDef: name=1:string input_arg=2:ArgDef* output_arg=3:ArgDef* attr=4:AttrDef* summary=5:string \
 description=6:string deprecation=8:OpDeprecation is_aggregate=16:bool is_stateful=17:bool \
 is_commutative=18:bool allows_uninitialized_input=19:bool control_output=20:string* \
 is_distributed_communication=21:bool
ArgDef: name=1:string description=2:string type=3:DataType type_attr=4:string number_attr=5:string \
 type_list_attr=6:string handle_data=7:DtypeAndShape* is_ref=16:bool \
 experimental_full_type=17:FullTypeDef
AttrDef: name=1:string type=2:string default_value=3:AttrValue description=4:string \
 has_minimum=5:bool minimum=6:int allowed_values=7:AttrValue
OpDeprecation: version=1:int explanation=2:string
FullTypeDef: type_id=1:FullTypeId args=2:FullTypeDef* s=3:string i=4:int
"""

_FULL_TYPES = (
    "UNSET=0 VAR=1 ANY=2 PRODUCT=3 NAMED=4 FOR_EACH=20 CALLABLE=100 BOOL=200 UINT8=201 UINT16=202 "
    "UINT32=203 UINT64=204 INT8=205 INT16=206 INT32=207 INT64=208 HALF=209 FLOAT=210 DOUBLE=211 "
    "COMPLEX64=212 COMPLEX128=213 STRING=214 BFLOAT16=215 TENSOR=1000 ARRAY=1001 OPTIONAL=1002 "
    "LITERAL=1003 ENCODED=1004 SHAPE_TENSOR=1005 DATASET=10102 RAGGED=10103 ITERATOR=10104 "
    "MUTEX_LOCK=10202 LEGACY_VARIANT=10203"
)

ENUMS: dict[str, dict[str, int]] = {
    "DataType": datatypes.NUMBERS,
    "FullTypeId": {
        f"TFT_{name}": int(number)
        for name, number in (item.split("=") for item in _FULL_TYPES.split())
    },
}


def _message(line: str) -> dict[str, Field]:
    result = {}
    for item in line.split():
        name, _, rest = item.partition("=")
        number, _, kind = rest.partition(":")
        result[name] = Field(int(number), kind.rstrip("*"), kind.endswith("*"))
    return result


MESSAGES: dict[str, dict[str, Field]] = {
    name: _message(rest)
    for name, _, rest in (line.partition(":") for line in _MESSAGES.strip().splitlines())
}
