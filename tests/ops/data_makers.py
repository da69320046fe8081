"""Graphs of data sets and iterators: each goes through a data set and takes what it gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tests.ops.graphs import in_graph, maker, raw, x
from tests.ops.state_makers import FLOAT, INT, LONG, TEXT, after, const, several

ONE = {"output_types": [LONG], "output_shapes": [[]]}
MANY = {"output_types": [LONG], "output_shapes": [[None]]}


def numbers(count: int = 6) -> Any:
    """A data set of the numbers from 0."""
    start, step = const(0, LONG), const(1, LONG)
    return raw("RangeDataset", start=start, stop=const(count, LONG), step=step, **ONE)


def taken(data: Any, count: int = 2, form: Any = ONE) -> Any:
    """The first elements of a data set, one after another."""
    iterator = raw("IteratorV2", shared_name="", container="", **form)
    found: list[Any] = [raw("MakeIterator", dataset=data, iterator=iterator)]
    for _ in range(count):
        with after([found[-1] if not isinstance(found[-1], list) else found[-1][0]]):
            found.append(raw("IteratorGetNext", iterator=iterator, **form))
    return [part for each in found[1:] for part in (each if isinstance(each, list) else [each])]


@in_graph("double_it", LONG)
def _double(a: Any) -> Any:
    return a * 2


@in_graph("is_even", LONG)
def _is_even(a: Any) -> Any:
    return tf.equal(a % 2, 0)


@in_graph("is_below", LONG)
def _is_below(a: Any) -> Any:
    return a < 4


@in_graph("numbers_below", LONG)
def _below(a: Any) -> Any:
    start = tf.constant(0, LONG)
    return raw("RangeDataset", start=start, stop=a + 1, step=tf.constant(1, LONG), **ONE)


@in_graph("sum_up", LONG, LONG)
def _sum(a: Any, b: Any) -> Any:
    return a + b


@in_graph("sum_up_and_tell", LONG, LONG)
def _scan(a: Any, b: Any) -> Any:
    return a + b, a


@in_graph("rest_of_two", LONG)
def _key(a: Any) -> Any:
    return a % 2


@in_graph("always_two", LONG)
def _two(key: Any) -> Any:
    del key
    return tf.constant(2, LONG)


@in_graph("in_batches", LONG, tf.variant)
def _window(key: Any, data: Any) -> Any:
    del key
    size = tf.constant(2, LONG)
    return raw("BatchDataset", input_dataset=data, batch_size=size, **MANY)


@in_graph("begin", LONG)
def _begin(key: Any) -> Any:
    del key
    return tf.constant(0, LONG)


def _plain(names: str, form: Any = ONE, **more: Callable[[], Any]) -> None:
    """Data sets that are made of one other and of values."""

    def make(op: str) -> Any:
        given = {name: value() for name, value in more.items()}
        return taken(raw(op, input_dataset=numbers(), **given, **form), 1, form)

    several(names, make)


def number(value: int) -> Callable[[], Any]:
    return lambda: const(value, LONG)


def yes(value: bool = True) -> Callable[[], Any]:
    return lambda: const(value, tf.bool)


def none() -> Any:
    return []


_plain("BatchDatasetV2", MANY, batch_size=number(2), drop_remainder=yes())
_plain(
    "ParallelBatchDataset", MANY, batch_size=number(2), drop_remainder=yes(),
    num_parallel_calls=number(1),
)  # fmt: skip
_plain("TakeDataset SkipDataset RepeatDataset", count=number(2))
_plain("CacheDataset", filename=lambda: const("", TEXT))
_plain("PrefetchDataset", buffer_size=number(2))
_plain("ShardDataset", num_shards=number(2), index=number(1))
_plain("AutoShardDataset ExperimentalAutoShardDataset", num_workers=number(1), index=number(0))
_plain("ShuffleDataset", buffer_size=number(1), seed=number(1), seed2=number(2))
_plain(
    "ShuffleAndRepeatDataset", buffer_size=number(1), seed=number(1), seed2=number(2),
    count=number(2),
)  # fmt: skip
_plain("FilterDataset", other_arguments=none, predicate=lambda: _is_even)
_plain(
    "TakeWhileDataset ExperimentalTakeWhileDataset", other_arguments=none,
    predicate=lambda: _is_below,
)  # fmt: skip
_plain("MapDataset", other_arguments=none, f=lambda: _double)
_plain(
    "ParallelMapDataset", other_arguments=none, f=lambda: _double,
    num_parallel_calls=lambda: const(1, INT),
)  # fmt: skip
_plain(
    "ParallelMapDatasetV2", other_arguments=none, f=lambda: _double, num_parallel_calls=number(1)
)
_plain("FlatMapDataset", other_arguments=none, f=lambda: _below)
_plain(
    "InterleaveDataset", other_arguments=none, f=lambda: _below, cycle_length=number(2),
    block_length=number(1),
)  # fmt: skip
_plain(
    "ParallelInterleaveDatasetV2", other_arguments=none, f=lambda: _below, cycle_length=number(2),
    block_length=number(1), num_parallel_calls=number(1),
)  # fmt: skip
_plain(
    "ParallelInterleaveDatasetV3", other_arguments=none, f=lambda: _below, cycle_length=number(2),
    block_length=number(1), num_parallel_calls=number(1),
)  # fmt: skip
_plain(
    "ParallelInterleaveDatasetV4", other_arguments=none, f=lambda: _below, cycle_length=number(2),
    block_length=number(1), num_parallel_calls=number(1), buffer_output_elements=number(1),
    prefetch_input_elements=number(1),
)  # fmt: skip
_plain(
    "ParallelInterleaveDataset ExperimentalParallelInterleaveDataset", other_arguments=none,
    f=lambda: _below, cycle_length=number(2), block_length=number(1), sloppy=yes(False),
    buffer_output_elements=number(1), prefetch_input_elements=number(1),
)  # fmt: skip
_plain(
    "LegacyParallelInterleaveDatasetV2", other_arguments=none, f=lambda: _below,
    cycle_length=number(2), block_length=number(1), buffer_output_elements=number(1),
    prefetch_input_elements=number(1),
)  # fmt: skip
_plain(
    "MapAndBatchDataset ExperimentalMapAndBatchDataset", MANY, other_arguments=none,
    f=lambda: _double, batch_size=number(2), num_parallel_calls=number(1), drop_remainder=yes(),
)  # fmt: skip
_plain(
    "ScanDataset ExperimentalScanDataset", initial_state=lambda: [const(0, LONG)],
    other_arguments=none, f=lambda: _scan,
)  # fmt: skip
_plain(
    "GroupByWindowDataset ExperimentalGroupByWindowDataset", MANY,
    key_func_other_arguments=none, reduce_func_other_arguments=none,
    window_size_func_other_arguments=none, key_func=lambda: _key, reduce_func=lambda: _window,
    window_size_func=lambda: _two,
)  # fmt: skip
_plain(
    "GroupByReducerDataset ExperimentalGroupByReducerDataset",
    key_func_other_arguments=none, init_func_other_arguments=none,
    reduce_func_other_arguments=none, finalize_func_other_arguments=none, key_func=lambda: _key,
    init_func=lambda: _begin, reduce_func=lambda: _sum, finalize_func=lambda: _double,
)  # fmt: skip
_plain(
    "SlidingWindowDataset ExperimentalSlidingWindowDataset", MANY, window_size=number(2),
    window_shift=number(1), window_stride=number(1),
)  # fmt: skip
_plain(
    "IgnoreErrorsDataset ExperimentalIgnoreErrorsDataset NonSerializableDataset "
    "ExperimentalNonSerializableDataset UniqueDataset ExperimentalUniqueDataset ModelDataset "
    "FinalizeDataset"
)
_plain("OptionsDataset", serialized_options=str)
_plain("AssertCardinalityDataset", cardinality=number(6))
_plain("AssertNextDataset ExperimentalAssertNextDataset", transformations=lambda: const([], TEXT))
_plain("AssertPrevDataset", transformations=lambda: const([], TEXT))
_plain(
    "BytesProducedStatsDataset ExperimentalBytesProducedStatsDataset LatencyStatsDataset "
    "ExperimentalLatencyStatsDataset",
    tag=lambda: const("t", TEXT),
)
_plain("SleepDataset ExperimentalSleepDataset", sleep_microseconds=number(1))
_plain(
    "MaxIntraOpParallelismDataset ExperimentalMaxIntraOpParallelismDataset",
    max_intra_op_parallelism=number(1),
)
_plain("PrivateThreadPoolDataset ExperimentalPrivateThreadPoolDataset", num_threads=number(1))
_plain("OptimizeDataset", optimizations=lambda: const([], TEXT))
_plain(
    "OptimizeDatasetV2", optimizations_enabled=lambda: const([], TEXT),
    optimizations_disabled=lambda: const([], TEXT), optimizations_default=lambda: const([], TEXT),
)  # fmt: skip
_plain("RewriteDataset", rewrite_name=lambda: const("", TEXT))
_plain("SamplingDataset", rate=lambda: const(1.0), seed=number(1), seed2=number(2))


@maker
def data_sets_of_data_sets() -> Any:
    two = {"output_types": [LONG, LONG], "output_shapes": [[], []]}
    pairs = raw("ZipDataset", input_datasets=[numbers(), numbers()], **two)
    joined = raw("ConcatenateDataset", input_dataset=numbers(1), another_dataset=numbers(), **ONE)
    order = raw("MapDataset", input_dataset=numbers(), other_arguments=[], f=_key, **ONE)
    mixed = [
        raw(op, selector_input_dataset=order, data_input_datasets=[numbers(), numbers()], **ONE)
        for op in ("DirectedInterleaveDataset", "ExperimentalDirectedInterleaveDataset")
    ]
    return (*taken(pairs, 2, two), *taken(joined), *taken(mixed[0]), *taken(mixed[1]))


@maker
def data_sets_of_tensors() -> Any:
    row = {"output_shapes": [[3]]}
    form = {"output_types": [FLOAT], "output_shapes": [[3]]}
    whole = raw("TensorDataset", components=[x(3)], **row)
    parts = raw("TensorSliceDataset", components=[x(4, 3)], **row)
    listed = raw("ListDataset", tensors=[x(3), x(3)], **form)
    return (*taken(whole, 1, form), *taken(parts, 2, form), *taken(listed, 1, form))


@maker
def data_sets_in_batches() -> Any:
    size, drop = const(2, LONG), const(False, tf.bool)
    batches = raw(
        "BatchDatasetV2", input_dataset=numbers(), batch_size=size, drop_remainder=drop, **MANY
    )
    again = [raw(op, input_dataset=batches, **ONE) for op in
             ("UnbatchDataset", "ExperimentalUnbatchDataset")]  # fmt: skip
    size = raw("ComputeBatchSize", input_dataset=batches)
    parts = raw("RebatchDataset", input_dataset=batches, num_replicas=const(2, LONG), **MANY)
    sizes = const([1], LONG)
    other = raw(
        "RebatchDatasetV2", input_dataset=batches, batch_sizes=sizes, drop_remainder=drop, **MANY
    )
    rest = [*taken(parts, 1, MANY), *taken(other, 1, MANY)]
    return (*taken(again[0]), *taken(again[1]), size, *rest)


def _padded(op: str) -> Any:
    more = {"drop_remainder": const(True, tf.bool)} if op.endswith("V2") else {}
    shapes = {"padded_shapes": [const([], LONG)], "padding_values": [const(0, LONG)]}
    form = {"output_shapes": [[None]]}
    size = const(2, LONG)
    made = raw(op, input_dataset=numbers(), batch_size=size, **shapes, **more, **form)
    return taken(made, 1, MANY)


several("PaddedBatchDatasetV2", _padded)


@maker
def windows() -> Any:
    form = {"output_types": [tf.variant], "output_shapes": [[]]}
    data = raw(
        "WindowDataset", input_dataset=numbers(), size=const(2, LONG), shift=const(2, LONG),
        stride=const(1, LONG), drop_remainder=const(True, tf.bool), **form,
    )  # fmt: skip
    (inner,) = taken(data, 1, form)
    return taken(inner)


@maker
def reduced() -> Any:
    once = raw("TakeDataset", input_dataset=numbers(), count=const(1, LONG), **ONE)
    single = raw("DatasetToSingleElement", dataset=once, **ONE)
    total = raw(
        "ReduceDataset", input_dataset=numbers(), initial_state=[const(0, LONG)],
        other_arguments=[], f=_sum, **ONE,
    )  # fmt: skip
    third = raw("GetElementAtIndex", dataset=numbers(), index=const(2, LONG), **ONE)
    wrapped = raw("WrapDatasetVariant", input_handle=numbers())
    again = raw("UnwrapDatasetVariant", input_handle=wrapped)
    return single, total, third, *taken(again), raw("GetOptions", input_dataset=numbers())


@maker
def one_shot_iterator() -> Any:
    @in_graph("all_numbers")
    def factory() -> Any:
        return numbers()

    iterator = raw("OneShotIterator", dataset_factory=factory, **ONE)
    text = raw("IteratorToStringHandle", resource_handle=iterator)
    other = raw("IteratorFromStringHandleV2", string_handle=text, **ONE)
    sync = raw("IteratorGetNextSync", iterator=other, **ONE)
    with after([sync]):
        option = raw("IteratorGetNextAsOptional", iterator=iterator, **ONE)
    there = raw("OptionalHasValue", optional=option)
    return sync, there, raw("OptionalGetValue", optional=option, **ONE)


@maker
def anonymous_iterators() -> Any:
    found = []
    for op in ("AnonymousIterator", "AnonymousIteratorV2", "AnonymousIteratorV3"):
        made = raw(op, **ONE)
        handle = made[0] if isinstance(made, list) else made
        with after([raw("MakeIterator", dataset=numbers(), iterator=handle)]):
            found.append(raw("IteratorGetNext", iterator=handle, **ONE))
    return found


@maker
def optionals() -> Any:
    some = raw("OptionalFromValue", components=[x(2, 3)])
    form = {"output_types": [FLOAT], "output_shapes": [[2, 3]]}
    has = [raw("OptionalHasValue", optional=each) for each in (some, raw("OptionalNone"))]
    return *has, raw("OptionalGetValue", optional=some, **form)


@maker
def random_data_set() -> Any:
    seeds = {"seed": const(1, LONG), "seed2": const(2, LONG)}
    return taken(raw("RandomDataset", **seeds, **ONE))


@maker
def compressed_element() -> Any:
    packed = raw("CompressElement", components=[x(2, 3)])
    form = {"output_types": [FLOAT], "output_shapes": [[2, 3]]}
    return raw("UncompressElement", compressed=packed, **form)
