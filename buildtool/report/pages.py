"""The report on one target, for programs (JSON), terminals (text) and browsers (HTML).

A caller needs :class:`Report` and :func:`write_report`. The same build gives the same files, byte
for byte, but for ``timings`` in ``report.json``: wall and CPU times and peak memory, which vary
from run to run and stand nowhere else.

``report.json``, ``schema_version`` 1, has these members: ``target``, ``tensorflow_version``,
``tree_digest``, ``proved`` (null where nothing was verified), ``models``, ``ops``, ``kernels``,
``files`` (how many of each kind are planned), ``flags`` (``defines``, ``compile``, ``link``; older
releases of this tool wrote none), ``notes``, ``verification`` and ``size`` (the fields
of :class:`~buildtool.core.values.VerificationReport` and
:class:`~buildtool.core.values.SizeReport`, whose limits are ``budget``, that of ``stripped``, and
``budgets``, where there are others; null where that step did not run), ``problems`` (objects
with ``where``, ``what``, ``todo``) and ``timings``. Sizes are bytes.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from buildtool.core.errors import Problem
from buildtool.core.render import to_json, write_if_changed
from buildtool.core.values import (
    BuildPlan,
    Comparison,
    LinkWay,
    ModelCheck,
    PlannedFile,
    SelectedKernel,
    SizeReport,
    VerificationReport,
)
from buildtool.report.byte_trees import page_data
from buildtool.report.model_ops import ops_of_models
from buildtool.report.page_rendering import render_page
from buildtool.report.size import size_words
from buildtool.report.type_texts import kernel_types, tensor_text

SCHEMA_VERSION = 1
SHOWN_FILES = 25
SHOWN_CHANGES = 15  # at either end
# The size that reports call the size of the library, and its limit the budget.
MAIN_SIZE = "stripped"


@dataclass(frozen=True, kw_only=True)
class Report:
    """All that a report says about a target. ``problems`` are those outside verification, such as
    an exceeded budget. ``timings`` are seconds by step; see the module for what varies. ``linked``
    are the files of the library and ``link_ways`` how apps take it in."""

    plan: BuildPlan
    verification: VerificationReport | None = None
    size: SizeReport | None = None
    problems: tuple[Problem, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    linked: tuple[PlannedFile, ...] = ()
    link_ways: tuple[LinkWay, ...] = ()


def write_report(
    folder: Path, report: Report, *, change: Callable[[], Comparison | str] = str
) -> tuple[Path, ...]:
    """Write ``report.json``, ``report.txt`` and ``report.html`` into ``folder``; each appears
    complete or not at all, and is left alone where it would not change. ``change`` is asked when
    ``report.json`` is written: what changed since the build before, or why that cannot be told,
    empty where there was none."""
    paths = tuple(folder / name for name in ("report.json", "report.txt", "report.html"))
    write_if_changed(paths[0], to_json(json_values(report)))
    write_if_changed(paths[1], _render("report.txt.j2", report))
    write_if_changed(paths[2], _render("report.html.j2", report, **_page_values(report, change())))
    return paths


def json_values(report: Report) -> dict[str, Any]:
    """The content of ``report.json``."""
    plan = report.plan
    return {
        "schema_version": SCHEMA_VERSION,
        "target": plan.target,
        "tensorflow_version": plan.tensorflow_version,
        "tree_digest": plan.tree_digest,
        "proved": is_proved(report),
        "models": [_model(report, place) for place in range(len(plan.models))],
        "ops": [{"op": op, "source": source} for op, source in plan.ops],
        "kernels": [_kernel(kernel) for kernel in plan.kernels],
        "files": _file_counts(plan),
        "flags": {
            "defines": list(plan.defines),
            "compile": list(plan.compile_flags),
            "link": list(plan.link_flags),
        },
        "notes": list(plan.notes),
        "verification": _verification(report.verification),
        "size": _size_values(report.size),
        "problems": [dataclasses.asdict(problem) for problem in all_problems(report)],
        "timings": _timings(report),
    }


def all_problems(report: Report) -> tuple[Problem, ...]:
    """What is wrong, of all steps."""
    verified = report.verification.problems if report.verification else ()
    return (*verified, *report.problems)


def is_proved(report: Report) -> bool | None:
    """Whether the artefact was verified and nothing is wrong with it; None: not verified, or only
    looked at, because nothing here could run it."""
    if report.verification is None:
        return None
    if all_problems(report):
        return False
    return None if report.verification.not_run else True


def _model(report: Report, place: int) -> dict[str, Any]:
    model = report.plan.models[place]
    return {
        "name": model.name,
        "sha256": model.sha256,
        "nodes": model.node_count,
        "inputs": [dataclasses.asdict(info) for info in model.inputs],
        "outputs": [dataclasses.asdict(info) for info in model.outputs],
    }


def _kernel(kernel: SelectedKernel) -> dict[str, Any]:
    registration = kernel.registration
    return {
        "op": registration.op,
        "device": registration.device,
        "label": registration.label,
        "class": registration.kernel_class,
        "types": {item.attr: list(item.types) for item in registration.constraints},
        "source": registration.source,
        "line": registration.line,
        "reason": kernel.reason,
    }


def _verification(report: VerificationReport | None) -> dict[str, Any] | None:
    """Without the problems, which stand beside, without what varies, and without empty rules."""
    if report is None:
        return None
    values = dataclasses.asdict(report)
    del values["problems"]
    for model in values["models"]:
        del model["timings"], model["peak_kib"]
        for output in model["outputs"]:
            if not output["rule"]:
                del output["rule"]
    return values


def _size_values(size: SizeReport | None) -> dict[str, Any] | None:
    """``budget`` is of the stripped program, 0 for none; ``budgets``, of all sizes, stands there
    where another one is limited."""
    if size is None:
        return None
    values = dataclasses.asdict(size)
    del values["limits"]
    limits = {limit.name: limit.most for limit in size.limits}
    values["budget"] = limits.get(MAIN_SIZE, 0)
    return values if limits.keys() <= {MAIN_SIZE} else values | {"budgets": limits}


def _timings(report: Report) -> dict[str, Any]:
    models = report.verification.models if report.verification else ()
    return {
        "steps_seconds": dict(report.timings),
        "models": {
            check.model: {"milliseconds": dict(check.timings), "peak_kib": check.peak_kib}
            for check in models
        },
    }


def _file_counts(plan: BuildPlan) -> dict[str, int]:
    return dict(sorted(Counter(file.kind.value for file in plan.files).items()))


# --------------------------------------------------------------------------------------------
# text and HTML


def _page_values(report: Report, change: Comparison | str) -> dict[str, Any]:
    """What only the page shows."""
    found = change if isinstance(change, Comparison) else None
    values = {
        "models": ops_of_models(report.plan),
        "link_ways": report.link_ways,
        "change": found,
        "unchanged": "" if found else change,
        "most": SHOWN_CHANGES,
    }
    if report.size is None or not report.size.files:
        return values
    data = page_data(report.plan, report.size, report.linked)
    return {**values, "data": data, "libraries": ("d3-hierarchy",)}


def _render(template: str, report: Report, **more: Any) -> str:
    return render_page(
        template,
        filters={"types": kernel_types, "tensor": tensor_text},
        plan=report.plan,
        verification=report.verification,
        size=report.size,
        problems=all_problems(report),
        proved=is_proved(report),
        verdict=_verdict(report.verification),
        files=_file_counts(report.plan),
        sizes=_sizes(report.size),
        budgets=_budgets(report.size),
        largest=_largest(report.verification),
        shown_files=SHOWN_FILES,
        **more,
    )


def _sizes(size: SizeReport | None) -> tuple[tuple[str, int], ...]:
    if size is None:
        return ()
    limited = zip(size_words(size).values(), size.limited.values(), strict=True)
    return (*((words, count) for words, count in limited if count), ("stripped, xz -9", size.xz))


def _budgets(size: SizeReport | None) -> tuple[tuple[str, int, int], ...]:
    """Each limit: what it is called, how large that may be, and how large it is."""
    if size is None:
        return ()
    words = size_words(size)
    return tuple(
        (
            "budget" if limit.name == MAIN_SIZE else f"budget: {words[limit.name]}",
            limit.most,
            size.limited[limit.name],
        )
        for limit in size.limits
    )


def _verdict(verification: VerificationReport | None) -> str:
    """What a verification without problems has proved."""
    registered = "the library registers what was planned"
    if verification is not None and verification.libraries and not verification.checked_members:
        whole = "an app can load every library, and each has the planned kernels"
        return (
            whole
            if verification.not_run
            else (f"{whole}; a device ran the models, but their outputs were not compared")
        )
    if verification is not None and (verification.emulated or verification.device):
        registered = f"on {verification.emulated or verification.device}, {registered}"
    if verification is not None and verification.not_run:
        return (
            "every object and the linked program are built for the right system, and the program "
            "holds everything that registers itself"
        )
    if verification is None or not verification.models:
        return registered
    others = [check.model for check in verification.models if not check.compared]
    if not others:
        return f"{registered}, and every model's outputs agree with TensorFlow's own"
    if len(others) < len(verification.models):
        return (
            f"{registered}; every model's outputs agree with TensorFlow's own, but for those of "
            f"{', '.join(others)}, which ran and were not compared"
        )
    return f"{registered} and runs every model; its outputs were not compared with TensorFlow's"


def _largest(verification: VerificationReport | None) -> float | None:
    """The largest relative difference of all outputs, None if none was compared."""
    checks: tuple[ModelCheck, ...] = verification.models if verification else ()
    found = [
        output.max_relative
        for check in checks
        for output in check.outputs
        if output.max_relative is not None
    ]
    return max(found, default=None)
