"""What can be wrong with a target although each of its values is right by itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from buildtool.config.prepare_keys import Prepare
from buildtool.config.target import Target
from buildtool.core.checkpoint_files import find_checkpoint
from buildtool.core.errors import Problem
from buildtool.core.regular_files import irregular

COMMAND_LINE = "command line"
LEAST_PAGE = 4096


def contradictions(target: Target) -> Iterator[Problem]:
    """Values that do not go together: no models where they decide, two models of one name."""
    if not target.models and (target.registration == "selective" or target.types == "model"):
        yield Problem(
            where=target.where("models"),
            what="models: no model is named, and the models decide what is built",
            todo="list at least one, or set both 'registration: all' and 'types: slim' or 'full'",
        )
    page = target.android.page_size
    if page is not None and (page < LEAST_PAGE or page & (page - 1)):
        yield Problem(
            where=target.where("android.page_size"),
            what=f"android.page_size: no processor has pages of {page} bytes",
            todo="write 4 KiB, 16 KiB or 64 KiB, or leave the key out",
        )
    yield from _fed_twice(target)
    yield from _unfit_preparations(target)
    first: dict[str, int] = {}
    for index, model in enumerate(target.models):
        key = f"models[{index}].name"
        if model.name in first:
            yield Problem(
                where=target.where(key),
                what=f"{key}: models[{first[model.name]}] is called '{model.name}' too",
                todo="give one of them another 'name' in the target file",
            )
        first.setdefault(model.name, index)
        if "/" in model.name or model.name in {".", ".."}:
            yield Problem(
                where=target.where(key),
                what=f"{key}: '{model.name}' cannot be part of a file name",
                todo="give it a 'name' without slashes",
            )


def _unfit_preparations(target: Target) -> Iterator[Problem]:
    """What cannot be in the target's own preparation, and in those of its models."""
    written = [("prepare", target.prepare)]
    for index, model in enumerate(target.models):
        if model.prepare is not None:
            written.append((f"models[{index}].prepare", model.prepare))
    for key, prepare in written:
        yield from _unfit_preparation(target, prepare, key)
        yield from _unfit_range(target, prepare, key)
    for index, model in enumerate(target.models):
        own, key = model.prepare, f"models[{index}].prepare"
        prepare, key = (target.prepare, "prepare") if own is None else (own, key)
        is_observed = (prepare.activations, prepare.ranges) == ("eight-bit", "observed")
        if is_observed and model.samples is None:
            yield Problem(
                where=target.where(f"{key}.ranges"),
                what=f"{key}.ranges: the model '{model.name}' has no samples in which ranges could "
                "be observed",
                todo=f"give it 'samples', or write '{key}.ranges: dynamic'",
            )


def _unfit_range(target: Target, prepare: Prepare, key: str) -> Iterator[Problem]:
    """A range that is missing where it should be given, or is none."""
    given = prepare.given_range
    if (prepare.activations, prepare.ranges) != ("eight-bit", "given"):
        return
    if not given:
        yield Problem(
            where=target.where(f"{key}.ranges"),
            what=f"{key}.ranges: no range is given",
            todo="write 'given_range: [LOW, HIGH]' beside it",
        )
    elif len(given) != 2 or not given[0] <= 0 <= given[1] or given[0] == given[1]:
        yield Problem(
            where=target.where(f"{key}.given_range"),
            what=f"{key}.given_range: it must be two numbers, the lower first, 0 between them, "
            f"not {list(given)}",
            todo="such as [-4, 6]",
        )


