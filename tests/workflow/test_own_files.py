"""What this tool keeps for itself and finds spoilt is made anew, or told with a cure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.cli.steps import STEPS
from buildtool.core.errors import BuildError
from buildtool.core.own_files import load_kept_json, read_own, stamp_of
from buildtool.model.freezing import Request, freeze
from buildtool.sources import Cache, local_tree
from buildtool.sources.checkout import LANDMARKS
from buildtool.starlark.conditions import BuildConditions
from buildtool.starlark.graph_cache import PackageStore

SPOILT = (
    b"",
    b"\xff\xfe",
    b"{",
    b"[" * 100_000,
    b"9" * 5000,
    b"1",
    b"[1]",
    b'"a"',
    b"{}",
    b'{"a": 1}',
)
# A Python whose TensorFlow freezes a model to seven bytes, and counts how often.
PYTHON = """#!/bin/sh
[ "$1" = -c ] && exit 0
printf '%s' a-graph > "$4"
printf '%s' '{"inputs": ["x:0"], "outputs": ["y:0"], "initialisers": [], "notes": []}' > "$5"
echo frozen >> "$(dirname "$0")/count"
"""


@pytest.mark.parametrize("content", SPOILT)
def test_a_spoilt_file_counts_as_none(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "kept.json"
    file.write_bytes(content)
    assert load_kept_json(file, lambda found: found["a"]["b"]) is None
    assert load_kept_json(tmp_path / "gone", str) is None
    stamp_of(file)


@pytest.mark.parametrize("content", SPOILT[:-2])
def test_one_that_a_step_left_is_told_with_its_cure(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "facts.json").write_bytes(content)
    with pytest.raises(BuildError, match="is damaged, or was written by another version") as caught:
        read_own(tmp_path / "facts.json")
    assert caught.value.problems[0].where == str(tmp_path / "facts.json")


@pytest.mark.parametrize("content", SPOILT)
def test_the_digest_of_a_tree_is_made_anew(tmp_path: Path, content: bytes) -> None:
    for name in LANDMARKS:
        (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / name).write_text(
            "".join(f"#define TF_{part}_VERSION 1\n" for part in ("MAJOR", "MINOR", "PATCH"))
        )
    cache = Cache(root=tmp_path / "cache")
    before = local_tree(tmp_path / "tree", cache=cache).digest
    (memory,) = (tmp_path / "cache" / "checkouts").iterdir()
    memory.write_bytes(content)
    assert local_tree(tmp_path / "tree", cache=cache).digest == before


@pytest.mark.parametrize("stored", ["1", "[]", '{"inputs": 1}', '{"inputs": {}, "targets": []}'])
def test_a_spoilt_package_is_evaluated_anew(tmp_path: Path, stored: str) -> None:
    store = PackageStore(tmp_path, BuildConditions(), tmp_path)
    assert store._path is not None
    store._path.write_text(f'{{"packages": {{"a": {stored}}}}}')
    assert PackageStore(tmp_path, BuildConditions(), tmp_path).get("a") is None


@pytest.mark.parametrize("content", SPOILT)
def test_files_that_a_plan_has_found_are_not_known_of_a_spoilt_list(
    tmp_path: Path, content: bytes
) -> None:
    (plan,) = (step for step in STEPS if step.name == "plan")
    (tmp_path / "models.json").write_bytes(content)
    assert list(plan.found(tmp_path)) == []


def spoil(file: Path) -> None:
    file.write_bytes(b"another")


@pytest.mark.parametrize("mischief", [spoil, Path.unlink])
@pytest.mark.parametrize("kind", ["*.pb", "*.json"])
def test_a_frozen_graph_is_what_was_frozen(
    tmp_path: Path, kind: str, mischief: Callable[[Path], None]
) -> None:
    python, model, cache = tmp_path / "python", tmp_path / "model.pb", tmp_path / "frozen"
    python.write_text(PYTHON)
    python.chmod(0o755)
    model.write_text("model")

    def frozen() -> bytes:
        found = freeze(Request(path=str(model)), [model], cache=cache, python=str(python))
        assert found.outputs == ("y:0",)
        return found.path.read_bytes()

    assert [frozen(), frozen()] == [b"a-graph"] * 2
    (file,) = cache.glob(kind)
    mischief(file)
    assert frozen() == b"a-graph"
    assert (tmp_path / "count").read_text() == "frozen\n" * 2
