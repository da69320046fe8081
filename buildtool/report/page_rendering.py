"""Pages and texts for people, from templates: what all of them have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jinja2

from buildtool.core.paths import TEMPLATES


def render_page(
    template: str, *, filters: Mapping[str, Callable[..., Any]] | None = None, **values: Any
) -> str:
    """The text of a template; those for HTML escape what they are given.

    All have the filters ``size`` (bytes for people), ``share`` (percent of) and ``difference`` (a
    small number, or a dash for none).
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=template.endswith(".html.j2"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(size=size_text, share=percent, difference=difference_text)
    environment.filters.update(filters or {})
    return environment.get_template(template).render(values)


def size_text(count: int) -> str:
    """Bytes for people: ``2.91 MB`` (of a million bytes)."""
    if count >= 1_000_000:
        return f"{count / 1_000_000:.2f} MB"
    return f"{count / 1000:.1f} kB" if count >= 1000 else f"{count} B"


def percent(part: float, whole: float) -> float:
    """Percent, with one decimal."""
    return round(100 * part / whole, 1) if whole else 0.0


def difference_text(value: float | None) -> str:
    """Two digits, or a dash for none."""
    return "-" if value is None else f"{value:.2g}"
