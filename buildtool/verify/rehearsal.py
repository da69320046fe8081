"""The models, run in TensorFlow itself before anything is compiled.

That needs no library and takes seconds: what TensorFlow refuses, a library of it refuses, too. Its
outputs are kept for the comparison with the library's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from buildtool.core.errors import Problem, VerificationError
from buildtool.verify.compare import is_float
from buildtool.verify.expected import Reference, expected_outputs, is_known, unknown_op
from buildtool.verify.failed_runs import ASSERTED, SAMPLES, likely_remedy
from buildtool.verify.inputs import ModelRun, model_inputs
from buildtool.verify.tensor_files import Tensor, as_numbers, concrete_shape

SAMPLED = f"{SAMPLES}, or name under 'outputs' what the app does read"
# "Graph execution error: Detected at node 'm' defined at ...: Node: 'm' REASON [[{{node m}}]] ..."
_AT_NODE = re.compile(
    r"Node: '(?P<node>[^']*)' (?P<reason>.*?)(?: \[\[\{\{node | Original stack trace |$)"
)


def rehearse(
    items: Sequence[ModelRun], source: Reference, say: Callable[[str], None]
) -> tuple[Problem, ...]:
    """Run each model in the TensorFlow of ``source``; what it refuses, and outputs that would prove
    nothing.

    Raises:
        ConfigError: the inputs given for a model do not fit it.
    """
    return tuple(problem for item in items for problem in _one(item, source, say))


def _one(item: ModelRun, source: Reference, say: Callable[[str], None]) -> Iterator[Problem]:
    inputs = model_inputs(item.model, item.inputs)
    if not is_known(item, source, inputs):
        say(f"running {item.model.name} in TensorFlow {source.version}")
    try:
        outputs = expected_outputs(item, source, inputs)
    except VerificationError as failure:
        said = "\n".join(problem.what for problem in failure.problems)
        if op := unknown_op(failure):
            say(
                f"TensorFlow {source.version} has no op {op}: nothing will be compared of "
                f"{item.model.name}"
            )
        else:
            yield Problem(
                where=item.model.name,
                what=f"TensorFlow {source.version} itself cannot run it on {_fed(item, inputs)}: "
                f"{_last(said)}",
                todo=_remedy(item, _last(said)),
            )
        return
    yield from worthless_problems(item, outputs.tensors, inputs)


def unknown_ranks(items: Sequence[ModelRun]) -> Iterator[Problem]:
    """Inputs whose shape nobody says, of models that cannot be run yet: where they can, TensorFlow
    tells whether a scalar will do."""
    for item in items:
        for info in item.model.inputs:
            if info.shape is None and item.inputs is None:
                yield Problem(
                    where=f"{item.model.name}: input {info.name!r}",
                    what="nobody says its shape, so that it would be fed a scalar",
                    todo=remedy(item),
                )


def worthless_problems(
    item: ModelRun, outputs: Sequence[Tensor], inputs: Sequence[Tensor]
) -> Iterator[Problem]:
    """Outputs that prove nothing: without an element, or NaN throughout. Any kernel that goes wrong
    before the end gives NaN as well."""
    for output in outputs:
        fault, todo = "", remedy(item)
        if not output.array.size:
            fault = f"is empty, of shape {output.array.shape}"
        elif is_float(output) and np.isnan(as_numbers(output)).all():
            fault = "is NaN throughout"
            other = "find out where the first NaN comes from (tf.debugging.enable_check_numerics)"
            todo = f"{todo if item.inputs is not None else SAMPLED}; if it should not be, {other}"
        if fault:
            yield Problem(
                where=f"{item.model.name}: output {output.name!r}",
                what=f"{fault}, for {_fed(item, inputs)}: it proves nothing",
                todo=todo,
            )


def _remedy(item: ModelRun, said: str) -> str:
    """What to do about what TensorFlow said."""
    known = likely_remedy(said)
    if known.startswith(ASSERTED) and any(_is_vague(info.shape) for info in item.model.inputs):
        return ASSERTED + remedy(item)
    if item.inputs is not None:
        known = known.replace("as 'samples', an .npz file", "in the file of 'samples'")
    is_vague = any(_is_vague(info.shape) for info in item.model.inputs)
    itself = "; or export it again, where the node itself is wrong"
    return known or remedy(item) + itself * (item.inputs is None and not is_vague)


def remedy(item: ModelRun) -> str:
    """How to feed the model something that fits."""
    vague = [info for info in item.model.inputs if _is_vague(info.shape)]
    if item.inputs is not None:
        return "give inputs that fit in the file of 'samples'"
    if not vague:
        return f"state other shapes under the model's 'inputs', if it takes others; or {SAMPLES}"
    name = vague[0].name.removesuffix(":0")
    return (
        f"the model does not say the whole shape of {', '.join(info.name for info in vague)}: "
        f"state it under the model's 'inputs', as in "
        f"'{{name: {name}, shape: {_example(vague[0].shape)}}}'; or {SAMPLES}"
    )


def _example(shape: tuple[int, ...] | None) -> list[int]:
    """A shape to show, other than the one that was tried."""
    if shape is None:
        return [1, 4]
    tried = zip(shape, concrete_shape(shape), strict=True)
    return [guess if size >= 0 or guess == 1 else 4 * guess for size, guess in tried]


def _is_vague(shape: tuple[int, ...] | None) -> bool:
    return shape is None or any(size < 0 for size in shape[1:])


def _fed(item: ModelRun, inputs: Sequence[Tensor]) -> str:
    if not inputs:
        return "no inputs"
    kind = "the samples" if item.inputs is not None else "seeded values"
    shapes = ", ".join(f"{tensor.name} of shape {tensor.array.shape}" for tensor in inputs)
    guessed = [
        info.name
        for info in item.model.inputs
        if item.inputs is None and concrete_shape(info.shape) != info.shape
    ]
    return f"{kind}, {shapes}" + (" (a guess)" if guessed else "")


def _last(said: str) -> str:
    """TensorFlow's reason, without what it prints around it."""
    _, begun, text = said.partition("reference:")
    reason = " ".join((text if begun else said).split())
    if at_node := _AT_NODE.search(reason):
        return f"node {at_node['node']!r}: {at_node['reason']}"
    return reason
