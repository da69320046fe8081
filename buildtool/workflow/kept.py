"""What a step leaves in ``build/<target id>/`` for the steps after it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from typing import Any, TypeVar

from buildtool.core.decode import from_json
from buildtool.core.paths import Layout
from buildtool.core.render import to_json, write_if_changed
from buildtool.core.values import BuildPlan, ModelInfo
from buildtool.plan.build_plan import plan_from_json

T = TypeVar("T")


def load_plan(layout: Layout) -> BuildPlan:
    """The plan that the step ``plan`` wrote."""
    return plan_from_json(json.loads(layout.plan.read_text(encoding="utf-8")))


def write_models(layout: Layout, models: Sequence[ModelInfo]) -> None:
    """Where the frozen models of this machine lie; the plan itself holds no such path."""
    values = [
        dataclasses.asdict(model)
        | {
            "path": str(model.path),
            "original": str(model.original) if model.original else None,
            "package": str(model.package) if model.package else None,
            "embeds": [str(path.absolute()) for path in model.embeds],
        }
        for model in models
    ]
    write_if_changed(layout.models, to_json(values))


def load_models(layout: Layout) -> tuple[ModelInfo, ...]:
    """The models that :func:`write_models` wrote down."""
    values = json.loads((layout.models).read_text(encoding="utf-8"))
    return tuple(from_json(ModelInfo, value) for value in values)


def store_result(layout: Layout, name: str, value: Any) -> None:
    """Keep the result of a step, with the plan that it is about."""
    content = {"plan": _plan_digest(layout), name: dataclasses.asdict(value)}
    write_if_changed(layout.result(name), to_json(content))


def load_result(layout: Layout, name: str, kind: type[T]) -> T | None:
    """The result of a step, if there is one about the plan as it is now."""
    path = layout.result(name)
    if not path.is_file():
        return None
    content = json.loads(path.read_text(encoding="utf-8"))
    if content.get("plan") != _plan_digest(layout):
        return None
    return from_json(kind, content[name])


def _plan_digest(layout: Layout) -> str:
    return hashlib.sha256(layout.plan.read_bytes()).hexdigest()
