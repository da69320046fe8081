"""The report on the preparation of a target's models: as text, JSON and a page with pictures.

``prepare.json`` has ``schema_version`` 1, ``models``, the fields of
:class:`~buildtool.core.values.Preparation`, and ``library``, those of
:class:`~buildtool.core.values.LibraryChange`; ``seconds`` in it vary from run to run.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from buildtool.core.render import to_json, write_if_changed
from buildtool.core.values import LibraryChange, Preparation, PreparingStep
from buildtool.report.page_rendering import difference_text, render_page, size_text

SCHEMA_VERSION = 1
SHOWN_REFUSALS = 5


def write_preparations(
    page: Path, target: str, models: Sequence[Preparation], library: LibraryChange
) -> None:
    """Write ``page`` (``prepare.html``), and beside it the text and the JSON."""
    values = {
        "schema_version": SCHEMA_VERSION,
        "target": target,
        "library": dataclasses.asdict(library),
        "models": [dataclasses.asdict(model) for model in models],
    }
    write_if_changed(page.with_suffix(".json"), to_json(values))
    for path, template in (
        (page.with_suffix(".txt"), "prepare.txt.j2"),
        (page, "prepare.html.j2"),
    ):
        text = render_page(
            template,
            filters={"worst": _worst, "top": _top},
            target=target,
            models=models,
            library=library,
            shown=SHOWN_REFUSALS,
        )
        write_if_changed(path, text)


def summary(models: Sequence[Preparation], library: LibraryChange) -> str:
    """What came of it, in a line."""
    kernels = (
        "" if library.unknown else "; kernels in the library: {} -> {}".format(*library.kernels)
    )
    return "; ".join(_words(model) for model in models) + kernels


def _words(model: Preparation) -> str:
    before, after = model.original, model.steps[-1] if model.steps else model.original
    packed = ""
    if before.compressed and after.compressed:
        packed = f" ({size_text(before.compressed)} -> {size_text(after.compressed)} compressed)"
    price = f", largest difference {difference_text(_worst(after))}" if after.differences else ""
    refused = sum(len(step.refused) for step in model.steps)
    return (
        f"{model.model}: {before.nodes} -> {after.nodes} nodes, "
        f"{size_text(before.size)} -> {size_text(after.size)}{packed}"
        f"{price or ', ' + model.compared}" + f", {refused} nodes refused" * bool(refused)
    )


def _worst(step: PreparingStep) -> float | None:
    """The largest difference of all outputs."""
    return max((each.largest for each in step.differences), default=None)


def _top(step: PreparingStep) -> float | None:
    """The smallest share of rows whose largest element stayed the same one."""
    shares = (each.same_top for each in step.differences if each.same_top is not None)
    return min(shares, default=None)
