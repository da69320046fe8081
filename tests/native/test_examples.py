"""The programs in ``dist/examples``, byte for byte; ``test_consumer.py`` compiles and runs some."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.core.render import Renderer
from buildtool.core.run import Command, run
from buildtool.core.values import ModelInfo, TensorInfo
from buildtool.products.examples import write_examples

GOLDEN = Path(__file__).parent / "golden" / "examples"
PLAIN = ModelInfo(
    name="digits",
    path=Path("models/digits.pb"),
    sha256="ab" * 32,
    inputs=(TensorInfo(name="x:0", dtype="DT_FLOAT", shape=(-1, 64)),),
    outputs=(TensorInfo(name="probabilities:0", dtype="DT_FLOAT", shape=(-1, 10)),),
    node_count=11,
)
MAPPED = ModelInfo(
    name='odd "n" \\',
    path=Path("models/odd.pb"),
    package=Path("made.memmapped"),
    sha256="cd" * 32,
    inputs=(
        TensorInfo(name='a/"b":0', dtype="DT_INT64", shape=None),
        TensorInfo(name="text:0", dtype="DT_STRING", shape=()),
        TensorInfo(name="none:1", dtype="DT_UINT8", shape=(0, 3)),
    ),
    outputs=(
        TensorInfo(name="one:0", dtype="DT_FLOAT", shape=None),
        TensorInfo(name="two:1", dtype="DT_INT64", shape=(2,)),
    ),
    initialisers=("fill", "tables"),
    node_count=3,
)
LIST = ModelInfo(
    name="ops", path=Path("ops.txt"), sha256="ef" * 32, inputs=(), outputs=(), node_count=0
)


def written(folder: Path, *models: ModelInfo, version: str = "2.14.1") -> list[str]:
    """The names of the programs that are there for these models."""
    write_examples(Renderer(folder), models, version)
    return sorted(path.name for path in (folder / "examples").glob("*"))


@pytest.mark.parametrize(("case", "version"), [("new", "2.14.1"), ("old", "1.8.0")])
def test_the_programs(
    tmp_path: Path, case: str, version: str, golden: Callable[[Path, str], None]
) -> None:
    names = written(tmp_path, LIST, MAPPED, PLAIN, version=version)
    assert [name.partition(".")[0] for name in names] == [
        *("load_decrypted", "load_from_file", "load_from_memory", "load_memory_mapped"),
    ]
    for name in names:
        text = (tmp_path / "examples" / name).read_text(encoding="utf-8")
        golden(GOLDEN / case / f"{name}.golden", text)


def test_a_model_that_goes_takes_its_programs_along(tmp_path: Path) -> None:
    assert len(written(tmp_path, PLAIN, MAPPED)) == 4
    assert written(tmp_path, MAPPED) == ["load_memory_mapped.cc"]
    assert len(written(tmp_path, PLAIN)) == 3
    assert written(tmp_path, LIST) == []


@pytest.mark.skipif(shutil.which("c++") is None, reason="needs a C++ compiler")
def test_a_program_that_lacks_its_model_says_what_to_write(tmp_path: Path) -> None:
    written(tmp_path, PLAIN)
    for folder in ("framework", "lib/core", "platform", "public"):
        (tmp_path / "tensorflow/core" / folder).mkdir(parents=True)
    for name in (
        *("framework/graph.pb.h", "framework/tensor.h", "lib/core/errors.h", "platform/env.h"),
        "public/session.h",
    ):
        (tmp_path / "tensorflow/core" / name).write_text("")
    source = str(tmp_path / "examples" / "load_from_memory.cc")
    command = Command(argv=("c++", "-fsyntax-only", f"-I{tmp_path}", source))
    assert "Say which model: -DMODEL_FILE=" in run(command, what="an app", check=False).stderr
