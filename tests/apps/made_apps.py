"""Made-up models, and the files of their apps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from buildtool.apps import load_app_build
from buildtool.apps.app_facts import AppFacts
from buildtool.apps.app_inputs import AppInput
from buildtool.config import Target, load_targets
from buildtool.core.render import Renderer
from buildtool.core.values import TensorInfo

Golden = Callable[[Path, str], None]
PICTURE = AppInput(
    name="x:0",
    dtype="DT_FLOAT",
    takes="image",
    shape=(1, 4, 6, 3),
    height=4,
    width=6,
    channels=3,
    mean=(1.0, 2.0, 3.0),
    scale=(0.5,),
)
TONE = AppInput(name="tone", dtype="DT_FLOAT", takes="sound", shape=(1, -1), rate=8000)
COUNTS = AppInput(name='"n"', dtype="DT_INT64", takes="numbers", shape=(2, 2))
TEXT = AppInput(name="text", dtype="DT_STRING", takes="bytes", shape=())
ROW = TensorInfo(name="y:0", dtype="DT_FLOAT", shape=(1, 5))
WORDS = TensorInfo(name="words", dtype="DT_STRING", shape=(2,))
BOOLS = TensorInfo(name="b$", dtype="DT_BOOL", shape=(3,))
HALF = TensorInfo(name="h", dtype="DT_HALF", shape=None)


def made_facts(
    root: Path,
    *inputs: AppInput,
    outputs: tuple[TensorInfo, ...] = (ROW,),
    labels: bool = False,
    mapped: bool = False,
    file: str = "models/a model.pb",
) -> AppFacts:
    """The facts of a model in a repository; its labels are there, if it has some."""
    text = root / "names.txt"
    if labels:
        text.write_bytes(b"zero\r\none\ntwo, too\n\nfour")
    return AppFacts(
        model="a model",
        file=root / file,
        inputs=inputs,
        outputs=outputs,
        initialisers=("init",) if mapped else (),
        labels=text if labels else None,
        mapped=mapped,
    )


def made_target(root: Path, text: str) -> Target:
    """The target ``app`` of a repository."""
    (root / "targets").mkdir(parents=True, exist_ok=True)
    (root / "targets" / "app.yaml").write_text(f"{text}\nmodels: [m.pb]\n", encoding="utf-8")
    return load_targets(root / "targets", checks=())["app"]


def app_files(target: Target, facts: AppFacts, version: str = "2.14.1") -> dict[str, bytes]:
    """The files of its app."""
    folder = target.root / "apps" / target.id
    return load_app_build(target).render(
        Renderer(folder),
        target,
        facts,
        dist=target.root / "build" / target.id / "dist",
        version=version,
    )
