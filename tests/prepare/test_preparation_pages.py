from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.core.values import (
    Difference,
    Histogram,
    LibraryChange,
    LibraryKernel,
    Preparation,
    PreparingStep,
)
from buildtool.prepare.preparation_pages import summary, write_preparations

GOLDEN = Path(__file__).parent / "golden"


def _differences(largest: float) -> tuple[Difference, ...]:
    return (
        Difference(output="top:0", largest=largest, relative_l2=largest / 2, same_top=0.99),
        Difference(output="label:0", largest=0.0, relative_l2=0.0),
    )


MODELS = (
    Preparation(
        model="digits",
        sha256="ab" * 32,
        original=PreparingStep(name="", exact=True, nodes=40, size=2_000_000, compressed=1_900_000),
        steps=(
            PreparingStep(
                name="fold-constants",
                exact=True,
                nodes=30,
                size=2_000_100,
                changed=10,
                refused=tuple((f"node<{i}>", "it has state") for i in range(7)),
                seconds=0.5,
                differences=_differences(0.0),
            ),
            PreparingStep(
                name="round-weights",
                exact=False,
                nodes=30,
                size=2_000_100,
                compressed=600_000,
                changed=4,
                ops=(("Const", 8), ("Dequantize", 4)),
                seconds=0.25,
                differences=_differences(0.012),
            ),
        ),
        compared="TensorFlow 2.14.1 on 3 runs of samples.npz",
        runs=3,
        limits=("largest difference 0.02",),
        notes=("it is slower & larger",),
        weights=Histogram(
            low=-1.0,
            high=1.0,
            before=(0, 5, 9, 3),
            after=(0, 4, 10, 3),
            distinct_before=17,
            distinct_after=4,
        ),
    ),
    Preparation(
        model="other",
        sha256="cd" * 32,
        original=PreparingStep(name="", exact=True, nodes=3, size=300, compressed=200),
        steps=(PreparingStep(name="strip", exact=True, nodes=3, size=300, compressed=200),),
        compared="not compared: nothing was changed",
    ),
)


LIBRARY = LibraryChange(
    ops=(18, 16),
    kernels=(20, 18),
    ops_gone=("FusedBatchNormV3", "Identity", "Mul"),
    ops_new=("Dequantize",),
    kernels_gone=(
        LibraryKernel(op="Identity", kernel_class="IdentityOp", source="kernels/identity_op.cc"),
        LibraryKernel(
            op="Mul",
            kernel_class="BinaryOp<CPUDevice, functor::mul<float>>",
            source="kernels/cwise_op_mul_1.cc",
        ),
    ),
    kernels_new=(
        LibraryKernel(
            op="Dequantize",
            kernel_class="DequantizeOp<CPUDevice, quint8, float>",
            source="kernels/dequantize_op.cc",
        ),
    ),
    files_gone=("kernels/cwise_op_mul_1.cc", "kernels/identity_op.cc"),
    files_new=("kernels/dequantize_op.cc",),
)
UNKNOWN = LibraryChange(unknown="the models as they were are refused: other: op Old is <gone>")


@pytest.mark.parametrize("name", ["prepare.txt", "prepare.json", "prepare.html"])
def test_the_report(name: str, tmp_path: Path, golden: Callable[[Path, str], None]) -> None:
    write_preparations(tmp_path / "prepare.html", "pi", MODELS, LIBRARY)
    golden(GOLDEN / name, (tmp_path / name).read_text(encoding="utf-8"))


def test_a_library_that_cannot_be_told(tmp_path: Path) -> None:
    write_preparations(tmp_path / "prepare.html", "pi", MODELS[:1], UNKNOWN)
    told = "the models as they were are refused: other: op Old is <gone>"
    assert f"  not compared: {told}\n" in (tmp_path / "prepare.txt").read_text(encoding="utf-8")
    page = (tmp_path / "prepare.html").read_text(encoding="utf-8")
    assert "op Old is &lt;gone&gt;" in page
    assert "in the library" not in summary(MODELS, UNKNOWN)


def test_a_line_says_what_came_of_it() -> None:
    assert summary(MODELS, LIBRARY) == (
        "digits: 40 -> 30 nodes, 2.00 MB -> 2.00 MB (1.90 MB -> 600.0 kB compressed), largest "
        "difference 0.012, 7 nodes refused; other: 3 -> 3 nodes, 300 B -> 300 B (200 B -> 200 B "
        "compressed), not compared: nothing was changed; kernels in the library: 20 -> 18"
    )
