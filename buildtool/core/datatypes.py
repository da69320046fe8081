"""The numbers of ``tensorflow.DataType`` (TensorFlow 2.14.1, ``core/framework/types.proto``)."""

from __future__ import annotations

from collections.abc import Mapping

_NAMES = (
    "INVALID FLOAT DOUBLE INT32 UINT8 INT16 INT8 STRING COMPLEX64 INT64 BOOL QINT8 QUINT8 QINT32 "
    "BFLOAT16 QINT16 QUINT16 UINT16 COMPLEX128 HALF RESOURCE VARIANT UINT32 UINT64 FLOAT8_E5M2 "
    "FLOAT8_E4M3FN"
)
_REF = 100

NAMES: dict[int, str] = {number: f"DT_{name}" for number, name in enumerate(_NAMES.split())}
UNKNOWN = NAMES[0]
NUMBERS: dict[str, int] = {name: number for number, name in NAMES.items()}
NUMBERS.update({f"{name}_REF": number + _REF for name, number in tuple(NUMBERS.items())})


def name_of(number: int) -> str:
    """``DT_FLOAT`` for 1, ``DT_FLOAT_REF`` for 101; a number that no release knows keeps itself."""
    if _REF < number < 2 * _REF:
        return f"{name_of(number - _REF)}_REF"
    return NAMES.get(number, f"DT_{number}")


def base(name: str) -> str:
    """The type without its ``_REF``."""
    return name.removesuffix("_REF")


def short(name: str) -> str:
    """``float`` for ``DT_FLOAT``: how people write the type."""
    return name.removeprefix("DT_").lower()


# How a person may write each type: as TensorFlow's own messages do, or as its Python interface.
SPELLINGS: Mapping[str, str] = {
    **{short(name): name for name in NAMES.values() if name != UNKNOWN},
    "float16": "DT_HALF",
    "float32": "DT_FLOAT",
    "float64": "DT_DOUBLE",
}
