"""Pages and texts for people, from templates: what all of them have in common.

A page in HTML extends ``page.html.j2``. One with a script hands it ``data``, which the script reads
from the element of that name, and names the ``libraries`` that come before it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import jinja2
from markupsafe import Markup

from buildtool.core.paths import DATA, TEMPLATES
from buildtool.core.terminal import visible

_VIEWER = DATA / "viewer"
# What pages are shown with, and the licences that go with each. The folder's README says why these
# files are here.
_LICENCES = {
    "cytoscape": ("cytoscape",),
    "cytoscape-dagre": ("cytoscape-dagre", "dagre"),
    "d3-hierarchy": ("d3-hierarchy",),
}


def render_page(
    template: str, *, filters: Mapping[str, Callable[..., Any]] | None = None, **values: Any
) -> str:
    """The text of a template; those for HTML escape what they are given. Characters that nobody
    would see are written out in all.

    All have the filters ``size`` (bytes for people), ``share`` (percent of) and ``difference`` (a
    small number, or a dash for none).
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=template.endswith(".html.j2"),
        undefined=jinja2.StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(size=size_text, share=percent, difference=difference_text)
    environment.filters.update(page_data=_page_data, library=_library)
    environment.filters.update(filters or {})
    return environment.get_template(template).render(values)


def _visible(value: Any) -> Any:
    """A text with what nobody would see written out; all else as it is."""
    is_text = isinstance(value, str) and not isinstance(value, Markup)
    return visible(value) if is_text else value


def _page_data(values: Any) -> Markup:
    """Values for the script of a page; nothing in them can end its element."""
    text = json.dumps(_all_visible(values), ensure_ascii=True, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704 - no text of it is markup


def _all_visible(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _all_visible(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_all_visible(each) for each in value]
    return _visible(value)


def _library(name: str) -> Markup:
    """A library as it was published, behind its licences."""
    licences = [_VIEWER / f"{each}.LICENSE" for each in _LICENCES[name]]
    texts = "\n".join(path.read_text(encoding="utf-8") for path in licences)
    script = (_VIEWER / f"{name}.min.js").read_text(encoding="utf-8")
    return Markup(f"/*\n{texts}*/\n{script}")  # noqa: S704 - files of this tool


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