def _unfit_preparation(target: Target, prepare: Prepare, key: str) -> Iterator[Problem]:
    """Keys of a preparation that nothing reads, as its other keys are."""
    unread = {
        "remove_ops": (
            bool(prepare.remove_ops) and not {"deploy", "remove-nodes"} & {*prepare.steps},
            "add the step 'remove-nodes', or leave it out",
        ),
        "weight_steps": (
            prepare.weight_steps != Prepare().weight_steps and prepare.weights != "rounded",
            "write 'weights: rounded', or leave it out",
        ),
        "minimum_elements": (
            prepare.minimum_elements is not None and prepare.weights == "as-is",
            "write 'weights: rounded' or 'weights: eight-bit', or leave it out",
        ),
        "exclude": (
            bool(prepare.exclude) and (prepare.weights, prepare.activations) == ("as-is", "float"),
            "write 'weights: rounded', 'weights: eight-bit' or 'activations: eight-bit', or leave "
            "it out",
        ),
        "ranges": (
            prepare.ranges != Prepare().ranges and prepare.activations == "float",
            "write 'activations: eight-bit', or leave it out",
        ),
        "given_range": (
            bool(prepare.given_range)
            and (prepare.activations, prepare.ranges) != ("eight-bit", "given"),
            "write 'activations: eight-bit' and 'ranges: given', or leave it out",
        ),
    }
    for name, (is_unread, todo) in unread.items():
        # What the command line sets aside may stay in the file.
        if is_unread and target.where(key) != COMMAND_LINE:
            what = f"{key}.{name}: nothing reads it, as the other keys are"
            yield Problem(where=target.where(f"{key}.{name}"), what=what, todo=todo)


def _fed_twice(target: Target) -> Iterator[Problem]:
    """A session refuses a tensor that is fed twice; ``x`` and ``x:0`` are one."""
    for index, model in enumerate(target.models):
        names = [given.name.removesuffix(":0") for given in model.inputs]
        for place, name in enumerate(names):
            if name in names[:place]:
                key = f"models[{index}].inputs[{place}].name"
                yield Problem(
                    where=target.where(key),
                    what=f"{key}: {model.inputs[place].name!r} is among the inputs twice",
                    todo="take one of them out",
                )


def missing_files(target: Target) -> Iterator[Problem]:
    """Models, samples and patches that are not there, or can never be read to their end.

    A compiler, a sysroot or a tree in a target file is another machine's business until that target
    is built; a tree on the command line is about to be used, so it is looked for here.
    """
    for key, path in _inputs(target):
        if kind := irregular(path):
            yield Problem(
                where=target.where(key),
                what=f"{key}: is {kind}, not a file: {path}",
                todo="write what it gives into a file, and name that",
            )
        # Path.exists raises for some bad paths.
        if not os.path.exists(path) and not _is_prefix(key, path):  # noqa: PTH110
            where = target.where(key)
            start = "the current folder" if where == COMMAND_LINE else "the project's folder"
            shown = path.relative_to(target.root) if path.is_relative_to(target.root) else path
            yield Problem(
                where=where,
                what=f"{key}: no such file or folder: {shown}",
                todo=f"put it there, or mend the path; paths start at {start}",
            )


def _is_prefix(key: str, path: Path) -> bool:
    """Whether a model's path is the beginning of a checkpoint's names."""
    try:
        return key.startswith("models") and find_checkpoint(path) is not None
    except (OSError, ValueError):
        return False


def _inputs(target: Target) -> Iterator[tuple[str, Path]]:
    for index, model in enumerate(target.models):
        yield f"models[{index}].path", model.path
        if model.samples is not None:
            yield f"models[{index}].samples", model.samples
        if model.app is not None and model.app.labels is not None:
            yield f"models[{index}].app.labels", model.app.labels
    for index, patch in enumerate(target.patches):
        yield f"patches[{index}]", patch
    if isinstance(target.tensorflow, Path) and target.where("tensorflow") == COMMAND_LINE:
        yield "tensorflow", target.tensorflow


def unreadable_names(target: Target) -> Iterator[Problem]:
    """Names of models are written to JSON and reports, which are UTF-8."""
    for index, model in enumerate(target.models):
        if "\ufffd" in os.fsencode(model.path).decode("utf-8", "replace"):
            yield Problem(
                where=target.where(f"models[{index}].path"),
                what=f"models[{index}].path: {str(model.path)!r} is not a name in UTF-8",
                todo="rename the file or folder",
            )
