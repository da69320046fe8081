"""The files that a narrowed build links: listed with their reasons, and written to a file."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from buildtool.binary.symbols import Closure, demangle
from buildtool.core.paths import WITHIN
from buildtool.core.render import Renderer, to_json, write_if_changed
from buildtool.core.values import BuildPlan, FileKind, PlannedFile, Toolchain
from buildtool.plan.build_plan import TENSORFLOW


def linked_files(
    plan: BuildPlan, closure: Closure, toolchain: Toolchain
) -> tuple[PlannedFile, ...]:
    """The plan's files that are linked; those that a symbol asked for say which and whose."""
    needs = {file: need for file, need in closure.needed.items() if need.symbol}
    names = dict(zip(needs, demangle(toolchain, [n.symbol for n in needs.values()]), strict=True))
    linked = []
    for file in plan.files:
        if need := needs.get(file.key):
            symbol, asker = names[file.key], need.file
            reason = f"defines {symbol}, which {asker.partition(':')[2]} needs"
            linked.append(dataclasses.replace(file, reason=reason, symbol=symbol, asked_by=asker))
        elif file.key in closure.needed:
            linked.append(file)
    return tuple(linked)


def write_link_set(generated: Path, files: Sequence[PlannedFile]) -> None:
    """Write ``tf_op_files.txt`` and, with each file's reason, ``files.json``."""
    Renderer(generated).render(
        "tf_op_files.txt",
        "tf_op_files.txt.j2",
        files=[
            file.path
            for file in files
            if file.root == TENSORFLOW and file.kind is not FileKind.PROTO
        ],
    )
    write_if_changed(generated / WITHIN.link_set.name, to_json([_row(file) for file in files]))


def _row(file: PlannedFile) -> dict[str, str]:
    """What is told of a linked file; one that no symbol asked for has none."""
    row = {"root": file.root, "path": file.path, "kind": file.kind.value, "reason": file.reason}
    return row | ({"symbol": file.symbol, "asked_by": file.asked_by} if file.symbol else {})
