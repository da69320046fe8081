"""A handful of op definitions, and models written as text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from buildtool.core.values import ArgDef, AttrDef, OpDefinition
from buildtool.model import ModelSource, Reading, RuntimeFacts, read_models
from buildtool.model.textformat import encode
from buildtool.model.transforms import Choice

# op | inputs | outputs | attributes; an argument is name:TYPE, name:attr, name:N*attr, name:*list
OPS = """
Const | | output:dtype | value:tensor dtype:type
Placeholder | | output:dtype | dtype:type shape:shape={shape{unknown_rank:true}}
PlaceholderWithDefault | input:dtype | output:dtype | dtype:type shape:shape
Identity | input:T | output:T | T:type
IdentityN | input:*T | output:*T | T:list(type)
NoOp | | |
PrintV2 | input:T | output:T | T:type
MatMul | a:T b:T | product:T | transpose_a:bool={b:false} \
 transpose_b:bool={b:false} T:type[float,int32]
Switch | data:T pred:DT_BOOL | output_false:T output_true:T | T:type
Merge | inputs:N*T | output:T value_index:DT_INT32 | N:int T:type
Relu | features:T | activations:T | T:type={type:DT_FLOAT}
BiasAdd | value:T bias:T | output:T | T:type data_format:string={s:'NHWC'}
MaxPool | input:T | output:T | T:type={type:DT_FLOAT} ksize:list(int) strides:list(int) \
 data_format:string={s:'NHWC'}
Transpose | x:T perm:Tperm | y:T | T:type Tperm:type={type:DT_INT32}
Softmax | logits:T | softmax:T | T:type
Pack | values:N*T | output:T | N:int T:type axis:int={i:0}
Split | split_dim:DT_INT32 value:T | output:num_split*T | num_split:int T:type
RandomStandardNormal | shape:T | output:dtype | dtype:type T:type
TopKV2 | input:T k:DT_INT32 | values:T indices:DT_INT32 | sorted:bool={b:true} T:type
Fill | dims:index_type value:T | output:T | T:type index_type:type={type:DT_INT32}
_Arg | | output:T | T:type index:int
_Retval | input:T | | T:type index:int
PartitionedCall | args:*Tin | output:*Tout | Tin:list(type) Tout:list(type) f:func
While | input:*T | output:*T | T:list(type) cond:func body:func
If | cond:Tcond input:*Tin | output:*Tout | Tcond:type Tin:list(type) Tout:list(type) \
 then_branch:func else_branch:func
Case | branch_index:DT_INT32 input:*Tin | output:*Tout | Tin:list(type) Tout:list(type) \
 branches:list(func)
VarHandleOp | | resource:DT_RESOURCE | dtype:type shape:shape
AssignVariableOp | resource:DT_RESOURCE value:dtype | | dtype:type
AssignAddVariableOp | resource:DT_RESOURCE value:dtype | | dtype:type
ReadVariableOp | resource:DT_RESOURCE | value:dtype | dtype:type
HashTableV2 | | table_handle:DT_RESOURCE | key_dtype:type value_dtype:type
InitializeTableV2 | table_handle:DT_RESOURCE keys:Tkey values:Tval | | Tkey:type Tval:type
InitializeTableFromTextFileV2 | table_handle:DT_RESOURCE filename:DT_STRING | | \
 key_index:int value_index:int vocab_size:int={i:-1} delimiter:string={s:','} offset:int={i:0}
LookupTableImportV2 | table_handle:DT_RESOURCE keys:Tin values:Tout | | Tin:type Tout:type
LookupTableFindV2 | table_handle:DT_RESOURCE keys:Tin default_value:Tout | values:Tout | \
 Tin:type Tout:type
IteratorV2 | | handle:DT_RESOURCE | output_types:list(type)
HistogramSummary | tag:DT_STRING values:T | summary:DT_STRING | T:type
MergeSummary | inputs:N*DT_STRING | summary:DT_STRING | N:int
FIFOQueueV2 | | handle:DT_RESOURCE | component_types:list(type)
QueueEnqueueV2 | handle:DT_RESOURCE components:*Tcomponents | | Tcomponents:list(type)
QueueDequeueV2 | handle:DT_RESOURCE | components:*component_types | component_types:list(type)
IteratorToStringHandle | resource_handle:DT_RESOURCE | string_handle:DT_STRING |
IteratorGetNext | iterator:DT_RESOURCE | components:*output_types | output_types:list(type)
AccumulateNV2 | inputs:N*T | sum:T | N:int T:type shape:shape
"""


def _arguments(text: str) -> tuple[ArgDef, ...]:
    result = []
    for item in text.split():
        name, _, kind = item.partition(":")
        number, _, kind = kind.rpartition("*")
        listed = item.partition(":")[2].startswith("*")
        result.append(
            ArgDef(
                name=name,
                type=kind if kind.startswith("DT_") else "",
                type_attr="" if listed or kind.startswith("DT_") else kind,
                number_attr=number,
                type_list_attr=kind if listed else "",
            )
        )
    return tuple(result)


def _attribute(text: str) -> AttrDef:
    match = re.fullmatch(r"(\w+):([\w()]+)(?:\[(.*)\])?(?:=\{(.*)\})?", text)
    assert match, text
    allowed = match[3].split(",") if match[3] else []
    return AttrDef(
        name=match[1],
        type=match[2],
        default=match[4],
        allowed=tuple(f"DT_{name.upper()}" for name in allowed),
    )


def op_definition(line: str) -> OpDefinition:
    name, inputs, outputs, attrs = (part.strip() for part in line.split("|"))
    return OpDefinition(
        name=name,
        inputs=_arguments(inputs),
        outputs=_arguments(outputs),
        attrs=tuple(_attribute(item) for item in attrs.split()),
    )


@pytest.fixture(scope="session")
def definitions() -> Mapping[str, OpDefinition]:
    found = [op_definition(line) for line in OPS.strip().splitlines()]
    old = OpDefinition(name="Old", deprecation="since GraphDef version 9: Use Relu.")
    return {definition.name: definition for definition in (*found, old)}


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a GraphDef given as text, in binary form, and gives its path."""

    def made(text: str, name: str = "m.pb") -> Path:
        path = tmp_path / name
        path.write_bytes(encode(text, "GraphDef"))
        return path

    return made


@pytest.fixture
def read(definitions: Mapping[str, OpDefinition], tmp_path: Path) -> Callable[..., Reading]:
    """Reads the models at some paths, or described by keyword arguments."""

    def reading(
        *paths: Path,
        facts: RuntimeFacts | None = None,
        transforms: Sequence[Choice] = (),
        infers: bool = False,
        **stated: object,
    ) -> Reading:
        sources = [ModelSource(path=path, **stated) for path in paths]  # type: ignore[arg-type]
        return read_models(
            sources,
            definitions=definitions,
            registered_ops=("_FusedConv2D",),
            facts=facts,
            cache=tmp_path / "cache",
            rewrites=transforms,
            infers=infers,
        )

    return reading
