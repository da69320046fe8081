"""What is told of a model that is to be converted before TensorFlow is started."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from buildtool.config import Convert, Model
from buildtool.convert.conversion_request import KEYS
from buildtool.convert.converter_orders import ConversionOrder, make_order
from buildtool.core.errors import BuildToolError, ConfigError, ModelError
from buildtool.core.paths import SHIPPED
from buildtool.model import ModelSource
from buildtool.model.encoding import make_node, type_attr, write_graph
from buildtool.model.graphdef import GraphDef

DIGITS = SHIPPED / "models" / "digits.pb"
HDF5 = b"\x89HDF\r\n\x1a\n"


def order(source: ModelSource, cache: Path, keys: Convert | None = None) -> ConversionOrder:
    return make_order(
        source,
        Model(path=source.path),
        keys or Convert(),
        key="convert",
        places={key: f"pc.yaml:{key or 'convert'}" for key in KEYS},
        selects=False,
        cache=cache,
        python=sys.executable,
    )


def refused(source: ModelSource, cache: Path, kind: type[BuildToolError]) -> list[str]:
    with pytest.raises(kind) as caught:
        order(source, cache)
    return [f"{problem.where}: {problem.what}" for problem in caught.value.problems]


def test_a_frozen_graph_says_what_goes_in_and_out(tmp_path: Path) -> None:
    found = order(ModelSource(path=DIGITS, name="digits"), tmp_path)
    assert (found.kind, found.request.kind) == ("frozen graph", "GRAPH")
    assert (found.request.inputs, found.request.outputs) == (("x",), ("probabilities",))
    assert found.files == (DIGITS,)


def test_ends_that_a_graph_has_not(tmp_path: Path) -> None:
    source = ModelSource(path=DIGITS, name="digits", inputs=("y",), outputs=("probabilitys:0",))
    assert refused(source, tmp_path, ConfigError) == [
        "pc.yaml:inputs: inputs: digits has no node 'y'",
        "pc.yaml:outputs: outputs: digits has no node 'probabilitys'; perhaps you meant "
        "'probabilities'",
    ]


def test_a_graph_without_placeholders(tmp_path: Path) -> None:
    path = tmp_path / "m.pb"
    drawn = make_node("r", "Exp", ["q"], T=type_attr("DT_FLOAT"))
    fed = make_node("q", "TakesWhat", [], T=type_attr("DT_FLOAT"))
    path.write_bytes(write_graph(GraphDef((fed, drawn), {}, 0, 0, ())))
    assert refused(ModelSource(path=path, name="m"), tmp_path, ConfigError) == [
        "pc.yaml:inputs: inputs: m: it has no placeholder, and nothing says what is fed"
    ]


def test_keys_that_are_of_another_kind_of_model(tmp_path: Path) -> None:
    path = tmp_path / "m.h5"
    path.write_bytes(HDF5 + bytes(100))
    source = ModelSource(path=path, name="m", signature="run", outputs=("y",))
    assert refused(source, tmp_path, ConfigError) == [
        "pc.yaml:outputs: outputs: the model 'm' is a Keras model, which has none to choose",
        "pc.yaml:signature: signature: the model 'm' is a Keras model, which has none to choose",
    ]
    newer = tmp_path / "m.keras"
    with zipfile.ZipFile(newer, "w") as archive:
        archive.writestr("config.json", "{}")
    assert order(ModelSource(path=newer, name="m"), tmp_path).request.kind == "KERAS"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x14\0\0\0TFL3" + bytes(40), "is a TensorFlow Lite model already"),
        (b"\x08\x07\x12", "is an ONNX model"),
        (b"Add\nMul\n", "is a op list, which TensorFlow's converter does not take"),
        (b"\x12\xff\xff\xff\x7f", "is no GraphDef"),
        (b"", "0 bytes long"),
    ],
)
def test_files_that_are_not_converted(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "model"
    path.write_bytes(content)
    (told,) = refused(ModelSource(path=path, name="m"), tmp_path, ModelError)
    assert told.startswith(f"{path}: ")
    assert said in told
