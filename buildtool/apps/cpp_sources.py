"""What apps in C++ have in common: the model's facts, its session, and how its inputs are read."""

from __future__ import annotations

import dataclasses
from typing import Any

from buildtool.apps.app_facts import AppFacts
from buildtool.apps.app_inputs import FED, IMAGE, NUMBERS, SOUND, STRING, AppInput
from buildtool.config import Target
from buildtool.core.datatypes import short
from buildtool.core.render import Renderer
from buildtool.products.examples import CPP_TYPES
from buildtool.runtimes import find_runtime

TEMPLATES = "app/cpp"
_ALWAYS = ("facts.h", "facts.cc", "model.h", "values.h", "values.cc")
_SOUND = ("sound.h", "sound.cc")


def render_sources(
    renderer: Renderer, target: Target, facts: AppFacts, *, version: str, image_files: bool
) -> dict[str, bytes]:
    """The sources, by their names. ``version`` is TensorFlow's; ``image_files`` says whether the
    app decodes images itself, by an ``image.h`` of its own with ``ReadImage``."""
    runtime = find_runtime(target)
    values = {
        **_model_values(facts),
        "title": runtime.library.title,
        "release_1": version.startswith("1."),
        "image_files": image_files,
    }
    names = [*_ALWAYS, *(_SOUND if facts.takes(SOUND) else ())]
    templates = {name: name for name in names} | {"model.cc": runtime.app_source}
    return {
        name: renderer.text(f"{TEMPLATES}/{template}.j2", **values).encode()
        for name, template in templates.items()
    }


def shape_shown(fed: AppInput) -> str:
    """Type and shape of an input, for people."""
    sizes = ", ".join("any" if size < 0 else str(size) for size in fed.shape)
    return f"{short(fed.dtype)} [{sizes}]"


def _model_values(facts: AppFacts) -> dict[str, Any]:
    """What the sources are told of the model."""
    types = {*(end.dtype for end in facts.inputs), *(end.dtype for end in facts.outputs)}
    return {
        "model": facts.model,
        "model_file": facts.file.name,
        "mapped": facts.mapped,
        "image": facts.takes(IMAGE),
        "sound": facts.takes(SOUND),
        "numbers": facts.takes(NUMBERS),
        "texts": STRING in types,
        "initialisers": facts.initialisers,
        # As a program asks TensorFlow for those that differ in its releases.
        "types": {
            name: CPP_TYPES.get(name, f"tensorflow::EnumToDataType<tensorflow::{name}>::Type")
            for name in (*FED, STRING)
        },
        "taken": sorted({end.dtype for end in facts.outputs} & {*FED}),
        "inputs": [_input(each) for each in facts.inputs],
        "outputs": [each.name for each in facts.outputs],
    }


def _input(fed: AppInput) -> dict[str, Any]:
    return {
        **dataclasses.asdict(fed),
        "takes": f"k{fed.takes.capitalize()}",
        "raw": fed.is_raw,
        "about": shape_shown(fed),
    }
