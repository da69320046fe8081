from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from buildtool.core.errors import ConfigError
from buildtool.core.values import ModelInfo, TensorInfo
from buildtool.verify.inputs import model_inputs, sample_runs
from buildtool.verify.tensor_files import (
    NUMPY_TYPES,
    Tensor,
    concrete_shape,
    from_bytes,
    seeded_input,
    to_bytes,
)

FIRST_VALUES = ["0.795435", "0.874612", "0.317008"]
FIRST_INTEGERS = [2, 3, 2, 3, 2]


def _model(*inputs: TensorInfo, content: str = "model") -> ModelInfo:
    return ModelInfo(
        name="m",
        path=Path("m.pb"),
        sha256=hashlib.sha256(content.encode()).hexdigest(),
        inputs=inputs,
        outputs=(),
        node_count=1,
    )


def _info(name: str, dtype: str, shape: tuple[int, ...] | None) -> TensorInfo:
    return TensorInfo(name=name, dtype=dtype, shape=shape)


@pytest.mark.parametrize("dtype", sorted(NUMPY_TYPES))
def test_every_type_survives_the_file(dtype: str) -> None:
    info = _info("x:0", dtype, (2, 3))
    made = seeded_input(_model(info), info)
    back = from_bytes(to_bytes(made), name="x:0", dtype=dtype, shape=(2, 3))
    assert made.array.shape == (2, 3)
    assert np.array_equal(made.array, back.array)


def test_strings_with_zero_bytes_and_empty_ones() -> None:
    array = np.array([b"", b"a\0", b"b\0\0c"], dtype=object)
    data = to_bytes(Tensor(name="s", dtype="DT_STRING", array=array))
    assert data[:6] == b"\0\0\0\0\x02\0"
    assert list(from_bytes(data, name="s", dtype="DT_STRING", shape=(3,)).array) == list(array)


@pytest.mark.parametrize(
    ("data", "dtype"), [(b"\0" * 7, "DT_FLOAT"), (b"\x09\0\0\0abc", "DT_STRING"), (b"", "DT_FLOAT")]
)
def test_files_of_a_wrong_length(data: bytes, dtype: str) -> None:
    with pytest.raises(ValueError, match=r"size|early|reshape"):
        from_bytes(data, name="x", dtype=dtype, shape=(2,))


def test_seeded_values_are_the_same_everywhere() -> None:
    """Literal values: another numpy or machine must give these."""
    info = _info("x:0", "DT_FLOAT", (-1, 3))
    values = seeded_input(_model(info), info).array
    assert values.shape == (1, 3)
    assert [f"{value:.6f}" for value in values.ravel()] == FIRST_VALUES
    ints = seeded_input(_model(info), _info("x:0", "DT_INT32", (5,))).array
    assert ints.tolist() == FIRST_INTEGERS


def test_seed_depends_on_model_and_name() -> None:
    info = _info("x:0", "DT_INT64", (64,))
    other = _info("y:0", "DT_INT64", (64,))
    first = seeded_input(_model(info), info).array
    assert not np.array_equal(first, seeded_input(_model(info), other).array)
    assert not np.array_equal(first, seeded_input(_model(info, content="other"), info).array)


def test_values_are_harmless() -> None:
    def values(dtype: str) -> Any:
        info = _info("x:0", dtype, (1000,))
        return seeded_input(_model(info), info).array

    assert 0 <= values("DT_FLOAT").min() < values("DT_FLOAT").max() < 1
    assert set(values("DT_INT32").tolist()) == {0, 1, 2, 3}
    assert values("DT_UINT8").max() == 255
    assert set(values("DT_BOOL").tolist()) == {False, True}
    assert all(len(word) == 8 and word.isalpha() for word in values("DT_STRING"))


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (None, ()),
        ((), ()),
        ((-1,), (1,)),
        ((-1, 64), (1, 64)),
        ((-1, -1), (1, 16)),
        ((-1, -1, -1, 3), (1, 224, 224, 3)),
        ((2, 0), (2, 0)),
    ],
)
def test_unknown_dimensions(shape: tuple[int, ...] | None, expected: tuple[int, ...]) -> None:
    assert concrete_shape(shape) == expected


# ---- given inputs

MODEL = _model(_info("x:0", "DT_FLOAT", (-1, 2)), _info("words:0", "DT_STRING", (-1,)))


