"""The report on converted models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.convert.conversion_pages import summary, write_conversions
from buildtool.core.values import Conversion, Difference

GOLDEN = Path(__file__).parent / "golden"
MODELS = (
    Conversion(
        model="net",
        kind="SavedModel",
        numbers="int8",
        sha256="ab" * 32,
        before=2_000_000,
        after=500_000,
        compressed_before=1_800_000,
        compressed_after=400_000,
        ops=(("CONV_2D", 8), ("FlexCumprod", 1)),
        select=("FlexCumprod",),
        differences=(
            Difference(output="top", largest=0.012, relative_l2=0.006, same_top=0.99),
            Difference(output="label", largest=0.0, relative_l2=0.0),
        ),
        compared="TensorFlow 2.14.1 on 3 runs of samples.npz",
        runs=3,
        limits=("largest difference 0.02",),
        notes=("its only signature, 'run<1>', is what runs",),
    ),
    Conversion(
        model="dice",
        kind="frozen graph",
        numbers="float",
        sha256="cd" * 32,
        before=300,
        after=900,
        compressed_before=200,
        compressed_after=500,
        ops=(("MUL", 1),),
        select=(),
        differences=(),
        compared="not compared: node 'random' draws random numbers or reads the clock",
    ),
)


@pytest.mark.parametrize("name", ["convert.txt", "convert.json", "convert.html"])
def test_the_report(name: str, tmp_path: Path, golden: Callable[[Path, str], None]) -> None:
    write_conversions(tmp_path / "convert.html", "pi-lite", "2.14.1", MODELS)
    golden(GOLDEN / name, (tmp_path / name).read_text(encoding="utf-8"))


def test_the_summary() -> None:
    assert summary(MODELS) == (
        "net: SavedModel -> int8, 2.00 MB -> 500.0 kB, 1 op of TensorFlow, largest difference "
        "0.012; dice: frozen graph -> float, 300 B -> 900 B, not compared: node 'random' draws "
        "random numbers or reads the clock"
    )
