"""One question, ``why is this in, or why not?``, and its answers.

A word may name several things: an op and a node, a file and its namesake. All of them are answered.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import PurePosixPath

from buildtool.answers.answer import Answer
from buildtool.answers.file_answers import explain_file, looks_like_file
from buildtool.answers.grounds import Grounds
from buildtool.answers.op_answers import explain_class, explain_op
from buildtool.answers.symbol_answers import explain_symbol
from buildtool.answers.use_answers import explain_node, explain_type
from buildtool.core.datatypes import SPELLINGS
from buildtool.core.errors import ConfigError, Problem

KINDS = "an op, a kernel class, a file of the tree, a type, a symbol or a node of a model"
_SUGGESTED = 3


def explain(wanted: str, grounds: Grounds) -> tuple[Answer, ...]:
    """All that a word can mean.

    Raises:
        ConfigError: it names nothing; what is nearly called so is suggested.
    """
    answers = [*_meanings(wanted, grounds)]
    if looks_like_file(wanted) or not answers:
        answers += explain_file(wanted, grounds)
    if not answers:
        answers += explain_symbol(wanted, grounds)
    if answers:
        return tuple(answers)
    raise ConfigError(_unknown(wanted, grounds))


def _meanings(wanted: str, grounds: Grounds) -> Iterator[Answer]:
    for found in (explain_op(wanted, grounds), explain_type(wanted, grounds)):
        if found is not None:
            yield found
    yield from explain_class(wanted, grounds)
    yield from explain_node(wanted, grounds)


def _unknown(wanted: str, grounds: Grounds) -> Problem:
    near = _nearest(wanted, grounds)
    plan = grounds.plan
    todo = f"perhaps you meant {' or '.join(map(repr, near))}" if near else f"it can be {KINDS}"
    if not grounds.is_built:
        todo += f"; symbols are known once the library is built: {grounds.build}"
    return Problem(
        where=f"explain:{plan.target}",
        what=f"{wanted!r} is nothing that this tree (TensorFlow {plan.tensorflow_version}) or the "
        "models have",
        todo=todo,
    )


def _nearest(wanted: str, grounds: Grounds) -> list[str]:
    """The names of ops, classes, files, types and nodes that are most alike, whatever the case."""
    catalogue = grounds.catalogue
    names = {
        *catalogue.definitions,
        *(op.op for op in catalogue.ops),
        *(kernel.kernel_class.partition("<")[0] for kernel in catalogue.kernels),
        *SPELLINGS,
        *(node.node for use in grounds.plan.uses for node in use.nodes),
        *(PurePosixPath(file.path).name for file in grounds.plan.files),
    }
    by_lower: dict[str, str] = {}
    for name in sorted(names):
        by_lower.setdefault(name.lower(), name)
    close = difflib.get_close_matches(wanted.lower(), by_lower, n=_SUGGESTED)
    return [by_lower[name] for name in close]
