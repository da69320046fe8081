"""Why a file is in a library, or why not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from buildtool.answers.answer import Answer
from buildtool.answers.grounds import Grounds
from buildtool.answers.op_answers import not_built
from buildtool.core.values import FileKind, PlannedFile
from buildtool.plan.build_plan import TENSORFLOW
from buildtool.report.size import shown_place

_SOURCES = (".cc", ".c", ".cpp", ".proto", ".h", ".cu.cc", ".S", ".m", ".mm")
_MOST_OPS = 12
HEADERS = (".h", ".hpp", ".inc")


def looks_like_file(wanted: str) -> bool:
    """Whether people write files so."""
    return wanted.endswith(_SOURCES) or "/" in wanted


def explain_file(wanted: str, grounds: Grounds) -> tuple[Answer, ...]:
    """The answers for the planned files whose path ends so; else for one of the tree."""
    found = [file for file in grounds.plan.files if _is(wanted, file)]
    if found:
        inside = [file for file in found if file.key in grounds.linked_files]
        return tuple(_planned(file, grounds) for file in inside or found)
    return tuple(_of_tree(wanted, grounds))


def _is(wanted: str, file: PlannedFile) -> bool:
    whole = f"/{file.path}"
    return whole.endswith(f"/{wanted.lstrip('/')}") or wanted in (shown_place(file), file.key)


def _planned(file: PlannedFile, grounds: Grounds) -> Answer:
    kernels = grounds.by_source.get(file.path, ()) if file.root == TENSORFLOW else ()
    own = [kernel for kernel in kernels if kernel in grounds.selected]
    name, chain = shown_place(file), grounds.chain(file)
    if chain:
        reasons, summary = [], chain[0].reason
        if grounds.size and grounds.size.files and not grounds.is_in_program(file):
            reasons.append(
                "the linker kept no byte of it in the program: nothing of it is reached from what "
                "runs"
            )
        return Answer(
            kind="file",
            name=name,
            included=True,
            summary=summary,
            reasons=tuple(reasons),
            kernels=grounds.kernels(own),
            chain=chain,
            parts=grounds.parts([file]),
        )
    if not grounds.is_built:
        sure = "it is compiled in any case: " if file.required else "only if a symbol asks for it: "
        return Answer(
            kind="file",
            name=name,
            included=file.required,
            summary=sure + file.reason,
            todo=not_built(grounds),
            kernels=grounds.kernels(own),
        )
    return Answer(
        kind="file",
        name=name,
        included=False,
        summary="no linked file asks for a symbol that it defines first",
        reasons=(f"it may be linked: {file.reason}", *_registers(file, grounds)),
        todo=_brings(file, grounds),
    )


def _registers(file: PlannedFile, grounds: Grounds) -> Iterator[str]:
    """What a file that is not linked would register."""
    ops = _ops(file.path, grounds)
    if ops:
        more = f" and {len(ops) - _MOST_OPS} more" if len(ops) > _MOST_OPS else ""
        yield f"it registers kernels of {', '.join(ops[:_MOST_OPS])}{more}, which no model runs"


def _ops(path: str, grounds: Grounds) -> list[str]:
    return sorted({kernel.op for kernel in grounds.by_source.get(path, ())})


def _brings(file: PlannedFile, grounds: Grounds) -> tuple[str, ...]:
    if file.root == TENSORFLOW and (ops := _ops(file.path, grounds)):
        return (
            f"a model that runs {ops[0] if len(ops) == 1 else 'one of them'} would bring it in",
        )
    if file.kind is FileKind.DEPENDENCY:
        return ("it comes when something that is linked needs it",)
    return ("it comes when a kernel that a model needs asks for it",)


def _of_tree(wanted: str, grounds: Grounds) -> Iterator[Answer]:
    """A file that the plan does not know."""
    registering = [path for path in grounds.by_source if f"/{path}".endswith(f"/{wanted}")]
    inside = PurePosixPath(wanted)
    if not registering and grounds.tree is not None and ".." not in inside.parts:
        there = grounds.tree / wanted
        registering = [wanted] if wanted and not inside.is_absolute() and there.is_file() else []
    for path in sorted(registering):
        if path.endswith(HEADERS):
            yield Answer(
                kind="file",
                name=path,
                included=False,
                summary="it is a header: it is compiled with the files that include it",
                todo=("ask for one of those",),
            )
            continue
        ops = _ops(path, grounds)
        yield Answer(
            kind="file",
            name=path,
            included=False,
            summary="the tree has it, but its BUILD files do not offer it for such a library: no "
            "library that may be linked lists it under this target's conditions",
            reasons=((f"it registers kernels of {', '.join(ops[:_MOST_OPS])}",) if ops else ()),
            todo=("only a change of the tree's BUILD files brings it in: 'patches' in the target",),
        )
