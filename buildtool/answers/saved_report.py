"""A ``report.json`` that was written before, maybe by an older release of this tool."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from buildtool.core.datatypes import short
from buildtool.core.errors import ConfigError, Problem
from buildtool.report.pages import SCHEMA_VERSION
from buildtool.report.size import places_of

TOTALS = ("archive", "linked", "stripped", "gzip", "xz")
_TODO = "name the report.json of a build, or a target that is built"


@dataclass(frozen=True, kw_only=True)
class SavedReport:
    """What is compared of a report. ``flags`` are by kind: ``defines``, ``compile``, ``link``; None
    where the tool did not write them yet. Sizes are bytes, by name; a file with several types
    counts for each of them."""

    target: str
    version: str
    tree_digest: str
    models: Mapping[str, str]
    ops: frozenset[str]
    kernels: frozenset[str]
    flags: Mapping[str, tuple[str, ...]] | None
    totals: Mapping[str, int]
    by_dependency: Mapping[str, int]
    by_op: Mapping[str, int]
    by_kernel: Mapping[str, int]
    by_type: Mapping[str, int]
    by_file: Mapping[str, int]


def read_report(path: Path) -> SavedReport:
    """Read a report.

    Raises:
        ConfigError: it is none, of another version, or of a target that was not measured.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as failure:
        raise _wrong(path, f"cannot be read: {failure.strerror}") from None
    except ValueError:
        raise _wrong(path, "is no report.json: it is not JSON") from None
    version = values.get("schema_version") if isinstance(values, dict) else None
    if version != SCHEMA_VERSION or isinstance(version, bool):
        told = f"says schema_version {version!r}" if version is not None else "says no version"
        what = f"is no report.json of this tool, or of another release: it {told}"
        raise _wrong(path, f"{what}, and {SCHEMA_VERSION} can be read")
    if not isinstance(values.get("size"), dict):
        raise _wrong(path, "is of a target whose sizes were not measured", "build it first")
    try:
        return _report(values)
    except (KeyError, TypeError, AttributeError, ValueError):
        raise _wrong(path, "is damaged, or no report.json of this tool") from None


def _wrong(path: Path, what: str, todo: str = _TODO) -> ConfigError:
    return ConfigError(Problem(where=str(path), what=what, todo=todo))


def _report(values: Mapping[str, Any]) -> SavedReport:
    size, kernels, flags = values["size"], values["kernels"], values.get("flags")
    by_file = _sizes(size["files"])
    return SavedReport(
        target=str(values["target"]),
        version=str(values["tensorflow_version"]),
        tree_digest=str(values["tree_digest"]),
        models={model["name"]: model["sha256"] for model in values["models"]},
        ops=frozenset(op["op"] for op in values["ops"]),
        kernels=frozenset(map(_kernel_name, kernels)),
        flags=None if flags is None else {kind: tuple(words) for kind, words in flags.items()},
        totals={name: int(size[name]) for name in TOTALS},
        by_dependency=_sizes(size["dependencies"]),
        by_op=_sizes(size["ops"]),
        by_kernel=_by_kernel(kernels, by_file),
        by_type=_by_type(kernels, by_file),
        by_file=by_file,
    )


def _sizes(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for row in rows:
        found[row["name"]] += int(row["size"])
    return dict(found)


def _kernel_name(kernel: Mapping[str, Any]) -> str:
    label = f", {kernel['label']}" if kernel["label"] else ""
    return f"{kernel['class']} ({kernel['op']} on {kernel['device']}{label})"


def _of_sources(by_file: Mapping[str, int]) -> dict[str, int]:
    """The sizes of files, those that share a line with namesakes among them."""
    return {place: size for name, size in by_file.items() for place in places_of(name)}


def _by_kernel(kernels: Sequence[Mapping[str, Any]], by_file: Mapping[str, int]) -> dict[str, int]:
    """What each file that registers kernels takes, by the classes of all of them."""
    classes: dict[str, set[str]] = defaultdict(set)
    for kernel in kernels:
        classes[kernel["source"]].add(kernel["class"])
    sizes = _of_sources(by_file)
    return {
        ", ".join(sorted(names)): sizes[source]
        for source, names in classes.items()
        if source in sizes
    }


def _by_type(kernels: Sequence[Mapping[str, Any]], by_file: Mapping[str, int]) -> dict[str, int]:
    """What the files take that register kernels for a type."""
    files: dict[str, set[str]] = defaultdict(set)
    for kernel in kernels:
        for name in (name for names in kernel["types"].values() for name in names):
            files[short(name)].add(kernel["source"])
    sizes = _of_sources(by_file)
    return {name: sum(sizes.get(at, 0) for at in places) for name, places in files.items()}
