"""SavedModels and checkpoints, frozen by the TensorFlow that is installed; once each."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import buildtool
from buildtool.core.errors import ModelError, Problem
from buildtool.core.own_files import load_kept_json
from buildtool.core.release import WITH_TENSORFLOW
from buildtool.core.run import ANSWER, Command, run
from buildtool.core.scratch import scratch_folder

_SCRIPT = "buildtool.model.freeze"
_SOURCES = ("first_run.py", "freeze.py", "initialisers.py", "variable_changes.py")
_PROBE = "import importlib.util as u, sys; sys.exit(u.find_spec('tensorflow') is None)"
_TIMEOUT = 1800.0
# Of the frozen graph itself, in what is kept beside it.
_HASH = "graph_sha256"


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is to be frozen: the SavedModel at ``path`` by its ``signature`` and ``tags`` (empty:
    found), or, where there is a ``graph``, that with the checkpoint ``path`` for its ``outputs``.
    ``keep_state``: variables that the model changes stay variables."""

    path: str
    signature: str = ""
    tags: tuple[str, ...] = ()
    keep_state: bool = False
    outputs: tuple[str, ...] = ()
    graph: str = ""


@dataclass(frozen=True, kw_only=True)
class FrozenModel:
    """A frozen GraphDef in the cache, the tensors that the SavedModel's signature names, and the
    nodes that are to be run once before the model."""

    path: Path
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    initialisers: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def freeze(request: Request, files: Iterable[Path], *, cache: Path, python: str) -> FrozenModel:
    """Freeze by TensorFlow in a process of ``python``, or take it from ``cache``. ``files`` are all
    that the result depends on.

    Raises:
        ModelError: no TensorFlow there, no such signature, or it cannot load the model.
    """
    where = Path(request.path)
    key = _digest(request, where, files)
    graph, about = cache / f"{key}.pb", cache / f"{key}.json"
    if _load_frozen(graph, about) is None:
        _need_tensorflow(where, python)
        with scratch_folder(cache, "freezing") as scratch:
            made = scratch / "graph.pb", scratch / "about.json"
            words = (json.dumps(dataclasses.asdict(request)), *map(str, made))
            command = Command(argv=(python, "-m", _SCRIPT, *words), env=environment())
            run(command, what=f"freezing {where}", timeout=_TIMEOUT, error=ModelError)
            _refused(where, made[1])
            said = json.loads(made[1].read_text(encoding="utf-8"))
            made[1].write_text(json.dumps({**said, _HASH: sha256(made[0])}), encoding="utf-8")
            made[0].replace(graph)
            made[1].replace(about)
    found = _load_frozen(graph, about)
    if found is None:
        what = "its frozen graph was changed while it was read"
        raise ModelError(Problem(where=str(where), what=what, todo="run the same again"))
    return found


def _load_frozen(graph: Path, about: Path) -> FrozenModel | None:
    """What was frozen before; None if nothing was, or if it is no longer what was written."""

    def decode(found: Any) -> FrozenModel:
        if found.pop(_HASH) != sha256(graph):
            raise ValueError(graph)
        return FrozenModel(path=graph, **{name: tuple(value) for name, value in found.items()})

    return load_kept_json(about, decode)


def environment() -> dict[str, str]:
    """Quiet, without a GPU, and with this package wherever it lies."""
    root = str(Path(buildtool.__file__).parents[1])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
    return {"TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": path}


def _digest(request: Request, where: Path, files: Iterable[Path]) -> str:
    """What the frozen graph depends on: every file, what is asked for, the way we freeze."""
    asked = dataclasses.asdict(request) | {"path": "", "graph": ""}
    whole = hashlib.sha256(json.dumps([_HASH, asked]).encode() + b"\0")
    for name in _SOURCES:
        whole.update(Path(__file__).with_name(name).read_bytes())
    root = where if where.is_dir() else where.parent
    for path in sorted(files):
        whole.update(path.relative_to(root).as_posix().encode() + b"\0")
        whole.update(sha256(path).encode())
    return whole.hexdigest()[:32]


def sha256(path: Path) -> str:
    """The hash of a file, read in pieces."""
    whole = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            whole.update(piece)
    return whole.hexdigest()


def _need_tensorflow(where: Path, python: str) -> None:
    probe = Command(argv=(python, "-c", _PROBE))
    if run(probe, what="looking for TensorFlow", check=False, timeout=ANSWER).returncode:
        kind = "SavedModel" if where.is_dir() else "checkpoint"
        what = f"a {kind} must be frozen, and {python} has no tensorflow to do it"
        todo = (
            f"install the extra: {WITH_TENSORFLOW} (any release that runs), or give a frozen "
            "GraphDef (.pb)"
        )
        raise ModelError(Problem(where=str(where), what=what, todo=todo))


def _refused(where: Path, about: Path) -> None:
    """What the script found wrong with the model, as an error."""
    said = json.loads(about.read_text(encoding="utf-8"))
    if "problem" in said:
        raise ModelError(Problem(where=str(where), what=said["problem"], todo=said["todo"]))
