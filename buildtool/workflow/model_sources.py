"""The models that a target names, as the user has them and as they were prepared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from buildtool.config import Target
from buildtool.core.values import PreparedModel
from buildtool.model import ModelSource


def model_sources(target: Target) -> list[ModelSource]:
    """The models as the target states them."""
    return [
        ModelSource(
            path=model.path,
            name=model.name,
            inputs=tuple(given.name for given in model.inputs),
            outputs=model.outputs,
            signature=model.signature,
            tags=model.tags,
            initialise=model.initialise,
            keep_state=model.state == "keep",
            has_samples=model.samples is not None,
            shapes={given.name: given.shape for given in model.inputs if given.shape is not None},
            dtypes={given.name: given.dtype for given in model.inputs if given.dtype is not None},
            places={
                given.name: target.where(f"models[{index}].inputs[{place}].dtype")
                for place, given in enumerate(model.inputs)
            },
        )
        for index, model in enumerate(target.models)
    ]


def prepared_sources(
    target: Target, prepared: Mapping[str, PreparedModel]
) -> Sequence[ModelSource]:
    """The models that the library is planned for: a prepared one in the place of the user's."""
    return [
        _prepared(source, prepared[source.name]) if source.name in prepared else source
        for source in model_sources(target)
    ]


def _prepared(source: ModelSource, model: PreparedModel) -> ModelSource:
    return replace(
        source,
        path=model.path,
        given=source.path,
        plain=model.plain,
        inputs=model.inputs,
        outputs=model.outputs,
        initialise=model.initialisers,
        signature="",
        tags=(),
        keep_state=False,
    )
