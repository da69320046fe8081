"""Targets of several ABIs: one ordinary target is derived for each."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from types import MappingProxyType

from buildtool.config.target import Target
from buildtool.core.errors import Problem


def slice_targets(target: Target) -> tuple[Target, ...]:
    """The targets of the ABIs that ``target`` lists, each once and in their order; none if it has
    an ABI of its own."""
    found = {
        slice_id(target.id, abi): dataclasses.replace(
            target,
            id=slice_id(target.id, abi),
            abi=abi,
            slices=(),
            is_slice=True,
            description=f"Only the slice {abi} of {target.id}",
            origins=MappingProxyType({**target.origins, "abi": target.where(f"slices[{index}]")}),
        )
        for index, abi in reversed(list(enumerate(target.slices)))
    }
    return tuple(reversed(found.values()))


def slice_id(target: str, abi: str) -> str:
    """The id of the target of one ABI."""
    return f"{target}-{abi}"


def slice_problems(target: Target) -> Iterator[Problem]:
    """ABIs that stand twice, or beside one that is the target's own."""
    if target.slices and target.abi:
        yield Problem(
            where=target.where("slices"),
            what=f"slices: the target has one ABI, too: 'abi: {target.abi}' "
            f"({target.where('abi')})",
            todo="write one of the two; an empty 'abi:' or 'slices:' takes back what a parent says",
        )
    for index, abi in enumerate(target.slices):
        if abi in target.slices[:index]:
            yield Problem(
                where=target.where(f"slices[{index}]"),
                what=f"slices[{index}]: '{abi}' is listed twice",
                todo="take one of them out",
            )
