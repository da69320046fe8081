"""What is said of outputs that differ from TensorFlow's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from buildtool.verify.compare import Allowance, compare
from buildtool.verify.differences import Circumstances, why_different
from buildtool.verify.expected import Reference
from buildtool.verify.tensor_files import NUMPY_TYPES, Tensor

NOWHERE = Path("not-there")
REFERENCE = Reference(python="", version="2.14.1", cache=NOWHERE, log=NOWHERE, timeout=1)
SAME = Circumstances(reference=REFERENCE, version="2.14.1")
ALLOWANCE = Allowance(share=1e-4, key="models[0].tolerance", where="targets/pi.yaml:7")


def _why(
    found: list[Any], wanted: list[Any], dtype: str = "DT_FLOAT", around: Circumstances = SAME
) -> str:
    kind = NUMPY_TYPES[dtype]
    left = Tensor(name="y:0", dtype=dtype, array=np.array(found, dtype=kind))
    right = Tensor(name="y:0", dtype=dtype, array=np.array(wanted, dtype=kind))
    check = compare(left, right, ALLOWANCE)
    assert check.outside
    return why_different(left, right, check, ALLOWANCE, around)


def test_rounding_alone_is_a_reason_for_a_wider_tolerance() -> None:
    assert _why([2.00246, 1], [2, 1]) == (
        "this is likely rounding, which another CPU or compiler does in another order; if the app "
        "can live with it, set 'models[0].tolerance' (targets/pi.yaml:7) to 0.0013"
    )


def test_the_tolerance_that_is_named_is_wide_enough() -> None:
    for difference in (1.01e-4, 1.1e-4, 9.99e-3, 3.3333e-3):
        named = float(_why([1 + difference, 0.5], [1, 0.5], "DT_DOUBLE").rpartition(" ")[2])
        assert difference <= named <= 1.2 * difference


@pytest.mark.parametrize(
    ("found", "wanted", "dtype", "first"),
    [
        ([3.0, 1], [2, 1], "DT_FLOAT", "this is more than rounding: look for flags such as"),
        ([float("nan"), 1], [2, 1], "DT_FLOAT", "a number that is NaN or infinite on one side"),
        ([2, 1], [float("inf"), 1], "DT_HALF", "a number that is NaN or infinite on one side"),
        ([7], [8], "DT_INT64", "values of this type are not rounded"),
        ([b"a"], [b"b"], "DT_STRING", "values of this type are not rounded"),
    ],
)
def test_all_else_has_another_cause(
    found: list[Any], wanted: list[Any], dtype: str, first: str
) -> None:
    text = _why(found, wanted, dtype)
    assert text.startswith(first)
    assert "models[0].tolerance" not in text


def test_another_release_is_named_first() -> None:
    old = Circumstances(reference=REFERENCE, version="1.8.0")
    text = _why([3.0], [2], around=old)
    assert "TensorFlow 2.14.1 may compute an op differently from the library's 1.8.0" in text


@pytest.mark.parametrize("op", ["RandomUniform", "TruncatedNormal", "StatefulUniformInt"])
def test_random_numbers(op: str) -> None:
    around = Circumstances(reference=REFERENCE, version="2.14.1", ops=frozenset({"Relu", op}))
    assert f"the model may draw random numbers ({op})" in _why([3.0], [2], around=around)


@pytest.mark.parametrize(
    "op", ["StatelessRandomUniform", "RandomShuffleQueueV2", "StatefulPartitionedCall"]
)
def test_ops_that_draw_none(op: str) -> None:
    around = Circumstances(reference=REFERENCE, version="2.14.1", ops=frozenset({op}))
    assert "random" not in _why([3.0], [2], around=around)


def test_bytes_tip_to_the_next_step() -> None:
    around = Circumstances(reference=REFERENCE, version="2.14.1", ops=frozenset({"QuantizeV2"}))
    text = _why([2.2, 1], [2, 1], around=around)
    assert text.startswith("floats become bytes in this model (QuantizeV2)")
    assert text.endswith("set 'models[0].tolerance' (targets/pi.yaml:7) to 0.11")


@pytest.mark.parametrize(
    ("dtype", "ops", "end"),
    [
        ("DT_FLOAT", {"QUANTIZE"}, "set 'models[0].tolerance' (targets/pi.yaml:7) to 0.11"),
        ("DT_INT8", {"CONV_2D"}, "compared with TensorFlow's plain ones, which round alike"),
    ],
)
def test_bytes_of_tensorflow_lite(dtype: str, ops: set[str], end: str) -> None:
    around = Circumstances(reference=REFERENCE, version="2.14.1", ops=frozenset(ops), is_lite=True)
    text = _why([2.2, 1] if dtype == "DT_FLOAT" else [3, 1], [2, 1], dtype, around=around)
    assert text.startswith("this model computes with bytes")
    assert text.endswith(end)
