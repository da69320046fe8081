"""Targets, packages and labels, as BUILD files give them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from buildtool.starlark.globbing import BUILD_NAMES


@dataclass(frozen=True, kw_only=True)
class Target:
    """One target as declared. Labels are complete (``//pkg:name`` or ``@repo//pkg:name``);
    ``attrs`` holds what is neither a label list nor a name (values of a config_setting, ...).
    """

    label: str
    kind: str
    srcs: tuple[str, ...] = ()
    hdrs: tuple[str, ...] = ()
    deps: tuple[str, ...] = ()
    outs: tuple[str, ...] = ()
    actual: str = ""
    testonly: bool = False
    attrs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def package(self) -> str:
        """The package of the label, without ``//``."""
        return self.label[2:].partition(":")[0]


@dataclass(frozen=True, kw_only=True)
class Package:
    """An evaluated BUILD file. ``inputs`` maps what was read (paths relative to the tree, and
    ``pkg/*`` or ``pkg/**`` for a listing that ``glob`` used) to a SHA-256, "" for what is absent.
    """

    name: str
    targets: Mapping[str, Target]
    notes: tuple[str, ...]
    inputs: Mapping[str, str]


def build_file(tree: Path, package: str) -> Path | None:
    """Return the BUILD file of ``package``, None where the folder is not a package."""
    folder = tree / package
    return next((folder / name for name in BUILD_NAMES if (folder / name).is_file()), None)


def absolute_label(text: str, package: str) -> str:
    """Write ``:a``, ``a``, ``//p/a``, ``//p:a`` as a complete label, seen from ``package``."""
    for own in ("@org_tensorflow//", "@//"):
        text = "//" + text.removeprefix(own) if text.startswith(own) else text
    if not text.startswith(("//", "@")):
        return f"//{package}:{text.removeprefix(':')}"
    if ":" in text:
        return text
    repository, _, folder = text.partition("//")
    return f"{repository}//{folder}:{(folder or repository[1:]).rpartition('/')[2]}"


def make_target(kind: str, name: str, attrs: dict[str, Any], package: str) -> Target:
    """Make a target of the attributes as the BUILD file gave them."""

    def labels(*keys: str) -> tuple[str, ...]:
        found = {
            absolute_label(text, package): None
            for key in keys
            for text in map(_label_text, _as_list(attrs.pop(key, None)))
            if text
        }
        return tuple(found)

    return Target(
        label=f"//{package}:{name}",
        kind=kind,
        srcs=labels("srcs"),
        hdrs=labels("hdrs", "textual_hdrs"),
        deps=labels("deps"),
        outs=labels("outs", "out"),
        actual="".join(labels("actual")[:1]),
        testonly=bool(attrs.pop("testonly", False)),
        attrs=attrs,
    )


def _as_list(value: object) -> list[object]:
    if isinstance(value, list):
        return value
    return list(value) if isinstance(value, dict) and "label_text" not in value else [value]


def _label_text(value: object) -> str:
    if isinstance(value, dict):
        value = value.get("label_text")
    return value if isinstance(value, str) else ""
