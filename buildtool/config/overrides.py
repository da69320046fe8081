"""Values from the command line: ``doit build:pi model=a.pb,b.pb tf=../tensorflow jobs=2``."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from buildtool.config.convert_keys import Convert
from buildtool.config.describe import choices, item_of
from buildtool.config.kinds import Bytes, Count, Host, NameOrPath
from buildtool.config.nodes import Value
from buildtool.config.prepare_keys import Prepare
from buildtool.config.reader import keys_of
from buildtool.config.scalars import WrongValueError, host, name_or_place, place, size
from buildtool.config.target import Model, SizeBudget, Target
from buildtool.config.target_checks import COMMAND_LINE
from buildtool.core.errors import ConfigError, Problem
from buildtool.core.suggest import suggest


@dataclass(frozen=True, kw_only=True)
class Overrides:
    """What the command line says; what it does not say is None or empty.

    ``offline``, ``runs``, ``against``, ``asked`` and ``grow`` concern no target: the first forbids
    downloads, ``runs`` is for the step ``profile``, ``against`` for that and ``diff``: with which
    targets or reports a build is compared; ``asked`` is what the step ``explain`` is asked, and
    ``grow`` by how many bytes a program may have grown before ``diff`` fails.
    """

    models: tuple[Path, ...] = ()
    tensorflow: NameOrPath | None = None
    offline: bool = False
    jobs: Count | None = None
    rewrites: tuple[str, ...] | None = None
    signature: str = ""
    tags: tuple[str, ...] = ()
    runs: Count | None = None
    against: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    grow: Bytes | None = None
    prepare: tuple[str, ...] | None = None
    weights: str = ""
    activations: str = ""
    format: str = ""
    convert: str = ""
    host: Host | None = None
    types: str = ""

    @property
    def preparing(self) -> Mapping[str, object]:
        """The keys of ``prepare`` that they set."""
        named = ("weights", "activations", "format")
        found = {name: getattr(self, name) for name in named if getattr(self, name)}
        return found if self.prepare is None else {"steps": self.prepare, **found}


def without_suppositions(overrides: Overrides) -> Overrides:
    """Of what the command line says, what does not change the library: where and how it is
    built."""
    return Overrides(offline=overrides.offline, jobs=overrides.jobs, host=overrides.host)


def parse_overrides(words: Mapping[str, str], *, cwd: Path) -> Overrides:
    """Read ``name=value`` words. Paths start at ``cwd``, the user's current folder.

    Raises:
        ConfigError: names that do not exist, values that cannot be.
    """
    values: dict[str, object] = {}
    problems: list[Problem] = []
    for word, written in words.items():
        if word not in WORDS:
            todo = suggest(word, WORDS)
            problems.append(Problem(where=COMMAND_LINE, what=f"{word}: unknown name", todo=todo))
            continue
        field, read = WORDS[word]
        try:
            values[field] = read(written, cwd)
        except WrongValueError as wrong:
            what = f"{word}: {wrong.what}"
            problems.append(Problem(where=COMMAND_LINE, what=what, todo=wrong.todo))
    if problems:
        raise ConfigError(problems)
    return dataclasses.replace(Overrides(), **values)  # type: ignore[arg-type]  # read by field


def overridden(target: Target, overrides: Overrides) -> Target:
    """The target with what the command line says in place of what its file says, unchecked.

    A model that the file lists too keeps the name, inputs, outputs and samples given there.
    """
    listed = {model.path: model for model in target.models}
    new: dict[str, object] = {}
    if overrides.models:
        new["models"] = tuple(listed.get(path, Model(path=path)) for path in overrides.models)
        # A budget is for the models that it was written for.
        new["size_budget"] = SizeBudget()
    if overrides.tensorflow is not None:
        new["tensorflow"] = overrides.tensorflow
    if overrides.jobs is not None:
        new["jobs"] = overrides.jobs
    if overrides.rewrites is not None:
        new["rewrites"] = overrides.rewrites
    if overrides.types:
        new["types"] = overrides.types
    if overrides.convert:
        converted = target.convert or Convert()
        new["convert"] = dataclasses.replace(converted, numbers=overrides.convert)  # type: ignore[arg-type]  # one of its choices
    if overrides.preparing:
        new["prepare"] = dataclasses.replace(target.prepare, **overrides.preparing)  # type: ignore[arg-type]  # as above
    kept = {key: where for key, where in target.origins.items() if _top(key) not in new}
    kept |= dict.fromkeys(new, COMMAND_LINE)
    kept |= _origins_of_preparation(target, overrides)
    if overrides.host is not None:
        new["run"] = dataclasses.replace(target.run, host=overrides.host)
        kept["run.host"] = COMMAND_LINE
    for index, path in enumerate(overrides.models):
        kept |= _origins_of_model(target, path, f"models[{index}]")
    made = dataclasses.replace(target, **new)  # type: ignore[arg-type]  # as above
    models = tuple(_chosen(model, overrides) for model in made.models)
    return dataclasses.replace(made, models=models, origins=MappingProxyType(kept))


def _chosen(model: Model, overrides: Overrides) -> Model:
    """A model with what the command line says of its preparation, and a SavedModel with the
    signature and tags, which others do not have."""
    if model.prepare is not None and overrides.preparing:
        own = dataclasses.replace(model.prepare, **overrides.preparing)  # type: ignore[arg-type]  # read by field
        model = dataclasses.replace(model, prepare=own)
    if model.convert is not None and overrides.convert:
        told = dataclasses.replace(model.convert, numbers=overrides.convert)  # type: ignore[arg-type]  # as above
        model = dataclasses.replace(model, convert=told)
    # Path.is_dir raises where one may not look.
    if not (os.path.isdir(model.path) or model.path.stem == "saved_model"):  # noqa: PTH112
        return model
    return dataclasses.replace(
        model,
        signature=overrides.signature or model.signature,
        tags=overrides.tags or model.tags,
    )


def _origins_of_model(target: Target, path: Path, key: str) -> dict[str, str]:
    """Where the settings of a model were written that the command line names and the file lists;
    ``key`` is its new place."""
    place = next((i for i, model in enumerate(target.models) if model.path == path), None)
    old = f"models[{place}]."
    return {
        f"{key}.{name.removeprefix(old)}": where
        for name, where in target.origins.items()
        if name.startswith(old) and name != f"{old}path"
    }


def _origins_of_preparation(target: Target, overrides: Overrides) -> dict[str, str]:
    """Where the keys of ``prepare`` were written of which the command line sets some."""
    if not overrides.preparing:
        return {}
    written = {key: where for key, where in target.origins.items() if _top(key) == "prepare"}
    said = (f"prepare.{name}" for name in ("", *overrides.preparing))
    return written | {key.removesuffix("."): COMMAND_LINE for key in said}


def _top(key: str) -> str:
    """``models`` of ``models[0].path``."""
    return re.split(r"[.\[]", key, maxsplit=1)[0]


def _models(written: str, cwd: Path) -> tuple[Path, ...]:
    r"""Paths with commas between them; ``\,`` is a comma in a path."""
    parts = [part.replace("\\,", ",") for part in re.split(r"(?<!\\),", written)]
    if not all(parts):
        raise WrongValueError(
            "a path is empty", r"write model=PATH or model=PATH,PATH; a comma in a path is '\,'"
        )
    return tuple(place(part, cwd) for part in parts)


def _tree(written: str, cwd: Path) -> NameOrPath:
    """A folder if there is one of that name here or if it has a slash, else a name."""
    if not written:
        raise WrongValueError("no value", "write tf=PATH or tf=NAME")
    folder = place(written, cwd)
    return folder if folder.is_dir() else name_or_place(written, cwd)


def _truth(written: str, _: Path) -> bool:
    if written not in {"0", "1"}:
        raise WrongValueError(f"cannot be '{written}'", "it can be: 0, 1")
    return written == "1"


def _count(written: str, _: Path) -> Count:
    if not re.fullmatch(r"0*[1-9][0-9]{0,5}", written):
        raise WrongValueError(f"must be a whole number, 1 or more, not '{written}'", "such as 2")
    return Count(int(written))


def _names(written: str, _: Path) -> tuple[str, ...]:
    """Names with commas between them; an empty text is none."""
    return tuple(name.strip() for name in written.split(",") if name.strip())


def _text(written: str, _: Path) -> str:
    if not written:
        raise WrongValueError("nothing is given", "write signature=NAME")
    return written


def _others(written: str, cwd: Path) -> tuple[str, ...]:
    """Targets and reports with commas between them; the path of a report has a slash, or ends in
    ``.json``."""
    names = _names(written, cwd)
    if not names:
        raise WrongValueError("nothing is given", "write against=NAME or against=PATH/report.json")
    is_path = {name: "/" in name or name.endswith(".json") for name in names}
    return tuple(str(place(name, cwd)) if is_path[name] else name for name in names)


def _growth(written: str, _: Path) -> Bytes:
    """A size; none at all is one here."""
    if re.fullmatch(r"0+ ?[kKMG]?i?B?", written):
        return Bytes(0)
    return size(Value(data=written, where=COMMAND_LINE, raw=written))


def _question(written: str, _: Path) -> tuple[str, ...]:
    if not written.strip():
        raise WrongValueError("nothing is given", "write what=NAME, such as what=Conv2D")
    return (written.strip(),)


def _host(written: str, _: Path) -> Host:
    """A board; an empty text is none, whatever the target says."""
    return host(Value(data=written, where=COMMAND_LINE, raw=written)) if written else Host("")


def _types(written: str, _: Path) -> str:
    return _one_of(written, choices(keys_of(Target)["types"].type))


def _steps(written: str, _: Path) -> tuple[str, ...]:
    """Steps with commas between them; an empty text is none."""
    return tuple(_one_of(name, _choices_of("steps")) for name in _names(written, _))


def _choice(key: str) -> Callable[[str, Path], object]:
    return lambda written, _: _one_of(written, _choices_of(key))


def _choices_of(key: str) -> tuple[str, ...]:
    """The values that a key of ``prepare`` may have, or each item of its list."""
    kind = keys_of(Prepare)[key].type
    return choices(item_of(kind) or kind)


def _numbers(written: str, _: Path) -> str:
    return _one_of(written, choices(keys_of(Convert)["numbers"].type))


def _one_of(written: str, known: tuple[str, ...]) -> str:
    if written not in known:
        raise WrongValueError(f"cannot be '{written}'", suggest(written, known))
    return written


# Each word of the command line: the field of Overrides, and how its value is read.
WORDS: Mapping[str, tuple[str, Callable[[str, Path], object]]] = {
    "model": ("models", _models),
    "tf": ("tensorflow", _tree),
    "offline": ("offline", _truth),
    "jobs": ("jobs", _count),
    "rewrite": ("rewrites", _names),
    "signature": ("signature", _text),
    "tags": ("tags", _names),
    "prepare": ("prepare", _steps),
    "weights": ("weights", _choice("weights")),
    "activations": ("activations", _choice("activations")),
    "format": ("format", _choice("format")),
    "convert": ("convert", _numbers),
    "host": ("host", _host),
    "types": ("types", _types),
    "runs": ("runs", _count),
    "against": ("against", _others),
    "grow": ("grow", _growth),
    "what": ("asked", _question),
}
