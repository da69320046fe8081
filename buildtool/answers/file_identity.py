"""What a library or program says of itself, and which ops and kernels of TensorFlow are in it.

A kernel is registered with its op's name and the text of its class, and both stay in the file,
whatever was stripped (:mod:`buildtool.verify.class_texts` says more). Which class is whose, and for
which types, no text says: that is looked up in the catalogue of a tree.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from buildtool.binary.code_files import CodeFile, read_code
from buildtool.binary.loaded_texts import Texts, loaded_texts, squeezed
from buildtool.core.errors import ConfigError, Problem
from buildtool.core.fingerprint import Fingerprint, NewerFingerprintError, find_fingerprints
from buildtool.core.values import BuildPlan, KernelCatalogue, Registration
from buildtool.core.version_numbers import numbers

# What TensorFlow's core, and TensorFlow Lite's, say of themselves in any release.
_FULL = re.compile(rb"OpKernel|tensorflow/core/")
_LITE = re.compile(rb"tflite|TfLite|tensorflow/lite/")
# TF_VERSION_STRING stands alone; the releases of other libraries look alike.
_RELEASE = re.compile(rb"[0-2]\.\d{1,2}\.\d(?:-rc\d+)?")
_OP_CLASS = re.compile(rb"(?:\w+::)*(\w+)Op<")
_LONGEST = 100  # letters of an op's name


@dataclass(frozen=True, kw_only=True)
class Held:
    """What of a catalogue is in a file. ``shown`` are kernels whose class stands there by itself,
    and is not called like an op; ``unsure`` those whose op is there, and the class perhaps: its
    text stands at the end of another's, or may mean something else. ``ops`` are the names of ops
    that stand there, for whatever reason, or have a class of their own there, by whatever name: as
    code can hold a short name as a number, some that are not named are there, too."""

    shown: tuple[Registration, ...] = ()
    unsure: tuple[Registration, ...] = ()
    ops: frozenset[str] = frozenset()

    @property
    def classes(self) -> tuple[tuple[str, str], ...]:
        """The kernels that a text tells apart: ops with the classes of their kernels."""
        return tuple(sorted({(kernel.op, kernel.kernel_class) for kernel in self.shown}))

    @property
    def ops_with_kernels(self) -> tuple[str, ...]:
        return tuple(sorted({kernel.op for kernel in self.shown}))


@dataclass(frozen=True, kw_only=True)
class Identity:
    """One file of code. ``runtimes`` are what it has of TensorFlow and TensorFlow Lite, as far as
    texts tell; ``releases`` are texts in it that may be the release of either, the oldest first."""

    name: str
    kind: str
    fingerprints: tuple[Fingerprint, ...]
    runtimes: tuple[str, ...]
    releases: tuple[str, ...]
    texts: Texts = field(repr=False, compare=False)


def identify_files(path: Path) -> tuple[Identity, ...]:
    """What each file of code in ``path`` says of itself, but for those that have nothing of
    TensorFlow.

    Raises:
        ConfigError: there are none, one is damaged, or one is of a later release of this tool.
    """
    found = [identify(code) for code in read_code(path)]
    own = tuple(each for each in found if each.fingerprints or each.runtimes)
    if own:
        return own
    kinds = ", ".join(dict.fromkeys(each.kind for each in found))
    what = f"no text in it is TensorFlow's, and it has no fingerprint ({kinds})"
    todo = "is it the right file? A program that links TensorFlow's shared library has none of it"
    raise ConfigError(Problem(where=str(path), what=what, todo=todo))


def identify(code: CodeFile) -> Identity:
    """What a file says of itself.

    Raises:
        ConfigError: its fingerprint is of a later release of this tool.
    """
    marks: dict[Fingerprint, None] = {}
    found: set[bytes] = set()
    for part in code.parts:
        try:
            marks.update(dict.fromkeys(find_fingerprints(part)))
        except NewerFingerprintError as newer:
            raise ConfigError(
                Problem(
                    where=code.name,
                    what=f"was made by a later release of this tool: its fingerprint has format "
                    f"{newer}",
                    todo="update this tool, and run the same again",
                )
            ) from None
        found |= loaded_texts(part)
    named = {"TensorFlow": _FULL, "TensorFlow Lite": _LITE}
    runtimes = tuple(n for n, mark in named.items() if any(mark.search(text) for text in found))
    releases = {text.decode() for text in found if _RELEASE.fullmatch(text)}
    return Identity(
        name=code.name,
        kind=code.kind,
        fingerprints=tuple(marks),
        runtimes=runtimes,
        releases=tuple(sorted(releases, key=numbers)),
        texts=Texts(found),
    )


def held(texts: Texts, catalogue: KernelCatalogue) -> Held:
    """Which kernels and ops of a catalogue stand in a file's texts."""
    names = {op.op for op in catalogue.ops} | set(catalogue.definitions)
    ops = frozenset(names & _op_names(texts))
    classes = {squeezed(kernel.kernel_class.encode()) for kernel in catalogue.kernels}
    sure = {text for text in classes & texts.whole if text.decode() not in names}
    perhaps = {text for text in classes - sure if texts.ending_with(text)}
    ends = {name for name in names - ops if texts.ending_with(name.encode())}
    users: dict[bytes, set[str]] = defaultdict(set)
    for kernel in catalogue.kernels:
        users[squeezed(kernel.kernel_class.encode())].add(kernel.op)
    shown, unsure = [], []
    for kernel in catalogue.kernels:
        text = squeezed(kernel.kernel_class.encode())
        if text in sure and (kernel.op in ops or len(users[text]) == 1):
            shown.append(kernel)
        elif (text in sure or text in perhaps) and (kernel.op in ops or kernel.op in ends):
            unsure.append(kernel)
    return Held(shown=tuple(shown), unsure=tuple(unsure), ops=ops)


def _op_names(texts: Texts) -> set[str]:
    """Texts that may be names of ops: themselves, or such as ``MatMul`` of ``MatMulOp<...>``."""
    found = (_OP_CLASS.match(text) for text in texts.whole)
    classes = {match[1].decode() for match in found if match}
    return classes | {text.decode() for text in texts.whole if len(text) < _LONGEST}


def settled(found: Held, plan: BuildPlan) -> Held:
    """The same of a file whose plan is known: what is planned is there where it is perhaps, and an
    op that is not planned has no kernel, whatever its name is there for. Some register always."""
    planned = {kernel.registration for kernel in plan.kernels}
    ops = {op for op, _ in plan.ops}
    shown = {k for k in found.shown if k.op in ops or k.system} | planned.intersection(found.unsure)
    known = [*found.shown, *found.unsure]
    return Held(
        shown=tuple(k for k in known if k in shown),
        unsure=tuple(k for k in known if k not in shown and k.op in ops),
        ops=found.ops,
    )
