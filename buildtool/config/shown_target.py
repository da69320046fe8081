"""A target as it is after all is read: each key with its value, and where that is from."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from buildtool.config.kinds import NameOrPath
from buildtool.config.reader import keys_of
from buildtool.config.target import Target
from buildtool.config.target_checks import COMMAND_LINE
from buildtool.config.unread import READ_BY

DEFAULT = "default"


@dataclass(frozen=True, kw_only=True)
class ShownKey:
    """One line of a target file as it would say all: ``text`` is that line, ``origin`` where the
    value was written (``targets/pi.yaml:14``), the command line, or that it is the default. ``key``
    is as in messages, ``models[0].path``, and ``value`` JSON-able; a section has no value."""

    key: str
    text: str
    origin: str
    value: object = None
    is_section: bool = False


def shown_keys(target: Target) -> list[ShownKey]:
    """All keys of a target in the order of the reference page, so that their lines are a target
    file. What only another platform or backend reads is left out if nobody wrote it."""
    left_out = unread_sections(target)
    return [
        key for key in _section(target, target, "", "") if key.key.partition(".")[0] not in left_out
    ]


def unread_sections(target: Target) -> tuple[str, ...]:
    """The sections that say nothing about a target, sorted."""
    own = {"platform": target.platform, "backend": target.backend}
    unwritten = (name for name in READ_BY if name not in target.origins)
    return tuple(sorted(name for name in unwritten if own[READ_BY[name]] != name))


def _section(target: Target, section: Any, prefix: str, indent: str) -> Iterator[ShownKey]:
    defaults = {each.name: each.default for each in dataclasses.fields(section)}
    kind: type = type(section)
    for name, key in keys_of(kind).items():
        value, full = getattr(section, name), prefix + name
        origin = _origin(target, full, is_default=value == defaults[name])
        start = f"{indent}{name}:"
        items = value if isinstance(value, tuple) else ()
        if dataclasses.is_dataclass(value):
            yield ShownKey(key=full, text=start, origin="", is_section=True)
            yield from _section(target, value, f"{full}.", f"{indent}  ")
        elif any(dataclasses.is_dataclass(item) for item in items):
            yield ShownKey(key=full, text=start, origin=origin, is_section=True)
            for index, item in enumerate(items):
                first, *others = _section(target, item, f"{full}[{index}].", f"{indent}    ")
                dashed = f"{indent}  - {first.text.lstrip()}"
                yield dataclasses.replace(first, text=dashed)
                yield from others
        else:
            plain = _plain(value, target.root, is_place=key.type == NameOrPath)
            text = start if plain is None else f"{start} {_as_yaml(plain)}"
            yield ShownKey(key=full, text=text, origin=origin, value=plain)


def _origin(target: Target, key: str, *, is_default: bool) -> str:
    if key in target.origins:
        return target.origins[key]
    # What the command line sets is noted for the outermost key alone.
    return COMMAND_LINE if not is_default and target.where(key) == COMMAND_LINE else DEFAULT


def _plain(value: object, root: Path, *, is_place: bool) -> object:
    """``value`` as one would write it; None where it is unset."""
    if isinstance(value, tuple):
        return [_plain(item, root, is_place=False) for item in value]
    if isinstance(value, Path):
        written = (value.relative_to(root) if value.is_relative_to(root) else value).as_posix()
        return f"./{written}" if is_place and "/" not in written else written
    return None if value == "" else value


def _as_yaml(value: object) -> str:
    text: str = yaml.safe_dump(
        value, default_flow_style=True, width=float("inf"), allow_unicode=True
    )
    return text.removesuffix("...\n").strip()
