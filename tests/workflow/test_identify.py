"""``identify``: from files to what is told of them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.catalogue import store
from buildtool.core.errors import ConfigError
from buildtool.core.fingerprint import fingerprint_text
from buildtool.core.render import c_string, to_json, write_if_changed
from buildtool.core.run import Command, run
from buildtool.plan.build_plan import plan_to_json
from buildtool.sources import Cache
from buildtool.workflow import identify_step
from buildtool.workflow.identify_step import Question
from tests.answers.test_explaining import CATALOGUE
from tests.answers.test_file_identity import MARK, MODELED, SEEN

GOLDEN = Path(__file__).parent / "golden"


def library(folder: Path, *, marked: bool) -> Path:
    """An object with the texts of some kernels, and perhaps the fingerprint of the plan."""
    rows = "".join(f"  {c_string(text.decode())},\n" for text in SEEN)
    own = f"const char mark[] = {c_string(fingerprint_text(MARK))};\n" if marked else ""
    write_if_changed(folder / "a.c", f"{own}const char* const texts[] = {{\n{rows}}};\n")
    name = "marked.o" if marked else "foreign.o"
    argv = ("clang", "-O2", "-c", "-o", name, "a.c")
    run(Command(argv=argv, cwd=folder), what="compiling a library")
    return folder / name


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., str]:
    """Asks of files, where the plan ``pi`` was built."""
    builds = tmp_path / "build"
    write_if_changed(builds / "pi" / "plan.json", to_json(plan_to_json(MODELED)))
    store.save(builds / "pi" / "catalogue.json.gz", CATALOGUE)

    def run_it(*files: Path, **changes: object) -> str:
        said: list[str] = []
        question = Question(
            files=files,
            models=(),
            signature="",
            tags=(),
            tensorflow=None,
            builds=builds,
            cache=Cache(root=tmp_path / "cache"),
            say=said.append,
        )
        line = identify_step.run(dataclasses.replace(question, **changes))  # type: ignore[arg-type]  # by name
        return "\n".join([*said, line]).replace(str(tmp_path), "HERE")

    return run_it


def test_golden(
    tmp_path: Path, ask: Callable[..., str], golden: Callable[[Path, str], None]
) -> None:
    files = [library(tmp_path, marked=marked) for marked in (True, False)]
    said = ask(*files, models=(tmp_path / "m.tflite",))
    golden(GOLDEN / "identify.txt", said.replace(f"buildtool {MARK.tool}", "buildtool 0.0.0"))


def test_what_is_told_is_kept(tmp_path: Path, ask: Callable[..., str]) -> None:
    ask(library(tmp_path, marked=True))
    kept = json.loads((tmp_path / "build/identify/identify.json").read_text("utf-8"))
    ((file,),) = [each["files"] for each in kept["told"]]
    assert file["built_here"] == ["pi"]
    assert file["read_with_its_own_tree"]
    assert file["fingerprints"] == [json.loads(json.dumps(dataclasses.asdict(MARK)))]
    # The class of Square is there, too, but by the plan it is there for another op.
    assert file["ops_with_kernels"] == ["Relu"]


def test_what_is_wrong_is_told_beside_what_is_right(
    tmp_path: Path, ask: Callable[..., str]
) -> None:
    (tmp_path / "notes.txt").write_text("no library\n")
    with pytest.raises(ConfigError) as failure:
        ask(tmp_path / "notes.txt", library(tmp_path, marked=True), tmp_path / "gone.so")
    assert [problem.what.partition(":")[0] for problem in failure.value.problems] == [
        "is no library and no program",
        "there is no such file",
    ]
    kept = json.loads((tmp_path / "build/identify/identify.json").read_text("utf-8"))
    assert [Path(each["path"]).name for each in kept["told"]] == ["marked.o"]


def test_a_file_must_be_named(ask: Callable[..., str]) -> None:
    with pytest.raises(ConfigError, match="which file"):
        ask()


def test_a_tree_that_is_not_here_is_told(tmp_path: Path, ask: Callable[..., str]) -> None:
    with pytest.raises(ConfigError, match="tf: tensorflow-9 is not here"):
        ask(library(tmp_path, marked=False), tensorflow="tensorflow-9")
