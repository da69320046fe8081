"""Which models of a target are to be converted? Cheap, as doit's list of tasks needs it."""

from __future__ import annotations

from buildtool.config import Convert, Model, Target

CONVERTED = ".tflite"
# What observes ranges, and so needs samples.
OBSERVING = "int8"


def conversion_of(target: Target, model: Model) -> Convert | None:
    """What becomes of a model: what it says itself, or else the target; None for those that are
    converted already."""
    if model.path.suffix == CONVERTED:
        return None
    return target.convert if model.convert is None else model.convert


def is_converted(target: Target) -> bool:
    """Whether any model is converted before the library is planned for it."""
    return any(conversion_of(target, model) for model in target.models)


def conversion_key(target: Target, place: int) -> str:
    """The key that says how the model at ``place`` is converted."""
    return "convert" if target.models[place].convert is None else f"models[{place}].convert"
