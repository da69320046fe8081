"""What an app must know of a model: its file, what each input takes, and what comes out."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.apps.app_inputs import AppInput, read_input
from buildtool.config import App, Target
from buildtool.core.errors import Attempts, ConfigError, Problem
from buildtool.core.paths import Layout
from buildtool.core.values import ModelInfo, TensorInfo
from buildtool.products.dist import model_file


@dataclass(frozen=True, kw_only=True)
class AppFacts:
    """A model as an app runs it. ``file`` is what the device loads; ``mapped``: it can only be
    mapped into memory."""

    model: str
    file: Path
    inputs: tuple[AppInput, ...]
    outputs: tuple[TensorInfo, ...]
    initialisers: tuple[str, ...]
    labels: Path | None
    mapped: bool

    def takes(self, kind: str) -> bool:
        """Whether an input is fed with such a file."""
        return any(each.takes == kind for each in self.inputs)

    def labels_as(self, name: str) -> dict[str, bytes]:
        """The file of labels as the app's file of this name; empty where there is none."""
        return {name: self.labels.read_bytes()} if self.labels else {}


def find_facts(target: Target, models: Sequence[ModelInfo], layout: Layout) -> AppFacts:
    """What the app of a target is for.

    Raises:
        ConfigError: it cannot be known; all that is wrong.
    """
    index, model = _model(target, models)
    key, settings = f"models[{index}]", target.models[index].app
    app = settings or App()
    attempt = Attempts()
    inputs = [
        attempt(functools.partial(read_input, target, key, tensor, App() if place else app))
        for place, tensor in enumerate(model.inputs)
    ]
    if not model.inputs:
        what = f"{key}: the model '{model.name}' has no inputs that are known"
        todo = "a list of ops has none; for a graph, write 'inputs: [NAME]' below its path"
        raise ConfigError(Problem(where=target.where(key), what=what, todo=todo))
    if attempt.failures:
        raise attempt.failure()
    return AppFacts(
        model=model.name,
        file=model_file(model, layout.rewritten_models),
        inputs=tuple(each for each in inputs if each),
        outputs=model.outputs,
        initialisers=model.initialisers,
        labels=settings.labels if settings else None,
        mapped=model.package is not None,
    )


def place_of(target: Target, folder: Path, path: Path) -> str:
    """A path that the app's build reads: within the repository as it is seen from the app."""
    return seen_from(folder, path) if path.is_relative_to(target.root) else str(path)


def seen_from(folder: Path, path: Path) -> str:
    """A path as it is seen from a folder."""
    return Path(os.path.relpath(path, folder)).as_posix()


def _model(target: Target, models: Sequence[ModelInfo]) -> tuple[int, ModelInfo]:
    """The model that the app is for, and its place in the target."""
    names = [model.name for model in target.models]
    chosen = [index for index, model in enumerate(target.models) if model.app is not None]
    if len(names) > 1 and len(chosen) != 1:
        said = f"{len(chosen)} of them have the key 'app'" if chosen else "none has the key 'app'"
        what = f"models: an app is for one model, and there are {', '.join(names)}; {said}"
        todo = "give it to the one that the app is for: 'app: {takes: auto}' below its path"
        raise ConfigError(Problem(where=target.where("models"), what=what, todo=todo))
    if not names:
        what, todo = "models: the target has no model that an app could run", "name one"
        raise ConfigError(Problem(where=target.where("models"), what=what, todo=todo))
    index = chosen[0] if len(names) > 1 else 0
    return index, next(model for model in models if model.name == names[index])