def _npz(path: Path, **arrays: Any) -> Path:
    np.savez(path / "in.npz", **arrays)
    return path / "in.npz"


def test_given_inputs_in_the_models_order(tmp_path: Path) -> None:
    path = _npz(tmp_path, **{"words": np.array(["a", "ö"]), "x:0": np.ones((3, 2), "f4")})
    x, words = model_inputs(MODEL, path)
    assert (x.name, x.array.tolist()) == ("x:0", [[1, 1]] * 3)
    assert (words.name, list(words.array)) == ("words:0", [b"a", "ö".encode()])


def test_bytes_that_end_with_zeros(tmp_path: Path) -> None:
    """As sounds and pictures may: of kind S, numpy would drop them."""
    path = _npz(tmp_path, x=np.ones((1, 2), "f4"), words=np.array([np.void(b"RIFF\0\0")]))
    assert list(model_inputs(MODEL, path)[1].array) == [b"RIFF\0\0"]
    records = np.zeros(1, dtype=[("a", "f4")])
    with pytest.raises(ConfigError, match="the model wants DT_STRING"):
        model_inputs(MODEL, _npz(tmp_path, x=np.ones((1, 2), "f4"), words=records))


def test_several_runs_of_single_values(tmp_path: Path) -> None:
    """As a model's sounds or pictures come, each a text."""
    model = _model(_info("wav:0", "DT_STRING", ()), _info("rate:0", "DT_INT32", ()))
    sounds = np.array([np.void(b"one\0"), np.void(b"two\0")])
    path = _npz(tmp_path, wav=sounds, rate=np.array([8000, 16000], np.int32))
    runs = sample_runs(model, path)
    assert [[tensor.array.shape for tensor in run] for run in runs] == [[(), ()]] * 2
    assert [to_bytes(run[0]) for run in runs] == [b"\4\0\0\0one\0", b"\4\0\0\0two\0"]
    assert [to_bytes(run[1]) for run in runs] == [b"\x40\x1f\0\0", b"\x80\x3e\0\0"]
    texts = _npz(tmp_path, wav=np.array(["a", "ö"]), rate=np.array([8000, 16000], np.int32))
    assert [run[0].array.item() for run in sample_runs(model, texts)] == [b"a", "ö".encode()]


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    path = _npz(tmp_path, x=np.ones((3, 5), "f4"), word=np.array(["a"]))
    with pytest.raises(ConfigError) as caught:
        model_inputs(MODEL, path)
    text = str(caught.value)
    assert f"{path}: word: the model m has no such input" in text
    assert "perhaps you meant 'words'" in text
    assert "x:0: the array's shape is (3, 5), the model wants (-1, 2)" in text
    assert "words:0: there is no array for this input" in text


def test_a_wrong_type(tmp_path: Path) -> None:
    path = _npz(tmp_path, x=np.ones((1, 2)), words=np.ones(2))
    with pytest.raises(ConfigError) as caught:
        model_inputs(MODEL, path)
    assert "x:0: the array is float64, the model wants DT_FLOAT" in str(caught.value)
    assert "words:0: the array is float64, the model wants DT_STRING" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04cut off"])
def test_a_file_that_is_no_npz(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "in.npz").write_bytes(content)
    with pytest.raises(ConfigError, match=r"in\.npz: cannot be read as numpy's \.npz"):
        model_inputs(MODEL, tmp_path / "in.npz")


def test_an_npy_file_is_no_npz(tmp_path: Path) -> None:
    with (tmp_path / "in.npz").open("wb") as file:
        np.save(file, np.ones(3))
    with pytest.raises(ConfigError, match=r"cannot be read as numpy's \.npz"):
        model_inputs(MODEL, tmp_path / "in.npz")


def test_a_type_that_cannot_be_fed() -> None:
    with pytest.raises(ConfigError, match=r"not say of what type it is\n +state its 'dtype'"):
        model_inputs(_model(_info("f:0", "DT_INVALID", None)), None)
    with pytest.raises(ConfigError, match="its type DT_RESOURCE cannot be fed"):
        model_inputs(_model(_info("r:0", "DT_RESOURCE", ())), None)


@pytest.mark.parametrize("shape", [(10**20, 64), (2**20, 2**10)])
def test_values_that_memory_may_not_hold(shape: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match=r"are larger than 2 GiB\n +state a smaller 'shape'"):
        model_inputs(_model(_info("x:0", "DT_FLOAT", shape)), None)
