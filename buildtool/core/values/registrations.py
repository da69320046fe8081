"""What a tree offers: its kernels and op definitions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class TypeConstraint:
    """``attr`` may only be one of ``types`` (DataType names)."""

    attr: str
    types: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class AttrCondition:
    """``attr``, which is no type, may only have one of ``values``, written as C++ does:
    ``NHWC``, ``-1``, ``true``."""

    attr: str
    values: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One kernel registration of the tree, under the defines that the catalogue was made with.

    ``kernel_class`` is literally the string that the selective-registration macro compares, as
    the preprocessor gives it (``#__VA_ARGS__`` of ``REGISTER_KERNEL_BUILDER``).
    ``source`` is the ``.cc``, relative to the tree's root. ``system`` kernels are registered
    whatever the selection says.
    """

    op: str
    device: str
    kernel_class: str
    source: str
    line: int
    label: str = ""
    constraints: tuple[TypeConstraint, ...] = ()
    priority: int = 0
    host_memory: tuple[str, ...] = ()
    system: bool = False
    conditions: tuple[AttrCondition, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OpRegistration:
    """One ``REGISTER_OP`` of the tree and the ``.cc`` it stands in."""

    op: str
    source: str
    line: int
    system: bool = False


@dataclass(frozen=True, kw_only=True)
class AttrDef:
    """One attribute of an op definition. ``default`` is its text-format AttrValue, None if the
    attribute must be given. ``allowed`` are DataType names or strings where the definition
    restricts them; ``minimum`` is the least number, or the least length of a list."""

    name: str
    type: str
    default: str | None = None
    allowed: tuple[str, ...] = ()
    minimum: int | None = None


@dataclass(frozen=True, kw_only=True)
class ArgDef:
    """One input or output of an op definition."""

    name: str
    type: str = ""
    type_attr: str = ""
    number_attr: str = ""
    type_list_attr: str = ""
    is_ref: bool = False


@dataclass(frozen=True, kw_only=True)
class OpDefinition:
    """An op of the tree, from its ``REGISTER_OP`` or its ``tensorflow/core/ops/ops.pbtxt``.
    ``deprecation`` is ``since GraphDef version N: what to use instead``, or empty."""

    name: str
    attrs: tuple[AttrDef, ...] = ()
    inputs: tuple[ArgDef, ...] = ()
    outputs: tuple[ArgDef, ...] = ()
    stateful: bool = False
    deprecation: str = ""


@dataclass(frozen=True, kw_only=True)
class KernelCatalogue:
    """What one tree registers under one set of defines. ``defines`` are ``NAME`` or
    ``NAME=VALUE``, sorted. Registrations are sorted by op, device, label, class, source."""

    tree_digest: str
    defines: tuple[str, ...]
    kernels: tuple[Registration, ...]
    ops: tuple[OpRegistration, ...]
    definitions: Mapping[str, OpDefinition]
