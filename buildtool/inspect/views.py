"""What was found in a model, as text, as JSON, as a page and as a graph for Graphviz.

The JSON, ``schema_version`` 1, has the fields of
:class:`~buildtool.inspect.inspection.Inspection`; sizes are bytes.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from buildtool.core.datatypes import UNKNOWN, short
from buildtool.core.render import to_json, write_if_changed
from buildtool.inspect.dot import dot_text
from buildtool.inspect.inspection import End, Inspection
from buildtool.inspect.page import model_page
from buildtool.inspect.rendered import rendered
from buildtool.inspect.scopes import ScopeTree

SCHEMA_VERSION = 1
SHOWN_LAYERS, SHOWN_OPS, SHOWN_ENDS = 8, 12, 4


def summary(found: Inspection, target: str) -> str:
    """What the terminal shows."""
    return _render("summary.txt.j2", found, target)


def write_views(
    folder: Path, name: str, found: Inspection, tree: ScopeTree, *, target: str
) -> None:
    """Write all of it into ``folder``, as files that are called ``name``."""
    values = {"schema_version": SCHEMA_VERSION, "target": target, **dataclasses.asdict(found)}
    write_if_changed(folder / f"{name}.json", to_json(values))
    write_if_changed(folder / f"{name}.txt", _render("model.txt.j2", found, target))
    write_if_changed(folder / f"{name}.dot", dot_text(found.name, tree))
    write_if_changed(folder / f"{name}.html", model_page(found, tree, target))


def file_names(names: list[str]) -> list[str]:
    """A name of files for each model: without characters that mean something elsewhere."""
    plain = [re.sub(r"[^\w.-]", "_", name).lstrip(".") or "model" for name in names]
    return [
        name if plain.count(name) == 1 else f"{name}-{place}" for place, name in enumerate(plain, 1)
    ]


def _render(template: str, found: Inspection, target: str) -> str:
    return rendered(
        template,
        found=found,
        target=target,
        inputs=[_keys(end) for end in found.inputs],
        layers=[layer.name for layer in found.ranked_layers[:SHOWN_LAYERS]],
        shown_ops=SHOWN_OPS,
        shown_ends=SHOWN_ENDS,
    )


def _keys(end: End) -> str:
    """An input as a target file has it; the first size is that of a batch of one where unknown."""
    parts = [f"name: {_quoted(end.name.removesuffix(':0'))}"]
    if end.dtype != UNKNOWN:
        parts.append(f"dtype: {short(end.dtype)}")
    if end.shape is not None:
        first = [1 if each < 0 and not axis else each for axis, each in enumerate(end.shape)]
        parts.append(f"shape: [{', '.join('?' if each < 0 else str(each) for each in first)}]")
    return f"{{{', '.join(parts)}}}"


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_][\w./-]*", name) else f'"{name}"'
