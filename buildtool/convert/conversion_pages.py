"""The report on the conversion of a target's models: as text, JSON and a page.

``convert.json`` has ``schema_version`` 1, the version of ``tensorflow``, and ``models``, the fields
of :class:`~buildtool.core.values.Conversion`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from buildtool.core.render import to_json, write_if_changed
from buildtool.core.values import Conversion
from buildtool.report.page_rendering import difference_text, render_page, size_text

SCHEMA_VERSION = 1


def write_conversions(page: Path, target: str, version: str, models: Sequence[Conversion]) -> None:
    """Write ``page`` (``convert.html``), and beside it the text and the JSON. ``version`` is that
    of the converter."""
    values = {
        "schema_version": SCHEMA_VERSION,
        "target": target,
        "tensorflow": version,
        "models": [dataclasses.asdict(model) for model in models],
    }
    write_if_changed(page.with_suffix(".json"), to_json(values))
    for path, template in (
        (page.with_suffix(".txt"), "convert.txt.j2"),
        (page, "convert.html.j2"),
    ):
        text = render_page(template, filters={}, target=target, version=version, models=models)
        write_if_changed(path, text)


def summary(models: Sequence[Conversion]) -> str:
    """What came of it, in a line."""
    return "; ".join(_words(model) for model in models)


def _words(model: Conversion) -> str:
    worst = max((each.largest for each in model.differences), default=None)
    price = model.compared if worst is None else f"largest difference {difference_text(worst)}"
    count = len(model.select)
    select = f", {count} op{'s' * (count != 1)} of TensorFlow" if count else ""
    return (
        f"{model.model}: {model.kind} -> {model.numbers}, {size_text(model.before)} -> "
        f"{size_text(model.after)}{select}, {price}"
    )
