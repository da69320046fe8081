"""Graphs of ops that pass on lists, arrays and maps of tensors, data sets, functions and loops."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tests.ops.graphs import in_graph, maker, raw, x
from tests.ops.state_makers import FLOAT, INT, LONG, TEXT, after, const, several


def _array(version: str) -> tuple[Any, Any]:
    """An array of four tensors of two numbers, and what tells that they are in it."""
    more: dict[str, Any] = {} if version in {"", "V2"} else {"element_shape": [2]}
    more["clear_after_read"] = False
    made = raw(f"TensorArray{version}", size=const(4, INT), dtype=FLOAT, **more)
    handle, flow = made if isinstance(made, list) else (made, const(0.0))
    scatter = "TensorArrayUnpack" if not version else f"TensorArrayScatter{version}"
    indices = {"indices": const([0, 1, 2, 3], INT)} if version else {}
    flow = raw(scatter, handle=handle, value=x(4, 2), flow_in=flow, **indices)
    return handle, flow


def _array_ops(version: str) -> Any:
    handle, flow = _array(version)
    given = {"handle": handle, "flow_in": flow}
    read = raw(f"TensorArrayRead{version}", index=const(1, INT), dtype=FLOAT, **given)
    gather = "TensorArrayPack" if not version else f"TensorArrayGather{version}"
    indices = {"indices": const([1, 3], INT)} if version else {}
    gathered = raw(gather, dtype=FLOAT, **indices, **given)
    joined = raw(f"TensorArrayConcat{version}", dtype=FLOAT, **given)
    size = raw(f"TensorArraySize{version}", **given)
    with after([read, gathered, *joined, size]):
        return read, gathered, joined, size, raw(f"TensorArrayClose{version}", handle=handle)


def _array_writes(version: str) -> Any:
    made = raw(f"TensorArray{version}", size=const(2, INT), dtype=FLOAT)
    handle, flow = made if isinstance(made, list) else (made, const(0.0))
    flow = raw(
        f"TensorArrayWrite{version}", handle=handle, index=const(0, INT), value=x(2), flow_in=flow
    )
    read = raw(
        f"TensorArrayRead{version}", handle=handle, index=const(0, INT), flow_in=flow, dtype=FLOAT
    )
    other = raw(f"TensorArray{version}", size=const(2, INT), dtype=FLOAT)
    handle, flow = other if isinstance(other, list) else (other, const(0.0))
    flow = raw(
        f"TensorArraySplit{version}",
        handle=handle, value=x(3, 2), lengths=const([1, 2], LONG), flow_in=flow,
    )  # fmt: skip
    return read, raw(
        f"TensorArrayRead{version}", handle=handle, index=const(1, INT), flow_in=flow, dtype=FLOAT
    )


def _array_gradient(version: str) -> Any:
    handle, flow = _array(version)
    made = raw(f"TensorArrayGrad{version}", handle=handle, flow_in=flow, source="g")
    gradient, flow = made if isinstance(made, list) else (made, const(0.0))
    return raw(f"TensorArraySize{version}", handle=gradient, flow_in=flow)


several("TensorArray", lambda _: (*_flat(_array_ops("")), *_flat(_array_writes(""))))
several("TensorArrayV2", lambda _: (*_flat(_array_ops("V2")), *_flat(_array_writes("V2"))))
several("TensorArrayV3", lambda _: (*_flat(_array_ops("V3")), *_flat(_array_writes("V3"))))
several("TensorArrayGrad", lambda _: _array_gradient(""))
several("TensorArrayGradV2", lambda _: _array_gradient("V2"))
several("TensorArrayGradV3", lambda _: _array_gradient("V3"))


@maker
def tensor_array_grad_with_shape() -> Any:
    handle, flow = _array("V3")
    given = {"handle": handle, "flow_in": flow, "source": "g"}
    made = raw("TensorArrayGradWithShape", shape_to_prepend=const([3], INT), **given)
    return raw("TensorArraySizeV3", handle=made[0], flow_in=made[1])


def _flat(found: Any) -> list[Any]:
    return [item for each in found for item in (each if isinstance(each, list | tuple) else [each])]


def _list() -> Any:
    return raw("TensorListFromTensor", tensor=x(4, 2), element_shape=const([2], INT))


def _stacked(handle: Any) -> Any:
    return raw(
        "TensorListStack", input_handle=handle, element_shape=const([2], INT), element_dtype=FLOAT
    )


@maker
def tensor_list() -> Any:
    handle, shape = _list(), const([2], INT)
    item = raw(
        "TensorListGetItem",
        input_handle=handle, index=const(1, INT), element_shape=shape, element_dtype=FLOAT,
    )  # fmt: skip
    changed = raw("TensorListSetItem", input_handle=handle, index=const(0, INT), item=x(2))
    return item, _stacked(changed), raw("TensorListLength", input_handle=handle)


@maker
def tensor_list_ends() -> Any:
    shape = const([2], INT)
    empty = raw(
        "EmptyTensorList", element_shape=shape, max_num_elements=const(4, INT), element_dtype=FLOAT
    )
    handle = raw("TensorListPushBack", input_handle=empty, tensor=x(2))
    handle = raw("TensorListPushBack", input_handle=handle, tensor=x(2))
    rest, popped = raw(
        "TensorListPopBack", input_handle=handle, element_shape=shape, element_dtype=FLOAT
    )
    known = raw("TensorListElementShape", input_handle=handle, shape_type=INT)
    wide = raw("TensorListResize", input_handle=handle, size=const(3, INT))
    both = raw("TensorListConcatLists", input_a=handle, input_b=_list(), element_dtype=FLOAT)
    many = raw("TensorListPushBackBatch", input_handles=tf.stack([rest, rest]), tensor=x(2, 2))
    lengths = [raw("TensorListLength", input_handle=each) for each in (wide, many[0])]
    return popped, known, _stacked(both), lengths[0], lengths[1]


@maker
def tensor_list_scatter() -> Any:
    shape, two = const([2], INT), const([0, 2], INT)
    v1 = raw("TensorListScatter", tensor=x(2, 2), indices=two, element_shape=shape)
    v2 = raw(
        "TensorListScatterV2",
        tensor=x(2, 2), indices=two, element_shape=shape, num_elements=const(3, INT),
    )  # fmt: skip
    into = raw(
        "TensorListScatterIntoExistingList", input_handle=_list(), tensor=x(2, 2), indices=two
    )
    gathered = raw(
        "TensorListGather",
        input_handle=into, indices=two, element_shape=shape, element_dtype=FLOAT,
    )  # fmt: skip
    sizes = [raw("TensorListLength", input_handle=each) for each in (v1, v2)]
    return gathered, *sizes


@maker
def tensor_list_concat() -> Any:
    split = raw(
        "TensorListSplit",
        tensor=x(3, 2), element_shape=const([-1, 2], INT), lengths=const([1, 2], LONG),
    )  # fmt: skip
    v1 = raw("TensorListConcat", input_handle=split, element_dtype=FLOAT)
    v2 = raw(
        "TensorListConcatV2",
        input_handle=split, element_shape=const([-1, 2], INT),
        leading_dims=const([], LONG), element_dtype=FLOAT,
    )  # fmt: skip
    kept = raw(
        "TensorListReserve",
        element_shape=const([2], INT), num_elements=const(3, INT), element_dtype=FLOAT,
    )  # fmt: skip
    return (*v1, *v2, raw("TensorListLength", input_handle=kept))


@maker
def tensor_map() -> Any:
    handle = raw("EmptyTensorMap")
    key = const("a", TEXT)
    handle = raw("TensorMapInsert", input_handle=handle, key=key, value=x(2))
    there = raw("TensorMapHasKey", input_handle=handle, key=key)
    found = raw("TensorMapLookup", input_handle=handle, key=key, value_dtype=FLOAT)
    keys = raw("TensorMapStackKeys", input_handle=handle, key_dtype=TEXT)
    rest = raw("TensorMapErase", input_handle=handle, key=key, value_dtype=FLOAT)
    return there, found, keys, raw("TensorMapSize", input_handle=rest)


# Staging areas.
@maker
def stage() -> Any:
    area = {"dtypes": [FLOAT], "shared_name": "stage"}
    staged = raw("Stage", values=[x(2, 3)], shared_name="stage")
    with after([staged]):
        size = raw("StageSize", **area)
        seen = raw("StagePeek", index=const(0, INT), **area)
    with after([size, seen]):
        taken = raw("Unstage", **area)
    with after([taken]):
        return size, seen, taken, raw("StageClear", **area)


def _map_stage(ordered: str) -> Any:
    area = {"dtypes": [FLOAT], "shared_name": f"{ordered}map"}
    names = f"{ordered}Map"
    done: list[Any] = []
    for key in (1, 2):
        with after(done):
            done = [
                raw(
                    f"{names}Stage", key=const(key, LONG), indices=const([0], INT),
                    values=[x(2, 3)], **area,
                )
            ]  # fmt: skip
    with after(done):
        sizes = [raw(f"{names}{each}", **area) for each in ("Size", "IncompleteSize")]
        seen = raw(f"{names}Peek", key=const(1, LONG), indices=const([0], INT), **area)
    with after([*sizes, seen]):
        taken = raw(f"{names}Unstage", key=const(1, LONG), indices=const([0], INT), **area)
    with after([taken]):
        _, other = raw(f"{names}UnstageNoKey", indices=const([0], INT), **area)
    with after([other]):
        return *sizes, seen, taken, other, raw(f"{names}Clear", **area)


several("MapStage", lambda _: _map_stage(""))
several("OrderedMapStage", lambda _: _map_stage("Ordered"))


# Functions.
@in_graph("twice", FLOAT)
def _twice(a: Any) -> Any:
    return a * 2.0


@in_graph("half", FLOAT)
def _half(a: Any) -> Any:
    return a / 2.0


@in_graph("is_small", FLOAT)
def _is_small(a: Any) -> Any:
    return tf.reduce_all(a < 9.0)


@in_graph("add_index", INT, FLOAT)
def _add_index(i: Any, a: Any) -> Any:
    return a + tf.cast(i, FLOAT)


def _condition(op: str) -> Any:
    yes = tf.reduce_any(x(2, 3) > 2.0)
    return raw(op, cond=yes, input=[x(2, 3)], Tout=[FLOAT], then_branch=_twice, else_branch=_half)


several("If StatelessIf _If", _condition)
several(
    "Case StatelessCase",
    lambda op: raw(
        op, branch_index=const(1, INT), input=[x(2, 3)], Tout=[FLOAT], branches=[_twice, _half]
    ),
)


several(
    "While StatelessWhile _While",
    lambda op: raw(op, input=[x(2, 3) + 0.5], cond=_is_small, body=_twice),
)
several(
    "For",
    lambda op: raw(
        op, start=const(0, INT), limit=const(3, INT), delta=const(1, INT), input=[x(2, 3)],
        body=_add_index,
    ),
)  # fmt: skip
several(
    "PartitionedCall StatefulPartitionedCall",
    lambda op: raw(op, args=[x(2, 3)], Tout=[FLOAT], f=_twice),
)
several(
    "RemoteCall",
    lambda op: raw(
        op, target=const("/job:localhost/replica:0/task:0/device:CPU:0", TEXT), args=[x(2, 3)],
        Tout=[FLOAT], f=_twice,
    ),
)  # fmt: skip
several(
    "MapDefun",
    lambda op: raw(
        op, arguments=[x(2, 3)], captured_inputs=[], output_types=[FLOAT], output_shapes=[[3]],
        f=_twice,
    ),
)  # fmt: skip
several("ToBool", lambda op: raw(op, input=x(2)))


# Loops and branches of the old kind.
def _old_control_flow(make: Any) -> Any:
    tf.compat.v1.disable_control_flow_v2()
    return make()


@maker
def while_loop() -> Any:
    def loop() -> Any:
        return tf.compat.v1.while_loop(
            lambda i, _: i < 3, lambda i, a: (i + 1, a * 2.0), [const(0, INT), x(2, 3)]
        )

    return _old_control_flow(loop)


@maker
def switch_and_merge() -> Any:
    off, on = raw("Switch", data=x(2, 3), pred=tf.reduce_any(x(2) > 0.5))
    return raw("Merge", inputs=[off * 2.0, on / 2.0])


@maker
def switch_of_many() -> Any:
    branches = raw("_SwitchN", data=x(2, 3), output_index=const(1, INT), num_outs=3)
    return raw("Merge", inputs=[each * 2.0 for each in branches])
