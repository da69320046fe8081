"""What a step left and another version of this tool, or nobody, can read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.core.errors import BuildError
from buildtool.core.paths import Layout
from buildtool.workflow.kept import load_models, load_plan, load_prepared


def _load_converted(layout: Layout) -> object:
    return load_prepared(layout.converted)


@pytest.mark.parametrize("content", ["", "{", '{"schema_version": 1}', "[1]", '"text"', "[{}]"])
@pytest.mark.parametrize(
    ("load", "name"),
    [(load_plan, "plan"), (load_models, "models"), (_load_converted, "converted")],
)
def test_a_damaged_file_is_told_with_its_cure(
    tmp_path: Path, load: Callable[[Layout], object], name: str, content: str
) -> None:
    (tmp_path / f"{name}.json").write_text(content)
    with pytest.raises(BuildError) as caught:
        load(Layout(folder=tmp_path))
    (problem,) = caught.value.problems
    assert problem.where == str(tmp_path / f"{name}.json")
    assert problem.todo == "remove it, and run the same again: it is then written anew"
