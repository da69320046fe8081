"""Why an op or a kernel class is in a library, or why not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from buildtool.answers.answer import Answer
from buildtool.answers.grounds import Grounds
from buildtool.catalogue.left_out import LeftOut, find_left_out
from buildtool.core.values import OpUse, Registration
from buildtool.plan.match import DEVICES
from buildtool.report.type_texts import use_types

_SHOWN_NODES = 3
ENDS = "the model's 'inputs' and 'outputs' in the target say what is fed and what is fetched"


def explain_op(name: str, grounds: Grounds) -> Answer | None:
    """The answer for an op; None if the tree knows none of that name."""
    catalogue = grounds.catalogue
    kernels = [kernel for kernel in catalogue.kernels if kernel.op == name]
    places = tuple(f"{op.source}:{op.line}" for op in catalogue.ops if op.op == name)
    if not (kernels or places or name in catalogue.definitions):
        return None
    uses = [use for use in grounds.plan.uses if use.op == name]
    if not uses:
        return _op_left_out(name, grounds, kernels, places)
    own = [kernel for kernel in grounds.selected if kernel.op == name]
    files = [file for kernel in own if (file := grounds.source(kernel.source))]
    place = dict(grounds.plan.ops).get(name)
    at = next((each for each in places if each.rpartition(":")[0] == place), place or "")
    return Answer(
        kind="op",
        name=name,
        included=True,
        summary=_run_by(uses),
        reasons=tuple(_added(uses)) + tuple(_shared(grounds, own)),
        todo=not_built(grounds),
        nodes=grounds.nodes(uses),
        kernels=grounds.kernels(own),
        places=(f"the op is registered in {at}",) if at else (),
        parts=grounds.parts(files),
    )


def _run_by(uses: Sequence[OpUse]) -> str:
    counts: dict[str, int] = defaultdict(int)
    for node in (node for use in uses for node in use.nodes):
        counts[node.model] += 1
    if not counts:
        listed = any(use.kernel_class and not use.added_by_runtime for use in uses)
        return "a list of ops names it" if listed else "no model runs it: the runtime itself does"
    told = (f"{name} ({n} node{'s' * (n != 1)})" for name, n in sorted(counts.items()))
    return f"it is run by {', '.join(told)}"


def _added(uses: Sequence[OpUse]) -> Iterator[str]:
    """Why the runtime asks for it."""
    reasons = sorted({use.added_by_runtime for use in uses if use.added_by_runtime})
    yield from (f"the runtime asks for it: {reason}" for reason in reasons)


def _shared(grounds: Grounds, own: Sequence[Registration]) -> Iterator[str]:
    """Which other ops have a part in the bytes of the files."""
    for source in sorted({kernel.source for kernel in own}):
        ops = {each.op for each in grounds.selected if each.source == source}
        others = sorted(ops - {kernel.op for kernel in own})
        if others and grounds.size:
            yield f"{source} also registers selected kernels of {', '.join(others)}"


def _op_left_out(
    name: str, grounds: Grounds, kernels: Sequence[Registration], places: Sequence[str]
) -> Answer:
    """An op that is not in the library: what there is of it in the tree."""
    here = [kernel for kernel in kernels if kernel.device in DEVICES]
    nodes = [node for node in grounds.file_nodes() if node.op == name]
    reasons = []
    if nodes:
        shown = ", ".join(f"{node.model}: {node.node!r}" for node in nodes[:_SHOWN_NODES])
        more = f" and {len(nodes) - _SHOWN_NODES} more" if len(nodes) > _SHOWN_NODES else ""
        reasons.append(
            f"nodes of it stand in a model's file ({shown}{more}), but not between what is fed and "
            "what is fetched"
        )
        summary, todo = "no model runs it", [ENDS]
    else:
        summary, todo = "no model has it", [_bringing("it", "that names it", grounds)]
    if not places:
        reasons.append("the tree defines it, but registers it under none of this target's macros")
    if not here:
        told, todo = _no_kernel(name, grounds, kernels)
        reasons += told
    return Answer(
        kind="op",
        name=name,
        included=False,
        summary=summary,
        reasons=tuple(reasons),
        todo=tuple(todo),
        kernels=grounds.kernels(here or kernels),
        places=tuple(f"the op is registered in {place}" for place in places),
    )


def _no_kernel(
    name: str, grounds: Grounds, others: Sequence[Registration]
) -> tuple[list[str], list[str]]:
    """Why the tree has no kernel of an op for a CPU, and what would bring one in."""
    if others:
        devices = ", ".join(sorted({kernel.device for kernel in others}))
        return (
            [f"the tree has kernels of it only for other devices: {devices}"],
            ["no setting brings it in: such a library runs on a CPU"],
        )
    if grounds.tree is None:
        return (
            ["the tree registers no kernel of it under this target's macros"],
            ["the tree is not on this machine: its text cannot be looked at"],
        )
    found = find_left_out(grounds.tree, name)
    if not found:
        what = "the tree registers no kernel of it under this target's macros, and none by name"
        return [what], ["no setting brings it in"]
    return [_guarded(each) for each in found], [
        "no key of a target changes these macros: do its work in the app, or change the tree with "
        "'patches'"
    ]


def _guarded(found: LeftOut) -> str:
    where = f"{found.source}:{found.line}"
    device = f" on {found.device}" if found.device else ""
    under = " in ".join(f"'{each}'" for each in reversed(found.conditions))
    behind = f", behind {under}" if under else ", in a file or a macro that is left out"
    return f"a kernel of it{device} stands in {where}{behind}"


def explain_class(wanted: str, grounds: Grounds) -> tuple[Answer, ...]:
    """The answers for kernel classes of this name, with or without namespace and parameters."""
    packed = _packed(wanted)
    of_name: dict[str, list[Registration]] = defaultdict(list)
    for kernel in grounds.catalogue.kernels:
        whole = _packed(kernel.kernel_class)
        template = whole.partition("<")[0]
        if packed in (whole, template, template.rpartition("::")[2]):
            of_name[kernel.kernel_class].append(kernel)
    answers = [_class(name, kernels, grounds) for name, kernels in sorted(of_name.items())]
    inside = [answer for answer in answers if answer.included]
    # Of a template, those that are in say enough; where none is, that there are others.
    return tuple(inside) if inside else _merged(wanted, answers)


def _packed(name: str) -> str:
    return name.replace(" ", "")


def _class(name: str, kernels: Sequence[Registration], grounds: Grounds) -> Answer:
    own = [kernel for kernel in kernels if kernel in grounds.selected]
    if not own:
        return Answer(
            kind="kernel class",
            name=name,
            included=False,
            summary=_class_left_out(kernels, grounds),
            todo=_class_todo(kernels, grounds),
            kernels=grounds.kernels(kernels),
        )
    uses = [use for use, served in grounds.serving.items() if set(served) & set(own)]
    files = [file for kernel in own if (file := grounds.source(kernel.source))]
    beside = len(kernels) - len(own)
    return Answer(
        kind="kernel class",
        name=name,
        included=True,
        summary="; ".join(sorted({f"{kernel.op}: {grounds.selected[kernel]}" for kernel in own})),
        reasons=(
            *_shared(grounds, own),
            *((_beside(beside),) if beside else ()),
        ),
        todo=not_built(grounds),
        nodes=grounds.nodes(uses),
        kernels=grounds.kernels(own),
        parts=grounds.parts(files),
    )


def _beside(count: int) -> str:
    others = "registration" if count == 1 else "registrations"
    return (
        f"the tree has {count} more {others} of this class: TensorFlow selects by the name of the "
        "class, so that they come with it where they stand in linked files"
    )


def _class_left_out(kernels: Sequence[Registration], grounds: Grounds) -> str:
    """Why a class of kernels is not selected."""
    devices = {kernel.device for kernel in kernels}
    if not devices & set(DEVICES):
        return f"it is for another device: {', '.join(sorted(devices))}"
    ops = sorted({kernel.op for kernel in kernels})
    uses = [use for use in grounds.plan.uses if use.op in ops]
    if not uses:
        return f"no model runs {', '.join(ops)}"
    types = sorted({use_types(use) for use in uses if use.nodes} - {""})
    if not types:
        return f"another kernel serves {', '.join(ops)}"
    return f"{', '.join(ops)} runs with other types: {'; '.join(types)}"


def _class_todo(kernels: Sequence[Registration], grounds: Grounds) -> tuple[str, ...]:
    here = [kernel for kernel in kernels if kernel.device in DEVICES]
    if not here:
        return ("no setting brings it in: such a library runs on a CPU",)
    op, line = here[0].op, f"{here[0].op}:{here[0].kernel_class}"
    return (_bringing(f"{op} with its types", f"with the line '{line}'", grounds),)


def _bringing(what: str, listed: str, grounds: Grounds) -> str:
    """What would bring an op or a kernel in."""
    instead = f", or a list of ops {listed}," if grounds.takes_lists else ""
    return f"a model that runs {what}{instead} would bring it in: model=FILE"


def _merged(wanted: str, answers: Sequence[Answer]) -> tuple[Answer, ...]:
    """One answer for a template, none of whose classes is in."""
    if len(answers) < 2:
        return tuple(answers)
    return (
        Answer(
            kind="kernel class",
            name=wanted,
            included=False,
            summary="; ".join(sorted({answer.summary for answer in answers})),
            todo=answers[0].todo,
            kernels=tuple(kernel for answer in answers for kernel in answer.kernels),
        ),
    )


def not_built(grounds: Grounds) -> tuple[str, ...]:
    """What to type for bytes, where nothing is built of this plan."""
    if grounds.is_built:
        return ()
    return (f"no library of this plan is built yet: {grounds.build} says how many bytes it takes",)
