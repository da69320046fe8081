"""What becomes of a converter that ends badly, and of what was kept."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from tflite import BuiltinOperator

from buildtool.config import Convert, Model
from buildtool.config.kinds import Share, Tolerance
from buildtool.convert.conversion_request import KEYS
from buildtool.convert.converter_orders import ConversionOrder, make_order
from buildtool.convert.model_conversion import Converter
from buildtool.core.errors import ModelError
from buildtool.core.paths import SHIPPED
from buildtool.model import ModelSource
from tests.lite.small_models import Op, small_model

DIGITS = SHIPPED / "models" / "digits.pb"


def order(cache: Path, keys: Convert | None = None) -> ConversionOrder:
    return make_order(
        ModelSource(path=DIGITS, name="digits"),
        Model(path=DIGITS),
        keys or Convert(),
        key="convert",
        places={key: f"pc.yaml:{len(key)}" for key in KEYS},
        selects=False,
        cache=cache,
        python=sys.executable,
    )


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'F0 a check failed' >&2; kill -SEGV $$", "failed with signal 11"),
        ("echo out of memory >&2; exit 9", "failed with exit code 9"),
    ],
)
def test_a_converter_that_crashes_leaves_nothing_but_its_words(
    tmp_path: Path, script: str, said: str
) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    cache, log = tmp_path / "cache", tmp_path / "convert.log"
    converter = Converter(python=str(python), version="2", cache=cache, log=log)
    with pytest.raises(ModelError) as caught:
        converter.convert(order(cache))
    (problem,) = caught.value.problems
    assert problem.where == "converting digits"
    assert problem.what.startswith(said)
    assert script.split("'")[1] in problem.what if "'" in script else "memory" in problem.what
    assert str(log) in problem.todo
    assert list(cache.iterdir()) == []


@pytest.fixture
def stand_in(tmp_path: Path) -> Converter:
    """One that always makes the same model of floats, a third of its largest number off."""
    model = tmp_path / "made.tflite"
    model.write_bytes(small_model(Op(code=BuiltinOperator.RELU), Op(code=BuiltinOperator.TANH)))
    answer = {
        "inputs": ["x"],
        "outputs": ["y"],
        "differences": [{"output": "y", "largest": 0.3, "relative_l2": 0.1, "same_top": 0.9}],
        "compared": "TensorFlow 2 on a sample",
        "runs": 1,
        "notes": [],
    }
    (tmp_path / "made.json").write_text(json.dumps(answer))
    python = tmp_path / "python"
    copies = f"cp {model} $4/model.tflite\ncp {tmp_path}/made.json $4/answer.json\n"
    python.write_text(f"#!/bin/sh\n{copies}")
    python.chmod(0o755)
    cache = tmp_path / "cache"
    return Converter(python=str(python), version="2", cache=cache, log=tmp_path / "log")


@pytest.mark.parametrize(
    ("keys", "notes", "problems"),
    [
        (Convert(), [], ["0.3 of its largest magnitude, more than 0.0001"]),
        (Convert(largest_difference=Tolerance(0.4)), [], []),
        (Convert(numbers="float16"), [], []),
        (
            Convert(numbers="int8", same_top=Share(0.95)),
            ["computed in floats, as there is no kernel for bytes: RELU, TANH"],
            ["for 0.9 of the samples, less than 0.95"],
        ),
        (Convert(numbers="dynamic-range"), ["no weight became one of 8 bits"], []),
    ],
)
def test_what_it_costs_is_judged_and_what_it_did_not_do_is_told(
    stand_in: Converter, keys: Convert, notes: list[str], problems: list[str]
) -> None:
    found = stand_in.convert(order(stand_in.cache, keys))
    assert len(found.report.notes) == len(notes)
    assert all(map(str.startswith, found.report.notes, notes))
    assert [problem.where for problem in found.problems] == ["pc.yaml:0: digits"] * len(problems)
    assert all(map(str.endswith, (problem.what for problem in found.problems), problems))
    assert found.model.notes[0].startswith(f"digits: converted from a frozen graph, {keys.numbers}")


def test_what_was_kept_and_is_spoilt_is_made_anew(stand_in: Converter, tmp_path: Path) -> None:
    made = stand_in.convert(order(stand_in.cache)).model.path
    whole = made.read_bytes()
    made.write_bytes(whole[:50])
    assert stand_in.convert(order(stand_in.cache)).model.path.read_bytes() == whole
    (tmp_path / "python").unlink()
    assert stand_in.convert(order(stand_in.cache)).model.path == made
