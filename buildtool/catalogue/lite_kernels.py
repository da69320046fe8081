"""Which kernels a tree's TensorFlow Lite has: its own resolver says which op codes, in which
versions, by which function; the files of its kernels say where that function stands.

All of it is in two places: the constructor of ``BuiltinOpResolver`` in ``core/kernels/register.cc``
calls ``AddBuiltin(BuiltinOperator_CONV_2D, Register_CONV_2D(), 1, 7)`` for each op code, and
``AddCustom("Mfcc", tflite::ops::custom::Register_MFCC())`` for the custom ops that the tree brings.
That of ``BuiltinRefOpResolver`` in ``kernels/register_ref.cc`` does the same with reference
kernels, for those ops and versions that have some.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from buildtool.core.errors import ConfigError, Problem
from buildtool.core.lite_names import BUILTIN, CUSTOM, version_label
from buildtool.core.values import KernelCatalogue, OpRegistration, Registration

RESOLVER = "tensorflow/lite/core/kernels/register.cc"
REFERENCE = "tensorflow/lite/kernels/register_ref.cc"
KERNELS = "tensorflow/lite/kernels"
DEVICE = "CPU"
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
_CALL = re.compile(r"\bAdd(?:Builtin|Custom)\(\s*(?=[B\"])")
_ADDED = re.compile(
    r"""Add(?:Builtin\(\s*BuiltinOperator_(?P<builtin>\w+)|Custom\(\s*"(?P<custom>[^"]+)")
    \s*,\s*(?:\w+::)*(?P<function>Register_\w+)\(\)
    \s*(?:,\s*(?P<first>\d+)\s*(?:,\s*(?P<last>\d+)\s*)?)?\)""",
    re.X,
)
_DEFINITION = re.compile(r"^TfLiteRegistration\s*\*\s*(Register_\w+)\s*\(\s*\)\s*\{", re.M)


def read_lite_kernels(
    tree: Path, *, defines: Sequence[str], tree_digest: str, reference: bool = False
) -> KernelCatalogue:
    """The kernels of ``tree``, one for each version of each op. An op code is called as in the
    schema, ``CONV_2D``; its class is the function that gives the kernel, with its namespace. With
    ``reference`` it is the reference kernel's where that version has one.

    Raises:
        ConfigError: the tree has no TensorFlow Lite, or its resolver is written in another way.
    """
    places = dict(_definitions(tree))
    found = {_order(each): each for each in _registrations(tree, RESOLVER, places)}
    for each in _registrations(tree, REFERENCE, places) if reference else ():
        if _order(each) in found:
            found[_order(each)] = each
    kernels = tuple(found[order] for order in sorted(found))
    ops = {kernel.op: kernel for kernel in kernels}
    return KernelCatalogue(
        tree_digest=tree_digest,
        defines=tuple(sorted(defines)),
        kernels=kernels,
        ops=tuple(
            OpRegistration(op=op, source=kernel.source, line=kernel.line)
            for op, kernel in sorted(ops.items())
        ),
        definitions={},
    )


def _order(kernel: Registration) -> tuple[str, int, str]:
    return kernel.op, len(kernel.label), kernel.label


def _registrations(
    tree: Path, resolver: str, places: dict[str, tuple[str, int]]
) -> Iterator[Registration]:
    try:
        text = (tree / resolver).read_text(encoding="utf-8")
    except OSError as failure:
        what = f"this tree's TensorFlow Lite cannot be read: {failure.strerror}"
        todo = "'runtime: lite' builds TensorFlow 2.14; give such a tree, or leave 'tensorflow' out"
        raise ConfigError(Problem(where=str(tree / resolver), what=what, todo=todo)) from None
    plain = _COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    for call in _CALL.finditer(plain):
        added = _ADDED.match(plain, call.start())
        line = plain.count("\n", 0, call.start()) + 1
        if added is None or added["function"] not in places:
            raise ConfigError(
                Problem(
                    where=f"{resolver}:{line}",
                    what="this way to register a kernel is not known"
                    if added is None
                    else f"no file in {KERNELS} defines {added['function']}",
                    todo="is the tree whole? If it is of another release, see "
                    "docs/architecture.md, 'A release of TensorFlow'",
                )
            )
        source, defined = places[added["function"]]
        first = int(added["first"] or 1)
        for version in range(first, int(added["last"] or first) + 1):
            yield Registration(
                op=added["builtin"] or added["custom"],
                device=DEVICE,
                kernel_class=f"{BUILTIN if added['builtin'] else CUSTOM}::{added['function']}",
                source=source,
                line=defined,
                label=version_label(version),
            )


def _definitions(tree: Path) -> Iterator[tuple[str, tuple[str, int]]]:
    """Each function that gives a kernel, with its file and line."""
    for path in sorted((tree / KERNELS).rglob("*.cc"), reverse=True):
        if path.stem.endswith("_test"):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for match in _DEFINITION.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield match[1], (path.relative_to(tree).as_posix(), line)
