"""C++ types as DataTypes, and string literals."""

from __future__ import annotations

import pytest

from buildtool.catalogue.constants import data_type, literal


@pytest.mark.parametrize(
    ("cpp", "expected"),
    [
        ("float", "DT_FLOAT"),
        ("::tensorflow::int32", "DT_INT32"),
        ("tensorflow::tstring", "DT_STRING"),
        ("std::string", "DT_STRING"),
        ("::int64_t", "DT_INT64"),
        ("long  long", "DT_INT64"),
        ("Eigen::half", "DT_HALF"),
        ("Eigen::bfloat16", "DT_BFLOAT16"),
        ("std::complex<float>", "DT_COMPLEX64"),
        ("typename EnumToDataType<DT_QINT8>::Type", "DT_QINT8"),
        ("DataTypeToEnum<::tensorflow::Variant>::v()", "DT_VARIANT"),
        ("DataTypeToEnum<std::complex<double> >::value", "DT_COMPLEX128"),
        ("::tensorflow::DT_RESOURCE", "DT_RESOURCE"),
        ("MyType", "MyType"),
    ],
)
def test_data_type(cpp: str, expected: str) -> None:
    assert data_type(cpp) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"Add"', "Add"),
        (' "Boosted" \n "Trees" ', "BoostedTrees"),
        ('""', ""),
        ("kName", None),
        ('Name("x")', None),
        ("", None),
    ],
)
def test_literal(text: str, expected: str | None) -> None:
    assert literal(text) == expected
