"""Types of ops, kernels and tensors in words."""

from __future__ import annotations

from buildtool.core.datatypes import short
from buildtool.core.values import OpUse, Registration, TensorInfo


def use_types(use: OpUse) -> str:
    """``T=float, Tidx=int32``."""
    types = [f"{attr.name}={'/'.join(map(short, attr.types)) or 'nothing'}" for attr in use.attrs]
    return ", ".join([*types, *(f"{name}={value}" for name, value in use.settings)])


def kernel_types(kernel: Registration) -> str:
    """``T: float; data_format: NHWC``."""
    types = [f"{each.attr}: {', '.join(map(short, each.types))}" for each in kernel.constraints]
    return "; ".join([*types, *(f"{c.attr}: {', '.join(c.values)}" for c in kernel.conditions)])


def tensor_text(tensor: TensorInfo) -> str:
    """``float [?, 64]``."""
    if tensor.shape is None:
        return f"{short(tensor.dtype)}, rank unknown"
    sizes = ", ".join("?" if size < 0 else str(size) for size in tensor.shape)
    return f"{short(tensor.dtype)} [{sizes}]"
