"""The keys of a target file that say what is done with a model before it ships."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from buildtool.config.kinds import SHORTHAND, Count, Share, Tolerance


@dataclass(frozen=True, kw_only=True)
class Prepare:
    """What is done with a model before the library is planned for it. See
    [prepare.md](prepare.md)."""

    steps: tuple[
        Literal[
            "deploy",
            "strip",
            "remove-nodes",
            "fold-constants",
            "fold-batch-norms",
            "merge-duplicates",
            "clear-devices",
            "add-default-attributes",
            "sort",
            "obfuscate-names",
        ],
        ...,
    ] = field(default=(), metadata=SHORTHAND)
    """Steps that change no output by more than rounding; `deploy` stands for all that make a model
    smaller or faster. They are done in the order of prepare.md, whatever the order here."""

    remove_ops: tuple[str, ...] = ()
    """Ops whose nodes `remove-nodes` takes out, besides those that do nothing when a model runs,
    such as `Identity` and `CheckNumerics`. Each passes its first input on."""

    exclude: tuple[str, ...] = ()
    """Names of constants whose values stay as they are, or patterns such as `logits/*`; and of
    nodes that go on computing in floats, as those do that take such a constant."""

    weights: Literal["as-is", "rounded", "eight-bit"] = "as-is"
    """`rounded`: floats of full size that compress well, for small downloads; `eight-bit`: a
    quarter of the bytes, and the kernel of `Dequantize` in the library. Both change the
    outputs."""

    weight_steps: Count = Count(256)
    """How many values there are between the smallest and the largest of a rounded constant."""

    minimum_elements: Count | None = None
    """Constants with fewer elements stay as they are. Unset, 16 for `rounded` and 1024 for
    `eight-bit`."""

    activations: Literal["float", "eight-bit"] = "float"
    """`eight-bit`: `Conv2D`, `MatMul` and what follows them compute with bytes, and their
    weights become bytes, too. It changes the outputs most, and is slower than floats wherever it
    was measured: see [prepare.md](prepare.md#activations-of-eight-bits)."""

    ranges: Literal["dynamic", "observed", "given"] = "dynamic"
    """Which numbers the bytes of an activation stand for: from the smallest to the largest that
    there is in each run, or that there was when your `samples` were run, or those of
    `given_range`."""

    given_range: tuple[float, ...] = ()
    """With `ranges: given`, the lowest and the highest number, such as `[-4, 6]`; 0 is within. All
    convolutions, products and biases get this range."""

    format: Literal["graph", "memory-mapped"] = "graph"
    """`memory-mapped`: a file whose weights stay on disk until they are read, which needs much less
    memory; an app in C++ loads it by TensorFlow's `MemmappedEnv`."""

    largest_difference: Tolerance | None = None
    """The largest difference of the prepared model's outputs from the original's, as a share of
    the largest magnitude in the output. Unset, the model's `tolerance` where the outputs should
    stay the same, and anything where weights or activations are changed."""

    same_top: Share | None = None
    """The share of samples for which the largest element of an output must stay the same one, such
    as `0.99`. Unset, it is told only."""
