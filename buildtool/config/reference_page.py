"""The reference page of target files, ``docs/targets.md``, from the same definitions."""

from __future__ import annotations

import dataclasses
import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from buildtool.config.describe import KINDS, KeyDoc, choices, documented, item_of
from buildtool.config.layers import OF_ONE_TARGET, machine_keys
from buildtool.config.reader import keys_of
from buildtool.config.scalars import UNITS
from buildtool.config.target import DraftTarget, Target
from buildtool.core.render import Renderer


@dataclass(frozen=True, kw_only=True)
class Row:
    """One key as the page shows it, all in Markdown."""

    name: str
    value: str
    default: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Section:
    """The keys of a nested mapping: ``key`` is where it stands, such as ``models[].inputs[]``."""

    key: str
    text: str
    rows: list[Row]


def write_reference(folder: Path) -> Path:
    """Write ``targets.md`` into ``folder`` and return its path."""
    return Renderer(folder).render(
        "targets.md",
        "docs/targets.md.j2",
        header=_rows(DraftTarget),
        rows=_rows(Target),
        sections=_sections(Target, ""),
        units=UNITS,
        of_one_target=OF_ONE_TARGET,
        machine_keys=machine_keys(),
    )


def _rows(section: type) -> list[Row]:
    return [
        Row(name=doc.key.name, value=_words(doc.key.type), default=_default(doc), text=doc.text)
        for doc in documented(section)
    ]


def _sections(outer: type, prefix: str) -> list[Section]:
    """The nested sections, each followed by those inside it."""
    found: list[Section] = []
    for doc in documented(outer):
        inner = item_of(doc.key.type) or doc.key.type
        # A section that stands at the top, too, is shown there.
        if (
            dataclasses.is_dataclass(inner)
            and isinstance(inner, type)
            and not _is_twice(doc, prefix)
        ):
            key = f"{prefix}{doc.key.name}{'[]' if item_of(doc.key.type) else ''}"
            text = inspect.getdoc(inner) or ""
            found.append(Section(key=key, text=text, rows=_rows(inner)))
            found += _sections(inner, f"{key}.")
    return found


def _is_twice(doc: KeyDoc, prefix: str) -> bool:
    return bool(prefix) and doc.key.name in keys_of(Target)


def _words(kind: Any) -> str:
    if item_of(kind) is not None:
        return f"list of: {_words(item_of(kind))}"
    if dataclasses.is_dataclass(kind):
        short = [doc.key for doc in documented(kind) if doc.key.shorthand]  # type: ignore[arg-type]
        return "".join(f"{key.name}, or " for key in short) + "keys below"
    if choices(kind):
        return ", ".join(f"`{choice}`" for choice in choices(kind))
    return KINDS[kind].words


def _default(doc: KeyDoc) -> str:
    if doc.key.required:
        return f"must be given, or `{doc.key.unless}`" if doc.key.unless else "must be given"
    if isinstance(doc.default, bool):
        return f"`{doc.default}`".lower()
    if isinstance(doc.default, tuple):
        return f"`[{', '.join(map(str, doc.default))}]`"
    return "" if doc.default is None else f"`{doc.default}`"
