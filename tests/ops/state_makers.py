"""Graphs of ops that keep or pass on something else than values: variables, tables, queues, lists,
files, data sets, functions and loops."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tests.ops.graphs import MAKERS, maker, raw, x

FLOAT, INT, LONG, TEXT = tf.float32, tf.int32, tf.int64, tf.string
after = tf.control_dependencies


def several(names: str, make: Callable[[str], Any]) -> None:
    """One graph for each of several ops."""
    for name in names.split():
        MAKERS[name] = functools.partial(make, name)


def const(values: Any, dtype: Any = FLOAT) -> Any:
    return tf.constant(values, dtype)


# Variables of the old kind, which pass references on.
def _variable(dtype: Any = FLOAT, shape: tuple[int, ...] = (4, 3), op: str = "VariableV2") -> Any:
    ref = raw(op, shape=shape, dtype=dtype)
    start = tf.ones(shape, dtype)
    return raw("Assign", ref=ref, value=start)


several("Variable VariableV2", lambda op: tf.identity(_variable(op=op)))
several("AssignAdd AssignSub", lambda op: tf.identity(raw(op, ref=_variable(), value=x(4, 3))))
several(
    "ScatterAdd ScatterSub ScatterMul ScatterDiv ScatterMin ScatterMax ScatterUpdate",
    lambda op: tf.identity(
        raw(op, ref=_variable(), indices=const([0, 2], INT), updates=const([[0.5] * 3] * 2))
    ),
)
several(
    "ScatterNdAdd ScatterNdSub ScatterNdUpdate ScatterNdMax ScatterNdMin",
    lambda op: tf.identity(
        raw(op, ref=_variable(), indices=const([[0], [2]], INT), updates=x(2, 3))
    ),
)
several("RefIdentity DebugGradientRefIdentity", lambda op: tf.identity(raw(op, input=_variable())))
several("CountUpTo", lambda op: raw(op, ref=_variable(INT, ()), limit=4))
several("IsVariableInitialized", lambda op: raw(op, ref=_variable()))
several("RefSelect", lambda op: tf.identity(raw(op, index=0, inputs=[_variable(), _variable()])))
several(
    "StridedSliceAssign",
    lambda op: tf.identity(
        raw(
            op,
            ref=_variable(),
            begin=const([0, 0], INT),
            end=const([2, 3], INT),
            strides=const([1, 1], INT),
            value=x(2, 3),
        )
    ),
)


@maker
def temporary_variable() -> Any:
    ref = raw("TemporaryVariable", shape=(2, 3), dtype=FLOAT, var_name="t")
    ref = raw("Assign", ref=ref, value=x(2, 3))
    return raw("DestroyTemporaryVariable", ref=ref, var_name="t")


@maker
def ref_switch() -> Any:
    yes = raw("RefSwitch", data=_variable(), pred=const(True, tf.bool))[1]
    entered = raw("RefEnter", data=_variable(), frame_name="f")
    return tf.identity(yes), tf.identity(raw("RefExit", data=entered))


@maker
def ref_merge() -> Any:
    off, on = raw("RefSwitch", data=_variable(), pred=const(True, tf.bool))
    merged, index = raw("RefMerge", inputs=[off, on])
    return tf.identity(merged), index


# Variables as resources.
def _resource(dtype: Any = FLOAT, shape: tuple[int, ...] = (4, 3), start: Any = None) -> Any:
    handle = raw("VarHandleOp", dtype=dtype, shape=shape)
    begin = tf.ones(shape, dtype) if start is None else start
    with after([raw("AssignVariableOp", resource=handle, value=begin)]):
        return tf.identity(handle)


def _read(handle: Any, done: Any, dtype: Any = FLOAT) -> Any:
    with after([done]):
        return raw("ReadVariableOp", resource=handle, dtype=dtype)


def _changed(op: str, **arguments: Any) -> Any:
    handle = _resource()
    return _read(handle, raw(op, resource=handle, **arguments))


several("AssignAddVariableOp AssignSubVariableOp", lambda op: _changed(op, value=x(4, 3)))
several(
    "ResourceScatterAdd ResourceScatterSub ResourceScatterMul ResourceScatterDiv "
    "ResourceScatterMin ResourceScatterMax ResourceScatterUpdate",
    lambda op: _changed(op, indices=const([0, 2], INT), updates=const([[0.5] * 3] * 2)),
)


def _scatter_nd(op: str) -> Any:
    handle = _resource()
    return _read(handle, raw(op, ref=handle, indices=const([[0], [2]], INT), updates=x(2, 3)))


several(
    "ResourceScatterNdAdd ResourceScatterNdSub ResourceScatterNdUpdate ResourceScatterNdMax "
    "ResourceScatterNdMin",
    _scatter_nd,
)
several("ReadVariableOp", lambda op: raw(op, resource=_resource(), dtype=FLOAT))
several("VarIsInitializedOp", lambda op: raw(op, resource=_resource()))
several("VariableShape", lambda op: raw(op, input=_resource()))
several("DestroyResourceOp", lambda op: raw(op, resource=_resource()))
several("DisableCopyOnRead", lambda op: raw(op, resource=_resource()))
several("ResourceCountUpTo", lambda op: raw(op, resource=_resource(INT, ()), limit=4, T=INT))
several(
    "ResourceGather",
    lambda op: raw(op, resource=_resource(), indices=const([0, 2], INT), dtype=FLOAT),
)
several(
    "ResourceGatherNd",
    lambda op: raw(op, resource=_resource(), indices=const([[0, 1]], INT), dtype=FLOAT),
)
several("_ReadVariablesOp", lambda op: raw(op, resources=[_resource()], dtypes=[FLOAT]))
several(
    "_VarHandlesOp",
    lambda op: raw(op, containers=[""], shared_names=["h"], N=1, dtypes=[FLOAT], shapes=[[2]]),
)


@maker
def resource_strided_slice_assign() -> Any:
    handle = _resource()
    ends = {name: const(each, INT) for name, each in (("begin", [0, 0]), ("end", [2, 3]))}
    done = raw(
        "ResourceStridedSliceAssign",
        ref=handle, strides=const([1, 1], INT), value=x(2, 3), **ends,
    )  # fmt: skip
    return _read(handle, done)


# Random numbers with a state.
def _generator() -> Any:
    return _resource(LONG, (3,), const([1, 2, 3], LONG))


def _drawn(op: str, **more: Any) -> Any:
    algorithm = {"algorithm": const(1, LONG)}
    return raw(op, resource=_generator(), shape=const([2, 3], LONG), **algorithm, **more)


several(
    "StatefulStandardNormalV2 StatefulTruncatedNormal StatefulUniform",
    lambda op: _drawn(op, dtype=FLOAT),
)
several("StatefulUniformFullInt", lambda op: _drawn(op, dtype=INT))
several("StatefulUniformInt", lambda op: _drawn(op, minval=const(0, INT), maxval=const(9, INT)))
several(
    "StatefulStandardNormal",
    lambda op: raw(
        op,
        resource=_resource(LONG, (4,), const([1, 2, 3, 4], LONG)),
        shape=const([2], LONG),
        dtype=FLOAT,
    ),
)
several(
    "RngReadAndSkip",
    lambda op: raw(op, resource=_generator(), alg=const(1, INT), delta=const(4, tf.uint64)),
)
several(
    "RngSkip",
    lambda op: raw(op, resource=_generator(), algorithm=const(1, LONG), delta=const(4, LONG)),
)


# Lookup tables.
def _keys() -> Any:
    return const(["a", "b"], TEXT)


def _table(op: str) -> Any:
    new = op.endswith("V2") or op.startswith("Anonymous")
    v2 = "V2" if new else ""
    dense = "Dense" in op
    more: dict[str, Any] = {}
    if dense:
        more = {"empty_key": const("", TEXT)}
        more |= {"deleted_key": const("-", TEXT)} if new else {}
    first = "InitializeTable" if op.removesuffix("V2") == "HashTable" else "LookupTableInsert"
    if "AnonymousHashTable" in op:
        first = "InitializeTable"
    values = const([[1.0, 1.5], [2.0, 2.5]]) if "OfTensors" in op else const([1.0, 2.0])
    if "OfTensors" in op:
        more["value_shape"] = [2]
    if not dense:
        more["key_dtype"] = TEXT
    table = raw(op, value_dtype=FLOAT, **more)
    done = raw(f"{first}{v2}", table_handle=table, keys=_keys(), values=values)
    with after([done]):
        default = const([0.0, 0.5]) if "OfTensors" in op else const(0.0)
        found = raw(
            f"LookupTableFind{v2}", table_handle=table, keys=const(["b", "c"], TEXT),
            default_value=default,
        )  # fmt: skip
        size = raw(f"LookupTableSize{v2}", table_handle=table)
    if first == "InitializeTable":
        return found, size
    with after([found, size]):
        keys, exported = raw(
            f"LookupTableExport{v2}", table_handle=table, Tkeys=TEXT, Tvalues=FLOAT
        )
        there = tf.shape(keys), tf.reduce_sum(exported)
    return found, size, *there


several(
    "HashTable HashTableV2 MutableHashTable MutableHashTableV2 "
    "MutableDenseHashTableV2 MutableHashTableOfTensors MutableHashTableOfTensorsV2 "
    "AnonymousHashTable AnonymousMutableHashTable AnonymousMutableDenseHashTable "
    "AnonymousMutableHashTableOfTensors",
    _table,
)


@maker
def table_changes() -> Any:
    table = raw("MutableHashTableV2", key_dtype=TEXT, value_dtype=FLOAT)
    done = raw("LookupTableInsertV2", table_handle=table, keys=_keys(), values=x(2))
    with after([done]):
        done = raw("LookupTableRemoveV2", table_handle=table, keys=const(["a"], TEXT))
    with after([done]):
        size = raw("LookupTableSizeV2", table_handle=table)
    with after([size]):
        imported = raw(
            "LookupTableImportV2", table_handle=table, keys=_keys(), values=const([3.0, 4.0])
        )
    with after([imported]):
        default = const(0.0)
        return size, raw(
            "LookupTableFindV2", table_handle=table, keys=_keys(), default_value=default
        )


# Queues, stacks and arrays of tensors.
def _queue(op: str) -> Any:
    v2 = "V2" if op.endswith("V2") else ""
    types = [LONG, FLOAT] if "Priority" in op else [FLOAT]
    more: dict[str, Any] = {"component_types": types}
    if "Priority" in op:
        more = {"component_types": [FLOAT], "shapes": [[2]]}
    elif "Shuffle" not in op:
        more["shapes"] = [[2]]
    else:
        more |= {"shapes": [[2]], "seed": 1, "seed2": 2}
    queue = raw(op, **more)
    many = [const([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])]
    one = [const([7.0, 8.0])]
    if "Priority" in op:
        many, one = [const([1, 2, 3], LONG), *many], [const(4, LONG), *one]
    first = raw(f"QueueEnqueueMany{v2}", handle=queue, components=many)
    with after([first]):
        second = raw(f"QueueEnqueue{v2}", handle=queue, components=one)
    with after([second]):
        size = raw(f"QueueSize{v2}", handle=queue)
        closed = raw(f"QueueIsClosed{v2}", handle=queue)
    with after([size, closed]):
        two = raw(f"QueueDequeueMany{v2}", handle=queue, n=const(2, INT), component_types=types)
    with after(two if isinstance(two, list) else [two]):
        single = raw(f"QueueDequeue{v2}", handle=queue, component_types=types)
    with after(single if isinstance(single, list) else [single]):
        end = raw(f"QueueClose{v2}", handle=queue)
    with after([end]):
        up_to = "Many" if "Priority" in op else "UpTo"
        left = const(1 if "Priority" in op else 5, INT)
        rest = raw(f"QueueDequeue{up_to}{v2}", handle=queue, n=left, component_types=types)
    last = [each[-1] if isinstance(each, list) else each for each in (two, single, rest)]
    return size, closed, *([tf.reduce_sum(tf.concat([last[0], [last[1]], last[2]], 0))])


several(
    "FIFOQueue FIFOQueueV2 PaddingFIFOQueue PaddingFIFOQueueV2 RandomShuffleQueue "
    "RandomShuffleQueueV2 PriorityQueue PriorityQueueV2",
    _queue,
)


@maker
def barrier() -> Any:
    handle = raw("Barrier", component_types=[FLOAT], shapes=[[2]])
    done = raw("BarrierInsertMany", handle=handle, keys=_keys(), values=x(2, 2), component_index=0)
    with after([done]):
        ready = raw("BarrierReadySize", handle=handle)
        rest = raw("BarrierIncompleteSize", handle=handle)
    with after([ready, rest]):
        _, keys, values = raw(
            "BarrierTakeMany", handle=handle, num_elements=const(2, INT), component_types=[FLOAT]
        )
    with after([keys]):
        return ready, rest, values, raw("BarrierClose", handle=handle)


def _accumulator(prefix: str, kind: str) -> Any:
    handle = raw(f"{prefix}ConditionalAccumulator", dtype=FLOAT, shape=[2])
    step = raw(f"{kind}SetGlobalStep", handle=handle, new_global_step=const(1, LONG))
    with after([step]):
        done = raw(f"{kind}ApplyGradient", handle=handle, local_step=const(1, LONG), gradient=x(2))
    with after([done]):
        count = raw(f"{kind}NumAccumulated", handle=handle)
    with after([count]):
        return count, raw(
            f"{kind}TakeGradient", handle=handle, num_required=const(1, INT), dtype=FLOAT
        )


several("ConditionalAccumulator", lambda _: _accumulator("", "Accumulator"))
several("ResourceConditionalAccumulator", lambda _: _accumulator("Resource", "ResourceAccumulator"))


@maker
def sparse_accumulator() -> Any:
    handle = raw("SparseConditionalAccumulator", dtype=FLOAT, shape=[4, 2])
    done = raw(
        "SparseAccumulatorApplyGradient",
        handle=handle, local_step=const(1, LONG), gradient_indices=const([1], LONG),
        gradient_values=x(1, 2), gradient_shape=const([4, 2], LONG), has_known_shape=True,
    )  # fmt: skip
    with after([done]):
        return raw(
            "SparseAccumulatorTakeGradient",
            handle=handle, num_required=const(1, INT), dtype=FLOAT,
        )  # fmt: skip


def _stack(v2: str) -> Any:
    more = {"max_size": const(4, INT)} if v2 else {}
    stack = raw(f"Stack{v2}", elem_type=FLOAT, **more)
    pushed = raw(f"StackPush{v2}", handle=stack, elem=x(2, 3))
    with after([pushed]):
        popped = raw(f"StackPop{v2}", handle=stack, elem_type=FLOAT)
    with after([popped]):
        return popped, raw(f"StackClose{v2}", handle=stack)


several("Stack", lambda _: _stack(""))
several("StackV2", lambda _: _stack("V2"))
