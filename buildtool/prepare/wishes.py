"""Which models of a target are to be prepared? Cheap, as doit's list of tasks needs it."""

from __future__ import annotations

from buildtool.config import Model, Prepare, Target


def preparation_of(target: Target, model: Model) -> Prepare:
    """What is done with a model before it ships: its own wishes, or else the target's."""
    return target.prepare if model.prepare is None else model.prepare


def asks_for_work(keys: Prepare) -> bool:
    """Whether anything is to be done; limits alone are no work."""
    changed = (keys.weights, keys.activations, keys.format) != ("as-is", "float", "graph")
    return bool(keys.steps) or changed


def is_prepared(target: Target) -> bool:
    """Whether any model is changed before it ships."""
    return any(asks_for_work(preparation_of(target, model)) for model in target.models)
