"""What a step leaves in ``build/<target id>/`` for the steps after it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from buildtool.core.decode import from_json
from buildtool.core.own_files import read_own, readable
from buildtool.core.paths import Layout
from buildtool.core.render import to_json, write_if_changed
from buildtool.core.values import BuildPlan, ModelInfo, PlannedFile, PreparedModel
from buildtool.plan.build_plan import plan_from_json

T = TypeVar("T")


def load_plan(layout: Layout) -> BuildPlan:
    """The plan that the step ``plan`` wrote.

    Raises:
        BuildError: it is damaged, or was written by another version of this tool.
    """
    with readable(layout.plan):
        return plan_from_json(json.loads(layout.plan.read_text(encoding="utf-8")))


def load_link_set(layout: Layout) -> tuple[PlannedFile, ...]:
    """The files that the step ``compile`` has linked, each with its reason; none if it has not."""
    if not layout.link_set.is_file():
        return ()
    with readable(layout.link_set):
        rows = json.loads(layout.link_set.read_text(encoding="utf-8"))
        return tuple(from_json(PlannedFile, {**row, "required": False}) for row in rows)


def write_models(layout: Layout, models: Sequence[ModelInfo]) -> None:
    """Where the frozen models of this machine lie; the plan itself holds no such path."""
    write_if_changed(layout.models, to_json([_row(model) for model in models]))


def load_models(layout: Layout) -> tuple[ModelInfo, ...]:
    """The models that :func:`write_models` wrote down."""
    with readable(layout.models):
        values = json.loads((layout.models).read_text(encoding="utf-8"))
        return tuple(from_json(ModelInfo, value) for value in values)


def write_prepared(path: Path, models: Sequence[PreparedModel]) -> None:
    """Where the files lie that take the places of models."""
    write_if_changed(path, to_json([_row(model) for model in models]))


def load_prepared(path: Path) -> Mapping[str, PreparedModel]:
    """The models that :func:`write_prepared` wrote down, by name."""
    with readable(path):
        rows = json.loads(path.read_text(encoding="utf-8"))
        return {row["name"]: from_json(PreparedModel, row) for row in rows}


def _row(model: ModelInfo | PreparedModel) -> dict[str, Any]:
    """A model's fields, with paths as texts."""
    values = dataclasses.asdict(model)
    texts = {name: str(value) for name, value in values.items() if isinstance(value, Path)}
    return values | texts | {"embeds": [str(path.absolute()) for path in model.embeds]}


def store_result(layout: Layout, name: str, value: Any) -> None:
    """Keep the result of a step, with the plan that it is about."""
    content = {"plan": digest_of_plan(layout), name: dataclasses.asdict(value)}
    write_if_changed(layout.result(name), to_json(content))


def load_result(layout: Layout, name: str, kind: type[T]) -> T | None:
    """The result of a step, if there is one about the plan as it is now. Raises BuildError where
    it is damaged."""
    path = layout.result(name)
    if not path.is_file():
        return None
    content = read_own(path)
    if content.get("plan") != digest_of_plan(layout):
        return None
    with readable(path):
        return from_json(kind, content[name])


def digest_of_plan(layout: Layout) -> str:
    """The SHA-256 of the plan that the step ``plan`` wrote."""
    return hashlib.sha256(layout.plan.read_bytes()).hexdigest()
