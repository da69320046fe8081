"""What a step leaves in ``build/<target id>/`` for the steps after it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from typing import Any, TypeVar

from buildtool.core.decode import from_json
from buildtool.core.render import to_json, write_if_changed
from buildtool.core.values import BuildPlan, ModelInfo
from buildtool.plan.build_plan import plan_from_json
from buildtool.workflow.workspace import Workspace

T = TypeVar("T")


def load_plan(work: Workspace) -> BuildPlan:
    """The plan that the step ``plan`` wrote."""
    path = work.folder / "plan.json"
    return plan_from_json(json.loads(path.read_text(encoding="utf-8")))


def write_models(work: Workspace, models: Sequence[ModelInfo]) -> None:
    """Where the frozen models of this machine lie; the plan itself holds no such path."""
    values = [
        dataclasses.asdict(model)
        | {"path": str(model.path), "original": str(model.original) if model.original else None}
        for model in models
    ]
    write_if_changed(work.folder / "models.json", to_json(values))


def load_models(work: Workspace) -> tuple[ModelInfo, ...]:
    """The models that :func:`write_models` wrote down."""
    values = json.loads((work.folder / "models.json").read_text(encoding="utf-8"))
    return tuple(from_json(ModelInfo, value) for value in values)


def store_result(work: Workspace, name: str, value: Any) -> None:
    """Keep the result of a step, with the plan that it is about."""
    content = {"plan": _plan_digest(work), name: dataclasses.asdict(value)}
    write_if_changed(work.folder / f"{name}.json", to_json(content))


def load_result(work: Workspace, name: str, kind: type[T]) -> T | None:
    """The result of a step, if there is one about the plan as it is now."""
    path = work.folder / f"{name}.json"
    if not path.is_file():
        return None
    content = json.loads(path.read_text(encoding="utf-8"))
    if content.get("plan") != _plan_digest(work):
        return None
    return from_json(kind, content[name])


def _plan_digest(work: Workspace) -> str:
    return hashlib.sha256((work.folder / "plan.json").read_bytes()).hexdigest()
