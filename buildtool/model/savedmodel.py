"""SavedModel folders: frozen by whatever TensorFlow is installed, once for each content."""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

from buildtool.core.errors import ModelError, Problem
from buildtool.core.run import Command, run

_SCRIPT = Path(__file__).with_name("freeze.py")
_PROBE = "import importlib.util as u, sys; sys.exit(u.find_spec('tensorflow') is None)"
_TIMEOUT = 1800.0


@dataclass(frozen=True, kw_only=True)
class FrozenModel:
    """A frozen GraphDef in the cache, and the tensors that the SavedModel's signature names."""

    path: Path
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def freeze(folder: Path, *, signature: str, cache: Path, python: str) -> FrozenModel:
    """Freeze ``folder`` by TensorFlow in a process of ``python``, or take it from ``cache``.

    Raises:
        ModelError: no TensorFlow there, no such signature, or it cannot load the model.
    """
    key = _digest(folder, signature)
    graph, about = cache / f"{key}.pb", cache / f"{key}.json"
    if not (graph.is_file() and about.is_file()):
        _need_tensorflow(folder, python)
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix="freezing-") as scratch:
            made = Path(scratch, "graph.pb"), Path(scratch, "about.json")
            argv = (python, str(_SCRIPT), str(folder), signature, *map(str, made))
            env = {"TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": ""}
            command = Command(argv=argv, env=env)
            run(command, what=f"freezing {folder}", timeout=_TIMEOUT, error=ModelError)
            _refused(folder, made[1])
            made[0].replace(graph)
            made[1].replace(about)
    tensors = json.loads(about.read_text(encoding="utf-8"))
    return FrozenModel(
        path=graph, inputs=tuple(tensors["inputs"]), outputs=tuple(tensors["outputs"])
    )


def _digest(folder: Path, signature: str) -> str:
    """What the frozen graph depends on: every file, the signature, the way we freeze."""
    whole = hashlib.sha256(signature.encode() + b"\0" + _SCRIPT.read_bytes())
    for path in sorted(item for item in folder.rglob("*") if item.is_file()):
        whole.update(path.relative_to(folder).as_posix().encode() + b"\0")
        whole.update(sha256(path).encode())
    return whole.hexdigest()[:32]


def sha256(path: Path) -> str:
    """The hash of a file, read in pieces."""
    whole = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            whole.update(piece)
    return whole.hexdigest()


def _need_tensorflow(folder: Path, python: str) -> None:
    probe = Command(argv=(python, "-c", _PROBE))
    if run(probe, what="looking for TensorFlow", check=False).returncode:
        what = f"a SavedModel must be frozen, and {python} has no tensorflow to do it"
        todo = (
            "install the extra: pip install 'buildtool[tensorflow]' (any release that runs), "
            "or give a frozen GraphDef (.pb)"
        )
        raise ModelError(Problem(where=str(folder), what=what, todo=todo))


def _refused(folder: Path, about: Path) -> None:
    """What the script found wrong with the model, as an error."""
    said = json.loads(about.read_text(encoding="utf-8"))
    if "problem" in said:
        raise ModelError(Problem(where=str(folder), what=said["problem"], todo=said["todo"]))
