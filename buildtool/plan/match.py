"""Which kernels serve an op use.

That of a node is the one that TensorFlow would choose: ``FindKernelRegistration`` of
``framework/op_kernel.cc`` and ``KernelAttrsMatch`` of ``framework/kernel_def_util.cc``, as of
TensorFlow 2.14.1. Older releases have no DEFAULT device and otherwise choose alike.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from typing import NoReturn, TypeAlias

from buildtool.core.errors import ModelError, Problem
from buildtool.core.values import KernelCatalogue, OpUse, Registration

CPU, DEFAULT_DEVICE = "CPU", "DEFAULT"
DEVICES = (CPU, DEFAULT_DEVICE)
# Devices that only stand for compilation take no DEFAULT kernel (tf2xla/xla_op_registry.cc).
_SYMBOLIC_DEVICES = frozenset({"XLA_CPU_JIT", "XLA_GPU_JIT", "XLA_TPU_JIT"})

_Index: TypeAlias = "dict[tuple[str, str, str], list[Registration]]"
_indexes: dict[int, _Index] = {}


def kernels_of_use(use: OpUse, catalogue: KernelCatalogue) -> list[Registration]:
    """The kernels of one use: one or none by its types; what an op list names, however many."""
    if use.kernel_class:
        wanted = _packed(use.kernel_class)
        kernels = cpu_kernels(use.op, catalogue)
        named = [kernel for kernel in kernels if wanted in ("*", _packed(kernel.kernel_class))]
        return _reachable(named, kernels) or named
    attrs = {attr.name: attr.types for attr in use.attrs}
    attrs |= {name: (value,) for name, value in use.settings}
    found = find_kernel(catalogue, op=use.op, device=CPU, label=use.label, attrs=attrs)
    return [] if found is None else [found]


def cpu_kernels(op: str, catalogue: KernelCatalogue) -> list[Registration]:
    """All kernels of an op that run on a CPU."""
    return [k for k in catalogue.kernels if k.op == op and k.device in DEVICES]


def _reachable(
    named: Sequence[Registration], kernels: Sequence[Registration]
) -> list[Registration]:
    """Those of ``named`` that a CPU can choose among an op's ``kernels``: none for any device where
    one for CPUs takes all nodes. (That of ``_DeviceArg``, which no selection can name, is only
    there for other devices.)"""
    always = {k.label for k in kernels if k.device == CPU and not (k.constraints or k.conditions)}
    return [k for k in named if k.device == CPU or k.label not in always]


def _packed(kernel_class: str) -> str:
    """Spaces do not count: the macro that compares skips them."""
    return kernel_class.replace(" ", "")


def find_kernel(
    catalogue: KernelCatalogue,
    *,
    op: str,
    device: str = CPU,
    label: str = "",
    attrs: Mapping[str, tuple[str, ...]],
) -> Registration | None:
    """Give the registration that serves ``op`` with these attributes, None if there is none.

    ``attrs`` are the node's type attributes as DataType names, one or, for ``list(type)``, any
    number. Other attributes may be there too, as text; a condition on one that is not there
    counts as met.

    Raises:
        ModelError: a kernel restricts a type attribute that the node lacks, or several kernels
            match equally well; TensorFlow refuses such a node too.
    """
    index = _index(catalogue)
    matches = _matches(index, (op, device, label), attrs)
    if not matches and device not in _SYMBOLIC_DEVICES:
        matches = _matches(index, (op, DEFAULT_DEVICE, label), attrs)
        best = matches
    else:
        top = max((kernel.priority for kernel in matches), default=0)
        best = [kernel for kernel in matches if kernel.priority == top]
    if len(best) > 1:
        _refuse_ambiguity(best, attrs)
    return best[0] if best else None


def _index(catalogue: KernelCatalogue) -> _Index:
    """The kernels by op, device and label; made once for each catalogue."""
    key = id(catalogue)
    if key not in _indexes:
        index: _Index = {}
        for kernel in catalogue.kernels:
            index.setdefault((kernel.op, kernel.device, kernel.label), []).append(kernel)
        _indexes[key] = index
        weakref.finalize(catalogue, _indexes.pop, key)
    return _indexes[key]


def _matches(
    index: _Index, key: tuple[str, str, str], attrs: Mapping[str, tuple[str, ...]]
) -> list[Registration]:
    return [kernel for kernel in index.get(key, ()) if _serves(kernel, attrs)]


def _serves(kernel: Registration, attrs: Mapping[str, tuple[str, ...]]) -> bool:
    for constraint in kernel.constraints:
        types = attrs.get(constraint.attr)
        if types is None:
            what = f"op {kernel.op} is used without its type attribute {constraint.attr!r}"
            todo = f"name it: the kernel {kernel.kernel_class} ({_place(kernel)}) depends on it"
            raise ModelError(Problem(where=kernel.op, what=what, todo=todo))
        if not set(types) <= set(constraint.types):
            return False
    return all(
        set(attrs[condition.attr]) <= set(condition.values)
        for condition in kernel.conditions
        if condition.attr in attrs
    )


def _refuse_ambiguity(
    kernels: Sequence[Registration], attrs: Mapping[str, tuple[str, ...]]
) -> NoReturn:
    first = kernels[0]
    types = ", ".join(f"{name}={'/'.join(value)}" for name, value in sorted(attrs.items()))
    names = " and ".join(f"{kernel.kernel_class} ({_place(kernel)})" for kernel in kernels)
    what = f"op {first.op} with {types or 'no types'} matches several kernels equally well: {names}"
    todo = "TensorFlow refuses that when it loads the model: take one of them out of the tree"
    raise ModelError(Problem(where=first.op, what=what, todo=todo))


def _place(kernel: Registration) -> str:
    return f"{kernel.source}:{kernel.line}"
