"""The files that a narrowed build links: listed with their reasons, and written to a file."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from buildtool.binary.symbols import Closure, demangle
from buildtool.core.render import Renderer, to_json, write_if_changed
from buildtool.core.values import BuildPlan, FileKind, PlannedFile, Toolchain
from buildtool.plan.build_plan import TENSORFLOW


def file_key(file: PlannedFile) -> str:
    """What a planned file is called among the symbols, of all trees."""
    return f"{file.root}:{file.path}"


def linked_files(
    plan: BuildPlan, closure: Closure, toolchain: Toolchain
) -> tuple[PlannedFile, ...]:
    """The plan's files that are linked; those that a symbol asked for say which and whose."""
    needs = {file: need for file, need in closure.needed.items() if need.symbol}
    names = dict(zip(needs, demangle(toolchain, [n.symbol for n in needs.values()]), strict=True))
    linked = []
    for file in plan.files:
        key = file_key(file)
        if key not in closure.needed:
            continue
        reason = file.reason
        if key in needs:
            reason = f"defines {names[key]}, which {needs[key].file.partition(':')[2]} needs"
        linked.append(dataclasses.replace(file, reason=reason))
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
    write_if_changed(
        generated / "files.json",
        to_json(
            [
                {"root": f.root, "path": f.path, "kind": f.kind.value, "reason": f.reason}
                for f in files
            ]
        ),
    )
