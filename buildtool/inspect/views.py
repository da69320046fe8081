"""What was found in a model, as text and as JSON.

The JSON, ``schema_version`` 1, has the fields of
:class:`~buildtool.inspect.inspection.Inspection`; sizes are bytes.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import jinja2

from buildtool.core.datatypes import UNKNOWN, short
from buildtool.core.paths import TEMPLATES
from buildtool.core.render import to_json, write_if_changed
from buildtool.inspect.inspection import End, Inspection

SCHEMA_VERSION = 1
SHOWN_LAYERS, SHOWN_OPS, SHOWN_ENDS = 8, 12, 4
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def summary(found: Inspection, target: str) -> str:
    """What the terminal shows."""
    return _render("inspect/summary.txt.j2", found, target)


def write_views(folder: Path, name: str, found: Inspection, target: str) -> None:
    """Write all of it into ``folder``, as files that are called ``name``."""
    values = {"schema_version": SCHEMA_VERSION, "target": target, **dataclasses.asdict(found)}
    write_if_changed(folder / f"{name}.json", to_json(values))
    write_if_changed(folder / f"{name}.txt", _render("inspect/model.txt.j2", found, target))


def file_names(names: list[str]) -> list[str]:
    """A name of files for each model: without characters that mean something elsewhere."""
    plain = [re.sub(r"[^\w.-]", "_", name).lstrip(".") or "model" for name in names]
    return [
        name if plain.count(name) == 1 else f"{name}-{place}" for place, name in enumerate(plain, 1)
    ]


def _render(template: str, found: Inspection, target: str) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=False,  # noqa: S701 - a text
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        size=size,
        amount=amount,
        shape=shape,
        dtype=dtype,
        milliseconds=milliseconds,
        keys=_keys,
        of=of,
    )
    text = environment.get_template(template).render(
        found=found,
        target=target,
        layers=_largest(found),
        shown_layers=SHOWN_LAYERS,
        shown_ops=SHOWN_OPS,
        shown_ends=SHOWN_ENDS,
    )
    return "\n".join(_CONTROL.sub(_visible, line) for line in text.split("\n"))


def _visible(match: re.Match[str]) -> str:
    """A control character of a name, which must not reach a terminal."""
    return f"\\x{ord(match[0]):02x}"


def _largest(found: Inspection) -> list[str]:
    """The names of the layers with the most work, or else the most parameters."""
    ranked = sorted(
        found.layers, key=lambda each: (-each.flops - each.other_flops, -each.parameters)
    )
    return [layer.name for layer in ranked[:SHOWN_LAYERS]]


def size(count: int | None) -> str:
    """Bytes for people: ``2.91 MB`` (of a million bytes)."""
    if count is None:
        return "of no fixed size"
    if count >= 1_000_000:
        return f"{count / 1_000_000:.2f} MB"
    return f"{count / 1000:.1f} kB" if count >= 1000 else f"{count} B"


def amount(count: int) -> str:
    """A number for people: ``601.55 M``."""
    for unit, name in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= unit:
            return f"{count / unit:.2f} {name}"
    return str(count)


def of(count: int, what: str) -> str:
    """``1 node``, ``2 nodes``."""
    return f"{count} {what}{'s' * (count != 1)}"


def milliseconds(seconds: float) -> str:
    """A time for people, with three digits."""
    return f"{seconds * 1000:.3g} ms"


def shape(sizes: tuple[int, ...] | None) -> str:
    """``[?, 224, 224, 3]``."""
    if sizes is None:
        return "unknown shape"
    return f"[{', '.join('?' if each < 0 else str(each) for each in sizes)}]"


def dtype(name: str) -> str:
    """``float``."""
    return "unknown type" if name == UNKNOWN else short(name)


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
