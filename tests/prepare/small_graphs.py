"""Small graphs in the words of TensorFlow 1 that the preparing steps are tried on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

v1 = tf.compat.v1
FLOAT = tf.float32
function: Any = tf.function(autograph=False)
v1.disable_control_flow_v2()  # conditions and loops become Switch, Merge, Enter and the like


class Case(NamedTuple):
    """A graph, what an app feeds and fetches, and what it runs first."""

    name: str
    graph: Any
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    first: tuple[str, ...] = ()


FIRST_RELEASE = "norm_of_the_first_release"
CASES: dict[str, Callable[[], Any]] = {}


def case(maker: Callable[[], Any]) -> Callable[[], Any]:
    """Register a function that makes a graph and gives its outputs, and what is run first."""
    CASES[maker.__name__] = maker
    return maker


def made_cases() -> Iterator[Case]:
    """Every case."""
    for name, maker in CASES.items():
        with tf.Graph().as_default() as graph:
            made = maker()
            first: tuple[str, ...] = ()
            if isinstance(made, tuple) and made and isinstance(made[-1], tf.Operation):
                *made, last = made
                first = (last.name,)
            outputs = made if isinstance(made, list | tuple) else [made]
            fed = [each.name for each in graph.get_operations() if each.type == "Placeholder"]
            names = tuple(each.name for each in outputs)
            definition = graph.as_graph_def()
        if name == FIRST_RELEASE:
            _as_first_release(definition)
            names = ("norm_True:0", "norm_False:0")
        yield Case(name, definition, tuple(f"{each}:0" for each in fed), names, first)


def fed(*shape: int | None, name: str = "x", dtype: Any = FLOAT) -> Any:
    return v1.placeholder(dtype, shape, name)


def numbers(*shape: int, seed: int = 3) -> Any:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@case
def passed_on() -> Any:
    x = fed(3, 4)
    y = tf.identity(tf.identity(v1.check_numerics(tf.stop_gradient(x), "no number")))
    parts = [tf.identity(each) for each in tf.split(y, 2, axis=1)]
    return [tf.identity(parts[1] - parts[0], "out"), tf.identity(x, "same")]


@case
def on_another_device() -> Any:
    with tf.device("/device:GPU:0"):
        return tf.nn.relu(fed(3), "out")


@case
def passed_on_among_control_edges() -> Any:
    x = fed(3, 4)
    y = tf.identity(x)
    with tf.control_dependencies([tf.identity(x), tf.no_op()]):
        z = tf.identity(y)
    with tf.control_dependencies([z]):
        return tf.add(tf.identity(numbers(4)), z, "out")


@case
def waits_for_what_counts() -> Any:
    x = fed(2)
    counter = v1.get_variable("counter", initializer=numbers(2), use_resource=False)
    with tf.control_dependencies([v1.assign_add(counter, x)]):
        y = tf.identity(x)
    with tf.control_dependencies([y]):
        read = tf.identity(counter)
    return tf.identity(y), tf.add(read, 1.0), counter.initializer


@case
def keeps_state() -> Any:
    x = fed(2)
    total = v1.get_variable("total", initializer=np.ones(2, np.float32), use_resource=True)
    step = total.assign_add(tf.identity(x) * tf.sqrt(tf.constant([4.0, 9.0])))
    with tf.control_dependencies([step]):
        return tf.identity(total.read_value()), total.initializer


@case
def either_side() -> Any:
    x, yes = fed(2, 2), fed(name="yes", dtype=tf.bool)
    one = v1.cond(yes, lambda: tf.constant(numbers(2, 2)) * 2.0, lambda: tf.identity(x))
    two = v1.cond(yes, lambda: tf.zeros([2, 2]), lambda: tf.ones([2, 2]) + tf.ones([2, 2]))
    return one + two, tf.identity(two)


@case
def around_a_loop() -> Any:
    x = fed(2, 2)
    weights = tf.constant(numbers(2, 2)) * 0.5

    def body(step: Any, state: Any) -> Any:
        factor = tf.exp(tf.constant(0.1)) + tf.constant(numbers(2, 2))
        state = tf.tanh(tf.matmul(tf.identity(state), weights)) * factor
        return step + 1, v1.cond(
            step % 2 > 0, lambda: state * 0.5, lambda: tf.identity(state) + 1.0
        )

    steps = tf.constant(2) + tf.constant(3)
    return tf.identity(v1.while_loop(lambda step, _: step < steps, body, [0, x])[1])


@case
def an_array_in_a_loop() -> Any:
    x = fed(None, 3)
    count = tf.shape(x)[0]
    start = tf.TensorArray(FLOAT, size=count)

    def body(step: Any, array: Any) -> Any:
        return step + 1, array.write(step, x[step] * tf.reduce_sum(tf.constant([1.0, 2.0])))

    return v1.while_loop(lambda step, _: step < count, body, [0, start])[1].stack()


@case
def many_constants() -> Any:
    x = fed(4)
    parts = tf.split(tf.constant(numbers(8)), 2)
    values, places = tf.unique(tf.constant([3.0, 1.0, 3.0, 2.0]))
    return [
        x * parts[1] + tf.gather(values, places),
        tf.reshape(tf.transpose(tf.constant(numbers(4, 2))), [8], "alone"),
        parts[0],
        parts[1],
    ]


@case
def odd_constants() -> Any:
    x, text = fed(3), fed(2, name="text", dtype=tf.string)
    half = tf.cast(tf.cast(x, tf.half) + tf.sqrt(tf.constant([1, 2, 3], tf.half)), FLOAT)
    empty = tf.concat([tf.zeros([0, 3]), tf.reshape(x, [1, 3]), tf.ones([0, 3]) * 2.0], 0)
    words = v1.string_join([text, v1.string_join([tf.constant("a"), tf.constant(["b", "c"])])])
    wide = tf.cast(tf.cast(x, tf.bfloat16) + tf.constant(1, tf.bfloat16) * 2, FLOAT)
    numbers_64 = tf.constant(np.arange(3, dtype=np.float64)) ** 2
    return (
        half,
        empty,
        words,
        wide,
        tf.cast(x, tf.float64) + numbers_64 + np.zeros(3),
        tf.zeros([5]),
    )


@case
def too_large_to_keep() -> Any:
    x = fed(1)
    large = tf.fill([1 << 20], tf.constant(1.0) * 3.0)
    return x + tf.reduce_sum(large), x * large


@case
def calls_functions() -> Any:
    x = fed(3)

    def noise(value: Any) -> Any:
        tf.debugging.assert_less(value, 100.0)
        return value * 0.0 + v1.random_uniform([3], seed=1)

    inner = function(lambda value: tf.tanh(value) * tf.sqrt(tf.constant(2.0)))
    outer = function(lambda value: tf.identity(inner(value)) + inner(tf.constant([1.0, 2.0, 3.0])))
    noisy = function(noise)
    return outer(tf.identity(x)) + outer(tf.constant([1.0, 2.0, 3.0])), noisy(tf.ones([3])) * 0.0


@case
def waits_for_an_error() -> Any:
    x = fed(3)
    with tf.control_dependencies([v1.assert_less(x, tf.constant(10.0) * 10.0)]):
        y = tf.identity(x)
    return y + v1.random_normal([3]) * 0.0


def norm(x: Any, channels: int, version: str = "V3", **other: Any) -> Any:
    """A batch norm of some release, whose numbers are not the usual ones."""
    mean, variance = numbers(channels, seed=1), np.abs(numbers(channels, seed=2)) + 0.1
    scale, offset = numbers(channels, seed=4), numbers(channels, seed=5)
    op = getattr(tf.raw_ops, f"FusedBatchNorm{version}")
    words = {"is_training": False, "epsilon": 0.01, "mean": mean, "variance": variance, **other}
    return op(x=x, scale=scale, offset=offset, **words).y


def image() -> Any:
    return fed(2, 6, 5, 3)


def conv(x: Any, *shape: int, seed: int = 7) -> Any:
    return tf.nn.conv2d(x, numbers(*shape, seed=seed), 1, "SAME")


@case
def norms_of_all_releases() -> Any:
    x = image()
    for version in ("", "V2", "V3"):
        x = tf.nn.relu(norm(conv(x, 3, 3, 3, 3), 3, version))
    return tf.identity(x, "out")


@case
def old_norm() -> Any:
    return norm(conv(image(), 3, 3, 3, 3), 3, "")


@case
def scaled_channels() -> Any:
    return tf.multiply(conv(image(), 3, 3, 3, 4), numbers(4), "out")


@case
def square_product() -> Any:
    return tf.multiply(tf.matmul(fed(2, 4), numbers(4, 4), transpose_b=True), numbers(4), "out")


@case
def norm_of_the_first_release() -> Any:
    return norm(conv(image(), 3, 3, 3, 2), 2, ""), norm(conv(image(), 3, 3, 3, 2), 2, "")


def _as_first_release(graph: Any) -> None:
    """The norms as the op that graphs of later releases may not have."""
    graph.versions.producer = 8
    norms = [node for node in graph.node if node.op == "FusedBatchNorm"]
    for node, scaled in zip(norms, (True, False), strict=True):
        x, gamma, beta, mean, variance = node.input
        kind = node.attr["T"].type
        node.Clear()
        node.name, node.op = f"norm_{scaled}", "BatchNormWithGlobalNormalization"
        node.input.extend([x, mean, variance, beta, gamma])
        node.attr["T"].type = kind
        node.attr["variance_epsilon"].f = 0.01
        node.attr["scale_after_normalization"].b = scaled


@case
def norms_with_channels_first() -> Any:
    x = fed(2, 3, 6, 5)
    first: dict[str, Any] = {"data_format": "NCHW", "padding": "SAME", "strides": 1}
    deep = tf.nn.depthwise_conv2d(x, numbers(3, 3, 3, 2), [1, 1, 1, 1], "SAME", data_format="NCHW")
    scaled = tf.nn.conv2d(x, numbers(3, 3, 3, 5), **first) * numbers(5, 1, 1)
    return [
        norm(tf.nn.conv2d(x, numbers(3, 3, 3, 4), **first), 4, data_format="NCHW"),
        norm(deep, 6, data_format="NCHW"),
        scaled * 0.5 * numbers(5),  # the last is for columns, not channels
    ]


@case
def norms_behind_other_ops() -> Any:
    x = image()
    deep = tf.nn.depthwise_conv2d(x, numbers(3, 3, 3, 2), [1, 1, 1, 1], "VALID")
    scaled = tf.matmul(tf.reshape(x, [-1, 4]), numbers(4, 4), transpose_b=True) * numbers(4)
    shifted = tf.matmul(tf.reshape(x, [-1, 4]), numbers(4, 4)) - numbers(4)
    biased = tf.nn.bias_add(conv(x, 1, 1, 3, 2), numbers(2))
    return [
        norm(deep, 6, "V3"),
        scaled + numbers(1, 4, seed=9),
        shifted / (numbers(4) + 3.0),
        norm(biased, 2),
        conv(x, 1, 1, 3, 4) * 0.5,
        2.0 - conv(x, 1, 1, 3, 4) * numbers(1, 1, 1, 4),
    ]


@case
def written_out_norms() -> Any:
    x = image()
    gamma, beta = tf.constant(numbers(4, seed=8)), tf.constant(numbers(4, seed=9))
    mean, variance = tf.constant(numbers(4)), tf.constant(np.abs(numbers(4)) + 0.1)
    one = tf.nn.batch_normalization(conv(x, 3, 3, 3, 4), mean, variance, beta, gamma, 1e-3)
    centred = (conv(x, 3, 3, 3, 4) - mean) * tf.math.rsqrt(variance + 1e-3)
    return one, centred * gamma + beta


@case
def norms_with_control_edges() -> Any:
    x = image()
    weights = tf.constant(numbers(3, 3, 3, 2))
    with tf.control_dependencies([tf.identity(weights)]):
        done = tf.no_op()
    with tf.control_dependencies([done]):
        y = norm(tf.nn.conv2d(x, tf.identity(weights), 1, "SAME"), 2)
    with tf.control_dependencies([v1.assert_less(x, 1e9)]):
        z = norm(conv(y, 1, 1, 2, 2), 2)
    with tf.control_dependencies([z]):
        return tf.identity(z)


@case
def norms_that_stay() -> Any:
    x = image()
    weights = tf.constant(numbers(1, 1, 3, 2))
    one, two = (tf.nn.conv2d(each, weights, 1, "SAME") for each in (x, x + 1.0))
    half = tf.cast(tf.cast(conv(x, 1, 1, 3, 2), tf.half), tf.half)
    halves = tf.nn.conv2d(tf.cast(x, tf.half), tf.cast(numbers(1, 1, 3, 2), tf.half), 1, "SAME")
    both = conv(x, 1, 1, 3, 2)
    trained = norm(conv(x, 1, 1, 3, 2), 2, is_training=True, mean=[], variance=[])
    flat = conv(x, 1, 1, 3, 2)
    return [
        tf.identity(norm(one, 2), "shared"),
        tf.identity(two, "plain"),
        norm(half, 2),
        norm(halves, 2),
        norm(both, 2) + both,
        trained,
        norm(tf.nn.relu(x), 3),
        norm(flat, 2, variance=np.array([-0.01, 1.0], np.float32)),
        flat * 0.0,
        conv(x, 1, 1, 3, 1) * numbers(3),
        conv(x, 1, 1, 3, 5) * numbers(5, 5),
    ]


@case
def weights_shared_and_scaled_alike() -> Any:
    x = image()
    weights = tf.constant(numbers(1, 1, 3, 2))
    one, two = (tf.nn.conv2d(each, weights, 1, "SAME") for each in (x, x + 1.0))
    return norm(one, 2), norm(two, 2)


@case
def norms_in_loops_and_branches() -> Any:
    x, yes = fed(1, 3, 3, 2), fed(name="yes", dtype=tf.bool)

    def body(step: Any, state: Any) -> Any:
        state = norm(conv(state, 1, 1, 2, 2), 2)
        return step + 1, v1.cond(step > 0, lambda: norm(conv(state, 1, 1, 2, 2), 2), lambda: state)

    looped = v1.while_loop(lambda step, _: step < 3, body, [0, x])[1]
    return v1.cond(yes, lambda: conv(looped, 1, 1, 2, 2) * 0.5, lambda: norm(looped, 2))


@case
def many_that_are_alike() -> Any:
    x = fed(2, 2)
    weights = [tf.constant(numbers(2, 2)) for _ in range(3)]
    parts = [tf.split(tf.tanh(x @ each), 2) for each in weights]
    with tf.control_dependencies([tf.tanh(x)]):
        late = tf.tanh(x)
    ones = tf.ones([2, 2]) + tf.constant(np.ones((2, 2), np.float32)) + tf.constant([[1.0], [1.0]])
    noise = [v1.random_uniform([2], seed=seed) for seed in (4, 4)]
    return [
        parts[0][1] + parts[1][1] + parts[2][0] + late + ones,
        tf.identity(x, "one"),
        tf.identity(x, "two"),
        (noise[0] - noise[1]) * 0.0,
    ]


def _more(random: Any, pool: list[Any]) -> Any:
    """One more tensor of two rows and columns, made of those of the pool."""
    a, b = (pool[random.integers(len(pool))] for _ in range(2))
    constant = tf.constant(random.normal(size=(2, 2)).astype(np.float32))
    with_pair = tf.split(tf.concat([a, b], 0), 2)
    makers: list[Callable[[], Any]] = [
        lambda: constant,
        lambda: tf.constant(random.integers(3, size=(2, 1)).astype(np.float32)) + tf.zeros([2, 2]),
        lambda: tf.identity(a),
        lambda: tf.stop_gradient(a),
        lambda: a + b,
        lambda: tf.tanh(a - constant),
        lambda: tf.transpose(constant) @ constant,
        lambda: with_pair[1],
        lambda: tf.cast(tf.cast(a, tf.float64), FLOAT) * 0.5,
        lambda: v1.cond(tf.reduce_sum(a) > 0, lambda: tf.identity(b) + constant, lambda: constant),
        lambda: v1.while_loop(
            lambda i, _: i < 2, lambda i, s: (i + 1, tf.tanh(s + constant * 2.0)), [0, a]
        )[1],
        lambda: v1.check_numerics(a, "no number"),
    ]
    with tf.control_dependencies(_before(random, pool)):
        return makers[random.integers(len(makers))]()


def _before(random: Any, pool: list[Any]) -> list[Any]:
    if random.random() < 0.6:
        return []
    chosen = pool[random.integers(len(pool))]
    ended = v1.assert_less(tf.reduce_sum(chosen), 1e9) if random.random() < 0.3 else tf.no_op()
    return [chosen, ended]


def _by_chance(seed: int) -> Any:
    random = np.random.default_rng(seed)
    pool = [fed(2, 2), fed(2, 2, name="other")]
    for _ in range(14):
        pool.append(_more(random, pool))
    return [pool[-1], pool[-2], pool[-5]]


CASES |= {f"by_chance_{seed}": partial(_by_chance, seed) for seed in range(25)}
