"""What becomes of a converter that ends badly, and of what was kept."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from buildtool.config import Convert, Model
from buildtool.convert.conversion_request import KEYS
from buildtool.convert.converter_orders import ConversionOrder, make_order
from buildtool.convert.model_conversion import Converter
from buildtool.core.errors import ModelError
from buildtool.core.paths import SHIPPED
from buildtool.model import ModelSource

DIGITS = SHIPPED / "models" / "digits.pb"


def order(cache: Path) -> ConversionOrder:
    return make_order(
        ModelSource(path=DIGITS, name="digits"),
        Model(path=DIGITS),
        Convert(),
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
