from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from buildtool.core.values import OutputCheck
from buildtool.verify.compare import Allowance, compare, describe
from buildtool.verify.tensor_files import NUMPY_TYPES, Tensor


def _tensor(values: Any, dtype: str = "DT_FLOAT") -> Tensor:
    return Tensor(name="y:0", dtype=dtype, array=np.array(values, dtype=NUMPY_TYPES[dtype]))


def _compare(
    found: Any, wanted: Any, dtype: str = "DT_FLOAT", tolerance: float = 1e-4
) -> OutputCheck:
    return compare(_tensor(found, dtype), _tensor(wanted, dtype), Allowance(share=tolerance))


def test_equal() -> None:
    check = _compare([1.0, 2.0], [1.0, 2.0])
    assert (check.outside, check.max_absolute, check.max_relative) == (0, 0.0, 0.0)
    assert (check.shape, check.elements, check.tolerance) == ((2,), 2, 1e-4)


def test_largest_difference_is_relative_to_the_largest_value() -> None:
    check = _compare([100.0, 0.001], [100.0, 0.0])
    assert check.outside == 0
    assert check.max_absolute == pytest.approx(1e-3)
    assert check.max_relative == pytest.approx(1e-5)


def test_the_tolerance_decides() -> None:
    assert _compare([100.0, 1.02], [100.0, 1.0], tolerance=1e-3).outside == 0
    assert _compare([100.0, 1.0001], [100.0, 1.0], tolerance=0).outside == 1


def test_what_set_the_bound_is_told() -> None:
    stated = Allowance(share=1e-3, key="models[1].tolerance", stated=True)
    rules = {
        dtype: compare(_tensor([1], dtype), _tensor([1], dtype), stated).rule
        for dtype in ("DT_FLOAT", "DT_HALF", "DT_QINT8", "DT_INT32")
    }
    assert rules == {
        "DT_FLOAT": "models[1].tolerance",
        "DT_HALF": "8 units of DT_HALF",
        "DT_QINT8": "one step of a quantized value",
        "DT_INT32": "",
    }
    assert _compare([1.0], [1.0]).rule == ""


def test_just_outside() -> None:
    check = _compare([100.0, 1.02], [100.0, 1.0])
    assert check.outside == 1
    assert check.max_relative == pytest.approx(2e-4)


def test_the_unit_does_not_matter() -> None:
    assert _compare([1e-9, 2e-9], [1e-9, 1e-9]).outside == 1
    assert _compare([1e9, 1e9 + 1e4], [1e9, 1e9]).outside == 0


def test_reference_of_zeros() -> None:
    assert _compare([1e-5, 0], [0, 0]).outside == 0
    assert _compare([1e-3, 0], [0, 0]).outside == 1


def test_nan_and_infinity_must_agree() -> None:
    nan, inf = float("nan"), float("inf")
    assert _compare([nan, inf, -inf, 1], [nan, inf, -inf, 1]).outside == 0
    assert _compare([nan, 1, 1, 1], [1, 1, 1, 1]).outside == 1
    assert _compare([1, 1, 1, 1], [nan, 1, 1, 1]).outside == 1
    assert _compare([inf, 1, 1, 1], [-inf, 1, 1, 1]).outside == 1
    check = _compare([nan, 2.0], [1.0, 2.0])
    assert check.max_absolute == 0.0


def test_integers_and_booleans_are_exact() -> None:
    check = _compare([1, 2, 3], [1, 2, 4], "DT_INT64")
    assert (check.outside, check.tolerance) == (1, 0.0)
    assert _compare([2**62], [2**62 + 1], "DT_INT64").outside == 1
    assert _compare([True], [False], "DT_BOOL").outside == 1
    assert _compare([0], [255], "DT_UINT8").max_absolute == 255


def test_quantized_may_differ_by_one_step() -> None:
    assert _compare([7, 9], [8, 8], "DT_QUINT8").outside == 0
    assert _compare([6, 9], [8, 8], "DT_QUINT8").outside == 1
    assert _compare([7, 9], [8, 8], "DT_UINT8").outside == 2


def test_half_precision_is_coarser() -> None:
    assert _compare([1.0, 1.005], [1.0, 1.0], "DT_HALF").outside == 0
    assert _compare([1.0, 1.02], [1.0, 1.0], "DT_HALF").outside == 1
    one, next_to_one, far = 0x3F80, 0x3F81, 0x3FC0
    assert _compare([next_to_one], [one], "DT_BFLOAT16").max_absolute == 2**-7
    assert _compare([next_to_one], [one], "DT_BFLOAT16").outside == 0
    assert _compare([far], [one], "DT_BFLOAT16").outside == 1


def test_complex_and_strings() -> None:
    assert _compare([1 + 1j], [1 + 1.001j], "DT_COMPLEX64").outside == 1
    assert _compare([1 + 1j], [1 + 1.00001j], "DT_COMPLEX64").outside == 0
    check = _compare([b"a", b"b"], [b"a", b"c"], "DT_STRING")
    assert (check.outside, check.max_absolute) == (1, None)


def test_empty_output() -> None:
    assert _compare([], []).outside == 0


def test_without_a_reference_only_finite_counts() -> None:
    check = describe(_tensor([1.0, float("nan"), float("inf")]))
    assert (check.outside, check.max_absolute, check.max_relative) == (2, None, None)
    assert describe(_tensor([1, 2], "DT_INT32")).outside == 0
    assert describe(_tensor([b"x"], "DT_STRING")).outside == 0
